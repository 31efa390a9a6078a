"""What settings are searched for: a metric to make as good as it can be, what must hold meanwhile, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from recsys.errors import SettingsError
from recsys.evaluation.metrics.format import exact, unusable
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.panel.segments import EVERYONE, Segment
from recsys.settings import RankingSettings

Against = Literal["value", "equal", "best"]

LONGEST_LIST = 100
"""Longest list that a goal may be about; the baselines are no longer."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """What must hold of one metric.

    Parameters
    ----------
    metric : of `LIVE_METRICS`
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
        if self.against == "value":
            if not METRICS[self.metric].lowest <= self.value <= METRICS[self.metric].highest:
                raise SettingsError(unusable(self.metric, self.value))
        elif self.against not in ("equal", "best"):
            raise SettingsError(f"a constraint is not held against {self.against!r}; use value, equal or best")
        else:
            if not 0 <= self.value < 1:
                raise SettingsError(f"a metric cannot be within {self.value:.0%} of another; give 0% to 99%")
            if self.at_least != METRICS[self.metric].higher_is_better:
                better = "high" if METRICS[self.metric].higher_is_better else "low"
                raise SettingsError(
                    f"{METRICS[self.metric].short} is better the {better}er it is; ask that it be no worse than that"
                )

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


@dataclass(frozen=True, slots=True)
class Goal:
    """The metric to improve, and what must hold.

    Parameters
    ----------
    metric : of `LIVE_METRICS`, made as high (or low, where that is better) as it can be
    constraints : all of them must hold; at most one a metric and direction, and a lowest value is no higher than the
        highest one
    segment : whose shoppers count
    k : list length
    """

    metric: str
    constraints: tuple[Constraint, ...] = ()
    segment: Segment = EVERYONE
    k: int = RankingSettings().n

    def __post_init__(self) -> None:
        _require_metric(self.metric)
        if not 1 <= self.k <= LONGEST_LIST:
            raise SettingsError(f"lists of {self.k} cannot be searched for; give a length from 1 to {LONGEST_LIST}")
        sides = [(each.metric, each.at_least) for each in self.constraints]
        for metric, at_least in sides:
            if sides.count((metric, at_least)) > 1:
                raise SettingsError(f"{METRICS[metric].short} is bounded twice from the same side; decide on one bound")
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
        """The metrics that it speaks of, each once, the one to improve first."""
        return tuple(dict.fromkeys((self.metric, *(each.metric for each in self.constraints))))

    def in_words(self) -> str:
        """The goal as a sentence that `goal_words.parse_goal` reads back."""
        from recsys.tuning.goal_words import say_goal

        return say_goal(self)

    def as_json(self) -> dict[str, Any]:
        """The goal as it is saved."""
        return {
            "metric": self.metric,
            "constraints": [
                {"metric": each.metric, "value": each.value, "against": each.against, "at_least": each.at_least}
                for each in self.constraints
            ],
            "segment": self.segment.as_dict(),
            "k": self.k,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """The goal that `as_json` wrote, checked again.

        Raises
        ------
        SettingsError : a part of it makes no sense
        KeyError, TypeError : the mapping has another form
        """
        return cls(
            saved["metric"],
            tuple(Constraint(**each) for each in saved["constraints"]),
            Segment.of(**saved["segment"]),
            int(saved["k"]),
        )


def parse_goal(words: str) -> Goal:
    """Read a goal as somebody would write it: "best nDCG with diversity at least 0.6 and coverage at least 30%".

    Raises
    ------
    SettingsError : a word is not understood, or what is asked makes no sense
    """
    from recsys.tuning.goal_words import read_goal

    return read_goal(words)


def _require_metric(name: str) -> None:
    if name not in LIVE_METRICS:
        raise SettingsError(f"{name!r} is not a metric; use one of {', '.join(LIVE_METRICS)}")
