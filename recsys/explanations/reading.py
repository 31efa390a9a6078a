"""Both sides of the semantic score as texts to be read: each phrase with what it adds, and whom it pairs with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.decompose import Polarity, WeightedSide
from recsys.explanations.documents import Document, Documents
from recsys.scorers.base import NO_ROW
from recsys.scorers.phrase_sum import PhraseSum

N_TEXTS = 40
"""So many texts of each side are shown at first, those whose phrases move most; the totals count all of them."""

N_PARTNERS = 4


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
    name : under which it can be left out, "" for typed words
    value : signed share of the final score, 0 while it is left out
    loss : what the score loses without this phrase alone, where the other phrases take up some of its part
    polarity : from -1 (complaint) to 1 (praise); 0 where nobody can tell
    partners : the shown phrases of the other side that it pairs with most, largest size first
    ablated : it is left out
    """

    start: int
    end: int
    name: str
    value: float
    loss: float
    polarity: float
    partners: tuple[Partner, ...]
    ablated: bool


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


def read_both(
    before: tuple[PhraseSum, PhraseSum],
    now: tuple[WeightedSide, WeightedSide],
    worth: float,
    documents: Documents,
    polarity: Polarity,
    typed: Document | None,
    n_texts: int = N_TEXTS,
) -> Reading:
    """Lay out both sides, the shopper's and the product's.

    Parameters
    ----------
    before, now : without and with what is left out; the first decides which texts are shown and in which order, so
        that nothing jumps while a person leaves out phrases, the second gives the values
    worth : what one unit of the score between the sides is worth in the final score
    typed : the words said now, whose places are NO_ROW
    n_texts : so many texts of each side are shown
    """
    mine, n_shopper = _texts(*before, documents, typed, n_texts)
    others, n_product = _texts(*before[::-1], documents, None, n_texts)
    rows = [_rows(texts, side.side) for texts, side in zip((mine, others), now, strict=True)]
    pairs = _pairs(now[0].side, now[1].side, worth, *rows)
    return Reading(
        _read(mine, rows[0], now[0], pairs, others, polarity),
        _read(others, rows[1], now[1], pairs.T, mine, polarity),
        float(now[1].values.sum()),
        n_shopper,
        n_product,
        *map(len, before),
    )


def _texts(
    side: PhraseSum, other: PhraseSum, documents: Documents, typed: Document | None, n_texts: int
) -> tuple[list[Document], int]:
    """The texts of a side whose phrases move most in all, and how many texts there are."""
    weights = np.abs(side.values(other))
    stored = side.places != NO_ROW
    texts, text_of = documents.texts_at(side.places[stored])
    leading = np.argsort(-np.bincount(text_of, weights[stored], len(texts)), kind="stable")[:n_texts]
    found = documents.holding(side.places[stored][np.isin(text_of, leading)])
    order = {key: place for place, key in enumerate(map(tuple, texts[leading].tolist()))}
    found.sort(key=lambda document: order[document.key])
    said = [typed] if typed is not None and typed.spans else []
    return [*said, *found], len(said) + len(texts)


def _rows(texts: list[Document], side: PhraseSum) -> NDArray[np.int64]:
    """Row of every phrase of some texts in its side, text by text; -1 for one that is left out."""
    typed_rows = iter(np.flatnonzero(side.places == NO_ROW).tolist())
    row_of = {place: row for row, place in enumerate(side.places.tolist())}
    return np.array(
        [next(typed_rows) if place == NO_ROW else row_of.get(place, -1) for text in texts for place in text.places],
        np.int64,
    )


def _pairs(
    shopper: PhraseSum,
    product: PhraseSum,
    worth: float,
    shopper_rows: NDArray[np.int64],
    product_rows: NDArray[np.int64],
) -> NDArray[np.float64]:
    """What every pair of phrases adds, float64 of shape (n here, n there); 0 where one is left out."""
    values = np.zeros((len(shopper_rows), len(product_rows)))
    here, there = shopper_rows >= 0, product_rows >= 0
    pairs = shopper.pairs(product, shopper_rows[here], product_rows[there])
    values[np.ix_(here, there)] = worth * pairs.astype(np.float64)
    return values


def _read(
    texts: list[Document],
    rows: NDArray[np.int64],
    side: WeightedSide,
    pairs: NDArray[np.float64],
    others: list[Document],
    polarity: Polarity,
) -> tuple[ReadText, ...]:
    address = [(text, phrase) for text, other in enumerate(others) for phrase in range(len(other.places))]
    closest = np.argsort(-np.abs(pairs), axis=1, kind="stable")[:, :N_PARTNERS]
    praise = polarity(np.array([place for text in texts for place in text.places], np.int64))
    # A row of zeros at the end, where -1 points: what is left out adds nothing.
    values, losses = (np.append(each, 0.0) for each in (side.values, side.losses))
    read, at = [], 0
    for text in texts:
        phrases = []
        for start, end in text.spans:
            row = int(rows[at])
            partners = tuple(
                Partner(address[column][0], address[column][1], float(pairs[at, column]))
                for column in closest[at].tolist()
                if pairs[at, column]
            )
            name = text.name(start)
            amounts = float(values[row]), float(losses[row]), float(praise[at])
            phrases.append(ReadPhrase(start, end, name, *amounts, partners, row < 0))
            at += 1
        read.append(ReadText(text, sum(phrase.value for phrase in phrases), tuple(phrases)))
    return tuple(read)
