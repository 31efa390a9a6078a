"""The result of a search, and how it does on test shoppers, who played no part in choosing it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, PlainSerializer

from recsys.documents import from_json, to_json
from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import ZERO, Interval
from recsys.settings import RankingSettings
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.goal_evaluation import GoalEvaluator
from recsys.tuning.goals import Constraint, Goal, describe_goal

Answer = Literal["met", "missed", "cannot tell"]


@dataclass(frozen=True, slots=True)
class ConstraintOutcome:
    """Whether a constraint holds.

    Parameters
    ----------
    allowed : the bound in the metric's own unit
    room : how far inside its bound the metric is, with a 95% interval; below 0 it is outside
    answer : "met" or "missed" where the interval leaves no doubt
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
    settings : as chosen; filters are those of the evaluation
    n_trials : trials by now, and `n_points` of the weight map beside them
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
        """What `as_json` wrote.

        Raises SettingsError, KeyError, TypeError: the document has another form.
        """
        return from_json(cls, saved)


def constraint_outcomes(evaluator: GoalEvaluator, settings: RankingSettings) -> tuple[ConstraintOutcome, ...]:
    """Each constraint of the goal on an evaluator's shoppers, with intervals."""
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
    room = constraint.room(value, reference)
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
