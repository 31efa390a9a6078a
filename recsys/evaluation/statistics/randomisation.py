"""Paired tests of many settings at once: sign flips shopper by shopper, corrected for how many were tried.

If two settings were equal, each shopper's difference could as well have had the other sign. How often a mean of
differences with signs drawn at random is as far from 0 as the one seen is the p-value (Fisher's randomisation test;
Smucker, Allan & Carterette 2007, CIKM, for rankings). Holm (1979) keeps the chance of any false finding among several
at the level of one, whatever their dependence.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.intervals import ROUNDING

BLOCK = 2_000_000
"""Signs drawn at a time."""


def sign_flip_p(differences: NDArray[np.float64], seed: int = 0, n_flips: int = 9_999) -> float:
    """Two-sided p-value of a mean of paired differences, one a shopper; NaN is left out, 1 where nobody differs.

    Parameters
    ----------
    differences : float64 of shape (n_users,), without rounding, see `intervals.changes`
    n_flips : sign patterns drawn; the smallest p-value is 1 / (n_flips + 1)
    """
    sizes = np.sort(np.abs(differences[~np.isnan(differences)]))
    largest = sizes[-1] if len(sizes) else 0.0
    if not largest > 0:
        return 1.0
    # Sizes in order, at most 1: neither the unit nor the order of shoppers nor which of two comes first changes p.
    scaled = (sizes[sizes > ROUNDING * largest] / largest).astype(np.float32)
    seen = abs(float(np.nansum(differences))) / largest
    least = seen - 1e-5 * float(np.linalg.norm(scaled))  # sums of single precision that are equal but for rounding
    rng, n_beyond = np.random.default_rng(seed), 0
    at_once = max(1, BLOCK // len(scaled))
    for start in range(0, n_flips, at_once):
        signs = rng.integers(0, 2, (min(at_once, n_flips - start), len(scaled)), dtype=np.int8)
        sums = (2 * signs - 1).astype(np.float32) @ scaled
        n_beyond += int(np.count_nonzero(np.abs(sums) >= least))
    return (n_beyond + 1) / (n_flips + 1)


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values corrected for how many there are: float64 of the same shape, in the same order.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    steps = p_values[order] * (len(p_values) - np.arange(len(p_values)))
    answer = np.empty(len(p_values))
    answer[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return answer
