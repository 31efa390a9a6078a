"""What a person leaves out, by names that a link or a command can carry, and what the scorers then do without.

r17        a review                   r17.40    a phrase of it, by where it starts
d:ID       a product's description    d.40:ID   a phrase of it; t and a stand for title and attributes
f:brand:X  an attribute, f:term:zip a word, f:region:north the shopper's region
i:ID       what is learnt of the product itself
c:device   a circumstance, or c:trend
h:ID       a product of the shopper's history, with what they wrote of it

Older links name a product's texts by its row in the catalogue, d3 and d3.40. Those count where the model has such a
text, so they hold as long as the catalogue stays the same; `current_name` gives the names of today.
"""

import re
from collections.abc import Callable, Container, Iterable

from recsys.errors import InputError
from recsys.explanations.documents import TOKENS, Document, Documents
from recsys.scorers.base import NO_ROW, Exclusions
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.text.phrasebook import REVIEW

MAX_EXCLUSIONS = 200

_OWN = "".join(token for kind, token in TOKENS.items() if kind != REVIEW)
_TEXT = re.compile(
    rf"([{_OWN}])(?:\.(\d{{1,9}}))?:(.+)|([{_OWN}{TOKENS[REVIEW]}])(\d{{1,9}})(?:\.(\d{{1,9}}))?", re.DOTALL
)
_FEATURES = ("category", "brand", "price", "tag", "term", "region")
_KIND_OF = {token: kind for kind, token in TOKENS.items()}


def require_few(names: Iterable[str]) -> None:
    """Raise InputError if a person leaves out more than MAX_EXCLUSIONS things."""
    if (n := len(set(names))) > MAX_EXCLUSIONS:
        raise InputError(f"{n} things are struck; at most {MAX_EXCLUSIONS} can be at once, restore some")


def exclusions_of(
    names: Iterable[str], documents: Documents, item_row: Callable[[str], int], known_features: Container[str]
) -> Exclusions:
    """What the scorers leave out for these names, whose order and repeats change nothing.

    `known_features`: names of attributes, words and regions that some component knows

    Raises
    ------
    InputError : a name is not of a known form, or names a text, phrase, attribute, word or region that this model does
        not hold
    UnknownItemError : a product is not in the catalogue
    """
    places, items = set[int](), set[int]()
    features, circumstances = set[str](), set[str]()
    for name in sorted(set(names)):
        kind, _, rest = name.partition(":")
        if kind == "f" and rest.partition(":")[0] in _FEATURES and rest.partition(":")[2]:
            if rest not in known_features:
                raise InputError(
                    f"{name!r} is not an attribute, word or region that this model knows; check its spelling"
                )
            features.add(rest)
        elif kind == "i" and rest:
            features.add(f"product:{item_row(rest)}")
        elif kind == "h" and rest:
            items.add(item_row(rest))
        elif kind == "c" and rest in (*CONTEXT_DIMENSIONS, "trend"):
            circumstances.add(rest)
        elif text := _parsed(name, documents):
            found = documents.places_of_text(*text)
            if not len(found):
                raise InputError(
                    f"{name!r} is not a text or phrase that this model has read; it may be of another model"
                )
            places.update(found.tolist())
        else:
            raise InputError(
                f'{name!r} names nothing that can be struck; use a name that `explain --json` gives as "strike", '
                "such as r17.40 or c:trend"
            )
    return Exclusions(tuple(sorted(places)), tuple(sorted(items)), frozenset(features), frozenset(circumstances))


def text_of(name: str, documents: Documents) -> tuple[Document, int | None] | None:
    """The text that a name leaves out, and which of its phrases, None for all of it; None for a name of no text."""
    kind, number, start = _parsed(name, documents) or (0, NO_ROW, None)
    places = documents.places_of_text(kind, number)
    if not len(places):
        return None
    document = documents.holding(places)[0]
    if start is None:
        return document, None
    starts = [first for first, _ in document.spans]
    return (document, starts.index(start)) if start in starts else None


def current_name(name: str, documents: Documents) -> str:
    """The same exclusion, with a product's text named by the id of the product instead of its row."""
    found = text_of(name, documents)
    if found is None:
        return name
    document, phrase = found
    return document.name(None if phrase is None else document.spans[phrase][0])


def names_over(name: str) -> tuple[str, ...]:
    """The names that leave out what this one does: itself, and for a phrase its whole text.

    >>> names_over("r17.40"), names_over("d.0:i.1"), names_over("f:brand:Mr. X")
    (('r17.40', 'r17'), ('d.0:i.1', 'd:i.1'), ('f:brand:Mr. X',))
    """
    found = _TEXT.fullmatch(name)
    if found is None or (found[2] or found[6]) is None:
        return (name,)
    return name, f"{found[1]}:{found[3]}" if found[1] else f"{found[4]}{found[5]}"


def _parsed(name: str, documents: Documents) -> tuple[int, int, int | None] | None:
    """Kind and number of the text that a name is of, and where its phrase starts; None for a name of no text."""
    found = _TEXT.fullmatch(name)
    if found is None:
        return None
    token, start, item_id, *by_number = found.groups()
    number = documents.item_row(item_id) if item_id is not None else by_number[1]
    if item_id is None:
        token, _, start = by_number
    return _KIND_OF[token], int(number), None if start is None else int(start)
