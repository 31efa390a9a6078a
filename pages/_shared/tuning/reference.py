"""What a setting is compared with: the model's own weights, equal weights, a pinned setting, or a preset."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.saved import Found
from recsys.evaluation.live.asked import Asked
from recsys.evaluation.live.segments import Scenario
from recsys.settings import Filters, FusionSettings, RankingSettings
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Preset

MODEL, EQUAL, PINNED = "The model's weights", "Equal weights", "Pinned setting"
_PINNED = "pinned_setting"


def choose(now: Asked, default_weights: FusionSettings, saved: Found) -> Asked:
    """A selectbox, and a button that pins what is on the sliders now."""
    presets = saved.presets
    options = offered(presets)
    with st.container(horizontal=True, vertical_alignment="bottom", key="reference_row"):
        name = st.selectbox("Compare with", options, key="against", bind="query-params", width=260)
        st.button(
            "Pin this setting",
            key="pin",
            icon=":material/push_pin:",
            on_click=_pin,
            args=(now,),
            help="Keeps what is on the sliders now, to compare with while you go on.",
        )
        if saved.away:
            known = "those last seen are offered" if presets else "none is offered"
            st.html(f'<p class="sw-note sw-away">Presets cannot be read now; {known}.</p>')
    return found(name or MODEL, now, default_weights, presets)


def offered(presets: Sequence[Preset]) -> list[str]:
    """The names of all references that there are now."""
    return [MODEL, EQUAL, *([PINNED] if st.session_state.get(_PINNED) else []), *map(option, presets)]


def option(preset: Preset) -> str:
    """What a preset is called among the references, apart from those that are always there."""
    return f"{preset.name} (preset)" if preset.name in (MODEL, EQUAL, PINNED) else preset.name


def found(name: str, now: Asked, default_weights: FusionSettings, presets: Sequence[Preset]) -> Asked:
    """The setting of that name, at the list length and on the shelf of `now`, so that only the mixing differs."""
    if name == PINNED and st.session_state.get(_PINNED):
        kept: Asked = st.session_state[_PINNED]
        return _beside(now, "the pinned setting", kept.settings, kept.scenario)
    for preset in presets:
        if option(preset) == name:
            ranking = ranking_of(preset.settings)
            return _beside(now, f"preset {preset.name}", ranking, scenario_of(preset.settings))
    if name == EQUAL:
        return _beside(now, "equal weights", RankingSettings(fusion=FusionSettings(1, 1, 1, 1)), now.scenario)
    return _beside(now, "the model's weights", RankingSettings(fusion=default_weights), now.scenario)


def ranking_of(settings: PresetSettings) -> RankingSettings:
    """What a preset fixes of a list, on the shelf that it was measured on."""
    return settings.ranking(Filters())


def scenario_of(settings: PresetSettings) -> Scenario:
    """The circumstances that a preset was tuned for."""
    return Scenario(tuple((name, value) for name, value in settings.scenario.items() if name != "moment"))


def _beside(now: Asked, name: str, ranking: RankingSettings, scenario: Scenario) -> Asked:
    kept = RankingSettings(ranking.fusion, now.settings.filters, now.settings.n, ranking.diversity, ranking.method)
    return Asked(name, kept, scenario)


def _pin(now: Asked) -> None:
    st.session_state[_PINNED] = now
    st.session_state["against"] = PINNED
