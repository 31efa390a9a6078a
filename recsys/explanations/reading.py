"""Both sides of the semantic score as texts to be read: each phrase with what it adds, and whom it pairs with."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.documents import Document, Documents
from recsys.scorers.base import NO_ROW
from recsys.scorers.phrase_sum import PhraseSum

N_TEXTS = 40
"""So many texts of each side are shown at first, those whose phrases move most; the totals count all of them."""

N_PARTNERS = 4

Polarity = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""How much phrases praise (1) or complain (-1), float32, for places of the semantic scorer."""


@dataclass(frozen=True, slots=True)
class Partner:
    """A phrase of the other side: text and phrase by their places there, and what the pair adds."""

    text: int
    phrase: int
    value: float


@dataclass(frozen=True, slots=True)
class ReadPhrase:
    """A phrase in a text.

    Parameters
    ----------
    start, end : in the text, as Python counts characters
    strike : name under which it can be struck, "" for typed words
    value : signed share of the final score, 0 while it is struck
    loss : what the score loses if this phrase alone is struck, where the other phrases take up some of its part
    polarity : from -1 (complaint) to 1 (praise); 0 where nobody can tell
    partners : the shown phrases of the other side that it pairs with most, largest size first
    struck : it is left out
    """

    start: int
    end: int
    strike: str
    value: float
    loss: float
    polarity: float
    partners: tuple[Partner, ...]
    struck: bool


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text of one side with all of its phrases; `value` is their sum."""

    document: Document
    value: float
    phrases: tuple[ReadPhrase, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of both sides, the texts that matter most first.

    Parameters
    ----------
    shopper, product : texts of either side
    total : the semantic component, which the phrases of either side sum to
    n_shopper_texts, n_product_texts : how many there are in all
    n_shopper_phrases, n_product_phrases : phrases in all of them
    """

    shopper: tuple[ReadText, ...]
    product: tuple[ReadText, ...]
    total: float
    n_shopper_texts: int
    n_product_texts: int
    n_shopper_phrases: int
    n_product_phrases: int


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Shopper and product, and what one unit of the score between them is worth in the final score."""

    shopper: PhraseSum
    product: PhraseSum
    worth: float


def read_both(
    before: Sides,
    now: Sides,
    documents: Documents,
    polarity: Polarity,
    typed: tuple[str, NDArray[np.int32]] | None,
    n_texts: int = N_TEXTS,
) -> Reading:
    """Lay out both sides.

    Parameters
    ----------
    before, now : without and with what is struck; the first decides which texts are shown and in which order, so that
        nothing jumps while a person strikes, the second gives the values
    typed : the words said now and the spans of their phrases, whose places are NO_ROW
    n_texts : so many texts of each side are shown
    """
    shopper, n_shopper = _texts(before.shopper, before.product, documents, typed, n_texts)
    product, n_product = _texts(before.product, before.shopper, documents, None, n_texts)
    rows = [_rows(texts, side) for texts, side in ((shopper, now.shopper), (product, now.product))]
    pairs = _pairs(now, *rows)
    both = ((now.shopper, now.product), (now.product, now.shopper))
    values = [now.worth * side.values(other).astype(np.float64) for side, other in both]
    losses = [now.worth * side.losses(other).astype(np.float64) for side, other in both]
    return Reading(
        _read(shopper, rows[0], values[0], losses[0], pairs, product, polarity),
        _read(product, rows[1], values[1], losses[1], pairs.T, shopper, polarity),
        float(values[1].sum()),
        n_shopper,
        n_product,
        len(before.shopper),
        len(before.product),
    )


def _texts(
    side: PhraseSum,
    other: PhraseSum,
    documents: Documents,
    typed: tuple[str, NDArray[np.int32]] | None,
    n_texts: int,
) -> tuple[list[Document], int]:
    """The texts of a side whose phrases move most in all, and how many texts there are."""
    weights = np.abs(side.values(other))
    stored = side.places != NO_ROW
    texts, text_of = documents.texts_at(side.places[stored])
    moved = np.bincount(text_of, weights[stored], len(texts))
    leading = np.argsort(-moved, kind="stable")[:n_texts]
    shown = documents.holding(side.places[stored][np.isin(text_of, leading)])
    place_of = {key: place for place, key in enumerate(map(tuple, texts[leading].tolist()))}
    shown.sort(key=lambda document: place_of[document.key])
    if typed is None or not len(typed[1]):
        return shown, len(texts)
    return [_typed(*typed), *shown], len(texts) + 1


def _typed(words: str, spans: NDArray[np.int32]) -> Document:
    every = tuple((int(start), int(end)) for start, end in spans.tolist())
    return Document("words", 0, "", "", None, float("nan"), None, words, (NO_ROW,) * len(every), every)


def _rows(texts: list[Document], side: PhraseSum) -> NDArray[np.int64]:
    """Row of every shown phrase in its side, text by text; -1 for one that is struck."""
    typed_rows = iter(np.flatnonzero(side.places == NO_ROW).tolist())
    row_of = {place: row for row, place in enumerate(side.places.tolist())}
    return np.array(
        [next(typed_rows) if place == NO_ROW else row_of.get(place, -1) for text in texts for place in text.places],
        np.int64,
    )


def _pairs(now: Sides, shopper_rows: NDArray[np.int64], product_rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """What every shown pair adds, float64 of shape (n shown here, n shown there); 0 where one is struck."""
    values = np.zeros((len(shopper_rows), len(product_rows)))
    here, there = shopper_rows >= 0, product_rows >= 0
    pairs = now.shopper.pairs(now.product, shopper_rows[here], product_rows[there])
    values[np.ix_(here, there)] = now.worth * pairs.astype(np.float64)
    return values


def _read(
    texts: list[Document],
    rows: NDArray[np.int64],
    values: NDArray[np.float64],
    losses: NDArray[np.float64],
    pairs: NDArray[np.float64],
    others: list[Document],
    polarity: Polarity,
) -> tuple[ReadText, ...]:
    address = [(text, phrase) for text, other in enumerate(others) for phrase in range(len(other.places))]
    n_partners = min(N_PARTNERS, pairs.shape[1])
    closest = np.argsort(-np.abs(pairs), axis=1, kind="stable")[:, :n_partners]
    places = np.array([place for text in texts for place in text.places], np.int64)
    praise = np.zeros(len(places), np.float32)
    praise[places != NO_ROW] = polarity(places[places != NO_ROW])
    read, at = [], 0
    for text in texts:
        phrases = []
        for phrase, (start, end) in enumerate(text.spans):
            row = int(rows[at])
            partners = tuple(
                Partner(address[column][0], address[column][1], float(pairs[at, column]))
                for column in closest[at].tolist()
                if pairs[at, column]
            )
            strike = "" if text.kind == "words" else text.strike_of(phrase)
            value = float(values[row]) if row >= 0 else 0.0
            loss = float(losses[row]) if row >= 0 else 0.0
            phrases.append(ReadPhrase(start, end, strike, value, loss, float(praise[at]), partners, row < 0))
            at += 1
        read.append(ReadText(text, sum(phrase.value for phrase in phrases), tuple(phrases)))
    return tuple(read)
