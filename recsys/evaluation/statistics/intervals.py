"""The one kind of interval: bias-corrected and accelerated bootstrap (BCa) with t-quantiles, careful with rare events.

Most shoppers' lists do not change for the better or worse when a slider moves, so differences are mostly 0 and their
means skewed: a plain percentile interval then leaves out the truth too often, and on one side. BCa moves the ends by
the skewness of the column (its bias correction and its acceleration are both a sixth of the skewness of the mean); as
in Student's t, the ends are moved out by as many degrees of freedom as the spread has, by the fourth moment
(Satterthwaite's rule).

An interval depends on the values alone: each column is scaled to at most 1, turned so that its sum is positive, and
sorted before anything is drawn, and all columns of as many shoppers rest on the same draws of a seed. So neither the
order of the shoppers, nor the unit, nor the columns beside it, nor which of two settings comes first changes anything.

References
----------
Efron (1987), Journal of the American Statistical Association 82(397); Efron & Tibshirani (1993), chapters 14 and 22;
O'Neill (2014), The American Statistician 68(4), for the degrees of freedom of a sample variance.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import ndtr, stdtrit

from recsys.evaluation.statistics.significance import ROUNDING, ZERO, Interval

FEWEST_TELLING = 10
"""Fewer telling shoppers than this carry no interval.

By simulation: asking for six, one in twenty combinations of metric, size and settings held the truth in less than 93%
or more than 97% of the samples; asking for ten, one in forty; asking for more helped no further. The rule itself
selects: where only one sample in twenty is given an interval, that one has unusually many changes, and its interval is
off. Over all samples that stays rare; `tests.benchmarks.intervals` shows both.
"""

LEVEL = 0.95
"""Confidence level of all intervals."""

CELLS_AT_ONCE = 2**20
"""Size of a block of counts (1 MB), which bounds memory however many shoppers there are."""

CELLS_KEPT = 2**26
"""How many counts are cached (64 MB); all of one thousand resamples of 16,384 shoppers take 16 MB."""

MOST_UNITS = 2**14
"""More shoppers are drawn as so many groups of (nearly) equal size: sums over random groups are as independent as
shoppers are, so the spread is the same, and the width of an interval is known to within half a percent, which is less
than what a thousand resamples leave open."""

Array = NDArray[np.float64]


def changes(new: NDArray[np.floating], old: NDArray[np.floating]) -> Array:
    """Paired differences new - old of one metric, 0 where the two differ by rounding alone: float64 of their shape.

    Raises ValueError: the two are not of the same shape, so entries are not of the same shoppers.

    >>> changes(np.array([0.5, 0.3, np.nan]), np.array([0.25, 0.1 + 0.2, 1.0])).tolist()
    [0.25, 0.0, nan]
    """
    if np.shape(new) != np.shape(old):
        raise ValueError(
            f"a paired comparison needs one value a shopper from both, got shapes {np.shape(new)} and {np.shape(old)}"
        )
    pair = np.stack([new, old]).astype(np.float64)
    gaps: Array = pair[0] - pair[1]
    gaps[np.abs(gaps) <= ROUNDING * np.fmax.reduce(np.abs(pair), axis=None, initial=0.0)] = 0.0
    return gaps


def mean_interval(values: NDArray[np.floating], seed: int = 0, n_resamples: int = 1000) -> Interval:
    """Mean of one value a shopper, shape (n_users,), with its interval; see `ratio_intervals`.

    >>> mean_interval(np.repeat([0.0, 1.0], 50)).mean, mean_interval(np.repeat([0.0, 1.0], [594, 6])).low
    (0.5, nan)
    """
    if np.ndim(values) != 1:
        raise ValueError(f"values has shape {np.shape(values)}; give one value a shopper, or use ratio_intervals")
    return ratio_intervals(np.asarray(values)[:, None], None, seed, n_resamples)[0]


def ratio_intervals(
    values: NDArray[np.floating], per: Array | None = None, seed: int = 0, n_resamples: int = 1000
) -> list[Interval]:
    """Sum of each column of values over sum of its `per`, with an interval; NaN if fewer than `FEWEST_TELLING` tell.

    Parameters
    ----------
    values : float of shape (n_users, n_columns); NaN is skipped and counted
    per : float64 of the same shape, what each value is weighed against; None for 1 each, which makes means
    seed, n_resamples : of the resamples, which are the same for every call with as many shoppers

    Raises ValueError: n_resamples is below 1.
    """
    _require_resamples(n_resamples)
    filled, weights, n_present, unit = _in_one_form(np.asarray(values, np.float64), per)
    below = weights.sum(0)
    estimates = np.divide(filled.sum(0), below, out=np.full(len(below), np.nan), where=below > 0)
    residuals = filled - np.where(below > 0, estimates, 0.0) * weights
    residuals[np.abs(residuals) <= 1e-12] = 0.0  # a column of equal values is one, whatever its mean rounds to
    telling = effective_sample_size(residuals)
    ends = np.full((2, len(below)), np.nan)
    usable = np.flatnonzero((telling >= FEWEST_TELLING) & (below > 0))
    if len(usable):
        ends[:, usable] = estimates[usable] + _ends(
            residuals[:, usable], weights[:, usable], telling[usable], n_present[usable], seed, n_resamples
        )
    ends[np.abs(ends) <= ZERO * np.abs(estimates)] = 0.0
    ends = np.where(unit < 0, ends[::-1], ends)
    return [
        Interval(float(estimate), float(low), float(high), int(n), len(values) - int(n))
        for estimate, low, high, n in zip(estimates * unit, *(ends * unit), n_present, strict=True)
    ]


def _in_one_form(values: Array, per: Array | None) -> tuple[Array, Array, NDArray[np.int64], Array]:
    """Columns of at most 1, of positive sum (or cubes), in one order: values, weights (0 where absent), counts, units.

    A unit is what a column has to be multiplied by to be itself again, negative where it was turned.
    """
    present = ~np.isnan(values) if per is None else ~np.isnan(values) & ~np.isnan(per)
    filled = np.asfortranarray(np.where(present, values, 0.0))  # sums of a column do not depend on those beside it
    unit = np.abs(filled).max(0, initial=0.0)
    unit[unit == 0] = 1.0
    filled /= unit
    sums, cubes = filled.sum(0), np.einsum("uc,uc,uc->c", filled, filled, filled)
    unit[np.where(np.abs(sums) > 1e-9, sums, cubes) < -1e-9] *= -1
    filled *= np.sign(unit)
    weights = np.asfortranarray(present if per is None else np.where(present, per, 0.0), np.float64)
    n_present = present.sum(0)
    for column, n in enumerate(n_present):
        if per is not None and (weights[present[:, column], column] != 1).any():
            # What is absent comes last here, too.
            order = _by_weight_and_value(np.where(present[:, column], weights[:, column], np.inf), filled[:, column])
            filled[:, column], weights[:, column] = filled[order, column], weights[order, column]
        else:
            own = filled[:, column] if n == len(filled) else filled[present[:, column], column]
            filled[:n, column], filled[n:, column] = np.sort(own), 0.0
            weights[:n, column], weights[n:, column] = 1.0, 0.0
        first = _first_position(filled[:n, column])
        filled[:n, column] = np.roll(filled[:n, column], first)
        weights[:n, column] = np.roll(weights[:n, column], first)
    return filled, weights, n_present, unit


def _first_position(column: Array) -> int:
    """Position of the least value of a sorted column among the draws, by how many values are above 0 and how many 0.

    Were it the same for all samples, all would share the luck of one set of draws, and 95% of the intervals would hold
    the truth 94% of the time instead, or 96%.
    """
    return (7919 * int((column > 0).sum()) + 104729 * int((column == 0).sum())) % max(len(column), 1)


def _by_weight_and_value(weights: Array, values: Array) -> NDArray[np.intp]:
    """`numpy.lexsort` of values from -1 to 1 within equal weights, up to 1e-10 and several times as fast."""
    order = np.argsort(weights)
    ordered = weights[order]
    group = np.concatenate([[0], np.cumsum(ordered[1:] > ordered[:-1])])[: len(order)]
    answer: NDArray[np.intp] = order[np.argsort(4.0 * group + values[order])]
    return answer


def effective_sample_size(residuals: Array) -> Array:
    """Compute how many shoppers a column's spread rests on: float64 of shape (n_columns,), 0 where nobody deviates.

    (sum of squares)^2 / sum of fourth powers of the deviations from the mean, which is n over the kurtosis: m when m
    of many shoppers deviate equally and the rest not at all, n / 3 for a bell curve.

    >>> effective_sample_size(np.array([[1.0, -1.0, 0.0, 0.0, 1.0]]).T).tolist()
    [3.0]
    """
    squares = np.square(residuals)
    fourths = np.einsum("uc,uc->c", squares, squares)
    answer: Array = np.divide(squares.sum(0) ** 2, fourths, out=np.zeros(len(fourths)), where=fourths > 0)
    return answer


def _ends(
    residuals: Array, weights: Array, telling: Array, n_present: NDArray[np.int64], seed: int, n_resamples: int
) -> Array:
    """Both ends, relative to the estimates: float64 of shape (2, n_columns)."""
    squares = np.square(residuals).sum(0)
    skewness = np.einsum("uc,uc,uc->c", residuals, residuals, residuals) / squares**1.5
    spread = np.sqrt(squares / len(residuals))
    # Columns with the same weights share them, so that they are summed once.
    column_of = {column.tobytes(): number for number, column in enumerate(weights.T)}
    shared = [column_of[column.tobytes()] for column in weights.T]
    distinct = sorted(set(shared))
    scale = weights[:, distinct].sum(0) / len(weights)
    sums = sums_on_resamples(
        np.hstack([residuals / spread, weights[:, distinct] / scale]).astype(np.float32), seed, n_resamples
    ).astype(np.float64)
    above, below = sums[:, : len(spread)] * spread, sums[:, len(spread) :] * scale
    below = below[:, [distinct.index(column) for column in shared]]
    changes = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    changes.sort(axis=0)
    with np.errstate(divide="ignore"):
        freedom = 2 / np.maximum(1 / telling - 1 / n_present, 1e-9)
    reach = -stdtrit(freedom, (1 - LEVEL) / 2) * np.sqrt(n_present / np.maximum(n_present - 1, 1))
    correction = skewness / 6
    answer = np.empty((2, len(spread)))
    for end, side in enumerate((-reach, reach)):
        moved = correction + side
        answer[end] = _quantiles(changes, ndtr(correction + moved / np.maximum(1 - correction * moved, 0.1)))
    return answer


def _quantiles(ordered: Array, shares: Array) -> Array:
    """The quantile of each sorted column at its own share, between neighbours as `numpy.quantile` does."""
    ranks = np.clip(shares, 0, 1) * (len(ordered) - 1)
    lower = np.minimum(ranks.astype(np.int64), max(len(ordered) - 2, 0))
    columns = np.arange(ordered.shape[1])
    low, high = ordered[lower, columns], ordered[np.minimum(lower + 1, len(ordered) - 1), columns]
    answer: Array = low + (high - low) * (ranks - lower)
    return answer


def resample_counts(n_units: int, seed: int, n_resamples: int) -> Iterator[NDArray[np.uint8]]:
    """Draw how often each resample holds each unit, in blocks of shape (n_block, n_units), read-only.

    Raises ValueError: n_resamples is below 1.
    """
    _require_resamples(n_resamples)
    size = max(1, CELLS_AT_ONCE // n_units)
    for block, start in enumerate(range(0, n_resamples, size)):
        yield _counts_block(n_units, seed, block, min(size, n_resamples - start))


def _require_resamples(n_resamples: int) -> None:
    if n_resamples < 1:
        raise ValueError(f"n_resamples={n_resamples} is not usable; give at least 1")


def sums_on_resamples(columns: NDArray[np.float32], seed: int, n_resamples: int) -> NDArray[np.float32]:
    """Sum of every column over the shoppers that each resample draws: float32 of shape (n_resamples, n_columns).

    `columns`: float32 of shape (n_users, n_columns), without NaN, best centred and of unit spread.
    """
    columns = grouped(columns, seed)
    blocks = resample_counts(len(columns), seed, n_resamples)
    return np.concatenate([counts.astype(np.float32) @ columns for counts in blocks])


def grouped(columns: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """The columns themselves, or their sums over `MOST_UNITS` random groups where there are more shoppers than that."""
    if len(columns) <= MOST_UNITS:
        return columns
    starts = np.linspace(0, len(columns), MOST_UNITS, endpoint=False).astype(np.int64)
    sums: NDArray[np.float32] = np.add.reduceat(columns[_order(len(columns), seed)], starts, axis=0)
    return sums


def sums_of_shoppers(rows: NDArray[Any], shoppers: NDArray[np.integer]) -> NDArray[Any]:
    """Rows of one shopper added up, of shape (n_shoppers, n_columns), so that resampling takes or leaves the shopper.

    >>> sums_of_shoppers(np.array([[1.0], [2.0], [4.0]]), np.array([7, 7, 9])).tolist()
    [[3.0], [4.0]]
    """
    _, codes = np.unique(shoppers, return_inverse=True)
    whose = (np.ones(len(codes), rows.dtype), (codes, np.arange(len(codes))))
    return np.asarray(csr_array(whose, shape=(int(codes.max()) + 1, len(codes))) @ rows)


@lru_cache(maxsize=CELLS_KEPT // CELLS_AT_ONCE)
def _counts_block(n_units: int, seed: int, block: int, n_block: int) -> NDArray[np.uint8]:
    drawn = np.random.default_rng([seed, block]).integers(0, n_units, (n_block, n_units))
    drawn += np.arange(n_block)[:, None] * n_units
    counts = np.bincount(drawn.ravel(), minlength=n_block * n_units).reshape(n_block, n_units).astype(np.uint8)
    counts.flags.writeable = False
    return counts


@lru_cache(maxsize=1)
def _order(n_users: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, n_users]).permutation(n_users)
