"""Everything about one preset, below its card: its words, its history, and what is done more rarely."""

import re
from dataclasses import dataclass

import streamlit as st

from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import actions, history, messages, saving
from pages.tuning.presets.messages import Told
from recsys.errors import ConflictError
from recsys.store.exchange import export_presets
from recsys.store.records import LONGEST_DESCRIPTION, LONGEST_NAME, Preset
from recsys.tuning.goals import describe_goal

_OPEN = "preset_open"


@dataclass(frozen=True, slots=True)
class Opened:
    """The preset whose details are open, as it was then.

    Parameters
    ----------
    version : what a change is made to; whoever saved since is not overwritten unawares
    """

    preset_id: str
    version: int


def opened() -> Opened | None:
    """Which one is open, if any."""
    found: Opened | None = st.session_state.get(_OPEN)
    return found


def toggle(preset: Preset) -> None:
    """Open the details of a preset, or close them."""
    now = opened()
    is_open = now is not None and now.preset_id == preset.preset_id
    st.session_state[_OPEN] = None if is_open else Opened(preset.preset_id, preset.version)


def show(case: TuningCase, preset: Preset) -> None:
    """History, words, and the rest of the actions."""
    room, pid = case.room, preset.preset_id
    with st.container(horizontal=True, key="preset_more"):
        _actions(room, preset)
    st.html(f'<h3 class="sw-chart-title">History</h3>{history.table_html(preset)}')
    if preset.is_shipped:
        st.html('<p class="sw-note">It comes with Shelfwise and stays as it is. Duplicate it, and change the copy.</p>')
        return
    messages.show(room, pid)
    with st.form(f"edit_{pid}", border=False):
        st.html('<h3 class="sw-chart-title sw-preset-words">Name and words</h3>')
        left, right = st.columns(2)
        with left:
            st.text_input("Name", preset.name, key=f"name_{pid}", max_chars=LONGEST_NAME)
            saving.tags_field(f"tags_{pid}", ", ".join(preset.tags))
            saving.goal_field(f"goal_{pid}", describe_goal(preset.goal))
            st.session_state[f"saved_goal_{pid}"] = preset.goal
        with right:
            st.text_area(
                "Description", preset.description, key=f"about_{pid}", max_chars=LONGEST_DESCRIPTION, height=200
            )
        st.form_submit_button("Save these words", on_click=_describe, args=(room, pid), key=f"describe_{pid}")


def _actions(room: TuningContext, preset: Preset) -> None:
    if preset.is_default:
        st.button(
            "No default any more",
            key="default_off",
            icon=":material/home:",
            on_click=actions.clear_default,
            args=(room,),
        )
    else:
        st.button(
            "Make it the default",
            key="default_on",
            icon=":material/home:",
            help="The dashboard starts from it, for everybody who opens it anew; links that say more still win. "
            f"It sets {actions.STARTS}.",
            on_click=actions.make_default,
            args=(room, preset),
        )
    if not preset.is_shipped:
        st.button(
            "Duplicate",
            key="duplicate",
            icon=":material/content_copy:",
            on_click=actions.duplicate,
            args=(room, preset.preset_id),
        )
    st.download_button(
        "Export",
        lambda: export_presets([preset]),
        f"{file_name(preset.name)}.json",
        "application/json",
        key="export_one",
        icon=":material/download:",
        on_click="ignore",
    )
    if preset.saves:
        st.download_button(
            "History as CSV",
            lambda: history.csv(preset.saves),
            f"{file_name(preset.name)}-history.csv",
            "text/csv",
            key="export_history",
            icon=":material/download:",
            on_click="ignore",
        )
    if not preset.is_shipped:
        st.button("Delete", key="delete", icon=":material/delete:", on_click=actions.delete, args=(room, preset))


def _describe(room: TuningContext, preset_id: str) -> None:
    """Save the words; after a conflict they stay in the fields, and saving again is a decision to keep them."""
    state, now = st.session_state, opened()
    if now is None or now.preset_id != preset_id:
        return

    def work() -> Told:
        try:
            saved = room.store.update(
                preset_id,
                version=now.version,
                name=str(state.get(f"name_{preset_id}") or ""),
                description=str(state.get(f"about_{preset_id}") or ""),
                tags=saving.read_tags(str(state.get(f"tags_{preset_id}") or "")),
                goal=saving.edited_goal(
                    str(state.get(f"goal_{preset_id}") or ""), str(state.get(f"saved_goal_{preset_id}") or "")
                ),
                by=messages.who(),
            )
        except ConflictError as conflict:
            if conflict.done == "saved":
                state[_OPEN] = Opened(preset_id, room.store.get(preset_id).version)
            raise
        state[_OPEN] = Opened(preset_id, saved.version)
        return Told(f"“{saved.name}” is saved.", where=preset_id)

    messages.attempt(room, work, preset_id)


def file_name(name: str) -> str:
    """A preset's name as a file may be called everywhere.

    >>> file_name("Evening & mobile: 2/3"), file_name("أهلا")
    ('evening-mobile-2-3', 'preset')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "preset"
