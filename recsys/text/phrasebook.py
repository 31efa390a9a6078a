"""Every phrase of a data set, its span in the verbatim text, and its vector.

A document is a product's title, description or attributes, or one review.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent
from recsys.text.phrases import MAX_CHARS, canonical, segment, trimmed

KINDS = ("title", "description", "attributes", "review")
"""What a document can be; `Phrasebook.kind` holds positions in this tuple."""

TITLE, DESCRIPTION, ATTRIBUTES, REVIEW = range(len(KINDS))


class TextEncoder(Protocol):
    """What a phrasebook needs of an encoder such as `recsys.text.encoder.PhraseEncoder`."""

    @property
    def encoder_id(self) -> str: ...

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class PhraseVectors:
    """Phrases that one person types now.

    Parameters
    ----------
    text : the words, verbatim
    spans : int32 of shape (n_phrases, 2), start and end of each phrase in `text`
    vectors : float32 of shape (n_phrases, n_dims), unit length, rows as in `spans`
    """

    text: str
    spans: NDArray[np.int32]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Phrases of a data set with their vectors; occurrences are sorted by (kind, document, start).

    Parameters
    ----------
    kind : int8 of shape (n_occurrences,), position in KINDS
    document : int32 of shape (n_occurrences,), item row for the first three kinds, `review_id` for reviews
    start, end : int32 of shape (n_occurrences,), character offsets in the document's text, as Python counts them
    phrase : int32 of shape (n_occurrences,), row of `vectors`; equal phrases share one row
    vectors : float16 of shape (n_phrases, n_dims), unit length up to rounding; may be a read-only memory map
    encoder_id : the encoder that made the vectors
    """

    kind: NDArray[np.int8]
    document: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    phrase: NDArray[np.int32]
    vectors: NDArray[np.float16]
    encoder_id: str

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def n_phrases(self) -> int:
        """Number of different phrases."""
        return len(self.vectors)

    def of_kind(self, kind: int) -> slice:
        """Find the rows of one kind, as a slice."""
        first, last = np.searchsorted(self.kind, [kind, kind + 1])
        return slice(int(first), int(last))


def attributes_text(category: str, tags: Iterable[str]) -> str:
    """Join a product's category and tags, each once.

    >>> attributes_text("Tents", ("light", "2 people", "light"))
    'Tents, light, 2 people'
    """
    return ", ".join(dict.fromkeys(word for word in (category, *tags) if word))


def build_phrasebook(data: Dataset, encoder: TextEncoder, progress: Progress = silent) -> Phrasebook:
    """Cut every text of a data set into phrases and encode each different one once.

    Titles and attributes are one phrase each; only a title beyond the longest phrase is cut. A phrasebook may be built
    on more data than a model may know: scorers take the occurrences whose reviews are in their own data.
    """
    occurrences: list[tuple[int, int, int, int, int]] = []
    keys: dict[str, int] = {}
    total = 3 * data.n_items + data.n_reviews
    for n_read, (kind, document, text) in enumerate(_documents(data)):
        if n_read % 1000 == 0:
            progress("reading texts", n_read, total)
        for start, end in _spans(kind, text):
            phrase = keys.setdefault(canonical(text[start:end]), len(keys))
            occurrences.append((kind, document, start, end, phrase))
    progress("reading texts", total, total)
    kind_, document_, start_, end_, phrase_ = np.array(occurrences, np.int32).reshape(-1, 5).T.copy()
    vectors = encoder.encode(list(keys), progress).astype(np.float16)
    return Phrasebook(kind_.astype(np.int8), document_, start_, end_, phrase_, vectors, encoder.encoder_id)


def _documents(data: Dataset) -> Iterator[tuple[int, int, str]]:
    """List kind, document and text of everything, in the order of a phrasebook."""
    for kind in (TITLE, DESCRIPTION):
        yield from ((kind, row, text) for row, text in enumerate(data.items[KINDS[kind]]))
    for row, (category, tags) in enumerate(zip(data.items["category"], data.items["tags"], strict=True)):
        yield ATTRIBUTES, row, attributes_text(category, tags)
    reviews = data.reviews[["review_id", "text"]].sort_values("review_id")
    for review_id, text in zip(reviews["review_id"], reviews["text"], strict=True):
        yield REVIEW, review_id, text


def _spans(kind: int, text: str) -> list[tuple[int, int]]:
    if kind == ATTRIBUTES or (kind == TITLE and len(text) <= MAX_CHARS):
        whole = trimmed(text, 0, len(text))
        return [] if whole is None else [whole]
    return segment(text)
