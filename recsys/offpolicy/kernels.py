"""Pages filled by a setting of the sliders: chances and lists, page by page, without storing what is fused.

In rankings and chances alike, scores are added up in the order of the components, as `recsys.ranking.fusion.fuse` does.
"""

import numba
import numpy as np

_in_parallel = numba.njit(parallel=True, nogil=True, cache=True)
_inlined = numba.njit(nogil=True, cache=True, inline="always")


@_inlined
def _fuse(values, weights, fused):  # type: ignore[no-untyped-def]
    fused[:] = 0
    for component in range(values.shape[0]):
        for item in range(values.shape[1]):
            fused[item] += weights[component] * values[component, item]


@_inlined
def _spread(fused, eligible):  # type: ignore[no-untyped-def]
    """How many may be shown, and best, mean and standard deviation of their scores."""
    n, total, best = 0, 0.0, -np.inf
    for item in range(fused.shape[0]):
        if eligible[item]:
            n += 1
            total += fused[item]
            best = max(best, fused[item])
    mean, squares = total / n, 0.0
    for item in range(fused.shape[0]):
        if eligible[item]:
            squares += (fused[item] - mean) ** 2
    return n, best, np.sqrt(squares / n)


@_in_parallel
def soft_chances(scores, weights, eligible, temperature, epsilon, least_spread, chances):  # type: ignore[no-untyped-def]
    """Fill `chances`, float32 of shape (n_pages, n_items), as of `policies.SoftPolicy`."""
    for page in numba.prange(scores.shape[0]):
        fused = np.empty(scores.shape[2], np.float32)
        _fuse(scores[page], weights, fused)
        n, best, spread = _spread(fused, eligible[page])
        scale = np.float32(1 / (temperature * max(spread, least_spread)))
        total = 0.0
        for item in range(fused.shape[0]):
            if eligible[page, item]:
                weight = np.exp((fused[item] - np.float32(best)) * scale)
                fused[item] = weight
                total += weight
        share, least = np.float32((1 - epsilon) / total), np.float32(epsilon / n)
        for item in range(fused.shape[0]):
            chances[page, item] = fused[item] * share + least if eligible[page, item] else np.float32(0)


@_in_parallel
def best_rows(scores, weights, eligible, rows):  # type: ignore[no-untyped-def]
    """Fill `rows`, int64 of shape (n_pages, n), best first; equal scores in catalogue order, -1 where too few may."""
    n = rows.shape[1]
    for page in numba.prange(scores.shape[0]):
        fused = np.empty(scores.shape[2], np.float32)
        _fuse(scores[page], weights, fused)
        values = np.full(n, -np.inf, np.float32)
        rows[page] = -1
        for item in range(fused.shape[0]):
            if eligible[page, item] and fused[item] > values[n - 1]:
                place = n - 1
                while place > 0 and fused[item] > values[place - 1]:
                    values[place] = values[place - 1]
                    rows[page, place] = rows[page, place - 1]
                    place -= 1
                values[place] = fused[item]
                rows[page, place] = item
