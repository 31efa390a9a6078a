"""One side of a comparison as a weighted sum of phrases, and how it splits over the phrases of both sides."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsys.scorers.base import FloatArray
from recsys.scorers.phrase_weights import LEAST_LENGTH

Rows = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class PhraseSum:
    """One side of a comparison of two profiles as a weighted sum of phrases.

    With profiles P and Q of length 1 and a metric M the score is P . M Q, a cosine where M is the identity.

    Parameters
    ----------
    places : int64 of shape (n_phrases,), occurrences in the scorer's arrays; NO_ROW for what is typed now
    coefficients : float32 of shape (n_phrases,)
    vectors : float32 of shape (n_phrases, n_dims), centred
    profile : float32 of shape (n_dims,), unit length: `coefficients @ vectors`
    metric : float32 of shape (n_dims, n_dims), symmetric, the same for both sides
    """

    places: NDArray[np.int64]
    coefficients: FloatArray
    vectors: FloatArray
    profile: FloatArray
    metric: FloatArray

    @classmethod
    def of(cls, places: NDArray[np.int64], weights: FloatArray, vectors: FloatArray, metric: FloatArray) -> Self:
        """The side of some weighted phrases, scaled so that its profile has length 1 (0 if they cancel out)."""
        total = weights @ vectors
        length = float(np.linalg.norm(total))
        scale = np.float32(1 / length if length > LEAST_LENGTH else 0)
        return cls(places, weights * scale, vectors, total * scale, metric)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def against(self) -> FloatArray:
        """What phrases of another side are multiplied by when they are held against this one, of shape (n_dims,)."""
        return np.asarray(self.metric @ self.profile, np.float32)

    def values(self, other: "PhraseSum") -> FloatArray:
        """What each phrase adds to the score with another side, float32 of shape (n_phrases,); they sum to it."""
        return np.asarray(self.coefficients * (self.vectors @ other.against), np.float32)

    def shares(self) -> FloatArray:
        """What each phrase makes up of the profile itself, float32 of shape (n_phrases,); they sum to 1."""
        return np.asarray(self.coefficients * (self.vectors @ self.profile), np.float32)

    def losses(self, other: "PhraseSum") -> FloatArray:
        """What the score loses when each phrase is left out alone, float32 of shape (n_phrases,).

        Not what the phrase adds: without it the profile is shorter, and scaled to length 1 the other phrases take up
        some of its part. |Q - c v|^2 = |Q|^2 - 2 c v.Q + c^2 |v|^2.
        """
        added = self.values(other).astype(np.float64)
        along = self.coefficients * (self.vectors @ self.profile).astype(np.float64)
        own = np.square(self.coefficients.astype(np.float64)) * np.einsum("ij,ij->i", self.vectors, self.vectors)
        whole = float(self.profile @ other.against)
        lengths = np.sqrt(np.maximum(float(self.profile @ self.profile) - 2 * along + own, 0))
        left = np.divide(whole - added, lengths, out=np.zeros_like(added), where=lengths > LEAST_LENGTH)
        return np.asarray(whole - left, np.float32)

    def pairs(self, other: "PhraseSum", rows: Rows, columns: Rows | None = None) -> FloatArray:
        """What the pairs of some phrases here with some there add, float32 of shape (len(rows), len(columns)).

        With all phrases there a row sums to the `values` of its phrase, and so do the columns over all rows for the
        phrases of the other side.

        `columns`: of the other side; None for all of it.
        """
        there = slice(None) if columns is None else columns
        products = self.vectors[rows] @ self.metric @ other.vectors[there].T
        return np.asarray(self.coefficients[rows, None] * products * other.coefficients[there], np.float32)
