"""What a search found, and how it does on test shoppers, whose later choices played no part in choosing it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import ZERO, Interval
from recsys.settings import RankingSettings
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.goal_evaluation import GoalEvaluator
from recsys.tuning.goals import Constraint, Goal

Answer = Literal["met", "missed", "cannot tell"]


@dataclass(frozen=True, slots=True)
class ConstraintOutcome:
    """Whether a constraint holds.

    Parameters
    ----------
    allowed : the bound in the metric's own unit
    value : the metric
    room : how far inside its bound the metric is, with a 95% interval; below 0 it is outside
    answer : "met" or "missed" where the interval leaves no doubt
    """

    constraint: Constraint
    allowed: float
    value: float
    room: Interval
    answer: Answer


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """Settings that no others beat in one of two metrics without losing in the other, on validation shoppers."""

    settings: RankingSettings
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search. Everything called test was measured after the choice was made.

    Parameters
    ----------
    settings : what was chosen; filters are those of the evaluation
    n_trials : trials by now, and `n_points` of the weight map beside them
    n_tied : settings within one standard error of the best on validation shoppers, itself included; 1 where none keeps
        all constraints
    validation, test : every metric with its 95% interval over the shoppers of the goal
    against_equal, against_default : on test, the change from equal weights and from the shop's own weights
    kept_on_validation, kept : each constraint, on validation and on test
    front_metrics, front : a Pareto front on validation for a chart
    """

    goal: Goal
    settings: RankingSettings
    seed: int
    n_trials: int
    n_points: int
    n_tied: int
    n_users: Mapping[str, int]
    panel_ids: Mapping[str, str]
    validation: Mapping[str, Interval]
    test: Mapping[str, Interval]
    against_equal: Mapping[str, Difference]
    against_default: Mapping[str, Difference]
    kept_on_validation: tuple[ConstraintOutcome, ...]
    kept: tuple[ConstraintOutcome, ...]
    front_metrics: tuple[str, str]
    front: tuple[FrontPoint, ...]
    seconds: float

    @property
    def beats_equal(self) -> bool:
        """Whether, on test, the goal's metric is better than with equal weights beyond doubt."""
        return self.against_equal[self.goal.metric].verdict == "better"

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON; NaN becomes null."""
        return {
            "goal": self.goal.as_json(),
            "words": self.goal.in_words(),
            "settings": _settings_json(self.settings),
            **{name: getattr(self, name) for name in ("seed", "n_trials", "n_points", "n_tied", "seconds")},
            "n_users": dict(self.n_users),
            "panel_ids": dict(self.panel_ids),
            "front_metrics": list(self.front_metrics),
            **{name: {key: _interval_json(each) for key, each in getattr(self, name).items()} for name in _MEANS},
            **{name: [_difference_json(each) for each in getattr(self, name).values()] for name in _CHANGES},
            **{name: [_kept_json(each) for each in getattr(self, name)] for name in _KEPT},
            "front": [[_settings_json(each.settings), each.first, each.second] for each in self.front],
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `as_json` wrote.

        Raises
        ------
        SettingsError, KeyError, TypeError, ValueError : the document has another form
        """
        means_of, changes_of, kept_of = (
            {name: {key: _interval(each) for key, each in saved[name].items()} for name in _MEANS},
            {name: {each["metric"]: _difference(each) for each in saved[name]} for name in _CHANGES},
            {name: tuple(_kept(each) for each in saved[name]) for name in _KEPT},
        )
        return cls(
            goal=Goal.from_json(saved["goal"]),
            settings=_settings(saved["settings"]),
            seed=int(saved["seed"]),
            n_trials=int(saved["n_trials"]),
            n_points=int(saved["n_points"]),
            n_tied=int(saved["n_tied"]),
            n_users={name: int(n) for name, n in saved["n_users"].items()},
            panel_ids={name: str(each) for name, each in saved["panel_ids"].items()},
            validation=means_of["validation"],
            test=means_of["test"],
            against_equal=changes_of["against_equal"],
            against_default=changes_of["against_default"],
            kept_on_validation=kept_of["kept_on_validation"],
            kept=kept_of["kept"],
            front_metrics=(str(saved["front_metrics"][0]), str(saved["front_metrics"][1])),
            front=tuple(FrontPoint(_settings(each[0]), float(each[1]), float(each[2])) for each in saved["front"]),
            seconds=float(saved["seconds"]),
        )


_MEANS = ("validation", "test")
_CHANGES = ("against_equal", "against_default")
_KEPT = ("kept_on_validation", "kept")


def kept_constraints(judge: GoalEvaluator, settings: RankingSettings) -> tuple[ConstraintOutcome, ...]:
    """Each constraint of the goal on a judge's shoppers, with intervals."""
    return tuple(_kept_by(judge, settings, constraint) for constraint in judge.goal.constraints)


def _kept_by(judge: GoalEvaluator, settings: RankingSettings, constraint: Constraint) -> ConstraintOutcome:
    lists, against = judge.lists(settings), judge.reference(constraint)
    side = 1 if constraint.at_least else -1
    if against is None:
        measured = means(lists, judge.facts)[constraint.metric]
        value, reference, unmoved = measured.mean, math.nan, False
    else:
        change = differences(lists, judge.lists(against), judge.facts)[constraint.metric]
        value, reference, measured, unmoved = change.new, change.old, change.change, not change.n_changed
    allowed = constraint.allowed(reference)
    room = constraint.room(value, reference)
    # The bound of a relative constraint counts as known; what is unsure is the change.
    ends = sorted((side * (end - measured.mean) + room) for end in (measured.low, measured.high))
    least = ZERO * abs(room)
    ends = [0.0 if abs(end) <= least else end for end in ends]
    interval = Interval(room, ends[0], ends[1], measured.n, measured.n_skipped)
    answer: Answer = "cannot tell"
    if interval.sign > 0 or interval.low == 0 or (unmoved and room >= 0):
        answer = "met"
    elif interval.sign < 0:
        answer = "missed"
    return ConstraintOutcome(constraint, allowed, value, interval, answer)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _interval_json(interval: Interval) -> dict[str, Any]:
    return {**interval.as_json(), "n": interval.n, "n_skipped": interval.n_skipped}


def _interval(saved: Mapping[str, Any]) -> Interval:
    mean, low, high = (_float(saved[name]) for name in ("mean", "low", "high"))
    return Interval(mean, low, high, int(saved["n"]), int(saved["n_skipped"]))


def _difference_json(change: Difference) -> dict[str, Any]:
    return {
        "metric": change.metric,
        "new": _number(change.new),
        "old": _number(change.old),
        "change": _interval_json(change.change),
        "verdict": change.verdict,
        "n_changed": change.n_changed,
    }


def _difference(saved: Mapping[str, Any]) -> Difference:
    return Difference(
        saved["metric"],
        _float(saved["new"]),
        _float(saved["old"]),
        _interval(saved["change"]),
        saved["verdict"],
        int(saved["n_changed"]),
    )


def _kept_json(kept: ConstraintOutcome) -> dict[str, Any]:
    return {
        "constraint": asdict(kept.constraint),
        "allowed": _number(kept.allowed),
        "value": _number(kept.value),
        "room": _interval_json(kept.room),
        "answer": kept.answer,
    }


def _kept(saved: Mapping[str, Any]) -> ConstraintOutcome:
    return ConstraintOutcome(
        Constraint(**saved["constraint"]),
        _float(saved["allowed"]),
        _float(saved["value"]),
        _interval(saved["room"]),
        saved["answer"],
    )


def _settings_json(settings: RankingSettings) -> dict[str, Any]:
    return EvaluationConfig("settings", settings).as_json()


def _settings(saved: Mapping[str, Any]) -> RankingSettings:
    return EvaluationConfig.from_json(saved).settings
