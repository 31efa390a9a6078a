"""The texts of phrases, verbatim, by the positions of phrase occurrences in the semantic scorer ("places").

Texts and what else a person leaves out have names that a link or a command can carry:

r17        a review                   r17.40    a phrase of it, by where it starts
d:ID       a product's description    d.40:ID   a phrase of it; t and a stand for title and attributes
f:brand:X  an attribute, f:term:zip a word, f:region:north the shopper's region
i:ID       what is learnt of the product itself
c:device   a circumstance, or c:trend
h:ID       a product of the shopper's history, with what they wrote of it

Older links name a product's texts by its row in the catalogue, d3 and d3.40. Those count where the model has such a
text, so they hold as long as the catalogue stays the same; `current_name` gives the names of today.
"""

import math
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.scorers.base import NO_ROW, Exclusions, IntArray
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.text.phrasebook import ATTRIBUTES, DESCRIPTION, KINDS, REVIEW, TITLE, attributes_text

TOKENS = {TITLE: "t", DESCRIPTION: "d", ATTRIBUTES: "a", REVIEW: "r"}
"""First letter of the name under which a text of each kind can be left out."""

MAX_EXCLUSIONS = 200
_OWN = "".join(token for kind, token in TOKENS.items() if kind != REVIEW)
_TEXT = re.compile(
    rf"([{_OWN}])(?:\.(\d{{1,9}}))?:(.+)|([{_OWN}{TOKENS[REVIEW]}])(\d{{1,9}})(?:\.(\d{{1,9}}))?", re.DOTALL
)
_FEATURES = ("category", "brand", "price", "tag", "term", "region")
_KIND_OF = {token: kind for kind, token in TOKENS.items()}


@dataclass(frozen=True, slots=True)
class Document:
    """One text with the phrases in it.

    Parameters
    ----------
    kind : "title", "description", "attributes" or "review", or "words" for what is typed now
    number : `review_id` of a review, otherwise the row of the product
    user_id : who wrote the review, None for other kinds; show a pseudonym
    rating, moment : of the review, NaN and None for other kinds
    text : verbatim
    places : of its phrases, in the order of the text
    spans : (start, end) of each phrase, as Python counts characters
    """

    kind: str
    number: int
    item_id: str
    title: str
    user_id: str | None
    rating: float
    moment: datetime | None
    text: str
    places: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def key(self) -> tuple[int, int]:
        """Kind, as a position in KINDS, and number: what tells texts apart."""
        return KINDS.index(self.kind), self.number

    @classmethod
    def typed(cls, words: str, spans: NDArray[np.int32]) -> Self:
        """Words that a shopper types now; their phrases stand in no text of the shop, so their places are NO_ROW."""
        every = tuple((int(start), int(end)) for start, end in spans.tolist())
        return cls("words", 0, "", "", None, math.nan, None, words, (NO_ROW,) * len(every), every)

    def name(self, start: int | None = None) -> str:
        """Under which the text, or its phrase that starts there, can be left out; "" for words that are typed now.

        A review is named by its number, "r17" or "r17.40"; a text of the shop by its product, "d:ID" or "d.40:ID",
        which stays the same when a model is trained again.
        """
        if self.kind not in KINDS:
            return ""
        before, after = self._around
        return f"{before}{after}" if start is None else f"{before}.{start}{after}"

    @property
    def _around(self) -> tuple[str, str]:
        """What stands before and after the place of a phrase in its name."""
        token = TOKENS[KINDS.index(self.kind)]
        return (f"{token}{self.number}", "") if self.kind == KINDS[REVIEW] else (token, f":{self.item_id}")

    def sources(self) -> list[dict[str, Any]]:
        """Where each phrase comes from, JSON-like, with its words verbatim and, but for typed ones, its name."""
        facts: dict[str, Any] = {
            "kind": self.kind,
            "user_id": self.user_id,
            "item_id": self.item_id or None,
            "rating": None if math.isnan(self.rating) else self.rating,
            "timestamp": None if self.moment is None else self.moment.isoformat(),
        }
        text = self.text
        if self.kind not in KINDS:
            return [{**facts, "start": start, "end": end, "text": text[start:end]} for start, end in self.spans]
        before, after = self._around
        return [
            {**facts, "start": start, "end": end, "text": text[start:end], "strike": f"{before}.{start}{after}"}
            for start, end in self.spans
        ]


class Documents:
    """Looks up the texts of phrases that the semantic scorer knows, by their offsets in the catalogue and the reviews.

    `reviews` holds review_id (ascending), user_row, item_row, rating, time_s and text of each review.
    """

    def __init__(self, semantic: SemanticScorer, items: pd.DataFrame, reviews: pa.Table, users: pa.Table) -> None:
        self._semantic, self._items, self._reviews, self._users = semantic, items, reviews, users

    def holding(self, places: NDArray[np.integer[Any]] | Sequence[int]) -> list[Document]:
        """The texts that hold some phrases, those alone, in the order in which their first phrase is asked for."""
        asked = np.asarray(places, np.int64)
        if not len(asked):
            return []
        semantic = self._semantic
        texts, text_of = self.texts_at(asked)
        first = np.full(len(texts), len(asked))
        np.minimum.at(first, text_of, np.arange(len(asked)))
        order = np.lexsort((semantic.starts[asked], first[text_of]))  # texts as asked for, each from its start
        asked = asked[order]
        spans = list(zip(semantic.starts[asked].tolist(), semantic.ends[asked].tolist(), strict=True))
        places, rows = asked.tolist(), semantic.items_at(asked).tolist()
        starts = np.flatnonzero(np.diff(text_of[order], prepend=-1)).tolist()
        held = texts[text_of[order][starts]].tolist()
        reviews = self._review_facts([number for kind, number in held if kind == REVIEW])
        documents = []
        for (kind, number), start, end in zip(held, starts, [*starts[1:], len(places)], strict=True):
            row = rows[start]
            author, rating, moment, text = (
                reviews[number] if kind == REVIEW else (None, math.nan, None, self._own_text(kind, row))
            )
            item_id, title = self._texts["item_id"][row], self._texts["title"][row]
            own, at = tuple(places[start:end]), tuple(spans[start:end])
            documents.append(Document(KINDS[kind], number, item_id, title, author, rating, moment, text, own, at))
        return documents

    def texts_at(self, places: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The different texts that hold some phrases, (kind, number) in each row, and the text's row of each phrase."""
        kinds, numbers = (each[places].astype(np.int64) for each in (self._semantic.kinds, self._semantic.documents))
        keys, text_of = np.unique(kinds << 32 | numbers, return_inverse=True)
        return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1), text_of

    def sources(
        self, places: NDArray[np.integer[Any]] | Sequence[int], typed: Document | None = None
    ) -> list[dict[str, Any]]:
        """Where each phrase comes from, in the order asked; those of no place are the phrases typed, in their order."""
        asked = np.asarray(places, np.int64)
        found = {
            place: source
            for document in self.holding(asked[asked != NO_ROW])
            for place, source in zip(document.places, document.sources(), strict=True)
        }
        words = iter(typed.sources() if typed else ())
        return [next(words) if place == NO_ROW else found[place] for place in asked.tolist()]

    def stars_at(self, places: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Stars of the review that each phrase stands in, float64 of shape (n_places,); NaN where it stands in none."""
        stars = np.full(len(places), np.nan)
        written = self._semantic.kinds[places] == REVIEW
        rows = np.searchsorted(self._review_ids, self._semantic.documents[places][written])
        stars[written] = self._ratings[rows]
        return stars

    def item_row(self, item_id: str) -> int:
        """Row of a product, NO_ROW where the catalogue has none of this id."""
        return int(self._item_index.get_indexer([item_id])[0])

    def places_of_text(self, kind: int, number: int, start: int | None = None) -> NDArray[np.int64]:
        """The phrase occurrences of one text, or the one that starts there; none where the model knows no such text."""
        semantic = self._semantic
        item_row = number
        if kind == REVIEW:
            row = int(np.searchsorted(self._review_ids, number))
            known = row < len(self._review_ids) and self._review_ids[row] == number
            item_row = self._reviews["item_row"][row].as_py() if known else NO_ROW
        if not 0 <= item_row < len(self._items):
            return np.empty(0, np.int64)
        own = semantic.places_of(item_row)
        here = (semantic.kinds[own] == kind) & (semantic.documents[own] == number)
        if start is not None:
            here &= semantic.starts[own] == start
        return np.asarray(np.flatnonzero(here) + own.start, np.int64)

    def _review_facts(self, numbers: Sequence[int]) -> dict[int, tuple[str, float, datetime, str]]:
        rows = np.searchsorted(self._review_ids, np.asarray(numbers, np.int64))
        table = self._reviews.select(["user_row", "rating", "time_s", "text"]).take(pa.array(rows)).to_pydict()
        authors = self._users["user_id"].take(pa.array(table["user_row"], pa.int64())).to_pylist()
        return {
            number: (author, rating, datetime.fromtimestamp(time_s, UTC), text)
            for number, author, rating, time_s, text in zip(
                numbers, authors, table["rating"], table["time_s"], table["text"], strict=True
            )
        }

    def _own_text(self, kind: int, item_row: int) -> str:
        if kind == ATTRIBUTES:
            return attributes_text(self._texts["category"][item_row], tuple(self._texts["tags"][item_row]))
        return str(self._texts[KINDS[kind]][item_row])

    @cached_property
    def _texts(self) -> dict[str, NDArray[np.object_]]:
        # Picking cells of arrays is far quicker than of a table, and every phrase does it.
        return {
            name: np.asarray(self._items[name], object)
            for name in ("item_id", "title", "description", "category", "tags")
        }

    @cached_property
    def _item_index(self) -> pd.Index:
        return pd.Index(self._items["item_id"])

    @cached_property
    def _ratings(self) -> NDArray[np.float64]:
        return np.asarray(self._reviews["rating"].to_numpy(), np.float64)

    @cached_property
    def _review_ids(self) -> IntArray:
        # Ids ascend in the order of the data, also after some reviews were left out.
        return np.asarray(self._reviews["review_id"].to_numpy(), np.int32)


def phrase_texts(semantic: SemanticScorer, tables: Mapping[str, pa.Table]) -> list[str]:
    """The words of every phrase as they first stand in the catalogue's order, rows as in `semantic.phrase_vectors`."""
    known, first = np.unique(semantic.phrases, return_index=True)
    documents = Documents(semantic, tables["items"].to_pandas(), tables["reviews"], tables["users"])
    texts = [""] * len(semantic.phrase_vectors)
    for phrase, source in zip(known.tolist(), documents.sources(first), strict=True):
        texts[phrase] = source["text"]
    return texts


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
