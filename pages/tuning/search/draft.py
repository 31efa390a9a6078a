"""A goal while it is picked: what the address holds of it, and what every control makes of it."""

import json
import math
from collections.abc import Mapping
from typing import Literal

import streamlit as st
from pydantic import Field

from pages._shared import address
from recsys.documents import Form, from_json
from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.segments import Segment
from recsys.tuning.goals import LONGEST_LIST, Against, Constraint, Goal, describe_goal

PARAMETER = "goal"
DEFAULT = Goal("ndcg")
MOST_CONDITIONS = 6
USUAL_SLACK = 0.05

EXAMPLES: Mapping[str, Goal] = {
    "Best nDCG": DEFAULT,
    "Varied and broad": Goal("ndcg", (Constraint("ild", 0.6), Constraint("coverage", 0.3))),
    "More novelty": Goal("novelty", (Constraint("ndcg", 0, "equal"),)),
    "New shoppers": Goal("ndcg", segment=Segment.of(activity="new")),
    "Mobile evenings": Goal("ndcg", segment=Segment.of(daypart="evening", device="mobile")),
}
"""Goals to begin with, by what their button says."""

Kind = Literal[
    "at least", "at most", "no worse than equal weights", "within % of equal weights", "within % of the best"
]
KINDS: Mapping[Kind, Against] = {
    "at least": "value",
    "at most": "value",
    "no worse than equal weights": "equal",
    "within % of equal weights": "equal",
    "within % of the best": "best",
}
"""How a metric can be bounded, and what it is then held against."""


class Condition(Form):
    """A constraint while it is picked, which may make no sense yet."""

    metric: str
    value: float = Field(ge=-1e6, le=1e6)
    against: Against
    at_least: bool

    @property
    def kind(self) -> Kind:
        """How it bounds its metric."""
        if self.against == "value":
            return "at least" if self.at_least else "at most"
        if self.against == "best":
            return "within % of the best"
        return "within % of equal weights" if self.value else "no worse than equal weights"


class GoalDraft(Form):
    """A goal while it is picked; of the form of a saved goal."""

    metric: str
    constraints: list[Condition] = Field(max_length=MOST_CONDITIONS)
    segment: dict[str, str]
    k: int = Field(ge=1, le=LONGEST_LIST)

    @property
    def metrics(self) -> set[str]:
        """The metrics that it speaks of."""
        return {self.metric, *(each.metric for each in self.constraints)}


def read_draft() -> tuple[GoalDraft, tuple[str, list[str]] | None]:
    """The goal that the address holds, or the usual one and why, as title and lines of a notice."""
    text = st.query_params.get(PARAMETER, "")
    usual = GoalDraft(**DEFAULT.as_json())
    if not text:
        return usual, None
    instead = f"Until you pick another one, it is: {describe_goal(DEFAULT)}."
    if not text.lstrip().startswith("{"):
        return usual, (
            "Goals are picked now instead of written.",
            [f"This link asks for “{text[:200]}”: pick that metric and its conditions below. {instead}"],
        )
    try:
        draft = from_json(GoalDraft, json.loads(text))
        for name in draft.metrics:
            Goal(name)
        Segment.of(**draft.segment)
    except (ValueError, RecursionError, SettingsError):
        return usual, ("The goal of this link cannot be read.", [instead])
    return draft, None


def fill_goal(goal: Goal) -> None:
    """Put the controls where a goal wants them."""
    write_draft(GoalDraft(**goal.as_json()))


def write_draft(draft: GoalDraft) -> None:
    """Put a goal into the address."""
    document = draft.model_dump()
    address.put(PARAMETER, None if document == DEFAULT.as_json() else json.dumps(document, separators=(",", ":")))


def start_condition(metric: str, kind: Kind, equal: Mapping[str, float]) -> Condition:
    """A condition on a metric, bounded in some way; a value to begin with is where equal weights stand.

    Parameters
    ----------
    equal : every metric with equal weights, as far as known
    """
    against, at_least = KINDS[kind], METRICS[metric].higher_is_better
    value = USUAL_SLACK if kind.startswith("within") else 0.0
    if against == "value":
        at_least = kind == "at least"
        value = round_bound(metric, equal.get(metric, 0.0), at_least=at_least)
    return Condition(metric=metric, value=value, against=against, at_least=at_least)


def step_of(metric: str) -> float:
    """Bounds that are proposed are multiples of this."""
    usual = {"share": 0.01, "bits": 0.1, "lift": 0.05}
    return usual.get(METRICS[metric].unit, 0.001 if METRICS[metric].digits > 3 else 0.01)


def round_bound(metric: str, value: float, *, at_least: bool) -> float:
    """The nearest round bound that a value keeps.

    >>> round_bound("coverage", 0.437, at_least=True), round_bound("ild", 0.4972, at_least=False)
    (0.43, 0.5)
    """
    step = step_of(metric)
    steps = math.floor(value / step + 1e-9) if at_least else math.ceil(value / step - 1e-9)
    return round(steps * step, 6)


def add_condition() -> None:
    """Another condition that makes sense as it is: something that is not spoken of yet, no worse than equal weights."""
    draft = read_draft()[0]
    unnamed = (name for name in ("ndcg", "ild", "coverage", "novelty", *METRICS) if name not in draft.metrics)
    draft.constraints.append(start_condition(next(unnamed, "ndcg"), "no worse than equal weights", {}))
    write_draft(draft)


def remove_condition(number: int) -> None:
    """Take one out, counted from 0."""
    draft = read_draft()[0]
    del draft.constraints[number : number + 1]
    write_draft(draft)
