"""Measures settings by a goal on one panel, and chooses among those that were measured.

The best of hundreds of noisy means is partly lucky. So of the settings within one standard error of the best, shopper
by shopper (Breiman, Friedman, Olshen & Stone 1984, Classification and Regression Trees, section 3.4.3), the one nearest
to their centre is taken. Chosen on a random half of the validation shoppers and measured on the other half, 60 times,
that gained 0.0087 nDCG over equal weights on the demo shop, where the best point gained 0.0060, and 0.0142 against
0.0138 on Steam; for new shoppers and for evenings on mobile 0.0164 and 0.0128 against 0.0080 and 0.0094. The centre of
all points that a simultaneous test leaves in (`ties.tied_with_best`), the most even point and the best of a smoothed
map each did worse somewhere.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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

MOST_COMPARED = 400
"""So many settings are compared with the best one, shopper by shopper."""

MARGIN = 1.645
"""Standard errors by which a constraint has to be met on validation shoppers: one-sided 95%.

Whoever looks for the most novelty that just keeps the nDCG finds the points where nDCG was lucky. Chosen on half of the
validation shoppers, the other half kept the constraint in 72% of the cases on the demo shop and in 93% on Steam; with
a margin of 1 in 53% and 78%, without any in 30% and 58%.
"""


@dataclass(frozen=True, slots=True)
class GoalMeasurement:
    """Every one of `LIVE_METRICS` of some settings; `rooms`: how far inside each constraint's bound, less the margin."""

    settings: RankingSettings
    metrics: Mapping[str, float]
    rooms: tuple[float, ...]

    @property
    def is_inside(self) -> bool:
        """Whether every constraint is met with the margin."""
        return all(room >= 0 for room in self.rooms)


class GoalEvaluator:
    """Measures settings by one goal on one panel.

    `best` holds, by metric, the settings that a constraint against the best refers to; `references_of` finds them.

    Raises SettingsError: too few shoppers belong to the goal's segment.
    """

    best: Mapping[str, RankingSettings]

    def __init__(self, engine: LiveEngine, goal: Goal) -> None:
        self.engine, self.goal, self.best = engine, goal, {}
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
        """Shoppers of the goal, each once."""
        return self.engine.panel.n_shoppers(self.users)

    def ranking(self, fusion: FusionSettings, diversity: float = 0.0, method: str = "mmr") -> RankingSettings:
        """Settings of lists as long as the goal wants them, of the whole catalogue."""
        return RankingSettings(fusion, WHOLE_CATALOGUE, self.goal.k, diversity, method)  # type: ignore[arg-type]

    def at_point(self, found: WeightMap, point: int) -> RankingSettings:
        """Settings of a point of the map."""
        return self.ranking(found.settings(point))

    @cached_property
    def equal(self) -> RankingSettings:
        """Settings of equal weights, by score alone."""
        return self.ranking(FusionSettings(0.25, 0.25, 0.25, 0.25))

    @cached_property
    def nothing(self) -> MeasuredLists:
        """Empty lists: a metric's gap to them is the metric itself, but for a lift, which begins at -1."""
        n_users = len(self.users)
        return MeasuredLists(np.empty((n_users, 0), np.int32), dict.fromkeys(SHOPPER_METRICS, np.zeros(n_users)))

    def lists(self, settings: RankingSettings) -> MeasuredLists:
        """Lists of the goal's shoppers."""
        return self.engine.measure(settings).lists.of(self.users)

    def measure(self, settings: RankingSettings) -> GoalMeasurement:
        """Every metric, and the distance to every bound."""
        lists = self.lists(settings)
        metrics = {name: self._mean(lists, name) for name in LIVE_METRICS}
        return GoalMeasurement(
            settings, metrics, tuple(self._room(lists, metrics[each.metric], each) for each in self.goal.constraints)
        )

    def value(self, measured: GoalMeasurement) -> float:
        """The metric to improve, higher is better; minus infinity without a value."""
        value = self.goal.sign * measured.metrics[self.goal.metric]
        return -math.inf if math.isnan(value) else value

    def best_inside(self, trials: Sequence[GoalMeasurement]) -> GoalMeasurement | None:
        """The best of those that meet the constraints with the margin."""
        return max((each for each in trials if each.is_inside), key=self.value, default=None)

    def values(self, found: WeightMap) -> NDArray[np.float64]:
        """The same of every point of the map."""
        return np.nan_to_num(self.goal.sign * found.means[self.goal.metric], nan=-np.inf)

    def map(self, progress: Progress = silent) -> WeightMap:
        """Every metric at every point of the simplex, without diversity."""
        return weight_map(
            self.engine, self.goal.k, WHOLE_CATALOGUE, segment=self.goal.segment, metrics=(), progress=progress
        )

    def reference(self, constraint: Constraint) -> RankingSettings | None:
        """The settings that a relative constraint refers to."""
        if constraint.against == "value":
            return None
        return self.equal if constraint.against == "equal" else self.best[constraint.metric]

    def gap(self, better: MeasuredLists, other: MeasuredLists, metric: str) -> tuple[float, float]:
        """How much higher a metric is for some lists than for others of the same shoppers, and the standard error."""
        if metric == "popularity_lift":
            return self._lift_gap(better, other)
        if metric in SHOPPER_METRICS:
            return self._mean_and_error(better.values[metric] - other.values[metric])
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


def references_of(evaluator: GoalEvaluator, found: WeightMap) -> dict[str, RankingSettings]:
    """By metric, the best settings on the map, for each constraint against the best."""
    wanted = {each.metric for each in evaluator.goal.constraints if each.against == "best"}
    points = {name: found.best(name) for name in sorted(wanted)}
    return {name: evaluator.at_point(found, point) for name, point in points.items() if point >= 0}


def promising(evaluator: GoalEvaluator, found: WeightMap) -> NDArray[np.intp]:
    """Points of the map that meet the constraints on average, the best first; all, the nearest first, if none does."""
    broken, value = np.zeros(len(found.cells.weights)), evaluator.values(found)
    for constraint in evaluator.goal.constraints:
        against = evaluator.reference(constraint)
        values = found.means[constraint.metric]
        reference = np.nan if against is None else evaluator.measure(against).metrics[constraint.metric]
        room = np.array([constraint.room(value, reference) for value in values.tolist()])
        spread = max(float(np.nanstd(values)), 1e-12)
        broken += np.maximum(-np.nan_to_num(room, nan=-1e6) / spread, 0.0)
    inside = np.flatnonzero(broken <= 1e-9)
    if len(inside):
        return inside[np.argsort(-value[inside], kind="stable")]
    return np.lexsort((-value, broken))


def choose(
    evaluator: GoalEvaluator, found: WeightMap, trials: Sequence[GoalMeasurement]
) -> tuple[GoalMeasurement, int]:
    """One of all points of the map and all trials, and how many are within one standard error of the best, with it.

    Settings that meet the constraints with the margin come before those that do not; where none does, the one that
    comes nearest to it is taken.
    """
    known, values = {each.settings: each for each in trials}, evaluator.values(found)
    best = evaluator.best_inside(trials)
    for point in promising(evaluator, found)[:MOST_COMPARED].tolist():
        # The map is in order, so once a point is too far behind the best to be tied with it, the others are, too.
        if best and evaluator.value(best) - values[point] > _reach(evaluator, best):
            break
        settings = evaluator.at_point(found, point)
        if settings not in known:
            known[settings] = evaluator.measure(settings)
        if known[settings].is_inside and (best is None or evaluator.value(known[settings]) > evaluator.value(best)):
            best = known[settings]
    if best is None:
        return max(known.values(), key=lambda each: _shortfall(evaluator, each)), 1
    tied = _tied(evaluator, best, [each for each in known.values() if each.is_inside and each is not best])
    return _middle(tied), len(tied)


def _shortfall(evaluator: GoalEvaluator, measured: GoalMeasurement) -> float:
    """How much is missing, at most 0; constraints are weighed by the size of their bound."""
    missing = 0.0
    for constraint, room in zip(evaluator.goal.constraints, measured.rooms, strict=True):
        size = abs(measured.metrics[constraint.metric] - room)
        missing += min(room, 0.0) / (size if size > 1e-9 else 1.0)
    return missing


def _reach(evaluator: GoalEvaluator, best: GoalMeasurement) -> float:
    """How far behind the best a tied setting can be: settings of the same shoppers differ less than strangers do."""
    return 1.5 * evaluator.gap(evaluator.lists(best.settings), evaluator.nothing, evaluator.goal.metric)[1]


def _tied(evaluator: GoalEvaluator, best: GoalMeasurement, others: Sequence[GoalMeasurement]) -> list[GoalMeasurement]:
    """The best and those within one standard error of it."""
    lists, reach, tied = evaluator.lists(best.settings), _reach(evaluator, best), [best]
    for other in others:
        if evaluator.value(best) - evaluator.value(other) > reach:
            continue
        gap, error = evaluator.gap(lists, evaluator.lists(other.settings), evaluator.goal.metric)
        if evaluator.goal.sign * gap <= error:
            tied.append(other)
    return tied


def _middle(tied: Sequence[GoalMeasurement]) -> GoalMeasurement:
    """The one nearest to the centre of those that re-rank for variety as the best one does, or do not re-rank."""
    method = tied[0].settings.method if tied[0].settings.diversity else None
    alike = [each for each in tied if not each.settings.diversity or method in (None, each.settings.method)]
    points = np.array(
        [[*each.settings.fusion.normalised().values(), each.settings.diversity] for each in alike], np.float64
    )
    return alike[int(np.square(points - points.mean(axis=0)).sum(axis=1).argmin())]
