"""Metrics of all lists together, from how often products are shown: coverage, Gini and personalisation.

Personalisation is 1 - overlap, the overlap being how many products two different shoppers' lists share, over all pairs,
out of as many as they could: as many as the shorter list holds. So lists of k that are all full share k at most, and
the overlap is the mean over pairs of |A and B| / k. A product on c lists is shared by c (c - 1) ordered pairs, and a
place that is filled on c lists could be shared by as many, which gives the sum over all pairs from counts alone:

    personalisation = 1 - (sum over products of c (c - 1)) / (sum over places of c (c - 1))

Where lists are short, pairs weigh by how much they could share. So identical lists have 0 and disjoint ones 1 however
long they are, an empty list says nothing, and fewer than two lists that hold anything have no value. Where a replay
asks about one shopper several times, each time counts as a shopper.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
"""How many lists there are of something: whole numbers."""


class Exposure(NamedTuple):
    """What all lists show.

    Parameters
    ----------
    products : float64 of shape (n_items,), on how many lists each product is
    places : float64 of shape (k,), on how many lists each place is filled
    """

    products: Counts
    places: Counts


def exposure_of(ranked: NDArray[np.integer], n_items: int) -> Exposure:
    """Count what lists of shape (n_users, k) show: item rows, padded with -1 at the end."""
    return Exposure(exposure(ranked, n_items), filled(ranked))


def exposure(ranked: NDArray[np.integer], n_items: int) -> Counts:
    """Count on how many lists each product is: float64 of shape (n_items,)."""
    return np.bincount(ranked[ranked >= 0], minlength=n_items).astype(np.float64)


def filled(ranked: NDArray[np.integer]) -> Counts:
    """Count on how many lists each place is filled: float64 of shape (k,)."""
    return np.asarray((ranked >= 0).sum(axis=0), np.float64)


def gini(counts: Counts) -> float:
    """Compute the Gini coefficient of how often each product is shown, float64 of (n_items,); NaN when nothing is."""
    n_items, total = len(counts), counts.sum()
    if not total:
        return float("nan")
    ranks = np.arange(1, n_items + 1)
    return float(2 * (ranks @ np.sort(counts)) / (n_items * total) - (n_items + 1) / n_items)


def coverage(counts: Counts) -> float:
    """Compute the share of products that are shown at all, from how often each is: float64 of (n_items,)."""
    return float(np.count_nonzero(counts) / len(counts))


def personalisation(found: Exposure) -> float:
    """Compute 1 - overlap of two lists; NaN where no two lists hold anything.

    >>> personalisation(exposure_of(np.array([[0, 1], [1, 2], [3, 4]]), 5)).__round__(4)
    0.8333
    """
    most = ordered_pairs(found.places)
    return float(1 - ordered_pairs(found.products) / most) if most else float("nan")


def ordered_pairs(counts: Counts) -> float:
    """How many ordered pairs of different lists have the same one of these in common, added up.

    >>> ordered_pairs(np.array([3.0, 1.0, 0.0]))
    6.0
    """
    return float(counts @ np.maximum(counts - 1, 0))


EXPOSURE_METRICS: Mapping[str, Callable[[Exposure], float]] = {
    "coverage": lambda found: coverage(found.products),
    "gini": lambda found: gini(found.products),
    "personalisation": personalisation,
}
"""Metrics of all lists together, by name, from what the lists show."""
