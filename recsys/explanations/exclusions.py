"""What a person strikes, by names that a link or a command can carry, and what the scorers then leave out.

r17        a review               r17.40   a phrase of it, by where it starts
d3, d3.0   a product's description, or a phrase of it; t and a stand for title and attributes
f:brand:X  an attribute, f:term:zip a word, f:region:north the shopper's region
i:ID       what is learnt of the product itself
c:device   a circumstance, or c:trend
h:ID       a product of the shopper's history, with what they wrote of it
"""

import re
from collections.abc import Callable, Container, Iterable

import numpy as np
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.explanations.documents import TOKENS, Document, Documents
from recsys.scorers.base import Exclusions
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import CONTEXT_DIMENSIONS

MAX_STRIKES = 200

_TEXT = re.compile(rf"([{''.join(TOKENS.values())}])(\d{{1,9}})(?:\.(\d{{1,9}}))?")
_FEATURES = ("category", "brand", "price", "tag", "term", "region")
_KIND_OF = {token: kind for kind, token in TOKENS.items()}


def require_few(names: Iterable[str]) -> None:
    """Raise InputError if a person strikes more than MAX_STRIKES things."""
    if (n := len(set(names))) > MAX_STRIKES:
        raise InputError(f"{n} things are struck; at most {MAX_STRIKES} can be at once, restore some")


def without_of(
    names: Iterable[str],
    documents: Documents,
    semantic: SemanticScorer,
    item_row: Callable[[str], int],
    known_features: Container[str],
) -> Exclusions:
    """What the scorers leave out when these names are struck; the order and repeats of names change nothing.

    Parameters
    ----------
    known_features : names of attributes, words and regions that some component knows

    Raises
    ------
    InputError : a name is not of a known form, or names a text, phrase, attribute, word or region that this model does
        not hold
    UnknownItemError : a product is not in the catalogue
    """
    places: set[int] = set()
    items: set[int] = set()
    features: set[str] = set()
    circumstances: set[str] = set()
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
        elif found := _TEXT.fullmatch(name):
            places.update(_places(name, found, documents, semantic))
        else:
            raise InputError(
                f'{name!r} names nothing that can be struck; use a name that `explain --json` gives as "strike", '
                "such as r17.40 or c:trend"
            )
    return Exclusions(tuple(sorted(places)), tuple(sorted(items)), frozenset(features), frozenset(circumstances))


def text_of(name: str, documents: Documents) -> tuple[Document, int | None] | None:
    """The text that a name strikes, and which of its phrases, None for all of it; None if the name is of no text."""
    found = _TEXT.fullmatch(name)
    if found is None:
        return None
    places, start = _text_named(found, documents)
    if not np.size(places):
        return None
    document = documents.holding(places)[0]
    starts = [first for first, _ in document.spans]
    if start is None:
        return document, None
    return (document, starts.index(start)) if start in starts else None


def _text_named(found: re.Match[str], documents: Documents) -> tuple[NDArray[np.int64], int | None]:
    """Places of all phrases of a text, none where there is no such text, and where the phrase named starts."""
    kind, number, start = found.groups()
    return documents.places_of_text(_KIND_OF[kind], int(number)), None if start is None else int(start)


def _places(name: str, found: re.Match[str], documents: Documents, semantic: SemanticScorer) -> list[int]:
    places, start = _text_named(found, documents)
    if start is not None:
        places = places[semantic.starts[places] == start]
    if not np.size(places):
        raise InputError(f"{name!r} is not a text or phrase that this model has read; it may be of another model")
    return [int(place) for place in places]
