"""Goals of a search: a metric to improve, constraints on others, whose lists count; and settings measured by them."""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, PlainSerializer

from recsys.documents import from_json, to_json
from recsys.errors import SettingsError
from recsys.evaluation.metrics.format import exact, unusable, written
from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS, SHOPPER_METRICS
from recsys.evaluation.statistics.exposure import EXPOSURE_METRICS, exposure_of
from recsys.evaluation.statistics.jackknife import ListChange, mean_popularity
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import N_BASELINE
from recsys.panel.segments import EVERYONE, Segment, describe_segment
from recsys.progress import Progress, silent
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.tuning.weight_map import WeightMap, weight_map

Against = Literal["value", "equal", "best"]

FEWEST_SHOPPERS = 20
"""A segment with fewer shoppers than this is not searched for: whatever is found would be chance."""

MARGIN = 1.645
"""Standard errors by which a constraint has to be met on validation shoppers: one-sided 95%.

Whoever looks for the most novelty that just keeps the nDCG finds the points where nDCG was lucky. Chosen on half of the
validation shoppers, the other half kept the constraint in 72% of the cases on the demo shop and in 93% on Steam; with
a margin of 1 in 53% and 78%, without any in 30% and 58%.
"""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A bound on one metric.

    Parameters
    ----------
    value : the bound itself; or, against equal weights or the best, how much worse the metric may be, as a share: 0.02
        is 2% of the reference
    against : "value" for a bound in the metric's own unit; "equal" for what the metric is with equal weights and no
        diversity re-ranking; "best" for the best that any weights reach
    at_least : whether the bound is the lowest or the highest value allowed; a relative one only keeps a metric from
        getting worse
    """

    metric: str
    value: float
    against: Against = "value"
    at_least: bool = True

    def __post_init__(self) -> None:
        _require_metric(self.metric)
        object.__setattr__(self, "value", float(self.value))
        metric = METRICS[self.metric]
        if self.against == "value":
            if not metric.lowest <= self.value <= metric.highest:
                raise SettingsError(unusable(self.metric, self.value))
        elif self.against not in ("equal", "best"):
            raise SettingsError(f"a constraint is not held against {self.against!r}; use value, equal or best")
        elif not 0 <= self.value < 1:
            raise SettingsError(f"a metric cannot be within {self.value:.0%} of another; give 0% to 99%")
        elif self.at_least != metric.higher_is_better:
            better = "high" if metric.higher_is_better else "low"
            raise SettingsError(f"{metric.short} is better the {better}er it is; ask that it be no worse than that")

    def allowed(self, reference: float) -> float:
        """The bound in the metric's own unit; `reference` plays no part where the bound is a value."""
        if self.against == "value":
            return self.value
        slack = self.value * abs(reference)
        return reference - slack if self.at_least else reference + slack

    def slack(self, value: float, reference: float) -> float:
        """How far a value is inside of the bound; below 0 it breaks it."""
        distance = value - self.allowed(reference)
        return distance if self.at_least else -distance


_SegmentDocument = Annotated[
    Segment,
    PlainSerializer(Segment.as_dict),
    BeforeValidator(lambda given: Segment.of(**given) if isinstance(given, Mapping) else given),
]


@dataclass(frozen=True, slots=True)
class Goal:
    """A metric of `LIVE_METRICS` to improve in lists of k, and constraints, all of which must hold.

    At most one constraint a metric and direction; a lowest value is no higher than the highest one.

    >>> describe_goal(Goal("ndcg", (Constraint("coverage", 0.4), Constraint("ild", 0, "equal"))))
    'nDCG@10 as high as possible, Catalogue coverage at least 40%, Variety (ILD) no worse than with equal weights'
    """

    metric: str
    constraints: tuple[Constraint, ...] = ()
    segment: _SegmentDocument = EVERYONE
    k: int = RankingSettings().n

    def __post_init__(self) -> None:
        _require_metric(self.metric)
        if not 1 <= self.k <= N_BASELINE:
            raise SettingsError(f"lists of {self.k} cannot be searched for; give a length from 1 to {N_BASELINE}")
        sides = Counter((each.metric, each.at_least) for each in self.constraints)
        if twice := [metric for (metric, _), n in sides.items() if n > 1]:
            raise SettingsError(f"{METRICS[twice[0]].short} is bounded twice from the same side; decide on one bound")
        bounds = {(each.metric, each.at_least): each.value for each in self.constraints if each.against == "value"}
        for (metric, at_least), bound in bounds.items():
            most = bounds.get((metric, False))
            if at_least and most is not None and bound > most:
                raise SettingsError(
                    f"{METRICS[metric].short} cannot be at least {exact(metric, bound)} and at most "
                    f"{exact(metric, most)} at once; ask for one of them, or exchange the two"
                )

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if METRICS[self.metric].higher_is_better else -1

    @property
    def metrics(self) -> tuple[str, ...]:
        """Metrics that it names, each once, the one to improve first."""
        return tuple(dict.fromkeys((self.metric, *(each.metric for each in self.constraints))))

    def as_json(self) -> dict[str, Any]:
        """The goal as it is saved."""
        return dict(to_json(self, exclude_none=True))

    @classmethod
    def from_json(cls, saved: object) -> Self:
        """The goal that `as_json` wrote, checked; raises SettingsError where it is none."""
        return from_json(cls, saved)


def save_goal(goal: Goal) -> str:
    """The goal as one line of JSON, as presets and addresses hold it."""
    return json.dumps(goal.as_json(), separators=(",", ":"))


def saved_goal(text: str) -> Goal | None:
    """The goal of a line that `save_goal` wrote; None for any other text, such as a sentence of an earlier version."""
    try:
        return Goal.from_json(json.loads(text))
    except (ValueError, RecursionError, SettingsError):
        return None


def describe_goal(goal: Goal | str) -> str:
    """A goal in one line of words; text of a preset that is no goal stays as it is."""
    if isinstance(goal, str):
        read = saved_goal(goal)
        return goal if read is None else describe_goal(read)
    end = "high" if goal.sign > 0 else "low"
    aim = f"{METRICS[goal.metric].at(goal.k)} as {end} as possible"
    said = ", ".join((aim, *map(describe_constraint, goal.constraints)))
    return f"{said}, for {describe_segment(goal.segment)}" if goal.segment.values else said


def describe_constraint(constraint: Constraint) -> str:
    """One condition in words.

    >>> describe_constraint(Constraint("novelty", 4.5)), describe_constraint(Constraint("ndcg", 0.02, "best"))
    ('Novelty at least 4.5 bits', 'nDCG within 2% of the best')
    """
    name, is_equal = METRICS[constraint.metric].short, constraint.against == "equal"
    if constraint.against == "value":
        return f"{name} at {'least' if constraint.at_least else 'most'} {exact(constraint.metric, constraint.value)}"
    if not constraint.value:
        return f"{name} no worse than {'with equal weights' if is_equal else 'the best'}"
    return f"{name} within {written(constraint.value, True)} of {'equal weights' if is_equal else 'the best'}"


def _require_metric(name: str) -> None:
    if name not in LIVE_METRICS:
        raise SettingsError(f"{name!r} is not a metric; use one of {', '.join(LIVE_METRICS)}")


@dataclass(frozen=True, slots=True)
class GoalMeasurement:
    """`LIVE_METRICS` of some settings, and how far inside the bound of each constraint they are, less the margin."""

    settings: RankingSettings
    metrics: Mapping[str, float]
    slacks: tuple[float, ...]

    @property
    def is_inside(self) -> bool:
        """Whether every constraint is met with the margin."""
        return all(slack >= 0 for slack in self.slacks)


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
        slacks = tuple(self._slack(lists, metrics[each.metric], each) for each in self.goal.constraints)
        return GoalMeasurement(settings, metrics, slacks)

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
        segment = self.goal.segment
        return weight_map(self.engine, self.goal.k, WHOLE_CATALOGUE, segment=segment, metrics=(), progress=progress)

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

    def _slack(self, lists: MeasuredLists, value: float, constraint: Constraint) -> float:
        against = self.reference(constraint)
        old = self.nothing if against is None else self.lists(against)
        _, error = self.gap(lists, old, constraint.metric)
        reference = math.nan if against is None else self._mean(old, constraint.metric)
        slack = constraint.slack(value, reference) - MARGIN * error
        # A metric without a value meets nothing; what is the reference itself meets a bound that is the reference.
        return -1e6 if math.isnan(slack) else slack

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
        if metric in EXPOSURE_METRICS:
            return EXPOSURE_METRICS[metric](exposure_of(lists.ranked, self.facts.n_items))
        return self.gap(lists, self.nothing, metric)[0] - (metric == "popularity_lift")

    def _mean_and_error(self, column: UserValues) -> tuple[float, float]:
        """Mean and standard error; the rows of one shopper, where there are several, vary together."""
        known = ~np.isnan(column)
        if not known.any():
            return math.nan, math.nan
        mean = float(column[known].mean())
        shoppers = np.arange(len(column)) if self.facts.shoppers is None else self.facts.shoppers
        apart = np.bincount(shoppers[known], column[known] - mean)
        return mean, float(np.linalg.norm(apart) / known.sum())
