"""The goal in words, read while it is typed and said back; how hard to search; and the button that starts it."""

from collections.abc import Mapping

import streamlit as st

from pages._shared import words, working
from pages._shared.cards import esc, isolated
from pages._shared.view import Choices
from pages.tuning.context import TuningContext
from pages.tuning.search import shop_search
from pages.tuning.search.shop_search import EFFORTS, Wanted
from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.tuning.goal_evaluation import GoalEvaluator
from recsys.tuning.goals import Goal, parse_goal

LONGEST_GOAL = 400

EXAMPLES: Mapping[str, str] = {
    "Best nDCG": "best nDCG",
    "Varied and broad": "best nDCG with diversity at least 0.6 and coverage at least 30%",
    "More novelty": "most novelty with nDCG no lower than with equal weights",
    "New shoppers": "best nDCG for new shoppers",
    "Mobile evenings": "best nDCG in the evening on mobile",
}
"""Goals to begin with, by what their button says."""

_NEEDS = {"Mobile evenings": ("daypart", "device")}
_HELP = (
    "Say what to improve, then what must hold: at least, at most, no lower than with equal weights, within 2% of the "
    "best. And, if you like, for whom: new shoppers, in the evening, on mobile. “nDCG@20” asks for lists of 20."
)


def ask(room: TuningContext, *, is_running: bool) -> None:
    """The box, examples that fill it, and what was understood."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="goal_row"):
        said = st.text_input(
            "What should be as good as possible, and what must hold?",
            EXAMPLES["Best nDCG"],
            max_chars=LONGEST_GOAL,
            key="goal",
            help=_HELP,
            live="0.6s",
            bind="query-params",
            placeholder="best nDCG with diversity at least 0.6",
        )
        effort = st.selectbox(
            "How hard to search",
            list(EFFORTS),
            key="effort",
            help=f"Every mix of weights is measured anyway; besides, {_numbers()} settings with variety are tried.",
            bind="query-params",
            width=190,
        )
        goal, problem = _read(room, said or "")
        n_trials, can_start = EFFORTS[effort or "Quick"], goal is not None and not is_running
        st.button(
            "Search",
            key="search",
            type="primary" if can_start else "secondary",
            icon=":material/search:",
            disabled=not can_start,
            help="One search of this shop at a time." if is_running else None,
            on_click=begin,
            args=(room, goal and Wanted(goal, n_trials)),
        )
    _examples(room.choices)
    st.html(_understood(room, goal, n_trials) if goal else problem)


def begin(room: TuningContext, wanted: Wanted | None) -> None:
    """Start a search; if that fails, the progress says why."""
    if wanted is not None:
        working.start(shop_search.panel(wanted.n_trials), lambda: shop_search.start(room, wanted))


def fill(goal: str) -> None:
    """Put a goal into the box."""
    st.session_state["goal"] = goal


def examples(choices: Choices) -> Mapping[str, str]:
    """The examples that make sense for this shop."""
    return {
        name: goal
        for name, goal in EXAMPLES.items()
        if not any(choices.options[needed].unavailable for needed in _NEEDS.get(name, ()))
    }


def _examples(choices: Choices) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="goal_examples"):
        st.html('<span class="sw-quiet">For example</span>', width="content")
        for name, goal in examples(choices).items():
            st.button(name, key=f"example_{name}", type="tertiary", help=goal, on_click=fill, args=(goal,))


def _read(room: TuningContext, said: str) -> tuple[Goal | None, str]:
    """The goal, or None and what is wrong with it, as HTML."""
    try:
        goal = parse_goal(said)
    except SettingsError as problem:
        return None, _refused("Not understood yet.", problem)
    try:
        shop_search.require_length(goal)
        for engine in (room.validation, room.test):
            GoalEvaluator(engine, goal)  # refuses a group that is too small to choose by
    except SettingsError as problem:
        return None, _refused("Understood, but it cannot be searched for here.", problem)
    return goal, ""


def _understood(room: TuningContext, goal: Goal, n_trials: int) -> str:
    engines = (room.validation, room.test)
    chosen_on, told_by = (engine.panel.n_shoppers(goal.segment.mask(engine.panel.shoppers)) for engine in engines)
    asks = " ".join(
        f"<li><strong>{esc(METRICS[name].at(goal.k))}</strong> {esc(METRICS[name].asks)}</li>" for name in goal.metrics
    )
    took = words.duration(5 * max(round(shop_search.usual_s(room, n_trials) / 5), 1))
    return (
        f'<div class="sw-goal" role="status"><p><span class="sw-quiet">Understood:</span> '
        f"<strong>{isolated(goal.in_words())}</strong></p>"
        f'<ul class="sw-goal-asks">{asks}</ul>'
        f'<p class="sw-note">Takes about {took}. Chosen on earlier choices '
        f"({words.count(chosen_on, 'validation shopper')}). "
        f"What many of the same people chose later ({words.count(told_by, 'test shopper')}) is looked at only then, to "
        "tell what the choice is worth. The goal says who counts and how long lists are; the controls above play no "
        "part, and stay usable meanwhile.</p></div>"
    )


def _refused(heading: str, problem: SettingsError) -> str:
    return (
        f'<div class="sw-goal sw-goal-unread" role="status"><p><strong>{heading}</strong> '
        f"{isolated(words.sentence(str(problem)))}</p></div>"
    )


def _numbers() -> str:
    *most, last = map(str, EFFORTS.values())
    return f"{', '.join(most)} or {last}"
