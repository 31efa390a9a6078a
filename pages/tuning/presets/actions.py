"""What the buttons of a preset do, before the page is drawn again; what it came to is said once, where it was done."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from pages._shared import resources
from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages._shared.view import LENGTHS
from pages._shared.widgets import button
from pages._shared.words import sentence
from pages.tuning import controls
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import cards
from recsys.errors import ConflictError, RecsysError, StoreUnavailable
from recsys.panel.segments import Scenario, Segment
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Preset
from recsys.tuning.config import EvaluationConfig

NAME_KEY = "your_name"
PAGE = "page"

STARTS = "weights, variety with its method, and list length; circumstances, shoppers and shelf stay free"
"""What of a preset a default is."""

AGAIN = "presets_run_again"
"""Where the whole page has to run again, because what it starts from has changed."""

_OUTCOME = "preset_outcome"


class PresetOutcome(NamedTuple):
    """What the last action on presets came to.

    Parameters
    ----------
    title, lines : what happened, and more about it; text that may hold names that people typed, so never markup
    where : PAGE, or what else shows it
    is_problem : it was not done
    undo : id of a preset that can be restored, or ""
    """

    title: str
    lines: tuple[str, ...] = ()
    where: str = PAGE
    is_problem: bool = False
    undo: str = ""


def visitor_name() -> str:
    """How this visitor calls themselves, "" where they did not say."""
    return str(st.session_state.get(NAME_KEY) or "")


def attempt(room: TuningContext, work: Callable[[], PresetOutcome], where: str = PAGE) -> bool:
    """Do something with the store and keep what it came to; a problem changes nothing, and is shown at `where`."""
    try:
        st.session_state[_OUTCOME] = work()
    except RecsysError as problem:
        titles = {ConflictError: "Somebody else was faster:", StoreUnavailable: "The presets cannot be reached:"}
        title = next((each for kind, each in titles.items() if isinstance(problem, kind)), "That was not done:")
        st.session_state[_OUTCOME] = PresetOutcome(title, (sentence(str(problem)),), where, is_problem=True)
        return False
    resources.saved(room.home, room.shop).expire()
    return True


def show_outcome(room: TuningContext, where: str = PAGE) -> None:
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
            button("Undo", "preset_undo", "undo", restore, room, outcome.undo)


def restore(room: TuningContext, preset_id: str) -> None:
    """Undo a deletion."""
    attempt(room, lambda: PresetOutcome(f"“{room.store.restore(preset_id, by=visitor_name()).name}” is back."))


def load(room: TuningContext, preset: Preset) -> None:
    """Put all controls where the preset has them, and say what no control here can hold."""

    def work() -> PresetOutcome:
        setting, segment, lost = _fitting(room, preset.name, preset.settings)
        controls.load(room.choices, setting, segment)
        lines = (f"Left out, because this shop has no such thing: {', '.join(lost)}.",) if lost else ()
        return PresetOutcome(f"All controls stand where “{preset.name}” wants them.", lines)

    attempt(room, work)


def _fitting(room: TuningContext, name: str, settings: PresetSettings) -> tuple[EvaluationConfig, Segment, list[str]]:
    """The setting of a preset as far as the controls can hold it, its shoppers, and what had to be left out."""
    choices, shoppers = room.choices, room.test.panel.shoppers
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

    def work() -> PresetOutcome:
        present, measured = cards.present_settings(case), cards.measurement(case)
        store = case.room.store
        saved = store.update(preset_id, version=version, settings=present, measured=measured, by=visitor_name())
        return PresetOutcome(f"“{saved.name}” now holds the present setting; its history keeps what it was.")

    attempt(case.room, work)


def duplicate(room: TuningContext, preset_id: str) -> None:
    """Make a copy of one's own."""
    attempt(
        room, lambda: PresetOutcome(f"“{room.store.duplicate(preset_id, by=visitor_name()).name}” is yours to change.")
    )


def delete(room: TuningContext, preset: Preset) -> None:
    """Take it off the list, with a way back."""

    def work() -> PresetOutcome:
        room.store.delete(preset.preset_id, by=visitor_name())
        st.session_state[AGAIN] = preset.is_default
        return PresetOutcome(f"“{preset.name}” was deleted.", undo=preset.preset_id)

    attempt(room, work)


def make_default(room: TuningContext, preset: Preset) -> None:
    """Let the dashboard start from it."""

    def work() -> PresetOutcome:
        room.store.make_default(preset.preset_id)
        st.session_state[AGAIN] = True
        return PresetOutcome(
            f"The dashboard now starts from “{preset.name}”, for everybody who opens it anew.",
            (f"It sets {STARTS}. Links that say where the sliders stand still win. “Reset” goes there, too.",),
        )

    attempt(room, work)


def clear_default(room: TuningContext) -> None:
    """Let the dashboard start from the model's own weights again."""

    def work() -> PresetOutcome:
        room.store.clear_default()
        st.session_state[AGAIN] = True
        return PresetOutcome("The dashboard starts from the model's own weights again.")

    attempt(room, work)
