"""Long tail of a catalogue, and how lists share exposure out among products."""

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues

HEAD_SHARE = 0.8
"""Share of the training interactions that the popular products, those outside the long tail, hold."""


def long_tail_mask(popularity: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which products belong to the long tail: bool of shape (n_items,).

    The head is the smallest set of most chosen products that together hold at least 80% of the interactions. Products
    as popular as the last of them join it, so that ties are never cut and no order of the catalogue decides; all
    others are the long tail. So a product that nobody chose is always in the tail, and where all are chosen equally
    often there is none.

    Parameters
    ----------
    popularity : float of shape (n_items,), in how many shoppers' training histories each product is

    References
    ----------
    Abdollahpouri, Burke & Mobasher (2019), FLAIRS ("short head" of 80% of the ratings).

    Examples
    --------
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
    """Mean popularity of each list, float64 of shape (n_users,); NaN for an empty list."""
    listed = ranked >= 0
    sums, n_listed = np.where(listed, popularity[ranked], 0).sum(1), listed.sum(1)
    means: UserValues = np.divide(sums, n_listed, out=np.full(len(ranked), np.nan), where=n_listed > 0)
    return means


def exposure(ranked: NDArray[np.int32], n_items: int) -> NDArray[np.float64]:
    """On how many lists each product stands, float64 of shape (n_items,)."""
    return np.bincount(ranked[ranked >= 0], minlength=n_items).astype(np.float64)


def gini(counts: NDArray[np.float64]) -> float:
    """Gini coefficient of how often each product is shown, float64 of shape (n_items,); NaN when nothing is."""
    n_items, total = len(counts), counts.sum()
    if not total:
        return float("nan")
    places = np.arange(1, n_items + 1)
    return float(2 * (places @ np.sort(counts)) / (n_items * total) - (n_items + 1) / n_items)
