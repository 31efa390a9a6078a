"""Fusion of component scores: standardised over the catalogue, weighted, summed.

final(u, i, c) = sum_k  weight_k * (s_k - mean_k(u)) / std_k(u)
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.scorers.base import FloatArray
from recsys.settings import FusionSettings

LEAST_SPREAD = 1e-4
"""Scores with a smaller deviation, relative to their mean, differ by rounding alone, which dividing would magnify."""


@dataclass(frozen=True, slots=True)
class Standardised:
    """Component scores of one request on one scale.

    Parameters
    ----------
    values : float32 of shape (n_components, n_items), mean 0 and deviation 1 over the catalogue in every row; a
        component that tells no product from another is 0 throughout
    mean, std : float64 of shape (n_components,), of the raw scores
    """

    values: FloatArray
    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @classmethod
    def of(cls, raw: FloatArray) -> Self:
        """Standardise raw scores, float32 of shape (n_components, n_items)."""
        mean = raw.mean(axis=1, dtype=np.float64)
        centred = raw - mean[:, None].astype(np.float32)
        std = np.sqrt([np.dot(row, row) / raw.shape[1] for row in centred], dtype=np.float64)
        std[std <= LEAST_SPREAD * np.maximum(np.abs(mean), LEAST_SPREAD)] = 0
        scale = np.divide(1.0, std, out=np.zeros_like(std), where=std > 0)
        centred *= scale[:, None].astype(np.float32)
        return cls(centred, mean, std)


def weight_vector(settings: FusionSettings) -> FloatArray:
    """Normalised weights in the order of COMPONENTS, float32 of shape (n_components,)."""
    return np.array(list(settings.normalised().values()), np.float32)


def fuse(values: FloatArray, settings: FusionSettings) -> FloatArray:
    """Final scores, float32 of shape (n_items,), from standardised ones of shape (n_components, n_items).

    Added up product by product in the same order: a matrix product rounds by place in the array, and would tell equal
    products apart.
    """
    fused = np.zeros(values.shape[1], np.float32)
    for weight, row in zip(weight_vector(settings), values, strict=True):
        if weight > 0:
            fused += weight * row
    return fused
