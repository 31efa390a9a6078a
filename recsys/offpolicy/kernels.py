"""Pages filled by a setting of the sliders: chances and lists, page by page, without storing what is fused."""

import numba
import numpy as np

from recsys.ranking.kernels import in_parallel, inlined, insert, mix


@inlined
def _score_range(fused, eligible):  # type: ignore[no-untyped-def]
    """How many may be shown, and best score and standard deviation of their scores."""
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


@in_parallel
def soft_chances(scores, weights, eligible, temperature, epsilon, least_spread, chances):  # type: ignore[no-untyped-def]
    """Fill `chances`, float32 of shape (n_pages, n_items), as of `policies.SoftPolicy`."""
    for page in numba.prange(scores.shape[0]):
        fused = np.empty(scores.shape[2], np.float32)
        mix(fused, scores[page, 0], scores[page, 1], scores[page, 2], scores[page, 3], weights)
        n, best, spread = _score_range(fused, eligible[page])
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


@in_parallel
def best_rows(scores, weights, eligible, rows):  # type: ignore[no-untyped-def]
    """Fill `rows`, int64 of shape (n_pages, n), best first; equal scores in catalogue order, -1 where too few may."""
    for page in numba.prange(scores.shape[0]):
        fused = np.empty(scores.shape[2], np.float32)
        mix(fused, scores[page, 0], scores[page, 1], scores[page, 2], scores[page, 3], weights)
        best, found = np.full(rows.shape[1], -np.inf, np.float32), rows[page]
        found[:] = -1
        for item in range(fused.shape[0]):
            if eligible[page, item]:
                insert(fused[item], item, best, found)
