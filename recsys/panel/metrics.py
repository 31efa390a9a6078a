"""Every metric of every shopper's list in one parallel pass, as `recsys.evaluation.metrics` defines them.

The same figures as `evaluation.metrics.lists` and `evaluation.metrics.exposure`, which tests hold it against, in
a tenth of their time: what those do in a dozen array operations is here one walk over each list.
"""

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.parallel import cores_for

assert SHOPPER_METRICS == (
    "precision",
    "recall",
    "f1",
    "ndcg",
    "map",
    "mrr",
    "hit_rate",
    "ild",
    "novelty",
    "serendipity",
    "long_tail",
    "ctr",
)


def measure_lists(
    ranked: NDArray[np.int32],
    relevant_starts: NDArray[np.int64],
    relevant: NDArray[np.int32],
    expected: NDArray[np.int32],
    bits: NDArray[np.float64],
    tail: NDArray[np.bool_],
    vectors: NDArray[np.float32],
    described: NDArray[np.bool_],
    clicks: Clicks,
    places: tuple[NDArray[np.int64], NDArray[np.int32]],
    users: NDArray[np.intp],
) -> MeasuredLists:
    """Metrics at k of the lists of some shoppers; k is the lists' width. Lists and metrics are read-only afterwards.

    Parameters
    ----------
    ranked : int32 of shape (n_ranked, k), item rows, best first, padded with -1
    relevant_starts, relevant : held-out item rows of shopper u are relevant[relevant_starts[u] : relevant_starts[u+1]]
    expected : int32 of shape (n_users, at least k), the popularity baseline's lists, for serendipity
    bits : float64 of shape (n_items,), surprise of each product, for novelty
    tail : bool of shape (n_items,), whether a product belongs to the long tail
    vectors : float32 of shape (n_items, n_dims), unit length, or zeros for a product without words
    described : bool of shape (n_items,), whether a product has a vector
    clicks : of the panel; without a source nobody has a click rate
    places : how many places each shopper has and which product stands there, `widths` and `rows` of a panel's `Scores`
    users : intp of shape (n_ranked,), the shopper of each list
    """
    values = np.empty((len(SHOPPER_METRICS), len(ranked)))
    with cores_for(ranked.size):
        _measure(
            ranked, relevant_starts, relevant, expected, bits, tail, vectors, described,
            clicks.attraction, clicks.odds, clicks.seen, *places, users, values,
        )  # fmt: skip
    values.flags.writeable = ranked.flags.writeable = False  # answers are shared by all sessions
    return MeasuredLists(ranked, dict(zip(SHOPPER_METRICS, values, strict=True)))


@numba.njit(nogil=True, cache=True, inline="always")
def _add(total, vector):  # type: ignore[no-untyped-def]
    for i in range(total.shape[0]):
        total[i] += vector[i]


@numba.njit(nogil=True, cache=True, fastmath=True)  # summed in any order, which vectorises it
def _square(total):  # type: ignore[no-untyped-def]
    square = np.float32(0)
    for i in range(total.shape[0]):
        square += total[i] * total[i]
    return square


@numba.njit(nogil=True, cache=True, inline="always")
def _click(attraction, odds, seen, widths, rows, user, item, place):  # type: ignore[no-untyped-def]
    """Chance of a click on a product in a place; NaN where the panel does not hold the product."""
    at = np.int64(item)
    if rows.shape[0]:
        at = np.searchsorted(rows[user, : widths[user]], item)
        if at == widths[user] or rows[user, at] != item:
            return np.nan
    rank = min(place, odds.shape[0] - 1)
    first = np.float64(attraction[user, at])
    return seen[rank] * first * odds[rank] / (1 - first + first * odds[rank])


@numba.njit(parallel=True, nogil=True, cache=True)
def _measure(  # type: ignore[no-untyped-def]
    ranked, relevant_starts, relevant, expected, bits, tail, vectors, described, attraction, odds, seen, widths, rows,
    users, values,
):  # fmt: skip
    n_ranked, k = ranked.shape
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideals = np.zeros(k + 1)
    for n in range(k):
        ideals[n + 1] = ideals[n] + discounts[n]
    for row in numba.prange(n_ranked):
        user = users[row]
        held_out = relevant[relevant_starts[user] : relevant_starts[user + 1]]
        total = np.zeros(vectors.shape[1], np.float32)
        n_listed, n_hits, first, n_described, n_unexpected = 0, 0, 0, 0, 0
        gain, precisions, surprise, n_tail, clicked = 0.0, 0.0, 0.0, 0, 0.0
        if attraction.shape[0]:  # a pass of its own, so that the processor waits for many places of memory at once
            for place in range(k):
                if ranked[row, place] >= 0:
                    clicked += _click(attraction, odds, seen, widths, rows, user, ranked[row, place], place)
        for place in range(k):
            item = ranked[row, place]
            if item < 0:
                break
            n_listed += 1
            surprise += bits[item]
            n_tail += tail[item]
            _add(total, vectors[item])
            n_described += described[item]
            hit = False
            for wanted in held_out:
                hit |= wanted == item
            if hit:
                n_hits += 1
                gain += discounts[place]
                precisions += n_hits / (place + 1)
                first = first if first > 0 else place + 1
                known = False
                for other in range(k):
                    known |= expected[user, other] == item
                n_unexpected += not known
        n_relevant = held_out.shape[0]
        if n_relevant > 0:
            possible = min(n_relevant, k)
            values[0, row] = n_hits / k
            values[1, row] = n_hits / n_relevant
            values[2, row] = 2 * n_hits / (k + n_relevant)
            values[3, row] = gain / ideals[possible]
            values[4, row] = precisions / possible
            values[5, row] = 1 / first if first > 0 else 0.0
            values[6, row] = 1.0 if n_hits > 0 else 0.0
            values[9, row] = n_unexpected / k
        else:
            values[:7, row] = np.nan
            values[9, row] = np.nan
        pairs = n_described * (n_described - 1)
        values[7, row] = 1 - (_square(total) - n_described) / pairs if pairs > 0 else np.nan
        values[8, row] = surprise / n_listed if n_listed > 0 else np.nan
        values[10, row] = n_tail / n_listed if n_listed > 0 else np.nan
        values[11, row] = clicked / k if attraction.shape[0] else np.nan
