"""What a setting is compared with: the model's own weights, equal weights, a pinned setting, or a preset."""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlencode

import streamlit as st

from pages._shared import address
from pages._shared.caching import SavedPresets
from pages._shared.view import MAX_WEIGHT, METHODS, USUAL_VARIETY
from pages.tuning.buttons import button
from recsys.errors import RecsysError
from recsys.panel.segments import Scenario
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, Context, Filters, FusionSettings, RankingSettings
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Preset
from recsys.tuning.config import EvaluationConfig

MODEL, EQUAL, PINNED = "The model's weights", "Equal weights", "Pinned setting"
PARAMETER = "pinned"


def choose(now: EvaluationConfig, default_weights: FusionSettings, saved: SavedPresets) -> EvaluationConfig:
    """A selectbox, and a button that pins what is on the sliders now."""
    presets = saved.presets
    with st.container(horizontal=True, vertical_alignment="bottom", key="reference_row"):
        name = st.selectbox("Compare with", options(presets), key="against", bind="query-params", width=260)
        about = "Keeps what is on the sliders now, to compare with while you go on."
        button("Pin this setting", "pin", "push_pin", _pin, now, help=about)
        if saved.away:
            known = "those last seen are offered" if presets else "none is offered"
            st.html(f'<p class="sw-note sw-away">Presets cannot be read now; {known}.</p>')
    return _named(name or MODEL, now, default_weights, presets)


def options(presets: Sequence[Preset]) -> list[str]:
    """The names of all references that there are now."""
    return [MODEL, EQUAL, *([PINNED] if _pinned() else []), *map(option, presets)]


def option(preset: Preset) -> str:
    """What a preset is called among the references, apart from those that are always there."""
    return f"{preset.name} (preset)" if preset.name in (MODEL, EQUAL, PINNED) else preset.name


def _named(
    name: str, now: EvaluationConfig, default_weights: FusionSettings, presets: Sequence[Preset]
) -> EvaluationConfig:
    """The setting of that name, with the list length and the filters of `now`, so that only the mixing differs."""

    def beside(label: str, ranking: RankingSettings, scenario: Scenario) -> EvaluationConfig:
        filters, n = now.settings.filters, now.settings.n
        kept = RankingSettings(ranking.fusion, filters, n, ranking.diversity, ranking.method)
        return EvaluationConfig(label, kept, scenario)

    if name == PINNED and (pinned := _pinned()):
        return beside("the pinned setting", pinned.settings, pinned.scenario)
    for preset in presets:
        if option(preset) == name:
            return beside(f"preset {preset.name}", ranking_of(preset.settings), scenario_of(preset.settings))
    if name == EQUAL:
        return beside("equal weights", RankingSettings(fusion=FusionSettings(1, 1, 1, 1)), now.scenario)
    return beside("the model's weights", RankingSettings(fusion=default_weights), now.scenario)


def ranking_of(settings: PresetSettings) -> RankingSettings:
    """What a preset fixes of a list, with the products that it was measured on."""
    return settings.ranking(Filters())


def scenario_of(settings: PresetSettings) -> Scenario:
    """The circumstances that a preset was tuned for."""
    return Scenario(tuple((name, value) for name, value in settings.scenario.items() if name != "moment"))


def _pinned() -> EvaluationConfig | None:
    """The setting that the address keeps to compare with, None where it keeps none that makes sense."""
    query = parse_qs(st.query_params.get(PARAMETER, ""))
    try:
        weights = FusionSettings(**{name: float(query[name][-1]) / MAX_WEIGHT for name in COMPONENTS})
        strength = float(query.get("diversity", ["0"])[-1])
        method = METHODS[query.get("method", [str(USUAL_VARIETY["method"])])[-1]]
        ranking = RankingSettings(weights, diversity=strength, method=method)  # type: ignore[arg-type]
        stated = {name: query[name][-1] for name in CONTEXT_DIMENSIONS if name in query}
        Context(**stated)  # type: ignore[arg-type]  # refuses what is no circumstance
    except (KeyError, ValueError, RecsysError):
        return None
    return EvaluationConfig("the pinned setting", ranking, Scenario.of(**stated))


def _pin(now: EvaluationConfig) -> None:
    weights = {name: round(MAX_WEIGHT * weight) for name, weight in now.settings.fusion.as_dict().items()}
    variety = {"diversity": f"{now.settings.diversity:g}", "method": now.settings.method.upper()}
    stated = {name: value for name, value in now.scenario.stated if value}
    address.put(PARAMETER, urlencode(weights | variety | stated))
    st.session_state["against"] = PINNED
