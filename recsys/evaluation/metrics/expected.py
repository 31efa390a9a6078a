"""Accuracy of rankings in which products tie: the mean over all orders of products with equal scores.

A simple model gives all new products the same score, and a model of categories all products of one. In catalogue order
it would win or lose by how the catalogue is sorted. Here each order is as likely as any other, and the mean is exact,
not drawn.

References
----------
McSherry & Najork (2008), Computing information retrieval performance measures efficiently in the presence of tied
scores, ECIR.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues, rank_weights
from recsys.parallel import cores_for, read_only
from recsys.ranking.kernels import in_parallel, nth_largest
from recsys.scorers.base import FloatArray, IntArray

EQUAL = np.float32(1e-5)
"""Scores that differ by no more than this are equal; products that are alike differ by rounding alone."""


def tied_positions(
    scores: FloatArray, eligible: NDArray[np.bool_], starts: NDArray[np.integer], relevant: NDArray[np.integer], k: int
) -> IntArray:
    """Describe what may be at each of the first k positions of every list: int32 of shape (n_users, 4, k).

    Of the products that tie for a position: how many are relevant, how many there are, which of their positions it is
    (from 1), and how many relevant ones are above them all; zeros beyond the end of a short list. A product ties with
    the next lower one unless the gap between them is above EQUAL.

    Parameters
    ----------
    scores, eligible : of every product, standardised scores and bool, of shape (n_users, n_items)
    starts, relevant : relevant[starts[u] : starts[u + 1]] are rows of what user u went on to choose
    """
    positions = np.zeros((len(scores), 4, k), np.int32)
    scores, eligible, starts, relevant = read_only(*map(np.ascontiguousarray, (scores, eligible, starts, relevant)))
    with cores_for(scores.size):
        _tied_positions(scores, eligible, starts, relevant, EQUAL, positions)
    return positions


@in_parallel
def _tied_positions(scores, eligible, starts, relevant, tolerance, positions):  # type: ignore[no-untyped-def]
    k = positions.shape[2]
    for user in numba.prange(len(scores)):
        shown = scores[user][eligible[user]]
        if len(shown) == 0:
            continue
        least = nth_largest(shown, np.empty(min(k, len(shown)), np.float32))
        while True:  # down to where the next lower product is further away
            top = shown[shown >= least - tolerance]
            lower = top.min()
            if lower == least:
                break
            least = lower
        top = -np.sort(-top)
        start = before = 0
        while start < min(k, len(top)):
            end = start + 1
            while end < len(top) and top[end - 1] - top[end] <= tolerance:
                end += 1
            found = 0
            for item in relevant[starts[user] : starts[user + 1]]:
                found += eligible[user, item] and top[end - 1] <= scores[user, item] <= top[start]
            for place in range(start, min(end, k)):
                positions[user, 0, place], positions[user, 1, place] = found, end - start
                positions[user, 2, place], positions[user, 3, place] = place - start + 1, before
            start, before = end, before + found


def expected_list_accuracy(positions: IntArray, n_relevant: NDArray[np.integer]) -> dict[str, UserValues]:
    """Compute every accuracy metric at k, float64 of shape (n_users,) by name, as a mean over all orders of ties.

    In a group of g products of which r are relevant, each position holds one of them with chance r / g, and with a
    second one at an earlier position of the group with chance r / g (r - 1) / (g - 1); where none has come yet,
    position j holds the first with chance r / (g - j + 1).

    `positions` has shape (n_users, 4, k), `tied_positions` of each; the values of a shopper without a relevant product
    are NaN.
    """
    found, size, position, before = np.asarray(positions, np.float64).transpose(1, 0, 2)
    k = found.shape[1]
    ranks, (discounts, ideals) = np.arange(1, k + 1), rank_weights(k)
    chance = found / np.maximum(size, 1)
    earlier = before + (position - 1) * np.maximum(found - 1, 0) / np.maximum(size - 1, 1)
    hazard = np.minimum(found / np.maximum(size - position + 1, 1), 1)
    none_yet = np.cumprod(1 - hazard, axis=1)
    first = hazard * np.concatenate([np.ones((len(found), 1)), none_yet[:, :-1]], axis=1)
    hits, possible, n_wanted = chance.sum(1), np.minimum(n_relevant, k), np.maximum(n_relevant, 1)
    values = {
        "precision": hits / k,
        "recall": hits / n_wanted,
        "f1": 2 * hits / (k + n_relevant),
        "ndcg": (chance @ discounts) / np.maximum(ideals[possible], 1),
        "map": (chance * (1 + earlier) / ranks).sum(1) / np.maximum(possible, 1),
        "mrr": (first / ranks).sum(1),
        "hit_rate": 1 - none_yet[:, -1],
    }
    return {name: np.where(n_relevant > 0, value, np.nan) for name, value in values.items()}
