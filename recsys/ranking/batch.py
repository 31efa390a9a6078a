"""Many requests at once: the arithmetic of `rank.Standardised` and `rank.select`, compiled for evaluation and panels.

A mean is added up in another order than there, so scores may differ in the last bit.
"""

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.parallel import cores_for, read_only
from recsys.ranking.kernels import in_parallel, insert, nth_largest
from recsys.ranking.rank import LEAST_LEAD, N_BEST
from recsys.scorers.base import FloatArray, IntArray, Requests, Scorer


def standardised(scorers: Sequence[Scorer], requests: Requests, counting: NDArray[np.bool_]) -> FloatArray:
    """Score requests and put scores on one scale, float32 of shape (n_requests, n_scorers, n_items).

    `counting`: bool of shape (n_requests, n_items), see `Standardised.of`.
    """
    values = np.empty((len(requests), len(scorers), counting.shape[1]), np.float32)
    for at, scorer in enumerate(scorers):
        values[:, at] = scorer.score(requests)
    standardise(values, counting)
    return values


def standardise(raw: FloatArray, counting: NDArray[np.bool_]) -> None:
    """Put raw scores of shape (n_requests, n_scorers, n_items) on one scale in place, as `Standardised.of` does."""
    (counting,) = read_only(np.ascontiguousarray(counting))
    with cores_for(raw.size):
        _standardise(raw, counting, N_BEST, LEAST_LEAD)


def best_rows(scores: FloatArray, eligible: NDArray[np.bool_], k: int) -> IntArray:
    """The k best eligible products of each request, best first, equal ones by row: int32 (n_requests, k), else -1.

    `scores`, `eligible`: float32 and bool of shape (n_requests, n_items)
    """
    rows = np.full((len(scores), k), -1, np.int32)
    scores, eligible = read_only(*map(np.ascontiguousarray, (scores, eligible)))
    with cores_for(scores.size):
        _best_rows(scores, eligible, rows)
    return rows


def best_of_each(values: FloatArray, eligible: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    """The eligible products that are among the n best of some component: bool of shape (n_requests, n_items).

    `values`: float32 of shape (n_requests, n_components, n_items); of equal ones the first by row
    """
    found = np.zeros(eligible.shape, bool)
    values, eligible = read_only(*map(np.ascontiguousarray, (values, eligible)))
    with cores_for(values.size):
        _best_of_each(values, eligible, n, found)
    return found


@numba.njit(nogil=True, cache=True, fastmath=True)  # summed in any order, which vectorises it
def _mean(scores):  # type: ignore[no-untyped-def]
    total = 0.0
    for score in scores:
        total += np.float64(score)
    return total / scores.shape[0]


@in_parallel
def _standardise(values, counting, most, least_lead):  # type: ignore[no-untyped-def]
    n_requests, n_scorers, n_items = values.shape
    for request in numba.prange(n_requests):
        may = counting[request] if counting[request].any() else np.ones(n_items, np.bool_)
        best = np.empty(max(1, min(most, np.count_nonzero(may) // 2)), np.float32)
        for at in range(n_scorers):
            scores = values[request, at]
            judged = scores[may]
            nth_largest(judged, best)  # so few that they stand in `best` then
            mean = _mean(judged)
            lead = _mean(best) - mean
            scale = 1 / lead if lead > least_lead * max(abs(mean), least_lead) else 0.0
            usual, factor = np.float32(mean), np.float32(scale)
            for item in range(n_items):
                scores[item] = (scores[item] - usual) * factor


@in_parallel
def _best_rows(scores, eligible, rows):  # type: ignore[no-untyped-def]
    n_requests, k = rows.shape
    for request in numba.prange(n_requests):
        best = np.full(k, -np.inf, np.float32)
        for item in range(scores.shape[1]):
            score = scores[request, item]
            if score >= best[k - 1] and eligible[request, item]:
                insert(score, item, best, rows[request])


@in_parallel
def _best_of_each(values, eligible, n, found):  # type: ignore[no-untyped-def]
    for request in numba.prange(len(values)):
        candidates = np.flatnonzero(eligible[request])
        if len(candidates) <= n:
            found[request] = eligible[request]
            continue
        best = np.empty(n, np.float32)
        for component in range(values.shape[1]):
            scores = values[request, component][candidates]
            least = nth_largest(scores, best)
            left = n
            for score in scores:
                left -= score > least
            for at, item in enumerate(candidates):
                if scores[at] > least:
                    found[request, item] = True
                elif scores[at] == least and left > 0:
                    found[request, item] = True
                    left -= 1
