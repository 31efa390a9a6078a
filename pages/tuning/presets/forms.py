"""Forms of presets: a new one, the details of one below its card, files in and out, and those that were deleted."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._shared import words
from pages._shared.cards import isolated, weights_html
from pages._shared.widgets import button, download
from pages.tuning import labels
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import actions, cards
from pages.tuning.presets.actions import PresetOutcome, attempt, show_outcome, visitor_name
from recsys.errors import ConflictError, StoreError
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.store.exchange import export_presets, import_presets
from recsys.store.records import LONGEST_DESCRIPTION, LONGEST_GOAL, LONGEST_NAME, LONGEST_TAG, MOST_TAGS, Draft, Preset
from recsys.tuning.goals import Goal, describe_goal, save_goal

POPOVER, NEW, IMPORT, DELETED = "save_preset", "new", "import_presets", "deleted_presets"
_PICKED = "preset_picked_goal"
_FIELDS = ("preset_name", "preset_description", "preset_tags", "preset_goal")
_OPEN, _FILE, _NTH = "preset_open", "import_file", "import_nth"


class OpenPreset(NamedTuple):
    """The preset whose details are open, in the version of then, so that a later one is not overwritten unawares."""

    preset_id: str
    version: int


def save_new(case: TuningCase) -> None:
    """A button whose form saves what is on the sliders under a new name, with how it measures at this moment."""
    with st.popover(
        "Save this setting", icon=":material/bookmark_add:", type="primary", key=POPOVER, on_change="rerun"
    ):
        settings = cards.present_settings(case)
        n = words.count(int(case.mask.sum()), "test shopper")
        st.html(
            f'{weights_html(settings.weights.normalised())}<p class="sw-note">{labels.preset_html(settings)}. Kept '
            f"with it: all {len(LIVE_METRICS)} metrics over {n}, as they are now.</p>"
        )
        show_outcome(case.room, NEW)
        asks_who = not visitor_name()
        with st.form(NEW, border=False):
            right = _word_fields(_FIELDS, ("", "", "", ""), 122 if asks_who else 208, persist_state="session")
            if asks_who:
                right.text_input("Your name", key="preset_who", max_chars=80, placeholder="asked once a session")
            st.form_submit_button("Save", type="primary", on_click=_save, args=(case,), key="preset_save")


def _word_fields(keys: Sequence[str], values: Sequence[str], height: int, **more: Any) -> DeltaGenerator:
    """The fields of a preset's name, description, tags and goal, in this order; gives the right column."""
    left, right = st.columns(2)
    (name_key, text_key, tags_key, goal_key), (name, text, tags, goal) = keys, values
    most_tags, tags_help = MOST_TAGS * (LONGEST_TAG + 2), "for example: autumn, mobile"
    goal_help = "what it is tuned for, in your words"
    with left:
        st.text_input("Name", name, LONGEST_NAME, key=name_key, **more)
        st.text_input("Tags, with commas between them", tags, most_tags, key=tags_key, placeholder=tags_help, **more)
        st.text_input("Goal (optional)", goal, LONGEST_GOAL, key=goal_key, placeholder=goal_help, **more)
    right.text_area("Description", text, key=text_key, max_chars=LONGEST_DESCRIPTION, height=height, **more)
    return right


def _typed_words(keys: Sequence[str], saved_goal: str) -> dict[str, Any]:
    """What these fields hold, as a preset keeps it; a goal whose words were left as they are stays the goal itself."""
    name, text, tags, goal = _typed(*keys)
    kept = saved_goal if goal == describe_goal(saved_goal) else goal
    return {"name": name, "description": text, "tags": read_tags(tags), "goal": kept}


def who_field() -> None:
    """Who saves, for everybody to see; kept for the session."""
    st.text_input(
        "Your name",
        key=actions.NAME_KEY,
        max_chars=80,
        placeholder="Your name",
        icon=":material/person:",
        label_visibility="collapsed",
        width=190,
        persist_state="session",
    )


def read_tags(typed: str) -> tuple[str, ...]:
    """Tags out of what was typed.

    >>> read_tags("autumn; mobile, ")
    ('autumn', ' mobile')
    """
    return tuple(tag for tag in typed.replace(";", ",").replace("\n", ",").split(",") if tag.strip())


def fill_form(goal: Goal, description: str) -> None:
    """Open the form, with name, goal and description filled in."""
    goal_text, state = describe_goal(goal), st.session_state
    state["preset_name"] = goal_text if len(goal_text) <= LONGEST_NAME else f"{goal_text[: LONGEST_NAME - 1].rstrip()}…"
    state["preset_goal"], state[_PICKED] = goal_text, save_goal(goal)
    state["preset_description"], state[POPOVER] = description, True


def _typed(*keys: str) -> list[str]:
    return [str(st.session_state.get(key) or "") for key in keys]


def _save(case: TuningCase) -> None:
    state = st.session_state
    if name := _typed("preset_who")[0].strip():
        state[actions.NAME_KEY] = name

    def work() -> PresetOutcome:
        draft = Draft(settings=cards.present_settings(case), **_typed_words(_FIELDS, _typed(_PICKED)[0]))
        made = case.room.store.create(draft, cards.measurement(case), by=visitor_name())
        return PresetOutcome(f"“{made.name}” is saved, with how it measures now.")

    if attempt(case.room, work, NEW):
        state.update(dict.fromkeys(_FIELDS, ""))
        state[POPOVER] = False


def open_preset() -> OpenPreset | None:
    """The one whose details are open, if any."""
    return st.session_state.get(_OPEN)


def is_open(preset: Preset) -> bool:
    """Whether its details are open."""
    now = open_preset()
    return now is not None and now.preset_id == preset.preset_id


def toggle_details(preset: Preset) -> None:
    """Open the details of a preset, or close them."""
    st.session_state[_OPEN] = None if is_open(preset) else OpenPreset(preset.preset_id, preset.version)


def _edit_keys(preset_id: str) -> list[str]:
    return [f"{field}_{preset_id}" for field in ("name", "about", "tags", "goal")]


def show_details(case: TuningCase, preset: Preset) -> None:
    """What is done more rarely, its history, and its words."""
    room, pid = case.room, preset.preset_id
    with st.container(horizontal=True, key="preset_more"):
        _rare_actions(room, preset)
    st.html(f'<h3 class="sw-chart-title">History</h3>{cards.history_html(preset)}')
    if preset.is_shipped:
        st.html('<p class="sw-note">It comes with Shelfwise and stays as it is. Duplicate it, and change the copy.</p>')
        return
    show_outcome(room, pid)
    with st.form(f"edit_{pid}", border=False):
        st.html('<h3 class="sw-chart-title sw-preset-words">Name and words</h3>')
        st.session_state[f"saved_goal_{pid}"] = preset.goal
        tags, goal = ", ".join(preset.tags), describe_goal(preset.goal)
        _word_fields(_edit_keys(pid), (preset.name, preset.description, tags, goal), 200)
        st.form_submit_button("Save these words", on_click=_describe, args=(room, pid), key=f"describe_{pid}")


def _rare_actions(room: TuningContext, preset: Preset) -> None:
    file = file_name(preset.name)
    if preset.is_default:
        button("No default any more", "default_off", "home", actions.clear_default, room)
    else:
        about = (
            "The dashboard starts from it, for everybody who opens it anew; links that say more still win. "
            f"It sets {actions.STARTS}."
        )
        button("Make it the default", "default_on", "home", actions.make_default, room, preset, help=about)
    if not preset.is_shipped:
        button("Duplicate", "duplicate", "content_copy", actions.duplicate, room, preset.preset_id)
    download("Export", "export_one", f"{file}.json", "application/json", lambda: export_presets([preset]))
    if preset.saves:
        table = f"{file}-history.csv"
        download("History as CSV", "export_history", table, "text/csv", lambda: cards.history_csv(preset.saves))
    if not preset.is_shipped:
        button("Delete", "delete", "delete", actions.delete, room, preset)


def _describe(room: TuningContext, preset_id: str) -> None:
    """Save the words; after a conflict they stay in the fields, and saving again is a decision to keep them."""
    state, now = st.session_state, open_preset()
    if now is None or now.preset_id != preset_id:
        return

    def work() -> PresetOutcome:
        new = _typed_words(_edit_keys(preset_id), _typed(f"saved_goal_{preset_id}")[0])
        try:
            saved = room.store.update(preset_id, version=now.version, by=visitor_name(), **new)
        except ConflictError as conflict:
            if conflict.done == "saved":
                state[_OPEN] = OpenPreset(preset_id, room.store.get(preset_id).version)
            raise
        state[_OPEN] = OpenPreset(preset_id, saved.version)
        return PresetOutcome(f"“{saved.name}” is saved.", where=preset_id)

    attempt(room, work, preset_id)


def file_name(name: str) -> str:
    """A preset's name as a file may be called everywhere.

    >>> file_name("Evening & mobile: 2/3"), file_name("أهلا")
    ('evening-mobile-2-3', 'preset')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "preset"


def import_file(room: TuningContext) -> None:
    """A file of presets comes in: all of it, or nothing."""
    with st.popover("Import", icon=":material/upload:", key=IMPORT, on_change="rerun"):
        st.html(
            '<p class="sw-note">A file that Shelfwise exported. Names that are taken get “(imported)” behind them; '
            "when anything in it is wrong, nothing is imported.</p>"
        )
        show_outcome(room, IMPORT)
        key = f"{_FILE}_{st.session_state.get(_NTH, 0)}"
        given = st.file_uploader("File of presets", "json", key=key, max_upload_size=1, label_visibility="collapsed")
        button("Import these presets", "import", "", _import, room, key, type="primary", disabled=given is None)


def _import(room: TuningContext, key: str) -> None:
    state = st.session_state

    def work() -> PresetOutcome:
        made = import_presets(room.store, state[key].getvalue(), by=visitor_name())
        names, more = ", ".join(f"“{preset.name}”" for preset in made[:5]), len(made) - 5
        listed = f"{names} and {more} more" if more > 0 else names
        return PresetOutcome(f"{words.count(len(made), 'preset')} imported.", (listed,))

    if attempt(room, work, IMPORT):
        state[_NTH] = state.get(_NTH, 0) + 1
        state[IMPORT] = False


def deleted_presets(room: TuningContext) -> None:
    """What was deleted and can be restored; looked up when somebody wants to know."""
    with st.popover("Deleted", icon=":material/restore_from_trash:", key=DELETED, on_change="rerun") as popover:
        if not popover.open:
            return
        try:
            gone = room.store.deleted()
        except StoreError as problem:
            st.html(f'<p class="sw-note">{isolated(problem)}</p>')
            return
        if not gone:
            st.html('<p class="sw-note">Nothing was deleted.</p>')
        for preset in gone[:50]:
            pid = preset.preset_id
            with st.container(horizontal=True, vertical_alignment="center", key=f"gone_{pid}"):
                st.html(
                    f'<p class="sw-note"><strong>{isolated(preset.name)}</strong><span class="sw-by">deleted by '
                    f"{isolated(preset.who)}, {labels.timestamp(preset.changed_at)}</span></p>",
                    width="stretch",
                )
                button("Restore", f"restore_{pid}", "", actions.restore, room, pid)
