"""Intervals of many columns at once: bias-corrected and accelerated bootstrap (BCa), careful with rare events.

Most shoppers' lists do not change for the better or worse when a slider moves, so differences are mostly 0 and their
means skewed: a plain percentile interval then leaves out the truth too often, and on one side. BCa moves the ends by
the skewness of the column (its bias correction and its acceleration are both a sixth of the skewness of the mean).
What is left is that the spread is itself an estimate: as in Student's t, the ends are moved out by as many degrees of
freedom as the spread has, which the fourth moment tells (Satterthwaite's rule).

References
----------
Efron (1987), Journal of the American Statistical Association 82(397); Efron & Tibshirani (1993), chapters 14 and 22;
O'Neill (2014), The American Statistician 68(4), for the degrees of freedom of a sample variance.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

from recsys.evaluation.resampling import sums_on_resamples
from recsys.evaluation.significance import Interval

FEWEST_TELLING = 10
"""Fewer telling shoppers than this carry no interval.

By simulation: asking for six, one in twenty combinations of metric, size and settings held the truth in less than 93%
or more than 97% of the samples; asking for ten, one in forty; asking for more helped no further. The rule itself
selects: where only one sample in twenty is given an interval, that one has unusually many changes, and its interval is
off. Over all samples that stays rare; `tests.benchmarks.intervals` shows both.
"""

ZERO = 1e-5
"""An end this much smaller than the estimate is 0: sums on resamples are of single precision."""

Array = NDArray[np.float64]


def ratio_intervals(
    values: Array, per: Array | None = None, seed: int = 0, n_resamples: int = 1000, level: float = 0.95
) -> list[Interval]:
    """Sum of each column of values over sum of its `per`, with an interval, all columns on the same resamples.

    Parameters
    ----------
    values : float64 of shape (n_users, n_columns); NaN is skipped and counted
    per : float64 of the same shape, what each value is weighed against; None for 1 each, which makes means
    seed, n_resamples : of the resamples, see `resampling`
    level : confidence level, between 0 and 1

    Returns
    -------
    an Interval a column; its ends are NaN when fewer than `FEWEST_TELLING` shoppers tell

    Raises
    ------
    ValueError : level is not between 0 and 1, or n_resamples is below 1
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level} is not a confidence level; give a number between 0 and 1, such as 0.95")
    present = ~np.isnan(values) if per is None else ~np.isnan(values) & ~np.isnan(per)
    weights = present.astype(np.float64) if per is None else np.where(present, per, 0.0)
    n_present, below = present.sum(0), weights.sum(0)
    filled = np.where(present, values, 0.0)
    estimates = np.divide(filled.sum(0), below, out=np.full(len(below), np.nan), where=below > 0)
    residuals = filled - np.where(below > 0, estimates, 0.0) * weights
    rounding = 1e-12 * np.abs(filled).max(
        0, initial=0.0
    )  # a column of equal values is one, whatever its mean rounds to
    residuals[np.abs(residuals) <= rounding] = 0.0
    telling = telling_shoppers(residuals)
    ends = np.full((2, len(below)), np.nan)
    usable = np.flatnonzero((telling >= FEWEST_TELLING) & (below > 0))
    if len(usable):
        ends[:, usable] = estimates[usable] + _ends(
            residuals[:, usable], weights[:, usable], telling[usable], n_present[usable], seed, n_resamples, level
        )
    # Resamples of whole numbers often land on no change at all, which rounding must not turn into a change.
    ends[np.abs(ends) <= ZERO * np.abs(estimates)] = 0.0
    return [
        Interval(float(estimate), float(low), float(high), int(n), len(values) - int(n))
        for estimate, low, high, n in zip(estimates, *ends, n_present, strict=True)
    ]


def telling_shoppers(residuals: Array) -> Array:
    """How many shoppers a column's spread rests on: float64 of shape (n_columns,), 0 where nobody deviates.

    (sum of squares)^2 / sum of fourth powers of the deviations from the mean, which is n over the kurtosis: m when m
    of many shoppers deviate equally and the rest not at all, n / 3 for a bell curve.

    >>> telling_shoppers(np.array([[1.0, -1.0, 0.0, 0.0, 1.0]]).T).tolist()
    [3.0]
    """
    squares = np.square(residuals)
    fourths = np.einsum("uc,uc->c", squares, squares)
    answer: Array = np.divide(squares.sum(0) ** 2, fourths, out=np.zeros(len(fourths)), where=fourths > 0)
    return answer


def _ends(
    residuals: Array,
    weights: Array,
    telling: Array,
    n_present: NDArray[np.int64],
    seed: int,
    n_resamples: int,
    level: float,
) -> Array:
    """Both ends, relative to the estimates: float64 of shape (2, n_columns)."""
    squares = np.square(residuals).sum(0)
    skewness = np.einsum("uc,uc,uc->c", residuals, residuals, residuals) / squares**1.5
    spread = np.sqrt(squares / len(residuals))
    # Columns with the same weights share them, so that they are summed once.
    places = {column.tobytes(): place for place, column in enumerate(weights.T)}
    shared = [places[column.tobytes()] for column in weights.T]
    distinct = sorted(set(shared))
    scale = weights[:, distinct].sum(0) / len(weights)
    sums = sums_on_resamples(
        np.hstack([residuals / spread, weights[:, distinct] / scale]).astype(np.float32), seed, n_resamples
    ).astype(np.float64)
    above, below = sums[:, : len(spread)] * spread, sums[:, len(spread) :] * scale
    below = below[:, [distinct.index(place) for place in shared]]
    changes = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    changes.sort(axis=0)
    with np.errstate(divide="ignore"):
        freedom = 2 / np.maximum(1 / telling - 1 / n_present, 1e-9)
    reach = -stdtrit(freedom, (1 - level) / 2) * np.sqrt(n_present / np.maximum(n_present - 1, 1))
    correction = skewness / 6
    answer = np.empty((2, len(spread)))
    for end, side in enumerate((-reach, reach)):
        moved = correction + side
        answer[end] = _quantiles(changes, ndtr(correction + moved / np.maximum(1 - correction * moved, 0.1)))
    return answer


def _quantiles(ordered: Array, shares: Array) -> Array:
    """The quantile of each sorted column at its own share, between neighbours as `numpy.quantile` does."""
    places = np.clip(shares, 0, 1) * (len(ordered) - 1)
    lower = np.minimum(places.astype(np.int64), max(len(ordered) - 2, 0))
    columns = np.arange(ordered.shape[1])
    low, high = ordered[lower, columns], ordered[np.minimum(lower + 1, len(ordered) - 1), columns]
    answer: Array = low + (high - low) * (places - lower)
    return answer
