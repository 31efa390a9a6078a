"""The inner loop of the live evaluation: every shopper's list from scores in memory, without storing the mix.

One shopper's row is mixed in a buffer that fits the innermost caches. Only lanes whose maximum reaches the n-th largest
maximum can hold one of the n best, so nothing is sorted but contenders.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.ranking.kernels import in_parallel, inlined, insert, lane_maxima, mix, nth_largest


class Candidates(NamedTuple):
    """Scores of what may be listed for every shopper, as of `panel.Scores`, with context scores of a scenario.

    Columns that shopper u has seen are seen[seen_starts[u] : seen_starts[u + 1]].
    """

    static: NDArray[np.float32]
    context: NDArray[np.float32]
    widths: NDArray[np.int64]
    rows: NDArray[np.int32]
    seen_starts: NDArray[np.int64]
    seen: NDArray[np.int32]


@inlined
def _collect(mixed, tops, best, columns):  # type: ignore[no-untyped-def]
    """The best products of a mixed row, best first; -1 and minus infinity where there are none."""
    lanes = tops.shape[0]
    least = nth_largest(tops, best)
    best[:] = -np.inf
    columns[:] = -1
    for lane in range(lanes):
        if tops[lane] < least or tops[lane] == -np.inf:
            continue
        for i in range(lane, mixed.shape[0], lanes):
            score = mixed[i]
            if score >= least and score > -np.inf:
                insert(score, i, best, columns)


@in_parallel
def select(candidates, penalty, weights, users, lanes, columns, scores):  # type: ignore[no-untyped-def]
    """The best columns of each shopper, best first.

    Parameters
    ----------
    penalty : float32 of shape (n_items,), 0 or minus infinity, or empty: what nobody may be shown
    weights : float32 of shape (n_components,)
    users : intp of shape (n_ranked,)
    lanes : `n_lanes` of the lists' length
    columns : out, int32 of shape (n_ranked, n), -1 where a list is short
    scores : out, float32 of shape (n_ranked, n), minus infinity there
    """
    static, context, widths, rows, seen_starts, seen = candidates
    n = columns.shape[1]
    for row in numba.prange(len(users)):
        user = users[row]
        width = widths[user]
        mixed, tops = np.empty(width, np.float32), np.empty(lanes, np.float32)
        best, found = np.empty(n, np.float32), np.empty(n, np.int32)
        mix(mixed, static[user, 0], static[user, 1], static[user, 2], context[user], weights)
        if penalty.shape[0]:
            for i in range(width):
                mixed[i] += penalty[rows[user, i] if rows.shape[0] else i]
        for at in range(seen_starts[user], seen_starts[user + 1]):
            mixed[seen[at]] = -np.inf
        lane_maxima(mixed, tops)
        _collect(mixed, tops, best, found)
        columns[row] = found
        scores[row] = best
