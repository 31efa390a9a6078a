"""Settings on the same shoppers: two with the change of every metric, or which of many cannot be told from the best."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS, OUTCOME_METRICS, SHOPPER_METRICS, WHOLE_METRICS
from recsys.evaluation.statistics.intervals import (
    FEWEST_TELLING,
    LEVEL,
    changes,
    grouped,
    mean_interval,
    ratio_intervals,
    resample_counts,
    sums_of_shoppers,
)
from recsys.evaluation.statistics.jackknife import STEPS, ListChange, mean_popularity
from recsys.evaluation.statistics.significance import ROUNDING, ZERO, Interval, Verdict, holm, sign_flip_p, verdict_of

NoVerdict = Literal["not observed", "no value", "modelled", "less popular than before"]
Key = TypeVar("Key")
Rows = NDArray[np.integer] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredLists:
    """The lists of one setting.

    Parameters
    ----------
    ranked : int32 of shape (n_users, k), item rows, best first, padded with -1
    values : float64 of shape (n_users,) by name, for `SHOPPER_METRICS`; NaN where a shopper has no value
    """

    ranked: NDArray[np.int32]
    values: Mapping[str, UserValues]

    def of(self, rows: Rows) -> "MeasuredLists":
        """The lists of some of the shoppers, given as row numbers or as a mask."""
        return MeasuredLists(self.ranked[rows], {name: values[rows] for name, values in self.values.items()})


@dataclass(frozen=True, eq=False, slots=True)
class ShopFacts:
    """What does not depend on the setting.

    Parameters
    ----------
    popularity : float64 of shape (n_items,), in how many shoppers' training histories each product is
    profile_popularity : float64 of shape (n_users,), mean popularity of each shopper's training history; NaN without
    modelled : metrics whose values come from a model; intervals count shoppers, not how wrong it is, so their changes
        are called neither better nor worse
    shoppers : int of shape (n_users,), from 0, which rows are of one shopper, who is then resampled as a whole; None
        where each row is a shopper of its own
    """

    n_items: int
    popularity: NDArray[np.float64]
    profile_popularity: UserValues
    modelled: frozenset[str] = frozenset()
    shoppers: NDArray[np.integer] | None = None

    def of(self, rows: Rows) -> "ShopFacts":
        """The facts of some of the shoppers, rows as for `MeasuredLists.of`."""
        shoppers = None if self.shoppers is None else self.shoppers[rows]
        return replace(self, profile_popularity=self.profile_popularity[rows], shoppers=shoppers)


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric under two settings.

    Parameters
    ----------
    new, old : of either setting, over the shoppers that have both values
    change : new - old with its interval
    verdict : by `verdict_of`; "unclear" for a metric that is `ShopFacts.modelled`
    n_changed : shoppers whose value changed; for a metric of all lists, shoppers whose list holds other products
    p : p-value corrected for all that were compared at once, on which the verdict rests as well; None where the change
        stands alone
    """

    metric: str
    new: float
    old: float
    change: Interval
    verdict: Verdict
    n_changed: int
    p: float | None = None


def why_no_verdict(found: Difference, *, is_observed: bool = True) -> NoVerdict | None:
    """Say why a change has no verdict though it may be one; None where its verdict holds.

    `is_observed`: shoppers were in the circumstances that they are looked at in.
    """
    if not is_observed and found.metric in OUTCOME_METRICS:
        return "not observed"
    if math.isnan(found.change.mean):
        return "no value"
    if found.metric == "ctr" and found.verdict == "unclear" and found.change.sign:
        return "modelled"
    if found.metric == "popularity_lift" and found.verdict != "unclear" and min(found.new, found.old) < 0:
        return "less popular than before"
    return None


def means(lists: MeasuredLists, facts: ShopFacts, seed: int = 0, n_resamples: int = 1000) -> dict[str, Interval]:
    """Compute every metric of one setting, with its interval, by name in the order of `LIVE_METRICS`.

    The ends are NaN where too few shoppers tell (`FEWEST_TELLING`), or where the metric has no value.
    """
    _require_same_shoppers(lists, lists, facts)
    change = ListChange.of(lists.ranked, None, facts.n_items)
    whole = {name: change.metric(name) for name in STEPS}
    columns = [lists.values[name] for name in SHOPPER_METRICS] + [shares for _, _, shares in whole.values()]
    columns.append(mean_popularity(lists.ranked, facts.popularity))
    intervals = _intervals(columns, facts, seed, n_resamples)
    for name, (now, _, _) in whole.items():
        intervals[name] = _moved(intervals[name], now, bounds=(0.0, 1.0))
    intervals["coverage"] = _bounded(intervals["coverage"], change, bounds=(0.0, 1.0))
    lift = intervals["popularity_lift"]
    intervals["popularity_lift"] = replace(lift, mean=lift.mean - 1, low=lift.low - 1, high=lift.high - 1)
    return intervals


def differences(
    new: MeasuredLists, old: MeasuredLists, facts: ShopFacts, seed: int = 0, n_resamples: int = 1000
) -> dict[str, Difference]:
    """Compute every metric's change from `old` to `new`; row u of either is the same shopper.

    The ends of a change are NaN, and its verdict "unclear", where too few shoppers differ (`FEWEST_TELLING`); coverage
    has an interval that is too wide rather than none where lists differ all the same (`jackknife.coverage_error`).

    Raises ValueError: the two do not hold the same shoppers.
    """
    _require_same_shoppers(new, old, facts)
    change = ListChange.of(new.ranked, old.ranked, facts.n_items)
    whole = {name: change.metric(name) for name in STEPS}
    values = {name: (new.values[name], old.values[name]) for name in SHOPPER_METRICS}
    listed = tuple(mean_popularity(lists.ranked, facts.popularity) for lists in (new, old))
    columns = [changes(*pair) for pair in values.values()]
    columns += [*(shares for _, _, shares in whole.values()), changes(*listed)]
    intervals = _intervals(columns, facts, seed, n_resamples)
    answer = {}
    for (name, interval), column in zip(intervals.items(), columns, strict=True):
        n_moved = int(change.moved.sum()) if name in WHOLE_METRICS else int(np.count_nonzero(np.nan_to_num(column)))
        if name in whole:
            now, before, _ = whole[name]
            moved = _moved(interval, now - before)
        else:
            known = ~np.isnan(column)
            if name == "popularity_lift":
                known &= ~np.isnan(facts.profile_popularity)
                base = _mean(facts.profile_popularity[known])
                now, before = (_mean(each[known]) / base - 1 if base > 0 else math.nan for each in listed)
            else:
                now, before = (_mean(each[known]) for each in values[name])
            # The mean of the shoppers' changes is the change of the mean but for rounding, which must neither move the
            # ends nor make a change of none.
            gap = now - before  # NaN where nobody has a value
            moved = replace(interval, mean=0.0 if abs(gap) <= 1e-12 * abs(now) else gap)
        if name == "coverage":
            moved = _bounded(moved, change)
        verdict = "unclear" if name in facts.modelled else verdict_of(moved, METRICS[name].higher_is_better)
        answer[name] = Difference(name, now, before, moved, verdict, n_moved)
    return answer


def corrected(
    compared: Mapping[Key, Difference], gaps: Mapping[Key, UserValues], seed: int = 0
) -> dict[Key, Difference]:
    """Add p-values corrected for how many were compared (`holm`), and let verdicts rest on them, too.

    `compared`: changes of one metric, each from the same reference; `gaps`: what each shopper's value changed by, see
    `changes`, float64 of shape (n_users,)
    """
    p_values = holm(np.array([sign_flip_p(gaps[key], seed) for key in compared]))
    return {
        key: replace(each, p=float(p), verdict=verdict_of(each.change, METRICS[each.metric].higher_is_better, float(p)))
        for (key, each), p in zip(compared.items(), p_values, strict=True)
    }


def whole_interval(
    name: str, ranked: NDArray[np.int32], n_items: int, seed: int = 0, n_resamples: int = 1000
) -> Interval:
    """Compute one metric of `STEPS`, as `means` does, of lists of shape (n_users, k).

    Raises ValueError: the catalogue holds no product.
    """
    if n_items < 1:
        raise ValueError(f"n_items={n_items}: {name} needs a catalogue of at least one product")
    change = ListChange.of(ranked, None, n_items)
    now, _, shares = change.metric(name)
    moved = _moved(mean_interval(shares, seed, n_resamples), now if len(ranked) else math.nan, bounds=(0.0, 1.0))
    return _bounded(moved, change, bounds=(0.0, 1.0)) if name == "coverage" and len(ranked) else moved


def _intervals(columns: list[UserValues], facts: ShopFacts, seed: int, n_resamples: int) -> dict[str, Interval]:
    """Intervals of the columns of `LIVE_METRICS`; the last one, popularity, is weighed against the profiles."""
    per = np.ones((len(facts.profile_popularity), len(LIVE_METRICS)))
    per[:, -1] = facts.profile_popularity
    found = ratio_intervals(*_by_shopper(np.stack(columns, axis=1), per, facts.shoppers), seed, n_resamples)
    return dict(zip(LIVE_METRICS, found, strict=True))


def _by_shopper(
    values: NDArray[np.float64], per: NDArray[np.float64], shoppers: NDArray[np.integer] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows of one shopper added up, so that a mean stays what it is, and resampling takes or leaves the shopper.

    >>> values, per = _by_shopper(np.array([[1.0], [2.0], [np.nan]]), np.ones((3, 1)), np.array([0, 0, 1]))
    >>> values.tolist(), per.tolist()
    ([[3.0], [nan]], [[2.0], [nan]])
    """
    if shoppers is None or len(np.unique(shoppers)) == len(shoppers):
        return values, per
    known = ~np.isnan(values) & ~np.isnan(per)
    parts = np.where(known, values, 0.0), np.where(known, per, 0.0), known.astype(np.float64)
    summed, below, n_known = (sums_of_shoppers(each, shoppers) for each in parts)
    return np.where(n_known > 0, summed, np.nan), np.where(n_known > 0, below, np.nan)


def _require_same_shoppers(new: MeasuredLists, old: MeasuredLists, facts: ShopFacts) -> None:
    n_users = len(facts.profile_popularity)
    if not len(new.ranked) == len(old.ranked) == n_users:
        raise ValueError(
            f"a paired comparison needs the same shoppers, got {len(new.ranked)} new lists, {len(old.ranked)} old "
            f"lists and the facts of {n_users} shoppers; take the same rows of each with `of`"
        )


def _mean(values: UserValues) -> float:
    return float(values.mean()) if len(values) else math.nan


def _moved(interval: Interval, estimate: float, bounds: tuple[float, float] = (-math.inf, math.inf)) -> Interval:
    """The interval around another estimate: that of the metric itself, instead of the mean of the shares."""
    ends = (end + estimate - interval.mean for end in (interval.low, interval.high))
    low, high = (
        end if math.isnan(end) else 0.0 if abs(end) <= ZERO * abs(estimate) else min(max(end, bounds[0]), bounds[1])
        for end in ends
    )
    return replace(interval, mean=estimate, low=low, high=high)


def _bounded(interval: Interval, change: ListChange, bounds: tuple[float, float] = (-1.0, 1.0)) -> Interval:
    """The interval of coverage; where there is none though many lists differ, one that is wide enough in any case."""
    if not math.isnan(interval.low) or int(change.moved.sum()) < FEWEST_TELLING:
        return interval
    reach = float(ndtri((1 + LEVEL) / 2)) * change.coverage_error()
    return replace(interval, low=max(interval.mean - reach, bounds[0]), high=min(interval.mean + reach, bounds[1]))


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
    """Do the same, `shoppers` included, for gaps that need not be means over shoppers: bool of shape (n_points,).

    Parameters
    ----------
    gaps : float64 of shape (n_points,), by how much the best is ahead of each point, 0 or more
    shares : float32 of shape (n_points, n_users), whose mean over shoppers varies from sample to sample as the gap
        does, see `jackknife`; overwritten
    most_errors : float64 of shape (n_points,), bound of the standard error of each gap, for points that too few
        shoppers tell from the best; infinite, as everywhere if None, where nothing is known of it
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
