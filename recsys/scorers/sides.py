"""One side of a cosine as a weighted sum of phrases, and how the cosine splits over the phrases of both sides."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.scorers.base import FloatArray, IntArray
from recsys.scorers.phrase_weights import LEAST_LENGTH


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a cosine as a weighted sum of phrases.

    Parameters
    ----------
    places : int64 of shape (n_phrases,), occurrences in the scorer's arrays; NO_ROW for what is typed now
    coefficients : float32 of shape (n_phrases,)
    vectors : float32 of shape (n_phrases, n_dims), centred
    profile : float32 of shape (n_dims,), unit length: `coefficients @ vectors`
    """

    places: NDArray[np.int64]
    coefficients: FloatArray
    vectors: FloatArray
    profile: FloatArray

    @classmethod
    def of(cls, places: NDArray[np.int64], weights: FloatArray, vectors: FloatArray) -> Self:
        """The side of some weighted phrases, scaled so that its profile has length 1 (0 if they cancel out)."""
        total = weights @ vectors
        length = float(np.linalg.norm(total))
        scale = np.float32(1 / length if length > LEAST_LENGTH else 0)
        return cls(places, weights * scale, vectors, total * scale)

    def __len__(self) -> int:
        return len(self.places)

    def values(self, other: "Side") -> FloatArray:
        """What each phrase adds to the cosine with another side, float32 of shape (n_phrases,); they sum to it."""
        return np.asarray(self.coefficients * (self.vectors @ other.profile), np.float32)

    def losses(self, other: "Side") -> FloatArray:
        """What the cosine loses when each phrase is left out alone, float32 of shape (n_phrases,).

        Not what the phrase adds: without it the profile is shorter, and scaled to length 1 the other phrases take up
        some of its part. |Q - c v|^2 = |Q|^2 - 2 c v.Q + c^2 |v|^2.
        """
        added = self.values(other).astype(np.float64)
        along = self.coefficients * (self.vectors @ self.profile).astype(np.float64)
        own = np.square(self.coefficients.astype(np.float64)) * np.einsum("ij,ij->i", self.vectors, self.vectors)
        whole = float(self.profile @ other.profile)
        lengths = np.sqrt(np.maximum(float(self.profile @ self.profile) - 2 * along + own, 0))
        left = np.divide(whole - added, lengths, out=np.zeros_like(added), where=lengths > LEAST_LENGTH)
        return np.asarray(whole - left, np.float32)

    def pairs(self, other: "Side", rows: IntArray) -> FloatArray:
        """What the pairs of some phrases here with all phrases there add, float32 of shape (len(rows), len(other)).

        A row sums to the `values` of its phrase, and so do the columns over all rows for the phrases of the other side.
        """
        products = self.vectors[rows] @ other.vectors.T
        return np.asarray(self.coefficients[rows, None] * products * other.coefficients, np.float32)
