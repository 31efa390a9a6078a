"""Diversity re-ranking of every shopper's list at once: the choices of `pyversity`, which serves single lists.

`recsys.ranking.select` re-ranks one list in about a millisecond, most of it the cost of calling; two thousand at every
move of a slider would take seconds. These loops do the same sums for all shoppers in parallel, and tests hold every
choice against the library's. Cosines may differ in the last bit of single precision, since sums run in other orders.

References
----------
Carbonell & Goldstein (1998), SIGIR, for MMR; Chen, Zhang & Zhou (2018), NeurIPS, for the greedy DPP; Borodin, Lee & Ye
(2012), PODS, for MSD.
"""

from collections.abc import Mapping

import numba
import numpy as np

from recsys.ranking import summed_strength
from recsys.settings import DiversityMethod

EPSILON = np.finfo(np.float32).eps
"""What pyversity adds so as not to divide by zero."""

_compiled = numba.njit(nogil=True, cache=True)
_summed_strength = _compiled(summed_strength)

_MMR, _DPP, _MSD = 0, 1, 2
CODES: Mapping[DiversityMethod, int] = {"mmr": _MMR, "dpp": _DPP, "msd": _MSD}
"""What `diversify` calls each method."""


@numba.njit(nogil=True, cache=True, fastmath=True)  # sums in any order, which vectorises them
def _dot(a, b):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@_compiled
def _relevance(scores, n):  # type: ignore[no-untyped-def]
    """Scores of a pool on the range from 0 to 1, as `recsys.ranking` scales them; best first in, best first out."""
    spread = scores[0] - scores[n - 1]
    relevance = np.ones(n, np.float32)
    if spread > 0:
        for at in range(n):
            relevance[at] = (scores[at] - scores[n - 1]) / spread
    return relevance


@_compiled
def _apart(relevance, vectors, items, strength, is_sum, order):  # type: ignore[no-untyped-def]
    """Next is what is relevant and apart from those before it: from the nearest (MMR), or from all together (MSD)."""
    n_pool = relevance.shape[0]
    keep, spread = np.float32(1.0 - strength), np.float32(1.0 - (1.0 - strength))
    least = np.float32(-1 if is_sum else 0)
    apart = np.full(n_pool, 0 if is_sum else np.inf, np.float32)
    taken = np.zeros(n_pool, np.bool_)
    chosen = 0
    order[0] = 0
    taken[0] = True
    for step in range(1, order.shape[0]):
        last = vectors[items[chosen]]
        best = np.float32(-np.inf)
        chosen = -1
        for at in range(n_pool):
            if taken[at]:
                continue
            cosine = min(max(_dot(vectors[items[at]], last), least), np.float32(1))
            apart[at] = apart[at] + (np.float32(1) - cosine) if is_sum else min(apart[at], -cosine)
            value = keep * relevance[at] + spread * apart[at]
            if value > best:
                best, chosen = value, at
        order[step] = chosen
        taken[chosen] = True


@_compiled
def _dpp(relevance, vectors, items, strength, order):  # type: ignore[no-untyped-def]
    n_pool, n = relevance.shape[0], order.shape[0]
    mean, deviation = relevance.mean(), relevance.std() + EPSILON
    weights = np.exp((1.0 - strength) * (relevance - mean) / deviation).astype(np.float32)
    residual = weights * weights + np.float32(EPSILON)
    directions = np.zeros((n_pool, n), np.float32)
    taken = np.zeros(n_pool, np.bool_)
    for step in range(n):
        chosen = -1
        best = np.float32(-np.inf)
        for at in range(n_pool):
            if not taken[at] and residual[at] > best:
                best, chosen = residual[at], at
        order[step] = chosen
        taken[chosen] = True
        if step == n - 1:
            break
        root = np.sqrt(best) + np.float32(EPSILON)
        for at in range(n_pool):
            likeness = weights[at] * _dot(vectors[items[at]], vectors[items[chosen]]) * weights[chosen]
            update = (likeness - _dot(directions[at, :step], directions[chosen, :step])) / root
            directions[at, step] = update
            residual[at] = max(residual[at] - update * update, np.float32(0))


@numba.njit(parallel=True, nogil=True, cache=True)
def diversify(pools, scores, vectors, strength, method, ranked, ranks_by_score):  # type: ignore[no-untyped-def]
    """Choose each list from its pool.

    Parameters
    ----------
    pools : int32 of shape (n_ranked, n_pool), item rows, best first, -1 where the pool is short
    scores : float32 of shape (n_ranked, n_pool)
    vectors : float32 of shape (n_items, n_dims), unit length or zeros
    strength : in (0, 1]
    method : of `CODES`
    ranked : out, int32 of shape (n_ranked, k), -1 where the list is short
    ranks_by_score : out, int32 of shape (n_ranked, k), from 1, 0 where the list is short
    """
    for row in numba.prange(len(pools)):
        n_pool = 0
        while n_pool < pools.shape[1] and pools[row, n_pool] >= 0:
            n_pool += 1
        ranked[row] = -1
        ranks_by_score[row] = 0
        if n_pool == 0:
            continue
        order = np.empty(min(ranked.shape[1], n_pool), np.int32)
        relevance = _relevance(scores[row], n_pool)
        if n_pool == 1:
            order[0] = 0
        elif method == _DPP:
            _dpp(relevance, vectors, pools[row], strength, order)
        elif method == _MSD:
            _apart(relevance, vectors, pools[row], _summed_strength(strength, order.shape[0]), True, order)
        else:
            _apart(relevance, vectors, pools[row], strength, False, order)
        for at in range(order.shape[0]):
            ranked[row, at] = pools[row, order[at]]
            ranks_by_score[row, at] = order[at] + 1
