"""The texts of both sides of the semantic score: what each phrase adds, its pairs, and the words in one phrase."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.decompose import Polarity, WeightedSide
from recsys.explanations.documents import Document, Documents
from recsys.scorers.base import NO_ROW
from recsys.scorers.phrase_weights import PhraseSum

N_TEXTS = 40
"""Most texts of each side that are shown at first, those whose phrases move most; the totals count all of them."""

N_PARTNERS = 4


@dataclass(frozen=True, slots=True)
class Partner:
    """A phrase of the other side, by the positions of text and phrase there, and what the pair adds."""

    text: int
    phrase: int
    value: float


@dataclass(frozen=True, slots=True)
class PhraseContribution:
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
class DocumentContributions:
    """A text of one side with all of its phrases; `value` is their sum."""

    document: Document
    value: float
    phrases: tuple[PhraseContribution, ...]


@dataclass(frozen=True, slots=True)
class TextContributions:
    """The texts of both sides, those that matter most first, and how many there are in all.

    `total`: the semantic component, which the phrases of either side sum to
    """

    shopper: tuple[DocumentContributions, ...]
    product: tuple[DocumentContributions, ...]
    total: float
    n_shopper_texts: int
    n_product_texts: int


def leading_texts(
    side: PhraseSum, other: PhraseSum, documents: Documents, typed: Document | None, n_texts: int
) -> tuple[list[Document], int]:
    """The words typed now and the texts whose phrases move most in all, and how many texts there are."""
    weights = np.abs(side.values(other))
    stored = side.places != NO_ROW
    texts, text_of = documents.texts_at(side.places[stored])
    leading = np.argsort(-np.bincount(text_of, weights[stored], len(texts)), kind="stable")[:n_texts]
    found = documents.holding(side.places[stored][np.isin(text_of, leading)])
    order = {key: at for at, key in enumerate(map(tuple, texts[leading].tolist()))}
    found.sort(key=lambda document: order[document.key])
    words = [typed] if typed is not None and typed.spans else []
    return [*words, *found], len(words) + len(texts)


def phrase_rows(texts: list[Document], side: PhraseSum) -> NDArray[np.int64]:
    """Row of every phrase of some texts in its side, text by text; -1 for one that is left out."""
    typed_rows = iter(np.flatnonzero(side.places == NO_ROW).tolist())
    row_of = {place: row for row, place in enumerate(side.places.tolist())}
    return np.array(
        [next(typed_rows) if place == NO_ROW else row_of.get(place, -1) for text in texts for place in text.places],
        np.int64,
    )


def read_side(
    texts: list[Document],
    rows: NDArray[np.int64],
    side: WeightedSide,
    pairs: NDArray[np.float64],
    others: list[Document],
    polarity: Polarity,
) -> tuple[DocumentContributions, ...]:
    """The texts of one side with the values of their phrases.

    `rows`: row in `side` of every phrase, -1 for one that is left out; `pairs`: float64 of shape (n phrases here, n
    phrases of `others`), what every pair adds
    """
    address = [(text, phrase) for text, other in enumerate(others) for phrase in range(len(other.places))]
    closest = np.argsort(-np.abs(pairs), axis=1, kind="stable")[:, :N_PARTNERS]
    praise = polarity(np.array([place for text in texts for place in text.places], np.int64))
    # A row of zeros at the end, where -1 points: what is left out adds nothing.
    amounts = np.stack([np.append(side.values, 0)[rows], np.append(side.losses, 0)[rows], praise], axis=1).tolist()
    read, at = [], 0
    for text in texts:
        phrases = []
        for start, end in text.spans:
            partners = tuple(
                Partner(address[column][0], address[column][1], float(pairs[at, column]))
                for column in closest[at]
                if pairs[at, column]
            )
            value, loss, praised = amounts[at]
            phrases.append(
                PhraseContribution(start, end, text.name(start), value, loss, praised, partners, bool(rows[at] < 0))
            )
            at += 1
        read.append(DocumentContributions(text, sum(phrase.value for phrase in phrases), tuple(phrases)))
    return tuple(read)


MAX_WORDS = 60

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")


@dataclass(frozen=True, slots=True)
class WordEffect:
    """A word, text[start:end] of the document, and the phrase's share minus its share without the word."""

    start: int
    end: int
    value: float


@dataclass(frozen=True, slots=True)
class WordEffects:
    """Words of one phrase; their values and the residual sum to `whole`, the phrase's share of the score."""

    words: tuple[WordEffect, ...]
    whole: float
    residual: float


def word_effects(
    text: str, start: int, end: int, value_of: Callable[[NDArray[np.float32]], NDArray[np.floating]], encode: Encode
) -> WordEffects:
    """Measure each word of text[start:end] by encoding the phrase again without it.

    Approximate: the encoder reads words together, so their effects need not sum to the phrase's share.

    Parameters
    ----------
    value_of : shares that the phrase would have with given vectors, float32 of shape (n, n_dims), not yet centred
    encode : vectors of phrases, as the model's encoder makes them

    References
    ----------
    Zeiler & Fergus (2014), ECCV; Li, Monroe & Jurafsky (2016), arXiv 1612.08220.
    """
    phrase = text[start:end]
    found = list(_WORD.finditer(phrase))[:MAX_WORDS]
    variants = [phrase[: word.start()] + phrase[word.end() :] for word in found]
    # A phrase of one word leaves nothing to encode: without it the share is 0.
    encoded = [at for at, variant in enumerate(variants) if _WORD.search(variant)]
    values = value_of(encode([phrase, *(variants[at] for at in encoded)])).astype(np.float64)
    whole = float(values[0])
    left = np.zeros(len(variants))
    left[encoded] = values[1:]
    effects = whole - left
    words = tuple(
        WordEffect(start + word.start(), start + word.end(), float(effect))
        for word, effect in zip(found, effects, strict=True)
    )
    return WordEffects(words, whole, whole - float(effects.sum()))
