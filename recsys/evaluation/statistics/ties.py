"""Which of many settings the data cannot tell from the best one."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recsys.evaluation.statistics.intervals import FEWEST_TELLING, LEVEL, grouped, resample_counts, sums_of_shoppers
from recsys.evaluation.statistics.significance import ROUNDING


def tied_with_best(
    per_point: NDArray[np.float32],
    best: int,
    seed: int = 0,
    n_resamples: int = 1000,
    shoppers: NDArray[np.integer] | None = None,
) -> NDArray[np.bool_]:
    """Mark the points that may be as good as the best: bool of shape (n_points,), True at `best`.

    The best of many noisy means is partly lucky. So a point is left out only when its gap to the best, in standard
    errors, exceeds what the largest of all such gaps reaches in 95% of the resamples when no point is better than
    another (the max-T bootstrap): the set holds the truly best point with about 95% confidence. These are multiple
    comparisons with the best (Hsu), or the first and widest step of a model confidence set (Hansen et al.). A point
    that fewer than `FEWEST_TELLING` shoppers tell from the best is tied with it.

    Parameters
    ----------
    per_point : float32 of shape (n_points, n_users), one metric, higher is better, of every shopper at every point;
        shoppers that have no value (NaN) at some point are skipped
    best : the point whose mean is highest
    seed, n_resamples : as for all intervals
    shoppers : int of shape (n_users,), which columns are of one shopper, who is then resampled as a whole; None where
        each is a shopper of its own

    Raises ValueError: `best` is no row of `per_point`.

    References
    ----------
    Gupta (1965), Technometrics 7(2); Hsu (1981), Annals of Statistics 9(5); Westfall & Young (1993), Resampling-based
    multiple testing; Hansen, Lunde & Nason (2011), Econometrica 79(2).
    """
    if per_point.ndim != 2 or not 0 <= best < len(per_point):
        raise ValueError(f"best={best} is no row of per_point, whose shape is {per_point.shape}")
    known = ~np.isnan(per_point).any(0)
    gaps = (per_point[best] - per_point)[:, known]
    gaps[np.abs(gaps) <= ROUNDING * np.abs(per_point[:, known]).max(initial=0)] = 0
    if not gaps.shape[1]:
        return np.ones(len(per_point), bool)
    means = gaps.mean(1, dtype=np.float64)
    of_rows = None if shoppers is None else shoppers[known]
    return tied_by_gaps(means, gaps, seed, n_resamples, shoppers=of_rows)


def tied_by_gaps(
    gaps: NDArray[np.float64],
    shares: NDArray[np.float32],
    seed: int = 0,
    n_resamples: int = 1000,
    most_errors: NDArray[np.float64] | None = None,
    shoppers: NDArray[np.integer] | None = None,
) -> NDArray[np.bool_]:
    """Do the same for gaps that need not be means over shoppers: bool of shape (n_points,).

    Parameters
    ----------
    gaps : float64 of shape (n_points,), by how much the best is ahead of each point, 0 or more
    shares : float32 of shape (n_points, n_users), whose mean over shoppers varies from sample to sample as the gap
        does, see `jackknife`; overwritten
    seed, n_resamples : as for all intervals
    most_errors : float64 of shape (n_points,), bound of the standard error of each gap, for points that too few
        shoppers tell from the best; infinite, as everywhere if None, where nothing is known of it
    shoppers : as for `tied_with_best`
    """
    tied = np.ones(len(gaps), bool)
    shares -= shares.mean(1, dtype=np.float64)[:, None].astype(np.float32)
    if shoppers is not None and len(np.unique(shoppers)) < len(shoppers):
        of_shoppers = sums_of_shoppers(np.ascontiguousarray(shares.T), shoppers).T
        shares = of_shoppers * np.float32(of_shoppers.shape[1] / shares.shape[1])
    squares = np.einsum("pu,pu->p", shares, shares)
    fourths = np.einsum("pu,pu,pu,pu->p", shares, shares, shares, shares)
    telling = np.divide(squares**2, fourths, out=np.zeros_like(squares), where=fourths > 0)
    usable = np.flatnonzero(telling >= FEWEST_TELLING)
    if len(usable):
        lengths = np.sqrt(squares[usable])  # n_users times the standard error
        units = grouped(np.ascontiguousarray(shares[usable].T), seed)
        units /= lengths
        largest = np.concatenate(
            [(counts.astype(np.float32) @ -units).max(1) for counts in resample_counts(len(units), seed, n_resamples)]
        )
        tied[usable] = gaps[usable] * shares.shape[1] / lengths <= np.quantile(largest, LEVEL)
    if most_errors is not None:
        # As many comparisons as there are points, each error at its bound (Bonferroni).
        reach = float(ndtri(1 - (1 - LEVEL) / max(len(gaps) - 1, 1)))
        others = telling < FEWEST_TELLING
        tied[others] = gaps[others] <= reach * most_errors[others]
    return tied
