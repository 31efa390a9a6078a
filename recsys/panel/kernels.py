"""The inner loop of the live evaluation: every shopper's list from scores in memory, without ever storing the mix.

One shopper's row is mixed into a buffer that fits the innermost caches, and while it is mixed the maximum of every lane
is kept. Only lanes that reach the n-th largest of those maxima can hold one of the n best, so only they are looked at
again, and nothing is sorted but contenders.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.ranking.kernels import in_parallel, inlined, insert, lane_maxima, nth_largest


class Candidates(NamedTuple):
    """What may be listed for every shopper, as compiled loops take it.

    Parameters
    ----------
    static, context, widths, rows : as of `panel.Scores`, with context scores of the scenario
    seen_starts, seen : columns that a shopper has seen: seen[seen_starts[u] : seen_starts[u + 1]]
    """

    static: NDArray[np.float32]
    context: NDArray[np.float32]
    widths: NDArray[np.int64]
    rows: NDArray[np.int32]
    seen_starts: NDArray[np.int64]
    seen: NDArray[np.int32]


@inlined
def _mix_block(mixed, tops, a, b, c, d, wa, wb, wc, wd):  # type: ignore[no-untyped-def]
    """One product a lane, as `ranking.kernels.mix`."""
    for lane in range(mixed.shape[0]):
        score = wa * a[lane] + wb * b[lane] + wc * c[lane] + wd * d[lane]
        mixed[lane] = score
        tops[lane] = score if score > tops[lane] else tops[lane]


@inlined
def _mix(mixed, tops, a, b, c, d, weights):  # type: ignore[no-untyped-def]
    """Fuse one shopper's components, and keep the maximum of each lane in the same pass."""
    wa, wb, wc, wd = weights[0], weights[1], weights[2], weights[3]
    lanes = tops.shape[0]
    tops[:] = -np.inf
    for start in range(0, mixed.shape[0], lanes):
        end = min(start + lanes, mixed.shape[0])
        _mix_block(mixed[start:end], tops, a[start:end], b[start:end], c[start:end], d[start:end], wa, wb, wc, wd)


@inlined
def _exclude(mixed, tops, columns):  # type: ignore[no-untyped-def]
    """Take single products out, and see to it that their lanes have a maximum that still stands there."""
    lanes = tops.shape[0]
    for column in columns:
        mixed[column] = -np.inf
    for column in columns:
        lane = column % lanes
        top = np.float32(-np.inf)
        for i in range(lane, mixed.shape[0], lanes):
            top = max(top, mixed[i])
        tops[lane] = top


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
    candidates : `Candidates`
    penalty : float32 of shape (n_items,), 0 or minus infinity, or empty: what nobody may be shown
    weights : float32 of shape (n_components,)
    users : intp of shape (n_ranked,), whom to rank for
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
        _mix(mixed, tops, static[user, 0], static[user, 1], static[user, 2], context[user], weights)
        if penalty.shape[0]:
            for i in range(width):
                mixed[i] += penalty[rows[user, i] if rows.shape[0] else i]
            lane_maxima(mixed, tops)
        _exclude(mixed, tops, seen[seen_starts[user] : seen_starts[user + 1]])
        _collect(mixed, tops, best, found)
        columns[row] = found
        scores[row] = best
