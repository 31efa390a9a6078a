"""The long tail of a catalogue, and how exposure is distributed over products."""

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues

HEAD_SHARE = 0.8
"""Share of the training interactions that the popular products, those outside the long tail, hold."""


def long_tail_mask(popularity: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the products of the long tail: bool of shape (n_items,).

    The head is the smallest set of most chosen products that together hold at least 80% of the interactions
    (Abdollahpouri, Burke & Mobasher 2019, FLAIRS). Products as popular as the last of them join it, so that ties are
    never cut. A product that nobody chose is always in the tail; where all are chosen equally often there is none.

    `popularity`: float of shape (n_items,), in how many shoppers' training histories each product is.

    >>> long_tail_mask(np.array([70.0, 10.0, 10.0, 5.0, 5.0, 0.0])).tolist()
    [False, False, False, True, True, True]
    """
    popularity = np.asarray(popularity, np.float64)
    downwards = np.sort(popularity)[::-1]
    held = np.cumsum(downwards)
    if not len(held) or held[-1] <= 0:
        return np.ones(len(popularity), bool)
    # Counts are whole numbers; the hair's breadth keeps 0.8 * total from landing just above one.
    last = int(np.searchsorted(held, HEAD_SHARE * held[-1] * (1 - 1e-12)))
    tail: NDArray[np.bool_] = popularity < downwards[last]
    return tail


def mean_popularity(ranked: NDArray[np.int32], popularity: NDArray[np.float64]) -> UserValues:
    """Compute the mean popularity of each list, float64 of shape (n_users,); NaN for an empty list."""
    listed = ranked >= 0
    sums, n_listed = np.where(listed, popularity[ranked], 0).sum(1), listed.sum(1)
    means: UserValues = np.divide(sums, n_listed, out=np.full(len(ranked), np.nan), where=n_listed > 0)
    return means


def exposure(ranked: NDArray[np.int32], n_items: int) -> NDArray[np.float64]:
    """Count on how many lists each product is: float64 of shape (n_items,)."""
    return np.bincount(ranked[ranked >= 0], minlength=n_items).astype(np.float64)


def gini(counts: NDArray[np.float64]) -> float:
    """Compute the Gini coefficient of how often each product is shown, float64 of (n_items,); NaN when nothing is."""
    n_items, total = len(counts), counts.sum()
    if not total:
        return float("nan")
    ranks = np.arange(1, n_items + 1)
    return float(2 * (ranks @ np.sort(counts)) / (n_items * total) - (n_items + 1) / n_items)
