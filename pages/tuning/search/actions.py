"""What the buttons below a result do; each runs before the page is drawn again."""

from typing import Any

import streamlit as st

from pages._shared.view import positions
from pages.tuning import controls
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.search import summary
from recsys.panel.segments import Scenario
from recsys.settings import CONTEXT_DIMENSIONS, RankingSettings
from recsys.store.records import LONGEST_NAME
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.goals import Goal
from recsys.tuning.search_result import SearchResult

_CLICKS, SECTION = "search_clicks", "room"
_LONGEST_GOAL = 200


def load(room: TuningContext, goal: Goal, settings: RankingSettings) -> None:
    """Put all controls where a setting wants them, judged by the shoppers of its goal."""
    wanted, stated = goal.segment.as_dict(), {}
    for name in CONTEXT_DIMENSIONS:
        option = room.choices.options[name]
        if name in wanted and not option.unavailable and wanted[name] in option.values:
            stated[name] = wanted[name]  # who came so is imagined so, which changes nothing and names the shoppers
    controls.load(room.choices, EvaluationConfig("what was found", settings, Scenario.of(**stated)), goal.segment)
    st.session_state[_CLICKS] = clicks() + 1


def load_clicked(event: Any, room: TuningContext, found: SearchResult) -> None:
    """Load the point of the chart that was clicked, if it was one."""
    points = event["selection"]["points"] if event else []
    place = points[0].get("customdata") if points else None
    place = place[0] if isinstance(place, list) and place else place
    if isinstance(place, int) and 0 <= place < len(found.front):
        load(room, found.goal, found.front[place].settings)


def clicks() -> int:
    """How often something was loaded; the chart is a fresh one after each, which forgets what was clicked."""
    return int(st.session_state.get(_CLICKS, 0))


def compare(room: TuningContext, found: SearchResult) -> None:
    """Load it and open the section that holds two settings side by side."""
    load(room, found.goal, found.settings)
    st.session_state[SECTION] = "Side by side"


def save(room: TuningContext, found: SearchResult) -> None:
    """Load it and open the form that saves it, with name, goal and what it came to filled in."""
    load(room, found.goal, found.settings)
    goal, state = found.goal.in_words(), st.session_state
    state["preset_name"] = _short(goal[0].upper() + goal[1:], LONGEST_NAME)
    state["preset_goal"] = _short(goal, _LONGEST_GOAL)
    state["preset_description"] = f"Found by a search. {summary.finding(found)} {summary.tried(found)}"
    state["save_preset"], state[SECTION] = True, "Presets"


def is_loaded(case: TuningCase, settings: RankingSettings) -> bool:
    """Whether the controls stand where a setting wants them, as exactly as controls can."""
    return _on_controls(case.now.settings) == _on_controls(settings)


def _on_controls(settings: RankingSettings) -> tuple[object, ...]:
    strength = round(settings.diversity, 2)
    return positions(settings.fusion), strength, settings.method if strength else "", settings.n


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
