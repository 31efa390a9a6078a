"""What is searched for: the goal while it is picked, which the address holds, and the one search of a shop."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

import streamlit as st
from pydantic import Field

from pages._shared import address, job_progress
from pages._shared.view import LENGTHS
from pages.tuning import context
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.metric_charts import Point
from recsys.documents import Form, from_json
from recsys.errors import RecsysError, SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.jobs import Job
from recsys.jobs.paths import AppPaths
from recsys.jobs.search_job import read_request, search_job_at, start_search
from recsys.panel.engine import WHOLE_CATALOGUE
from recsys.panel.panel import N_BASELINE
from recsys.panel.segments import Segment
from recsys.settings import FusionSettings, RankingSettings
from recsys.store.addresses import VARIABLE, file_address
from recsys.store.database import FILE
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.goals import Against, Constraint, Goal, describe_goal
from recsys.tuning.search import MOST_TRIALS

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
    k: int = Field(ge=1, le=N_BASELINE)

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
    """A condition on a metric; its value at first is near where equal weights stand, by `equal`, as far as known."""
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


EFFORTS: Mapping[str, int] = {"Quick": 60, "Thorough": 240, "Very thorough": 600}
"""How many settings with variety are tried, by what it is called."""

_READY_S, _MAPPING_S = 3.0, 3.0
_TRYING_S, _CHOOSING_S = (5.0, 0.09), (8.0, 0.055)
"""At first, and more for each setting. Measured on two busy cores for the 911 validation shoppers of the demo shop."""

_DEMO_SHOPPERS = 911


class SearchRequest(NamedTuple):
    """What a search was started for."""

    goal: Goal
    n_trials: int


def work_of(room: TuningContext) -> Job:
    """The search of the shop that the room is about, running, ended or never started."""
    return search_job_at(room.home.path / "searches" / room.home.panel(room.split).name)


def request_of(work: Job) -> SearchRequest | None:
    """What it was started for, or None where it never was."""
    asked = read_request(work)
    return None if asked is None else SearchRequest(*asked)


def start(room: TuningContext, request: SearchRequest) -> None:
    """Start it; raises RecsysError where another one is under way, or where it cannot be started or shown."""
    require_length(request.goal)
    start_search(
        work_of(room).folder,
        room.home.panel(room.split),
        request.goal,
        request.n_trials,
        database_url(room.home),
        default=room.own_weights,
    )


def require_length(goal: Goal) -> None:
    """Raise SettingsError for lists of a length that cannot be shown or saved here."""
    if goal.k not in LENGTHS:
        *most, last = map(str, LENGTHS)
        raise SettingsError(f"lists of {goal.k} cannot be shown in this room; ask for {', '.join(most)} or {last}")


def database_url(home: AppPaths) -> str:
    """Where what was tried is kept, beside the presets; it may hold a password, so it is never shown."""
    given = os.environ.get(VARIABLE, "").strip()
    return given or file_address(home.path / FILE).render_as_string(hide_password=False)


def more_trials(n_trials: int) -> int:
    """How many settings to have tried in all after the next step."""
    more = next((n for n in EFFORTS.values() if n > n_trials), n_trials + EFFORTS["Very thorough"])
    return min(more, MOST_TRIALS)


def is_of_other_data(room: TuningContext, panel_ids: object) -> bool:
    """Whether something was found on other shoppers than the room has now, by the ids of its panels by role."""
    known = panel_ids if isinstance(panel_ids, Mapping) else {}
    return any(known.get(engine.panel.role) != engine.panel.panel_id for engine in (room.validation, room.test))


def usual_shares(n_trials: int) -> Mapping[str, float]:
    """How long the stages of a search take beside each other."""
    return {
        "Getting ready": _READY_S,
        "Mapping weights": _MAPPING_S,
        "Trying variety": _TRYING_S[0] + n_trials * _TRYING_S[1],
        "Choosing": _CHOOSING_S[0] + n_trials * _CHOOSING_S[1],
        "Measuring on test shoppers": 0.3,
    }


def usual_s(room: TuningContext, n_trials: int) -> float:
    """About how long a search takes here, in seconds."""
    ready, *others = usual_shares(n_trials).values()
    return ready + sum(others) * max(len(room.validation.panel) / _DEMO_SHOPPERS, 0.3)


def job_display(n_trials: int) -> job_progress.JobDisplay:
    """How its progress is shown."""
    return job_progress.JobDisplay(
        label="Searching for good weights",
        start="Search",
        usual_shares=usual_shares(n_trials),
        is_resumable=True,
        key="search_",
    )


def marked_settings(case: TuningCase, goal: Goal, metrics: tuple[str, str]) -> dict[str, Point]:
    """Where equal weights and the present setting lie among the validation shoppers of a goal."""
    equal = equal_means(case.room, goal.k, goal.segment)
    now = _means(case.room, replace(case.now, settings=replace(case.now.settings, n=goal.k)), goal.segment)
    found = {"reference": equal, "now": now}
    first, second = metrics
    return {
        kind: (values.get(first, math.nan), values.get(second, math.nan)) for kind, values in found.items() if values
    }


def equal_means(room: TuningContext, k: int, segment: Segment) -> dict[str, float]:
    """Every metric with equal weights over the validation shoppers of a segment; empty where it cannot be measured."""
    ranking = RankingSettings(FusionSettings(1, 1, 1, 1), WHOLE_CATALOGUE, k)
    return _means(room, EvaluationConfig("equal weights", ranking), segment)


def _means(room: TuningContext, setting: EvaluationConfig, segment: Segment) -> dict[str, float]:
    engine = room.validation
    if not segment.mask(engine.panel.shoppers).any():
        return {}
    try:
        found = context.means_of(engine, engine.panel.panel_id, setting.settings, setting.scenario, segment)
    except RecsysError:
        return {}  # a setting that cannot be measured has no place
    return {name: each.mean for name, each in found.items() if not math.isnan(each.mean)}
