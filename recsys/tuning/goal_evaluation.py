"""How settings do by a goal on one panel: every metric, and how far inside the constraints, with a margin."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.errors import SettingsError
from recsys.evaluation.metrics.exposure import exposure, gini, mean_popularity
from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.metrics.registry import LIVE_METRICS, SHOPPER_METRICS
from recsys.evaluation.statistics.jackknife import ListChange
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings, RankingSettings
from recsys.tuning.goals import Constraint, Goal, describe_segment
from recsys.tuning.weight_map import WeightMap, weight_map

FEWEST_SHOPPERS = 20
"""A segment with fewer shoppers than this is not searched for: whatever is found would be chance."""


MARGIN = 1.645
"""Standard errors by which a constraint has to be met on validation shoppers: one-sided 95%.

Whoever looks for the most novelty that just keeps the nDCG finds the points where nDCG was lucky. Chosen on half of the
validation shoppers, the other half kept the constraint in 72% of the cases on the demo shop and in 93% on Steam; with
a margin of 1 in 53% and 78%, without any in 30% and 58%.
"""


@dataclass(frozen=True, slots=True)
class GoalMeasurement:
    """Settings measured by a goal.

    Parameters
    ----------
    metrics : every one of `LIVE_METRICS`, a mean over the shoppers of the goal or of all their lists together
    rooms : for each constraint, how far inside its bound the settings are, less the margin
    """

    settings: RankingSettings
    metrics: Mapping[str, float]
    rooms: tuple[float, ...]

    @property
    def is_inside(self) -> bool:
        """Whether every constraint is met with the margin, so that it may hold for other choices, too."""
        return all(room >= 0 for room in self.rooms)


class GoalEvaluator:
    """Measures settings by one goal on one panel.

    Parameters
    ----------
    best : by metric, the settings that a constraint against the best refers to; `references_of` finds them

    Raises
    ------
    SettingsError : too few shoppers belong to the goal's segment
    """

    def __init__(self, engine: LiveEngine, goal: Goal, best: Mapping[str, RankingSettings] | None = None) -> None:
        self.engine, self.goal, self.best = engine, goal, dict(best or {})
        self.users = np.flatnonzero(goal.segment.mask(engine.panel.shoppers))
        self.facts = engine.panel.facts.of(self.users)
        if self.n_shoppers < FEWEST_SHOPPERS:
            raise SettingsError(
                f"{describe_segment(goal.segment)}: only {self.n_shoppers} of the {engine.panel.n_shoppers():,} "
                f"{engine.panel.role} shoppers; fewer than {FEWEST_SHOPPERS} are too few to choose by, so ask for a "
                "larger group"
            )

    @property
    def n_shoppers(self) -> int:
        """Of the goal, each once, in however many windows they are asked."""
        return self.engine.panel.n_shoppers(self.users)

    def ranking(self, fusion: FusionSettings, diversity: float = 0.0, method: str = "mmr") -> RankingSettings:
        """Settings of a list as long as the goal wants it, of the whole catalogue as in every evaluation."""
        return RankingSettings(fusion, WHOLE_CATALOGUE, self.goal.k, diversity, method)  # type: ignore[arg-type]

    @cached_property
    def equal(self) -> RankingSettings:
        """Equal weights, by score alone."""
        return self.ranking(FusionSettings(0.25, 0.25, 0.25, 0.25))

    @cached_property
    def nothing(self) -> MeasuredLists:
        """Empty lists: a metric's gap to them is the metric itself, but for a lift, which begins at 1 below."""
        n_users = len(self.users)
        return MeasuredLists(np.empty((n_users, 0), np.int32), dict.fromkeys(SHOPPER_METRICS, np.zeros(n_users)))

    def lists(self, settings: RankingSettings) -> MeasuredLists:
        """Lists of the goal's shoppers."""
        return self.engine.measure(settings).lists.of(self.users)

    def judge(self, settings: RankingSettings) -> GoalMeasurement:
        """Measure settings."""
        lists = self.lists(settings)
        metrics = {name: self._mean(lists, name) for name in LIVE_METRICS}
        return GoalMeasurement(
            settings, metrics, tuple(self._room(lists, metrics[each.metric], each) for each in self.goal.constraints)
        )

    def map(self, progress: Progress = silent) -> WeightMap:
        """Every metric at every point of the simplex, without diversity."""
        return weight_map(
            self.engine, self.goal.k, WHOLE_CATALOGUE, segment=self.goal.segment, metrics=(), progress=progress
        )

    def reference(self, constraint: Constraint) -> RankingSettings | None:
        """The settings that a constraint is held against, if it is relative."""
        if constraint.against == "value":
            return None
        return self.equal if constraint.against == "equal" else self.best[constraint.metric]

    def gap(self, better: MeasuredLists, other: MeasuredLists, metric: str) -> tuple[float, float]:
        """By how much one setting's metric is higher than another's on the same shoppers, and its standard error."""
        if metric == "popularity_lift":
            return self._lift_gap(better, other)
        if metric in SHOPPER_METRICS:
            column = better.values[metric] - other.values[metric]
            return self._mean_and_error(column)
        now, before, column = ListChange.of(better.ranked, other.ranked, self.facts.n_items).metric(metric)
        return now - before, self._mean_and_error(column)[1]

    def _room(self, lists: MeasuredLists, value: float, constraint: Constraint) -> float:
        against = self.reference(constraint)
        old = self.nothing if against is None else self.lists(against)
        _, error = self.gap(lists, old, constraint.metric)
        reference = math.nan if against is None else self._mean(old, constraint.metric)
        room = constraint.room(value, reference) - MARGIN * error
        # A metric without a value meets nothing; what is the reference itself meets a bound that is the reference.
        return -1e6 if math.isnan(room) else room

    def _lift_gap(self, better: MeasuredLists, other: MeasuredLists) -> tuple[float, float]:
        profile, popularity = self.facts.profile_popularity, self.facts.popularity
        listed = mean_popularity(better.ranked, popularity)
        if other.ranked.shape[1]:
            listed = listed - mean_popularity(other.ranked, popularity)
        both = ~np.isnan(listed) & ~np.isnan(profile)
        base = profile[both].mean() if both.any() else math.nan
        ratio = listed[both].mean() / base if both.any() else math.nan
        _, error = self._mean_and_error(np.where(both, (listed - ratio * profile) / base, np.nan))
        return float(ratio), error

    def _mean(self, lists: MeasuredLists, metric: str) -> float:
        if metric == "coverage":
            return float(np.count_nonzero(exposure(lists.ranked, self.facts.n_items))) / self.facts.n_items
        if metric == "gini":
            return gini(exposure(lists.ranked, self.facts.n_items))
        if metric == "popularity_lift":
            return self._lift_gap(lists, self.nothing)[0] - 1
        return self._mean_and_error(lists.values[metric])[0]

    def _mean_and_error(self, column: UserValues) -> tuple[float, float]:
        """Mean and standard error; the rows of one shopper, where there are several, vary together."""
        known = ~np.isnan(column)
        if not known.any():
            return math.nan, math.nan
        mean = float(column[known].mean())
        shoppers = np.arange(len(column)) if self.facts.shoppers is None else self.facts.shoppers
        apart = np.bincount(shoppers[known], column[known] - mean)
        return mean, float(np.linalg.norm(apart) / known.sum())


def references_of(judge: GoalEvaluator, found: WeightMap) -> dict[str, RankingSettings]:
    """For each constraint against the best, the settings that are best by its metric, wherever on the map."""
    wanted = {each.metric for each in judge.goal.constraints if each.against == "best"}
    return {name: judge.ranking(found.settings(found.best(name))) for name in sorted(wanted) if found.best(name) >= 0}
