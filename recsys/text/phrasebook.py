"""Every phrase that a data set holds, where it stands, and its vector.

A document is a product's title, description or attributes, or one review. `Phrasebook` lists the phrases of every
document as offsets into the verbatim text, so that a quote is always `document_text(...)[start:end]`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent

KINDS = ("title", "description", "attributes", "review")
"""What a document can be; `Phrasebook.kind` holds positions in this tuple."""

TITLE, DESCRIPTION, ATTRIBUTES, REVIEW = range(len(KINDS))


class TextEncoder(Protocol):
    """What a phrasebook needs of an encoder; `recsys.text.encoder.PhraseEncoder` is the real one."""

    @property
    def encoder_id(self) -> str: ...

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class PhraseVectors:
    """What one person says now, encoded.

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
        """How many different phrases there are."""
        return len(self.vectors)

    def of_kind(self, kind: int) -> slice:
        """Occurrences of one kind, as a slice, since rows are sorted by kind."""
        first, last = np.searchsorted(self.kind, [kind, kind + 1])
        return slice(int(first), int(last))
