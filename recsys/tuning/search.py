"""Searches weights for a goal: chosen on validation shoppers, reported on test shoppers.

Without variety the whole simplex of weights is measured, which takes seconds; what variety adds is searched by Optuna
from the best of that map, and the choice is made among all of it.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

from recsys.documents import from_json, to_json
from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import ZERO, Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import EvaluationConfig
from recsys.progress import Progress, silent
from recsys.settings import (
    COMPONENTS,
    DIVERSITY_METHODS,
    NEW_SHOPPER_WEIGHTS,
    FusionSettings,
    RankingSettings,
    require_seed,
)
from recsys.tuning.goals import Constraint, Goal, GoalEvaluator, GoalMeasurement, describe_goal
from recsys.tuning.trials import BATCH, Trials, choose, promising, references_of
from recsys.tuning.weight_map import WeightMap, pareto_front

VERSION = 2
"""Grows when trials of an earlier version would no longer mean the same; they are then left alone."""

MOST_TRIALS = 5000
MOST_FRONT_POINTS = 40


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Trials with variety, in all, of which stored ones are not repeated; and the seed of the sampling."""

    n_trials: int = 120
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.n_trials <= MOST_TRIALS:
            raise SettingsError(f"n_trials={self.n_trials} is not usable; give 1 to {MOST_TRIALS:,}")
        require_seed(self.seed)


Answer = Literal["met", "missed", "cannot tell"]
"""Whether a constraint holds: met or missed where the interval leaves no doubt."""


@dataclass(frozen=True, slots=True)
class ConstraintOutcome:
    """Whether a constraint holds.

    `allowed`: the bound in the metric's own unit; `room`: how far inside it the metric is, with a 95% interval; below 0
    it is outside.
    """

    constraint: Constraint
    allowed: float
    value: float
    room: Interval
    answer: Answer


def _with_nan(saved: object) -> object:
    """NaN is null in JSON."""
    if isinstance(saved, Mapping):
        return {name: _with_nan(each) for name, each in saved.items()}
    return math.nan if saved is None else saved


_NAN_IS_NULL = BeforeValidator(_with_nan)
_Settings = Annotated[
    RankingSettings,
    PlainSerializer(lambda settings: EvaluationConfig("settings", settings).as_json()),
    BeforeValidator(lambda saved: EvaluationConfig.from_json(saved).settings if isinstance(saved, Mapping) else saved),
]
_Means = Mapping[str, Annotated[Interval, _NAN_IS_NULL]]
_Changes = Annotated[
    Mapping[str, Annotated[Difference, _NAN_IS_NULL]],
    PlainSerializer(lambda changes: list(changes.values()), return_type=list[Difference]),
    BeforeValidator(lambda saved: {each["metric"]: each for each in saved} if isinstance(saved, list) else saved),
]
_Outcomes = tuple[Annotated[ConstraintOutcome, _NAN_IS_NULL], ...]


class FrontPoint(NamedTuple):
    """Settings that no others beat in one of two metrics without losing in the other, on validation shoppers."""

    settings: _Settings
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search. Everything called test was measured after the choice was made.

    Parameters
    ----------
    settings : with the filters of the evaluation
    n_trials, n_points : trials by now, and points of the weight map beside them
    n_tied : settings within one standard error of the best on validation shoppers, itself included; 1 where none keeps
        all constraints
    validation, test : every metric with its 95% interval over the shoppers of the goal
    against_equal, against_default : on test, the change from equal weights and from the shop's own weights
    kept_on_validation, kept : each constraint, on validation and on test
    front_metrics, front : a Pareto front on validation for a chart
    """

    goal: Goal
    settings: _Settings
    seed: int
    n_trials: int
    n_points: int
    n_tied: int
    n_users: Mapping[str, int]
    panel_ids: Mapping[str, str]
    validation: _Means
    test: _Means
    against_equal: _Changes
    against_default: _Changes
    kept_on_validation: _Outcomes
    kept: _Outcomes
    front_metrics: tuple[str, str]
    front: tuple[FrontPoint, ...]
    seconds: float

    @property
    def beats_equal(self) -> bool:
        """Whether the goal's metric is better than with equal weights on test, beyond doubt."""
        return self.against_equal[self.goal.metric].verdict == "better"

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON, and the goal in words; NaN becomes null."""
        return {**to_json(self, exclude_none=True), "words": describe_goal(self.goal)}

    @classmethod
    def from_json(cls, saved: object) -> Self:
        """What `as_json` wrote; raises SettingsError, KeyError, TypeError where the document has another form."""
        return from_json(cls, saved)


@dataclass(frozen=True, slots=True)
class SearchState:
    """A search under way: trials done, the best settings that meet the constraints, and the front on validation."""

    n_trials: int
    best: GoalMeasurement | None
    front_metrics: tuple[str, str]
    front: tuple[FrontPoint, ...]


def find_weights(
    validation: LiveEngine,
    test: LiveEngine,
    goal: Goal,
    settings: SearchSettings | None = None,
    *,
    database_url: str | None = None,
    starts: Sequence[RankingSettings] = (),
    default: FusionSettings | None = None,
    progress: Progress = silent,
    watch: Callable[[SearchState], object] = lambda so_far: None,
) -> SearchResult:
    """Search on validation shoppers, and measure the result on test shoppers.

    Parameters
    ----------
    database_url : where trials are stored, so that a search goes on where it stopped; None stores none
    starts : settings to try first, such as presets; only their weights and their variety count
    default : the shop's own weights, which the result is compared with
    watch : called after every batch of trials

    Raises SettingsError: too few shoppers belong to the segment, or the metric has no value in this shop;
    StoreUnavailable, StoreError: trials cannot be stored; Cancelled: the reporter asked to stop; all but the last batch
    of trials are stored.
    """
    settings, started = settings or SearchSettings(), time.monotonic()
    evaluator, on_test = GoalEvaluator(validation, goal), GoalEvaluator(test, goal)
    # Before the map, so that a database that is away is known at once.
    trials = Trials(evaluator, settings.seed, study_name(evaluator, settings.seed), database_url)
    found = evaluator.map(progress)
    evaluator.best = on_test.best = references_of(evaluator, found)
    _require_values(evaluator, found)
    first = _first_trials(evaluator, found, starts)
    while len(trials) < settings.n_trials:
        progress("trying settings", len(trials), settings.n_trials)
        trials.batch(first, min(BATCH, settings.n_trials - len(trials)), settings.n_trials, progress)
        best = evaluator.best_inside(trials.measured)
        watch(SearchState(len(trials), best, front_metrics(goal), _front(evaluator, found, trials.measured)))
    progress("choosing among settings near the best")
    choice, n_tied = choose(evaluator, found, trials.measured)
    progress("measuring on test shoppers")
    chosen, own = choice.settings, on_test.ranking(default or FusionSettings())
    lists = on_test.lists(chosen)
    return SearchResult(
        goal=goal,
        settings=chosen,
        seed=settings.seed,
        n_trials=len(trials),
        n_points=len(found.cells.weights),
        n_tied=n_tied,
        n_users={each.engine.panel.role: each.n_shoppers for each in (evaluator, on_test)},
        panel_ids={each.engine.panel.role: each.engine.panel.panel_id for each in (evaluator, on_test)},
        validation=means(evaluator.lists(chosen), evaluator.facts),
        test=means(lists, on_test.facts),
        against_equal=differences(lists, on_test.lists(on_test.equal), on_test.facts),
        against_default=differences(lists, on_test.lists(own), on_test.facts),
        kept_on_validation=constraint_outcomes(evaluator, chosen),
        kept=constraint_outcomes(on_test, chosen),
        front_metrics=front_metrics(goal),
        front=_front(evaluator, found, trials.measured),
        seconds=time.monotonic() - started,
    )


def study_name(evaluator: GoalEvaluator, seed: int) -> str:
    """Name of the Optuna study of one panel, goal and seed."""
    key = json.dumps([evaluator.goal.as_json(), seed, VERSION], sort_keys=True)
    return f"weights {evaluator.engine.panel.panel_id} {hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _require_values(evaluator: GoalEvaluator, found: WeightMap) -> None:
    for metric in evaluator.goal.metrics:
        if np.isnan(found.means[metric]).all():
            raise SettingsError(
                f"{METRICS[metric].short} has no value for these shoppers, so it cannot be part of a goal here"
            )


def _first_trials(
    evaluator: GoalEvaluator, found: WeightMap, starts: Sequence[RankingSettings]
) -> list[RankingSettings]:
    known = [FusionSettings(), NEW_SHOPPER_WEIGHTS, *(FusionSettings.only(name) for name in COMPONENTS)]
    inside = _apart(found, promising(evaluator, found).tolist(), 6)
    by_value = np.argsort(-evaluator.values(found), kind="stable")
    bases = dict.fromkeys([*inside[:2], *_apart(found, by_value.tolist(), 2)])
    first = [evaluator.equal]
    first += [evaluator.ranking(each.fusion, each.diversity, each.method) for each in starts]
    first += [evaluator.at_point(found, point) for point in inside]
    first += [
        replace(evaluator.at_point(found, point), diversity=diversity, method=method)
        for point in bases
        for diversity in (0.1, 0.3)
        for method in DIVERSITY_METHODS
    ]
    return list(dict.fromkeys([*first, *(evaluator.ranking(each) for each in known)]))


def _apart(found: WeightMap, points: Sequence[int], n: int) -> list[int]:
    """The first n points of an order that are a fifth of all weight apart from each other."""
    apart: list[int] = []
    weights = found.cells.weights
    for point in points:
        if len(apart) < n and all(np.abs(weights[point] - weights[other]).sum() >= 0.4 for other in apart):
            apart.append(point)
    return apart


def front_metrics(goal: Goal) -> tuple[str, str]:
    """Axes of a chart of trade-offs: the metric to improve, and the first other one that the goal names."""
    return goal.metric, next(name for name in (*goal.metrics[1:], "ild", "ndcg") if name != goal.metric)


def _front(evaluator: GoalEvaluator, found: WeightMap, trials: Sequence[GoalMeasurement]) -> tuple[FrontPoint, ...]:
    names = front_metrics(evaluator.goal)
    of_map = [
        FrontPoint(evaluator.at_point(found, point), *(float(found.means[name][point]) for name in names))
        for point in found.efficient(*names).tolist()
    ]
    points = of_map + [FrontPoint(each.settings, *(each.metrics[name] for name in names)) for each in trials]
    values = [
        [value if METRICS[name].higher_is_better else -value for name, value in zip(names, each[1:], strict=True)]
        for each in points
    ]
    front = pareto_front(np.array(values).reshape(-1, 2))
    spread = np.linspace(0, len(front) - 1, min(len(front), MOST_FRONT_POINTS)).round().astype(int)
    return tuple(points[each] for each in front[spread].tolist())


def constraint_outcomes(evaluator: GoalEvaluator, settings: RankingSettings) -> tuple[ConstraintOutcome, ...]:
    """Each constraint of the goal on an evaluator's shoppers."""
    return tuple(_outcome(evaluator, settings, constraint) for constraint in evaluator.goal.constraints)


def _outcome(evaluator: GoalEvaluator, settings: RankingSettings, constraint: Constraint) -> ConstraintOutcome:
    lists, against = evaluator.lists(settings), evaluator.reference(constraint)
    side = 1 if constraint.at_least else -1
    if against is None:
        measured = means(lists, evaluator.facts)[constraint.metric]
        value, reference, unmoved = measured.mean, math.nan, False
    else:
        change = differences(lists, evaluator.lists(against), evaluator.facts)[constraint.metric]
        value, reference, measured, unmoved = change.new, change.old, change.change, not change.n_changed
    allowed = constraint.allowed(reference)
    room = constraint.slack(value, reference)
    # The bound of a relative constraint counts as known; what is unsure is the change.
    ends = sorted((side * (end - measured.mean) + room) for end in (measured.low, measured.high))
    low, high = (0.0 if abs(end) <= ZERO * abs(room) else end for end in ends)
    interval = Interval(room, low, high, measured.n, measured.n_skipped)
    answer: Answer = "cannot tell"
    if interval.sign > 0 or interval.low == 0 or (unmoved and room >= 0):
        answer = "met"
    elif interval.sign < 0:
        answer = "missed"
    return ConstraintOutcome(constraint, allowed, value, interval, answer)
