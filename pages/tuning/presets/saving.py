"""The present setting becomes a preset: its name and words, and how it measures at this moment."""

import streamlit as st

from pages._shared import words
from pages._shared.cards import weights_html
from pages.tuning.context import TuningCase
from pages.tuning.presets import measuring, messages
from pages.tuning.presets.card import fixed_html
from pages.tuning.presets.messages import Told
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.store.records import LONGEST_DESCRIPTION, LONGEST_GOAL, LONGEST_NAME, LONGEST_TAG, MOST_TAGS, Draft
from recsys.tuning.goals import Goal, describe_goal, save_goal

POPOVER, NEW = "save_preset", "new"
_FIELDS = ("preset_name", "preset_description", "preset_tags", "preset_goal")
_PICKED = "preset_picked_goal"


def save_new(case: TuningCase) -> None:
    """A button whose form saves what is on the sliders under a new name."""
    with st.popover(
        "Save this setting", icon=":material/bookmark_add:", type="primary", key=POPOVER, on_change="rerun"
    ):
        settings = measuring.present(case)
        n = words.count(int(case.mask.sum()), "test shopper")
        st.html(
            f'{weights_html(settings.weights.normalised())}<p class="sw-note">{fixed_html(settings)}. Kept with it: '
            f"all {len(LIVE_METRICS)} metrics over {n}, as they are now.</p>"
        )
        messages.show(case.room, NEW)
        asks_who = not messages.who()
        with st.form(NEW, border=False):
            left, right = st.columns(2)
            with left:
                st.text_input("Name", key="preset_name", max_chars=LONGEST_NAME, persist_state="session")
                tags_field("preset_tags", persist="session")
                goal_field("preset_goal", persist="session")
            with right:
                st.text_area(
                    "Description",
                    key="preset_description",
                    max_chars=LONGEST_DESCRIPTION,
                    height=122 if asks_who else 208,
                    persist_state="session",
                )
                if asks_who:
                    st.text_input("Your name", key="preset_who", max_chars=80, placeholder="asked once a session")
            st.form_submit_button("Save", type="primary", on_click=_save, args=(case,), key="preset_save")


def tags_field(key: str, value: str = "", persist: str | None = None) -> None:
    """Tags as text."""
    st.text_input(
        "Tags, with commas between them",
        value,
        key=key,
        max_chars=MOST_TAGS * (LONGEST_TAG + 2),
        placeholder="for example: autumn, mobile",
        persist_state=persist,  # type: ignore[arg-type]
    )


def goal_field(key: str, value: str = "", persist: str | None = None) -> None:
    """What it is for."""
    st.text_input(
        "Goal (optional)",
        value,
        key=key,
        max_chars=LONGEST_GOAL,
        placeholder="what it is tuned for, in your words",
        persist_state=persist,  # type: ignore[arg-type]
    )


def who() -> None:
    """Who saves, for everybody to see; kept for the session."""
    st.text_input(
        "Your name",
        key=messages.WHO,
        max_chars=80,
        placeholder="Your name",
        icon=":material/person:",
        label_visibility="collapsed",
        width=190,
        persist_state="session",
    )


def remember_who(key: str) -> None:
    """Keep the answer, if there is one, for everything that is saved from now on."""
    if said := str(st.session_state.get(key) or "").strip():
        st.session_state[messages.WHO] = said


def edited_goal(typed: str, saved: str) -> str:
    """What is kept of a goal whose words a person could change: the goal itself where they left them as they are."""
    return saved if typed == describe_goal(saved) else typed


def fill(goal: Goal, description: str) -> None:
    """Open the form, with name, goal and description filled in."""
    words_, state = describe_goal(goal), st.session_state
    state["preset_name"] = words_ if len(words_) <= LONGEST_NAME else f"{words_[: LONGEST_NAME - 1].rstrip()}…"
    state["preset_goal"], state[_PICKED] = words_, save_goal(goal)
    state["preset_description"], state[POPOVER] = description, True


def read_tags(typed: str) -> tuple[str, ...]:
    """Tags out of what was typed."""
    return tuple(tag for tag in typed.replace(";", ",").replace("\n", ",").split(",") if tag.strip())


def _save(case: TuningCase) -> None:
    state = st.session_state
    remember_who("preset_who")

    def work() -> Told:
        name, description, tags, goal = (str(state.get(field) or "") for field in _FIELDS)
        goal = edited_goal(goal, str(state.get(_PICKED) or ""))
        draft = Draft(name, measuring.present(case), description, read_tags(tags), goal)
        made = case.room.store.create(draft, measuring.measurement(case), by=messages.who())
        return Told(f"“{made.name}” is saved, with how it measures now.")

    if messages.attempt(case.room, work, NEW):
        state.update(dict.fromkeys(_FIELDS, ""))
        state[POPOVER] = False
