"""What buttons and forms of presets do before the page is drawn again, and what the last action came to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import streamlit as st

from pages._shared import resources, words
from pages._shared.cards import esc, notice_html
from pages._shared.controls import button
from pages._shared.view import LENGTHS
from pages.tuning import controls
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import cards
from recsys.errors import ConflictError, RecsysError, StoreUnavailable
from recsys.panel.segments import EvaluationConfig, Scenario, Segment
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.store.exchange import import_presets
from recsys.store.records import LONGEST_NAME, Draft, Preset, PresetSettings
from recsys.tuning.goals import Goal, describe_goal, save_goal

NAME_KEY = "your_name"
PAGE, NEW, IMPORT = "page", "new", "import_presets"
"""Where what an action came to is shown: on the page, or in a popover."""

POPOVER, FILE, NTH = "save_preset", "import_file", "import_nth"
FIELDS = ("preset_name", "preset_description", "preset_tags", "preset_goal")

STARTS = "weights, variety with its method, and list length; circumstances, shoppers and shelf stay free"
"""What of a preset a default is."""

AGAIN = "presets_run_again"
"""Where the whole page has to run again, because what it starts from has changed."""

_OUTCOME, _OPEN, _PICKED = "preset_outcome", "preset_open", "preset_picked_goal"


class PresetOutcome(NamedTuple):
    """What the last action on presets came to, shown at `where`: PAGE, NEW, IMPORT, or the id of a preset.

    Texts may hold names that people typed, so never markup; `undo` is the id of a preset that can be restored.
    """

    title: str
    lines: tuple[str, ...] = ()
    where: str = PAGE
    is_problem: bool = False
    undo: str = ""


def visitor_name() -> str:
    """How this visitor calls themselves, "" where they did not say."""
    return str(st.session_state.get(NAME_KEY) or "")


def name_field(**look: Any) -> None:
    """Draw the field for who saves and signs, for everybody to see; kept for the session."""
    st.text_input("Your name", key=NAME_KEY, max_chars=80, placeholder="Your name", persist_state="session", **look)


@contextmanager
def attempt(tuning: TuningContext, where: str = PAGE) -> Iterator[None]:
    """Do something with the store; a problem ends it, changes nothing, and is shown at `where`."""
    try:
        yield
    except RecsysError as problem:
        titles = {ConflictError: "Somebody else was faster:", StoreUnavailable: "The presets cannot be reached:"}
        title = next((each for kind, each in titles.items() if isinstance(problem, kind)), "That was not done:")
        _report(title, words.sentence(str(problem)), where=where, is_problem=True)
    else:
        resources.saved(tuning.home, tuning.shop).expire()


def _report(title: str, *lines: str, **more: Any) -> None:
    st.session_state[_OUTCOME] = PresetOutcome(title, lines, **more)


def show_outcome(tuning: TuningContext, where: str = PAGE) -> None:
    """Show what was done last where it belongs, with a way back from a deletion."""
    outcome: PresetOutcome | None = st.session_state.get(_OUTCOME)
    if outcome is None or outcome.where != where:
        return
    if outcome.is_problem:
        st.html(notice_html(outcome.title, outcome.lines))
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"told_{where}"):
        more = "".join(f'<br><span class="sw-quiet">{esc(line)}</span>' for line in outcome.lines)
        st.html(f'<p class="sw-hint" role="status" dir="auto">{esc(outcome.title)}{more}</p>', width="stretch")
        if outcome.undo:
            button("Undo", "preset_undo", "undo", restore, tuning, outcome.undo)


def restore(tuning: TuningContext, preset_id: str) -> None:
    """Undo a deletion."""
    with attempt(tuning):
        _report(f"“{tuning.store.restore(preset_id, by=visitor_name()).name}” is back.")


def load(tuning: TuningContext, preset: Preset) -> None:
    """Put all controls where the preset has them, and say what no control here can hold."""
    with attempt(tuning):
        setting, segment, lost = _fitting(tuning, preset.name, preset.settings)
        controls.load(tuning.choices, setting, segment)
        lines = [f"Left out, because this shop has no such thing: {', '.join(lost)}."] if lost else []
        _report(f"All controls stand where “{preset.name}” wants them.", *lines)


def _fitting(tuning: TuningContext, name: str, settings: PresetSettings) -> tuple[EvaluationConfig, Segment, list[str]]:
    """The setting of a preset as far as the controls can hold it, its shoppers, and what is left out."""
    choices, shoppers = tuning.choices, tuning.test.panel.shoppers
    wanted = controls.scenario_of(settings).as_dict()
    options = {dimension: choices.options[dimension] for dimension in wanted}
    stated = {
        dimension: value
        for dimension, value in wanted.items()
        if not options[dimension].unavailable and value in options[dimension].values
    }

    def fits(dimension: str, value: str) -> bool:
        if dimension in CONTEXT_DIMENSIONS:
            return stated.get(dimension) == value
        return dimension == "activity" or bool((shoppers[dimension] == value).any())

    segment = {dimension: value for dimension, value in settings.segment.items() if fits(dimension, value)}
    lost = [f"{dimension} {value}" for dimension, value in wanted.items() if dimension not in stated]
    lost += [f"shoppers of {value}" for dimension, value in settings.segment.items() if dimension not in segment]
    lost += [name for name in settings.categories if name not in choices.categories]
    lost += [] if settings.k in LENGTHS else [f"lists of {settings.k}"]
    setting = EvaluationConfig(name, controls.ranking_of(settings), Scenario.of(**stated))
    return setting, Segment.of(**segment), lost


def compare(preset: Preset) -> None:
    """Let the whole page compare with this preset."""
    st.session_state["against"] = controls.reference_name(preset)


def update(case: TuningCase, preset_id: str, version: int) -> None:
    """Save the present setting into a preset, with how it measures; whoever saved meanwhile is not overwritten."""
    with attempt(case.tuning):
        present, measured, by = cards.present_settings(case), cards.measurement(case), visitor_name()
        saved = case.tuning.store.update(preset_id, version=version, settings=present, measured=measured, by=by)
        _report(f"“{saved.name}” now holds the present setting; its history keeps what it was.")


def duplicate(tuning: TuningContext, preset_id: str) -> None:
    """Make a copy of one's own."""
    with attempt(tuning):
        _report(f"“{tuning.store.duplicate(preset_id, by=visitor_name()).name}” is yours to change.")


def delete(tuning: TuningContext, preset: Preset) -> None:
    """Take it off the list, with a way back."""
    with attempt(tuning):
        tuning.store.delete(preset.preset_id, by=visitor_name())
        st.session_state[AGAIN] = preset.is_default
        _report(f"“{preset.name}” was deleted.", undo=preset.preset_id)


def make_default(tuning: TuningContext, preset: Preset) -> None:
    """Let the dashboard start from it."""
    with attempt(tuning):
        tuning.store.make_default(preset.preset_id)
        st.session_state[AGAIN] = True
        _report(
            f"The dashboard now starts from “{preset.name}”, for everybody who opens it anew.",
            f"It sets {STARTS}. Links that say where the sliders stand still win. “Reset” goes there, too.",
        )


def clear_default(tuning: TuningContext) -> None:
    """Let the dashboard start from the model's own weights again."""
    with attempt(tuning):
        tuning.store.clear_default()
        st.session_state[AGAIN] = True
        _report("The dashboard starts from the model's own weights again.")


class OpenPreset(NamedTuple):
    """The preset whose details are open, in the version of then, so that a later one is not overwritten unawares."""

    preset_id: str
    version: int


def _typed(*keys: str) -> list[str]:
    return [str(st.session_state.get(key) or "") for key in keys]


def _typed_words(keys: Sequence[str], saved_goal: str) -> dict[str, Any]:
    """What these fields hold, as a preset keeps it; a goal whose words were left as they are stays the goal itself."""
    name, text, tags, goal = _typed(*keys)
    kept = saved_goal if goal == describe_goal(saved_goal) else goal
    return {"name": name, "description": text, "tags": read_tags(tags), "goal": kept}


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


def save_new(case: TuningCase) -> None:
    """Save what is on the sliders under the name that was typed, with how it measures at this moment."""
    state = st.session_state
    if name := _typed("preset_who")[0].strip():
        state[NAME_KEY] = name
    with attempt(case.tuning, NEW):
        draft = Draft(settings=cards.present_settings(case), **_typed_words(FIELDS, _typed(_PICKED)[0]))
        made = case.tuning.store.create(draft, cards.measurement(case), by=visitor_name())
        _report(f"“{made.name}” is saved, with how it measures now.")
        state.update(dict.fromkeys(FIELDS, ""))
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


def edit_keys(preset_id: str) -> list[str]:
    """The keys of the fields that edit a preset, in the order of FIELDS."""
    return [f"{field}_{preset_id}" for field in ("name", "about", "tags", "goal")]


def describe(tuning: TuningContext, preset_id: str) -> None:
    """Save the words; after a conflict they stay in the fields, and saving again is a decision to keep them."""
    state, now = st.session_state, open_preset()
    if now is None or now.preset_id != preset_id:
        return
    with attempt(tuning, preset_id):
        new = _typed_words(edit_keys(preset_id), _typed(f"saved_goal_{preset_id}")[0])
        try:
            saved = tuning.store.update(preset_id, version=now.version, by=visitor_name(), **new)
        except ConflictError as conflict:
            if conflict.done == "saved":
                state[_OPEN] = OpenPreset(preset_id, tuning.store.get(preset_id).version)
            raise
        state[_OPEN] = OpenPreset(preset_id, saved.version)
        _report(f"“{saved.name}” is saved.", where=preset_id)


def import_file(tuning: TuningContext, key: str) -> None:
    """Save all presets of the file under this key, or none."""
    state = st.session_state
    with attempt(tuning, IMPORT):
        made = import_presets(tuning.store, state[key].getvalue(), by=visitor_name())
        names, more = ", ".join(f"“{preset.name}”" for preset in made[:5]), len(made) - 5
        _report(f"{words.count(len(made), 'preset')} imported.", f"{names} and {more} more" if more > 0 else names)
        state[NTH] = state.get(NTH, 0) + 1
        state[IMPORT] = False
