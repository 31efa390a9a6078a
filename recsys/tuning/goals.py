"""Goals of a search: a metric to improve, constraints on others, and whose lists count."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, PlainSerializer

from recsys.documents import from_json, to_json
from recsys.errors import SettingsError
from recsys.evaluation.metrics.format import exact, unusable, written
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.panel.panel import N_BASELINE
from recsys.panel.segments import EVERYONE, Segment
from recsys.settings import RankingSettings

Against = Literal["value", "equal", "best"]


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

    def room(self, value: float, reference: float) -> float:
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


_SEGMENT_WORDS: Mapping[str, str] = {
    "top_category": "who mostly buy {}",
    "home": "from {}",
    "daypart": "in the {}",
    "weekday": "on {}",
    "season": "in {}",
    "device": "on {}",
    "region": "in region {}",
}


def describe_segment(segment: Segment) -> str:
    """Which shoppers count, in words.

    >>> describe_segment(Segment.of(activity="new", device="mobile", daypart="evening"))
    'new shoppers in the evening on mobile'
    """
    values = segment.as_dict()
    described = [words.format(values[name]) for name, words in _SEGMENT_WORDS.items() if name in values]
    return " ".join(filter(None, (values.get("activity"), "shoppers", *described)))


def _require_metric(name: str) -> None:
    if name not in LIVE_METRICS:
        raise SettingsError(f"{name!r} is not a metric; use one of {', '.join(LIVE_METRICS)}")
