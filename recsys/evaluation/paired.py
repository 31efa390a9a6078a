"""Two settings on the same shoppers: every metric of both, the change, and how sure it is.

Every interval rests on the same resamples of shoppers. A metric of all lists together (`WHOLE_METRICS`) is no mean
over shoppers, so each shopper stands for what the metric would lose without the shopper's list; those values are
resampled like any other column.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.exposure import coverage_parts, gini_parts, mean_popularity
from recsys.evaluation.metrics import ACCURACY_METRICS, UserValues
from recsys.evaluation.significance import Interval, bootstrap_means

SHOPPER_METRICS = (*ACCURACY_METRICS, "ild", "novelty", "serendipity", "long_tail")
"""Metrics of one shopper's list; shown as means over shoppers."""

WHOLE_METRICS = ("coverage", "gini", "popularity_lift")
"""Metrics of all lists together."""

LIVE_METRICS = (*SHOPPER_METRICS, *WHOLE_METRICS)
"""All names, in the order in which they are shown."""

HIGHER_IS_BETTER: Mapping[str, bool] = {name: name not in ("gini", "popularity_lift") for name in LIVE_METRICS}
"""Which way is better. Gini is inequality. A lift says by how much a list is more popular than what its shopper chose
so far: popularity that the model adds on its own account, so less of it is better."""

Verdict = Literal["better", "worse", "unclear"]
Rows = NDArray[np.integer] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Lists:
    """The lists of one setting.

    Parameters
    ----------
    ranked : int32 of shape (n_users, k), item rows, best first, padded with -1
    values : float64 of shape (n_users,) by name, for `SHOPPER_METRICS`; NaN where a shopper has no value
    """

    ranked: NDArray[np.int32]
    values: Mapping[str, UserValues]

    def of(self, rows: Rows) -> "Lists":
        """The lists of some of the shoppers, given as row numbers or as a mask."""
        return Lists(self.ranked[rows], {name: values[rows] for name, values in self.values.items()})


@dataclass(frozen=True, eq=False, slots=True)
class ShopFacts:
    """What does not depend on the setting.

    Parameters
    ----------
    n_items : size of the catalogue
    popularity : float64 of shape (n_items,), in how many shoppers' training histories each product is
    profile_popularity : float64 of shape (n_users,), mean popularity of each shopper's training history; NaN without
    """

    n_items: int
    popularity: NDArray[np.float64]
    profile_popularity: UserValues

    def of(self, rows: Rows) -> "ShopFacts":
        """The facts of some of the shoppers, rows as for `Lists.of`."""
        return ShopFacts(self.n_items, self.popularity, self.profile_popularity[rows])


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric under two settings.

    Parameters
    ----------
    metric : name
    new, old : the metric of either setting, over the shoppers that have both values
    change : new - old with its interval
    verdict : "better" or "worse" where the interval leaves out 0, by `HIGHER_IS_BETTER`; else "unclear"
    """

    metric: str
    new: float
    old: float
    change: Interval
    verdict: Verdict


def means(
    lists: Lists, facts: ShopFacts, seed: int = 0, n_resamples: int = 1000, level: float = 0.95
) -> dict[str, Interval]:
    """Every metric of one setting, with its interval, by name in the order of `LIVE_METRICS`."""
    estimates, columns = _columns(lists, facts)
    intervals = bootstrap_means(columns, seed, n_resamples, level)
    return {name: _moved(interval, estimates[name]) for name, interval in zip(LIVE_METRICS, intervals, strict=True)}


def differences(
    new: Lists, old: Lists, facts: ShopFacts, seed: int = 0, n_resamples: int = 1000, level: float = 0.95
) -> dict[str, Difference]:
    """Every metric's change from `old` to `new`; row u of either is the same shopper.

    Raises
    ------
    ValueError : the two do not hold the same shoppers
    """
    if new.ranked.shape[0] != old.ranked.shape[0] or len(new.ranked) != len(facts.profile_popularity):
        raise ValueError(
            f"a paired comparison needs the same shoppers: {len(new.ranked)} new lists, {len(old.ranked)} old ones "
            f"and facts on {len(facts.profile_popularity)} shoppers"
        )
    new_estimates, new_columns = _columns(new, facts)
    old_estimates, old_columns = _columns(old, facts)
    intervals = bootstrap_means(new_columns - old_columns, seed, n_resamples, level)
    both = ~np.isnan(new_columns) & ~np.isnan(old_columns)
    answer = {}
    for place, (name, interval) in enumerate(zip(LIVE_METRICS, intervals, strict=True)):
        if name in WHOLE_METRICS:
            now, before = new_estimates[name], old_estimates[name]
        else:
            rows = both[:, place]
            now, before = _mean(new_columns[rows, place]), _mean(old_columns[rows, place])
        change = _moved(interval, now - before)
        answer[name] = Difference(name, now, before, change, _verdict(change, HIGHER_IS_BETTER[name]))
    return answer


def tied_with_best(
    per_point: NDArray[np.float32], best: int, level: float = 0.95, seed: int = 0, n_resamples: int = 1000
) -> NDArray[np.bool_]:
    """Which points are statistically tied with the best one: bool of shape (n_points,).

    Parameters
    ----------
    per_point : float32 of shape (n_points, n_users), one metric of every shopper at every point; NaN users are skipped
    best : the point whose mean is highest
    """
    gaps = per_point[best][None, :] - per_point
    intervals = bootstrap_means(gaps.T.astype(np.float64), seed, n_resamples, level)
    return np.array([not interval.low > 0 for interval in intervals])


def _columns(lists: Lists, facts: ShopFacts) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Every metric, and float64 of shape (n_users, n_metrics) whose columns' means spread as the metrics do."""
    columns = [lists.values[name] for name in SHOPPER_METRICS]
    estimates = {name: _mean(column[~np.isnan(column)]) for name, column in zip(SHOPPER_METRICS, columns, strict=True)}
    for name, parts in (("coverage", coverage_parts), ("gini", gini_parts)):
        estimates[name], column = parts(lists.ranked, facts.n_items)
        columns.append(column)
    listed, profile = mean_popularity(lists.ranked, facts.popularity), facts.profile_popularity
    known = ~np.isnan(listed) & ~np.isnan(profile)
    base = _mean(profile[known])
    ratio = _mean(listed[known]) / base if base > 0 else math.nan
    estimates["popularity_lift"] = ratio - 1
    columns.append(
        np.where(known, (listed - ratio * profile) / base, np.nan) if base > 0 else np.full_like(profile, np.nan)
    )
    return estimates, np.stack(columns, axis=1)


def _mean(values: UserValues) -> float:
    return float(values.mean()) if len(values) else math.nan


def _moved(interval: Interval, estimate: float) -> Interval:
    shift = estimate - interval.mean
    return Interval(estimate, interval.low + shift, interval.high + shift, interval.n, interval.n_skipped)


def _verdict(change: Interval, higher_is_better: bool) -> Verdict:
    if change.low > 0:
        return "better" if higher_is_better else "worse"
    if change.high < 0:
        return "worse" if higher_is_better else "better"
    return "unclear"
