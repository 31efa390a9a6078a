"""A goal while it is picked: what the address holds of it, and what every control makes of it."""

import json
import math
from collections.abc import Mapping
from typing import Literal, TypedDict, cast

import streamlit as st
from pydantic import Field

from pages._shared import address
from recsys.documents import Form, from_json
from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.panel import N_BASELINE
from recsys.panel.segments import Segment
from recsys.tuning.goals import Against, Constraint, Goal, describe_goal

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


class Condition(TypedDict):
    """A constraint while it is picked, which may make no sense yet."""

    metric: str
    value: float
    against: Against
    at_least: bool


class Draft(TypedDict):
    """A goal while it is picked; of the form of a saved goal."""

    metric: str
    constraints: list[Condition]
    segment: dict[str, str]
    k: int


class _ConditionForm(Form):
    metric: str
    value: float = Field(ge=-1e6, le=1e6)
    against: Against
    at_least: bool


class _DraftForm(Form):
    metric: str
    constraints: list[_ConditionForm] = Field(max_length=MOST_CONDITIONS)
    segment: dict[str, str]
    k: int = Field(ge=1, le=N_BASELINE)


def read_draft() -> tuple[Draft, tuple[str, list[str]] | None]:
    """The goal that the address holds, or the usual one and why, as title and lines of a notice."""
    text = st.query_params.get(PARAMETER, "")
    usual = cast(Draft, DEFAULT.as_json())
    if not text:
        return usual, None
    instead = f"Until you pick another one, it is: {describe_goal(DEFAULT)}."
    if not text.lstrip().startswith("{"):
        return usual, (
            "Goals are picked now instead of written.",
            [f"This link asks for “{text[:200]}”: pick that metric and its conditions below. {instead}"],
        )
    try:
        draft = cast(Draft, from_json(_DraftForm, json.loads(text)).model_dump())
        for name in (draft["metric"], *(each["metric"] for each in draft["constraints"])):
            Goal(name)
        Segment.of(**draft["segment"])
    except (ValueError, RecursionError, SettingsError):
        return usual, ("The goal of this link cannot be read.", [instead])
    return draft, None


def fill(goal: Goal) -> None:
    """Put the controls where a goal wants them."""
    write_draft(cast(Draft, goal.as_json()))


def kind_of(condition: Condition) -> Kind:
    """How a condition bounds its metric."""
    if condition["against"] == "value":
        return "at least" if condition["at_least"] else "at most"
    if condition["against"] == "best":
        return "within % of the best"
    return "within % of equal weights" if condition["value"] else "no worse than equal weights"


def write_draft(draft: Draft) -> None:
    """Put a goal into the address."""
    is_usual = draft == DEFAULT.as_json()
    address.put(PARAMETER, None if is_usual else json.dumps(draft, separators=(",", ":")))


def rebound(metric: str, kind: Kind, equal: Mapping[str, float]) -> Condition:
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
    return {"metric": metric, "value": value, "against": against, "at_least": at_least}


def step_of(metric: str) -> float:
    """Bounds that are proposed are multiples of this."""
    shown = METRICS[metric]
    usual = {"share": 0.01, "bits": 0.1, "lift": 0.05}
    return usual.get(shown.unit, 0.001 if shown.digits > 3 else 0.01)


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
    named = {draft["metric"], *(each["metric"] for each in draft["constraints"])}
    metric = next((name for name in ("ndcg", "ild", "coverage", "novelty", *METRICS) if name not in named), "ndcg")
    better = METRICS[metric].higher_is_better
    draft["constraints"].append({"metric": metric, "value": 0.0, "against": "equal", "at_least": better})
    write_draft(draft)


def remove_condition(place: int) -> None:
    """Take one out."""
    draft = read_draft()[0]
    del draft["constraints"][place : place + 1]
    write_draft(draft)
