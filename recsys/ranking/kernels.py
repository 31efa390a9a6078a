"""Compiled building blocks of every ranking loop: mix component scores, and keep the best of them.

Scores are added up as `recsys.ranking.rank.fuse` adds them, without relaxed arithmetic, and equal ones stand in
catalogue order, so that lists are those of `recsys.ranking.rank.select`, product for product.

Callers are compiled with these inlined, and their caches on disk do not notice a change here: delete `__pycache__`
after one.
"""

import numba
import numpy as np

LANES = 128
"""Fewest lanes; a multiple of what a processor handles at once."""

FEW = 32
"""Up to so many values are kept sorted as they come; more are partitioned."""

inlined = numba.njit(nogil=True, cache=True, inline="always")
in_parallel = numba.njit(parallel=True, nogil=True, cache=True)


def n_lanes(n: int) -> int:
    """Lanes for lists of n: enough that the n-th largest lane maximum is close to the n-th best score."""
    return max(LANES, -(-4 * n // LANES) * LANES)


@inlined
def mix(fused, a, b, c, d, factors):  # type: ignore[no-untyped-def]
    """Fuse four components; a factor of 0 adds 0 and changes no bit, so no component is skipped."""
    fa, fb, fc, fd = factors[0], factors[1], factors[2], factors[3]
    for i in range(fused.shape[0]):
        fused[i] = fa * a[i] + fb * b[i] + fc * c[i] + fd * d[i]


@inlined
def lane_maxima(values, tops):  # type: ignore[no-untyped-def]
    """The maximum of every lane: values that lie as far apart as there are lanes."""
    lanes = tops.shape[0]
    tops[:] = -np.inf
    for start in range(0, values.shape[0], lanes):
        part = values[start : min(start + lanes, values.shape[0])]
        for lane in range(part.shape[0]):
            tops[lane] = part[lane] if part[lane] > tops[lane] else tops[lane]


@numba.njit(nogil=True, cache=True)
def _nth_of_many(values, n):  # type: ignore[no-untyped-def]
    """The n-th largest by quickselect; numpy's own takes ten times as long to compile."""
    kept = values.copy()
    low, high, wanted = 0, values.shape[0] - 1, values.shape[0] - n
    while low < high:
        pivot, left, right = kept[(low + high) // 2], low, high
        while left <= right:
            while kept[left] < pivot:
                left += 1
            while kept[right] > pivot:
                right -= 1
            if left <= right:
                kept[left], kept[right] = kept[right], kept[left]
                left += 1
                right -= 1
        if right < wanted < left:
            break
        if wanted <= right:
            high = right
        else:
            low = left
    return kept[wanted]


@inlined
def nth_largest(values, best):  # type: ignore[no-untyped-def]
    """The n-th largest of at least n values; `best` is a buffer of n, and holds the n largest where n is at most FEW.

    Of lane maxima this is a bound: each is the score of a product, so it cannot be above the n-th best score.
    """
    n = best.shape[0]
    if n > FEW:
        return _nth_of_many(values, n)
    best[:] = -np.inf
    for value in values:
        if value > best[n - 1]:
            at = n - 1
            while at > 0 and best[at - 1] < value:
                best[at] = best[at - 1]
                at -= 1
            best[at] = value
    return best[n - 1]


@inlined
def insert(score, row, best, rows):  # type: ignore[no-untyped-def]
    """Put a product on a list, best first, equal scores by row, unless it is full of better ones.

    `rows` holds -1 and `best` minus infinity where the list is still empty.
    """
    at = best.shape[0] - 1
    if score > best[at] or (score == best[at] and (rows[at] < 0 or rows[at] > row)):
        while at > 0 and (best[at - 1] < score or (best[at - 1] == score and rows[at - 1] > row)):
            best[at] = best[at - 1]
            rows[at] = rows[at - 1]
            at -= 1
        best[at] = score
        rows[at] = row
