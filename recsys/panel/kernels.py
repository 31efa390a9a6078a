"""The inner loop of the live evaluation: every shopper's list from scores in memory, without ever storing the mix.

One shopper's row is mixed into a buffer that fits the innermost caches, and while it is mixed the maximum of every lane
(products that lie LANES apart) is kept. The n-th largest of those maxima cannot be above the n-th best score, since
each is the score of a product; so only lanes that reach it are looked at again, and nothing is sorted but contenders.

Scores are added up as `ranking.fusion.fuse` adds them, without relaxed arithmetic, and equal ones stand in catalogue
order: the lists are those of `recsys.ranking.rank.select`, product for product.
"""

import numba
import numpy as np

LANES = 128
"""Fewest lanes; a multiple of what a processor handles at once."""

FEW = 32
"""Up to so many values are kept sorted as they come; more are partitioned."""

_inlined = numba.njit(nogil=True, cache=True, inline="always")
_in_parallel = numba.njit(parallel=True, nogil=True, cache=True)


def n_lanes(n: int) -> int:
    """Lanes for lists of n: enough that the n-th largest lane maximum is close to the n-th best score."""
    return max(LANES, -(-4 * n // LANES) * LANES)


@_inlined
def _mix_block(mixed, tops, a, b, c, d, wa, wb, wc, wd):  # type: ignore[no-untyped-def]
    """One product a lane; a weight of 0 adds 0 and changes no bit, so no component is skipped."""
    for lane in range(mixed.shape[0]):
        score = wa * a[lane] + wb * b[lane] + wc * c[lane] + wd * d[lane]
        mixed[lane] = score
        tops[lane] = score if score > tops[lane] else tops[lane]


@_inlined
def _add_block(mixed, tops, penalty):  # type: ignore[no-untyped-def]
    for lane in range(mixed.shape[0]):
        score = mixed[lane] + penalty[lane]
        mixed[lane] = score
        tops[lane] = score if score > tops[lane] else tops[lane]


@_inlined
def _mix(mixed, tops, a, b, c, d, weights):  # type: ignore[no-untyped-def]
    """Fuse one shopper's components, and keep the maximum of each lane."""
    wa, wb, wc, wd = weights[0], weights[1], weights[2], weights[3]
    lanes = tops.shape[0]
    tops[:] = -np.inf
    for start in range(0, mixed.shape[0], lanes):
        end = min(start + lanes, mixed.shape[0])
        _mix_block(mixed[start:end], tops, a[start:end], b[start:end], c[start:end], d[start:end], wa, wb, wc, wd)


@_inlined
def _bar_all(mixed, tops, penalty):  # type: ignore[no-untyped-def]
    """Add 0 or minus infinity to every product."""
    lanes = tops.shape[0]
    tops[:] = -np.inf
    for start in range(0, mixed.shape[0], lanes):
        end = min(start + lanes, mixed.shape[0])
        _add_block(mixed[start:end], tops, penalty[start:end])


@_inlined
def _bar_candidates(mixed, tops, penalty, rows):  # type: ignore[no-untyped-def]
    """The same where places are candidates: product rows[i] stands at place i."""
    lanes = tops.shape[0]
    tops[:] = -np.inf
    for i in range(mixed.shape[0]):
        score = mixed[i] + penalty[rows[i]]
        mixed[i] = score
        lane = i % lanes
        tops[lane] = score if score > tops[lane] else tops[lane]


@_inlined
def _bar(mixed, tops, barred):  # type: ignore[no-untyped-def]
    """Take single products out, and see to it that their lanes have a maximum that still stands there."""
    lanes = tops.shape[0]
    for place in barred:
        mixed[place] = -np.inf
    for place in barred:
        lane = place % lanes
        top = np.float32(-np.inf)
        for i in range(lane, mixed.shape[0], lanes):
            top = max(top, mixed[i])
        tops[lane] = top


@_inlined
def _nth_largest(values, kept):  # type: ignore[no-untyped-def]
    """The n-th largest of at least n values; `kept` is a buffer of n."""
    n = kept.shape[0]
    if n > FEW:
        return np.partition(values, values.shape[0] - n)[values.shape[0] - n]
    kept[:] = -np.inf
    for value in values:
        if value > kept[n - 1]:
            at = n - 1
            while at > 0 and kept[at - 1] < value:
                kept[at] = kept[at - 1]
                at -= 1
            kept[at] = value
    return kept[n - 1]


@_inlined
def _collect(mixed, tops, best, places):  # type: ignore[no-untyped-def]
    """The best products of a mixed row, best first, equal ones by place; -1 and minus infinity where there are none."""
    n = best.shape[0]
    lanes = tops.shape[0]
    least = _nth_largest(tops, best)
    best[:] = -np.inf
    places[:] = -1
    for lane in range(lanes):
        if tops[lane] < least or tops[lane] == -np.inf:
            continue
        for i in range(lane, mixed.shape[0], lanes):
            score = mixed[i]
            if score < least or score == -np.inf:
                continue
            last = n - 1
            if score < best[last] or (score == best[last] and places[last] >= 0 and places[last] < i):
                continue
            at = last
            while at > 0 and (best[at - 1] < score or (best[at - 1] == score and places[at - 1] > i)):
                best[at] = best[at - 1]
                places[at] = places[at - 1]
                at -= 1
            best[at] = score
            places[at] = i


@_in_parallel
def select(  # type: ignore[no-untyped-def]
    static, context, widths, rows, owned_starts, owned, penalty, weights, users, lanes, places, scores
):
    """The best places of each shopper, best first.

    Parameters
    ----------
    static, context, widths, rows : of a panel's `Scores`
    owned_starts, owned : places that a shopper already has: owned[owned_starts[u] : owned_starts[u + 1]]
    penalty : float32 of shape (n_items,), 0 or minus infinity, or empty: what nobody may be shown
    weights : float32 of shape (n_components,)
    users : intp of shape (n_ranked,), whom to rank for
    lanes : `n_lanes` of the lists' length
    places : out, int32 of shape (n_ranked, n), -1 where a list is short
    scores : out, float32 of shape (n_ranked, n), minus infinity there
    """
    n = places.shape[1]
    for row in numba.prange(len(users)):
        user = users[row]
        width = widths[user]
        mixed, tops = np.empty(width, np.float32), np.empty(lanes, np.float32)
        best, found = np.empty(n, np.float32), np.empty(n, np.int32)
        a, b, c, d = static[user, 0], static[user, 1], static[user, 2], context[user]
        _mix(mixed, tops, a, b, c, d, weights)
        if penalty.shape[0]:
            if rows.shape[0]:
                _bar_candidates(mixed, tops, penalty, rows[user])
            else:
                _bar_all(mixed, tops, penalty)
        _bar(mixed, tops, owned[owned_starts[user] : owned_starts[user + 1]])
        _collect(mixed, tops, best, found)
        places[row] = found
        scores[row] = best
