"""Long tail, serendipity and exposure of many lists in array operations; `definitions` says what each one means."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.evaluation.metrics.lists import UserValues, hits_of

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


def serendipity(ranked: NDArray[np.int32], relevant: csr_array, baseline: NDArray[np.int32], k: int) -> UserValues:
    """Share of the k places that hold a relevant item which the popularity baseline would not have listed.

    Parameters
    ----------
    ranked : int32 of shape (n_users, n_listed), item rows, best first, padded with -1; first k are read
    relevant : bool of shape (n_users, n_items), the held-out items
    baseline : int32 of shape (n_users, n_baseline), the popularity baseline's list of the same shoppers, as `ranked`
    k : cut-off, at least 1

    Returns
    -------
    float64 of shape (n_users,), NaN for a shopper without held-out items
    """
    ranked, baseline = ranked[:, :k], baseline[:, :k]
    held_out = relevant.astype(bool)  # a copy, so that dropping stored zeros leaves the caller's matrix alone
    held_out.eliminate_zeros()
    hits = hits_of(ranked, held_out)
    expected = np.zeros(ranked.shape, bool)
    for place in range(baseline.shape[1]):
        expected |= ranked == baseline[:, place : place + 1]
    values: UserValues = np.where(np.diff(held_out.indptr) > 0, (hits & ~expected).sum(1) / k, np.nan)
    return values


def long_tail_share(ranked: NDArray[np.int32], tail: NDArray[np.bool_]) -> UserValues:
    """Share of each list that belongs to the long tail, float64 of shape (n_users,); NaN for an empty list."""
    listed = ranked >= 0
    return _mean_of(np.where(listed, tail[ranked], 0), listed)


def mean_popularity(ranked: NDArray[np.int32], popularity: NDArray[np.float64]) -> UserValues:
    """Mean popularity of each list, float64 of shape (n_users,); NaN for an empty list."""
    listed = ranked >= 0
    return _mean_of(np.where(listed, popularity[ranked], 0), listed)


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


def _mean_of(values: NDArray[np.float64], listed: NDArray[np.bool_]) -> UserValues:
    answer = np.full(len(values), np.nan)
    n_listed = listed.sum(1)
    np.divide(values.sum(1), n_listed, out=answer, where=n_listed > 0)
    return answer
