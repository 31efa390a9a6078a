"""Diversity re-ranking by MMR, MSD or a determinantal point process: the same loop for one list and for many.

A list is built greedily. Its first product is the one of the best score; next comes, again and again, the product with
the largest (1 - strength) x relevance + strength x gain, where relevance is the score on the range of the pool, 0 to 1,
and the gain says what the product adds to those chosen before it:

    MMR   minus the cosine to the nearest of them, from -1 (the same) to 0 (apart); cosines below 0 count as 0
    MSD   2 / (n - 1) x the sum of its distances 1 - cosine to them, which maximises
          (1 - strength) x mean relevance + strength x mean pairwise distance (ILD) of whole lists of n
    DPP   the logarithm to base 10 of what of its vector they leave unexplained (the squared distance to their span,
          1 at first), no lower than -1, which is the greedy maximum of (1 - strength) x relevance + strength x log det

A gain of all three is within about one of every other, so one strength means about the same for each, 0.01 hardly
changes anything, and 0 is the order by score. A product without a vector has cosine 0 to all.

References
----------
Carbonell & Goldstein (1998), SIGIR, for MMR; Borodin, Lee & Ye (2012), PODS, for MSD; Chen, Zhang & Zhou (2018),
NeurIPS, for the greedy DPP.
"""

from collections.abc import Mapping

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.settings import DiversityMethod

LEAST_RESIDUAL = 0.1
"""A DPP takes products of which less than this share of the squared length is left as equal duplicates.

So a list of nothing but duplicates goes on by score, instead of by logarithms of rounding noise."""

ROUNDING = 1e-4
"""Residuals up to this are rounding noise of single precision."""

TIE = 1e-6
"""Values nearer to each other than this, relative to their size, are equal, and the better score goes first."""

_MMR, _DPP, _MSD = 0, 1, 2
CODES: Mapping[DiversityMethod, int] = {"mmr": _MMR, "dpp": _DPP, "msd": _MSD}
"""What the compiled loops call each method."""

_compiled = numba.njit(nogil=True, cache=True)


def diversify(
    scores: NDArray[np.float32], vectors: NDArray[np.float32], n: int, strength: float, method: DiversityMethod
) -> NDArray[np.int32]:
    """Re-rank one list: int32 of shape (min(n, n_pool),), positions in the pool in their new order.

    Parameters
    ----------
    scores : float32 of shape (n_pool,), highest first
    vectors : float32 of shape (n_pool, n_dims), unit length or zeros
    strength : in [0, 1]

    Where the second product is the same as the first:

    >>> scores = np.float32([1, 0.9, 0.8, 0])
    >>> vectors = np.float32([[1, 0], [1, 0], [0, 1], [0, 1]])
    >>> diversify(scores, vectors, 3, 0.5, "mmr").tolist(), diversify(scores, vectors, 3, 0.01, "mmr").tolist()
    ([0, 2, 1], [0, 1, 2])
    """
    order = np.empty(min(n, len(scores)), np.int32)
    pool = np.arange(len(scores), dtype=np.int32)
    _choose(np.asarray(scores, np.float32), np.asarray(vectors, np.float32), pool, strength, CODES[method], order)
    return order


@numba.njit(parallel=True, nogil=True, cache=True)
def diversify_all(pools, scores, vectors, strength, method, ranked, ranks_by_score):  # type: ignore[no-untyped-def]
    """Re-rank many lists in parallel.

    Parameters
    ----------
    pools : int32 of shape (n_lists, n_pool), item rows, best first, -1 where the pool is short
    scores : float32 of shape (n_lists, n_pool)
    vectors : float32 of shape (n_items, n_dims), unit length or zeros
    strength : in [0, 1]
    method : of `CODES`
    ranked : out, int32 of shape (n_lists, n), -1 where the list is short
    ranks_by_score : out, int32 of shape (n_lists, n), from 1, 0 where the list is short
    """
    for row in numba.prange(len(pools)):
        n_pool = 0
        while n_pool < pools.shape[1] and pools[row, n_pool] >= 0:
            n_pool += 1
        order = np.empty(min(ranked.shape[1], n_pool), np.int32)
        _choose(scores[row, :n_pool], vectors, pools[row], strength, method, order)
        ranked[row] = -1
        ranks_by_score[row] = 0
        for at in range(order.shape[0]):
            ranked[row, at] = pools[row, order[at]]
            ranks_by_score[row, at] = order[at] + 1


@numba.njit(nogil=True, cache=True, fastmath=True)  # sums in any order, which vectorises them
def _dot(a, b):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@_compiled
def _relevance(scores):  # type: ignore[no-untyped-def]
    """Scores, highest first, on the range from 0 to 1; all 1 where they differ by rounding only."""
    relevance = np.ones(scores.shape[0], np.float32)
    best, least = scores[0], scores[-1]
    spread = best - least
    if spread > TIE * max(abs(best), abs(least)):
        for at in range(scores.shape[0]):
            relevance[at] = (scores[at] - least) / spread
    return relevance


@_compiled
def _choose(scores, vectors, items, strength, method, order):  # type: ignore[no-untyped-def]
    """Fill `order`, int32 of shape (n,), with positions in a pool whose vectors stand in rows `items` of `vectors`."""
    n_pool, n = scores.shape[0], order.shape[0]
    if n == 0:
        return
    relevance = _relevance(scores)
    keep, pull = np.float32(1 - strength), np.float32(strength)
    share = np.float32(2 / max(n - 1, 1))  # of one distance in the mean pairwise distance, in units of mean relevance
    gain = np.zeros(n_pool, np.float32)
    residual = np.ones(n_pool, np.float32)
    directions = np.empty((n_pool, n if method == _DPP else 0), np.float32)
    n_directions = 0
    taken = np.zeros(n_pool, np.bool_)
    last = 0  # of the best score
    order[0] = last
    taken[last] = True
    for step in range(1, n):
        vector, root = vectors[items[last]], np.sqrt(residual[last])
        explains = residual[last] > ROUNDING
        chosen, best = -1, np.float32(0)
        for at in range(n_pool):
            if taken[at]:
                continue
            cosine = min(max(_dot(vectors[items[at]], vector), np.float32(-1)), np.float32(1))
            if method == _MMR:
                gain[at] = min(gain[at], -cosine)
            elif method == _MSD:
                gain[at] += share * (np.float32(1) - cosine)
            elif explains:
                along = _dot(directions[at, :n_directions], directions[last, :n_directions])
                direction = (cosine - along) / root
                directions[at, n_directions] = direction
                residual[at] = max(residual[at] - direction * direction, np.float32(0))
                gain[at] = np.log10(max(residual[at], np.float32(LEAST_RESIDUAL)))
            value = keep * relevance[at] + pull * gain[at]
            if chosen < 0 or value - best > np.float32(TIE) * max(abs(best), np.float32(1)):
                chosen, best = at, value
        if method == _DPP and explains:
            n_directions += 1
        order[step] = last = chosen
        taken[last] = True
