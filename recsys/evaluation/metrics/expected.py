"""Accuracy of rankings in which products tie: what is expected when equal scores stand in random order.

Nothing is known of new products but what the shop says of them, so a simple model gives all of them the same score, and
a model of categories gives the same to all of a category. In catalogue order such a model would win or lose by how the
catalogue happens to be sorted. Here each order of equal products is as likely as any other, and the mean over all of
them is exact, not drawn: with a products above the wanted one and e of the same score, itself included, its rank is
each of a + 1 to a + e with chance 1 / e.

References
----------
McSherry & Najork (2008), Computing information retrieval performance measures efficiently in the presence of tied
scores, ECIR.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.progress import Progress, silent
from recsys.scorers.base import FloatArray, IntArray

EQUAL = np.float32(1e-5)
"""Scores that differ by no more than this are equal; products that are alike differ by rounding alone."""

CHUNK = 256
"""Shoppers between two reports of progress."""


@dataclass(frozen=True, eq=False, slots=True)
class HeldOutPairs:
    """Shoppers who each want one product, and what they may be shown.

    Parameters
    ----------
    values : float32 of shape (n_users, n_components, n_items), what is mixed
    may_be_shown : bool of shape (n_users, n_items), True for the wanted product
    rows : int32 of shape (n_users,), the wanted product
    """

    values: FloatArray
    may_be_shown: NDArray[np.bool_]
    rows: IntArray

    def __len__(self) -> int:
        return len(self.rows)


def expected_accuracy(asked: HeldOutPairs, weights: FloatArray, k: int) -> dict[str, UserValues]:
    """nDCG@k and recall@k of every shopper under one mix, float64 of shape (n_users,) by name.

    Parameters
    ----------
    weights : float32 of shape (n_components,)
    """
    above, equal = _places(asked, weights[None])
    return {name: _expected(above[0], equal[0], worth) for name, worth in _worth(k).items()}


def expected_ndcg(asked: HeldOutPairs, grid: FloatArray, k: int, progress: Progress = silent) -> NDArray[np.float64]:
    """Mean nDCG@k over the shoppers under each of many mixes, float64 of shape (n_points,).

    Parameters
    ----------
    grid : float32 of shape (n_points, n_components)
    """
    total, worth = np.zeros(len(grid)), _worth(k)["ndcg"]
    for start in range(0, len(asked), CHUNK):
        progress("choosing weights", start, len(asked))
        chunk = slice(start, start + CHUNK)
        part = HeldOutPairs(asked.values[chunk], asked.may_be_shown[chunk], asked.rows[chunk])
        total += _expected(*_places(part, grid), worth).sum(axis=1)
    progress("choosing weights", len(asked), len(asked))
    return total / max(len(asked), 1)


def _worth(k: int) -> dict[str, NDArray[np.float64]]:
    """What the first r ranks are worth together, for r from 0 to k; one product is wanted, so the ideal is 1."""
    ndcg = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    return {"ndcg": ndcg, "recall": np.arange(k + 1, dtype=np.float64)}


def _expected(above: IntArray, equal: IntArray, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    k = len(worth) - 1
    mean: NDArray[np.float64] = (worth[np.minimum(above + equal, k)] - worth[np.minimum(above, k)]) / equal
    return mean


def _places(asked: HeldOutPairs, grid: FloatArray) -> tuple[IntArray, IntArray]:
    """Products above the wanted one, and those as high, itself included: int32 of shape (n_points, n_users) each."""
    above, equal = (np.zeros((len(grid), len(asked)), np.int32) for _ in range(2))
    _count(asked.values, asked.may_be_shown, asked.rows, np.asarray(grid, np.float32), EQUAL, above, equal)
    return above, equal


def tied_places(
    scores: FloatArray, eligible: NDArray[np.bool_], relevant_rows: NDArray[np.integer], k: int
) -> IntArray:
    """What may stand in each of the first k places of one list: int32 of shape (4, k).

    Of the products that tie for a place: how many are to be found, how many there are, which of their places it is
    (from 1), and how many to be found stand above them all; zeros beyond the end of a short list. A product ties with
    the next lower one unless the gap between them is above EQUAL.

    Parameters
    ----------
    scores : float32 of shape (n_items,), standardised
    eligible : bool of shape (n_items,)
    relevant_rows : integers of shape (n_relevant,), what is to be found
    """
    places = np.zeros((4, k), np.int32)
    shown = scores[eligible]
    if not len(shown):
        return places
    least = np.partition(shown, len(shown) - k)[len(shown) - k] if k < len(shown) else shown.min()
    while (lower := (top := shown[shown >= least - EQUAL]).min()) < least:
        least = lower
    top = -np.sort(-top)
    group_of = np.concatenate([[0], np.cumsum(top[:-1] - top[1:] > EQUAL)])
    sizes = np.bincount(group_of)
    wanted = scores[relevant_rows[eligible[relevant_rows]]]
    wanted = wanted[wanted >= least]
    found = np.bincount(group_of[np.searchsorted(-top, -wanted)], minlength=len(sizes))
    own = group_of[:k]
    places[0, : len(own)], places[1, : len(own)] = found[own], sizes[own]
    places[2, : len(own)] = np.arange(1, len(own) + 1) - (np.cumsum(sizes) - sizes)[own]
    places[3, : len(own)] = (np.cumsum(found) - found)[own]
    return places


def expected_list_accuracy(places: IntArray, n_relevant: NDArray[np.integer]) -> dict[str, UserValues]:
    """Every accuracy metric at k, float64 of shape (n_users,) by name, as a mean over all orders of equal products.

    In a group of g products of which r are to be found, each place holds one of them with chance r / g, and with a
    second one at an earlier place of the group with chance r / g (r - 1) / (g - 1); where none has come yet, place j
    holds the first with chance r / (g - j + 1).

    Parameters
    ----------
    places : int32 of shape (n_users, 4, k), `tied_places` of each
    n_relevant : integers of shape (n_users,), how many products are to be found; NaN for a shopper who has none
    """
    found, size, place, before = np.asarray(places, np.float64).transpose(1, 0, 2)
    k = found.shape[1]
    ranks = np.arange(1, k + 1)
    chance = found / np.maximum(size, 1)
    earlier = before + (place - 1) * np.maximum(found - 1, 0) / np.maximum(size - 1, 1)
    hazard = np.minimum(found / np.maximum(size - place + 1, 1), 1)
    none_yet = np.cumprod(1 - hazard, axis=1)
    first = hazard * np.concatenate([np.ones((len(found), 1)), none_yet[:, :-1]], axis=1)
    hits, possible, n_wanted = chance.sum(1), np.minimum(n_relevant, k), np.maximum(n_relevant, 1)
    values = {
        "precision": hits / k,
        "recall": hits / n_wanted,
        "f1": 2 * hits / (k + n_relevant),
        "ndcg": (chance @ (1 / np.log2(ranks + 1))) / np.maximum(_worth(k)["ndcg"][possible], 1),
        "map": (chance * (1 + earlier) / ranks).sum(1) / np.maximum(possible, 1),
        "mrr": (first / ranks).sum(1),
        "hit_rate": 1 - none_yet[:, -1],
    }
    return {name: np.where(n_relevant > 0, value, np.nan) for name, value in values.items()}


@numba.njit(nogil=True, cache=True)
def _count(values, may_be_shown, wanted, grid, tolerance, above, equal):  # type: ignore[no-untyped-def]
    n_users, n_components = values.shape[:2]
    for user in range(n_users):
        rows = np.flatnonzero(may_be_shown[user])
        own = np.empty((n_components, len(rows)), np.float32)
        for component in range(n_components):
            # How much more each product scores than the wanted one, so that a mix of nothing but ties is exactly 0.
            own[component] = values[user, component][rows] - values[user, component, wanted[user]]
        lead = np.empty(len(rows), np.float32)
        for point in range(len(grid)):
            lead[:] = 0
            for component in range(n_components):
                weight = grid[point, component]
                if weight > 0:
                    for i in range(len(rows)):
                        lead[i] += weight * own[component, i]
            n_above, n_equal = 0, 0
            for i in range(len(rows)):
                n_above += lead[i] > tolerance
                n_equal += abs(lead[i]) <= tolerance
            above[point, user], equal[point, user] = n_above, n_equal
