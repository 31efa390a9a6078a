"""The one search of a shop: what it was started for, how long it takes, and settings measured as it measures them."""

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from pages._shared import job_progress
from pages._shared.view import LENGTHS
from pages.tuning.context import TuningCase, TuningContext, means_of
from pages.tuning.metric_charts import Point
from recsys.errors import RecsysError, SettingsError
from recsys.jobs import Job
from recsys.jobs.paths import AppPaths
from recsys.jobs.search_job import read_request, search_job_at, start_search
from recsys.panel.engine import WHOLE_CATALOGUE
from recsys.panel.segments import Segment
from recsys.settings import FusionSettings, RankingSettings
from recsys.store.addresses import VARIABLE, file_address
from recsys.store.database import FILE
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.goals import Goal
from recsys.tuning.search import MOST_TRIALS

EFFORTS: Mapping[str, int] = {"Quick": 60, "Thorough": 240, "Very thorough": 600}
"""How many settings with variety are tried, by what it is called."""

_DEMO_SHOPPERS = 911
"""Validation shoppers of the demo shop, on which the usual times were measured."""


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
    folder, panel = work_of(room).folder, room.home.panel(room.split)
    start_search(folder, panel, *request, database_url(room.home), default=room.own_weights)


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
    """How long the stages of a search take, in seconds on two busy cores for the demo shop."""
    return {
        "Getting ready": 3.0,
        "Mapping weights": 3.0,
        "Trying variety": 5.0 + 0.09 * n_trials,
        "Choosing": 8.0 + 0.055 * n_trials,
        "Measuring on test shoppers": 0.3,
    }


def usual_s(room: TuningContext, n_trials: int) -> float:
    """About how long a search takes here, in seconds."""
    ready, *others = usual_shares(n_trials).values()
    return ready + sum(others) * max(len(room.validation.panel) / _DEMO_SHOPPERS, 0.3)


def job_display(n_trials: int) -> job_progress.JobDisplay:
    """How its progress is shown."""
    shares = usual_shares(n_trials)
    return job_progress.JobDisplay("Searching for good weights", "Search", shares, is_resumable=True, key="search_")


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
        found = means_of(engine, engine.panel.panel_id, setting.settings, setting.scenario, segment)
    except RecsysError:
        return {}  # a setting that cannot be measured has no place
    return {name: each.mean for name, each in found.items() if not math.isnan(each.mean)}
