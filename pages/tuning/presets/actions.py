"""What the buttons of a preset do; each runs before the page is drawn again."""

import streamlit as st

from pages._shared.view import LENGTHS
from pages.tuning import controls, reference
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import measuring
from pages.tuning.presets.messages import PAGE, Told, attempt, who
from recsys.panel.segments import Scenario, Segment
from recsys.settings import CONTEXT_DIMENSIONS, Filters
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Preset
from recsys.tuning.config import EvaluationConfig

STARTS = "weights, variety with its method, and list length; circumstances, shoppers and shelf stay free"
"""What of a preset a default is."""

AGAIN = "presets_run_again"
"""Where the whole page has to run again, because what it starts from has changed."""


def load(room: TuningContext, preset: Preset) -> None:
    """Put all controls where the preset wants them, and say what no control here can hold."""

    def work() -> Told:
        asked, segment, lost = fitting(room, preset.name, preset.settings)
        controls.load(room.choices, asked, segment)
        lines = (f"Left out, because this shop has no such thing: {', '.join(lost)}.",) if lost else ()
        return Told(f"All controls stand where “{preset.name}” wants them.", lines)

    attempt(room, work)


def fitting(room: TuningContext, name: str, settings: PresetSettings) -> tuple[EvaluationConfig, Segment, list[str]]:
    """The setting of a preset as far as the controls can hold it, its shoppers, and what had to be left out."""
    choices, shoppers, lost = room.choices, room.test.panel.shoppers, []
    stated = {}
    for dimension, value in reference.scenario_of(settings).as_dict().items():
        option = choices.options[dimension]
        if option.unavailable or value not in option.values:
            lost.append(f"{dimension} {value}")
        else:
            stated[dimension] = value
    who_counts = {}
    for dimension, value in settings.segment.items():
        in_circumstances = dimension in CONTEXT_DIMENSIONS
        fits = stated.get(dimension) == value if in_circumstances else dimension == "activity"
        if fits or (not in_circumstances and (shoppers[dimension] == value).any()):
            who_counts[dimension] = value
        else:
            lost.append(f"shoppers of {value}")
    lost += [name for name in settings.categories if name not in choices.categories]
    if settings.k not in LENGTHS:
        lost.append(f"lists of {settings.k}")
    ranking = settings.ranking(Filters())
    return EvaluationConfig(name, ranking, Scenario.of(**stated)), Segment.of(**who_counts), lost


def compare(preset: Preset) -> None:
    """Let the whole page compare with this preset."""
    st.session_state["against"] = reference.option(preset)


def update(case: TuningCase, preset_id: str, version: int) -> None:
    """Save the present setting into a preset, with how it measures; whoever saved meanwhile is not overwritten."""

    def work() -> Told:
        saved = case.room.store.update(
            preset_id,
            version=version,
            settings=measuring.present(case),
            measured=measuring.measurement(case),
            by=who(),
        )
        return Told(f"“{saved.name}” now holds the present setting; its history keeps what it was.")

    attempt(case.room, work)


def duplicate(room: TuningContext, preset_id: str) -> None:
    """Make a copy of one's own."""
    attempt(room, lambda: Told(f"“{room.store.duplicate(preset_id, by=who()).name}” is yours to change."))


def delete(room: TuningContext, preset: Preset) -> None:
    """Take it off the list, with a way back."""

    def work() -> Told:
        room.store.delete(preset.preset_id, by=who())
        if preset.is_default:
            st.session_state[AGAIN] = True
        return Told(f"“{preset.name}” was deleted.", undo=preset.preset_id)

    attempt(room, work, PAGE)


def make_default(room: TuningContext, preset: Preset) -> None:
    """Let the dashboard start from it."""

    def work() -> Told:
        room.store.make_default(preset.preset_id)
        st.session_state[AGAIN] = True
        return Told(
            f"The dashboard now starts from “{preset.name}”, for everybody who opens it anew.",
            (f"It sets {STARTS}. Links that say where the sliders stand still win. “Reset” goes there, too.",),
        )

    attempt(room, work)


def clear_default(room: TuningContext) -> None:
    """Let the dashboard start from the model's own weights again."""

    def work() -> Told:
        room.store.clear_default()
        st.session_state[AGAIN] = True
        return Told("The dashboard starts from the model's own weights again.")

    attempt(room, work)
