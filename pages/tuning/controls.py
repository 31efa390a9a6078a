"""The controls of the tuning page, its buttons, and what a setting is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import streamlit as st

from pages._shared import address, controls, view
from pages._shared.controls import button
from pages._shared.resources import SavedPresets
from pages._shared.view import (
    ANY,
    Choices,
)
from pages.tuning import labels
from recsys.errors import RecsysError
from recsys.panel.panel import Panel
from recsys.panel.segments import KNOWLEDGE, EvaluationConfig, Scenario, Segment
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, Context, Filters, FusionSettings, RankingSettings
from recsys.store.records import Preset, PresetSettings

_PROPERTIES = {
    "shoppers": "How well they are known",
    "top_category": "Mostly buy",
    "home_region": "Home region",
}
"""Select boxes of properties of shoppers, by key."""


def select(label: str, options: Sequence[str], key: str, default: str, **more: Any) -> str:
    """Draw a select box that the address holds; its value, or `default` where it is cleared."""
    return st.selectbox(label, options, key=key, bind="query-params", **more) or default


def setting(choices: Choices, panel: Panel) -> tuple[EvaluationConfig, Segment]:
    """All controls in their order on the page: the mixer, then a row of popovers."""
    with st.container(key="mixer"):
        weights = controls.weights(choices, view.KNOWN)
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        scenario = circumstances(choices)
        who = segment(panel, scenario)
        filters = candidates(choices)
        n, strength, method = controls.variety(_variety_label())
        button("Reset", "reset", "restart_alt", reset, choices, type="tertiary")
    ranking = controls.settings(weights, filters, n, strength, method)
    return EvaluationConfig("this setting", ranking, scenario), who


def circumstances(choices: Choices) -> Scenario:
    """Circumstances that every shopper is imagined in; what is not chosen stays as it was for each."""
    current = {name: _current(name, choices.options[name].values) for name in CONTEXT_DIMENSIONS}
    label = labels.button("Circumstances", labels.circumstances(_scenario(current)))
    with st.popover(label, icon=":material/schedule:", key="moment_popover"):
        st.html(
            '<p class="sw-note">Imagine every test shopper in other circumstances. "Any" keeps those that each of them '
            "was in. Trends always end at the shopper's own moment, so nothing is judged with hindsight.</p>"
        )
        return _scenario({name: controls.circumstance(choices, name) for name in CONTEXT_DIMENSIONS})


def _scenario(values: Mapping[str, str]) -> Scenario:
    return Scenario(tuple((name, value) for name, value in values.items() if value != ANY))


def _current(key: str, values: Sequence[str]) -> str:
    """The value of a control that is not drawn yet: as it was left, or as the address wants it."""
    value = st.session_state.get(key, st.query_params.get(key))
    return value if value in values else ANY


def _is_on(key: str) -> bool:
    return bool(st.session_state.get(key, st.query_params.get(key) == "true"))


def segment(panel: Panel, scenario: Scenario) -> Segment:
    """Which of the test shoppers count."""
    values = properties(panel)
    current = {key: _current(key, offered) for key, offered in values.items()}
    st.session_state.update({key: ANY for key in values if key in st.session_state and current[key] == ANY})
    label = labels.button("Shoppers", labels.shoppers(_segment(current, scenario, match=_is_on("same_context"))))
    with st.popover(label, icon=":material/group:", key="shoppers_popover"):
        st.html('<p class="sw-note">Judge by some of the test shoppers only.</p>')
        knowledge = ". ".join(f"{name.capitalize()}: {meaning}" for name, meaning in KNOWLEDGE.items())
        chosen = {}
        for key, label in _PROPERTIES.items():
            about, is_off = f"{knowledge}." if key == "shoppers" else None, not values[key]
            chosen[key] = select(label, (ANY, *values[key]), key, ANY, disabled=is_off, help=about)
        match = st.toggle(
            "Only who really came in these circumstances",
            key="same_context",
            help="Circumstances are chosen beside this; without any, everyone counts.",
            bind="query-params",
        )
    return _segment(chosen, scenario, match=match)


def properties(panel: Panel) -> dict[str, tuple[str, ...]]:
    """Values that test shoppers can be selected by, by key of the control, beside `ANY`."""
    categories, homes = (
        tuple(sorted(filter(None, map(str, panel.shoppers[name].unique())), key=str.casefold))
        for name in ("top_category", "home")
    )
    return {"shoppers": tuple(map(str.capitalize, KNOWLEDGE)), "top_category": categories, "home_region": homes}


def _segment(chosen: Mapping[str, str], scenario: Scenario, *, match: bool) -> Segment:
    values = {
        "activity": chosen["shoppers"].casefold(),
        "top_category": chosen["top_category"],
        "home": chosen["home_region"],
    }
    stated = {name: value for name, value in values.items() if value not in (ANY, ANY.casefold())}
    return Segment.of(**stated, **(scenario.as_dict() if match else {}))


def candidates(choices: Choices) -> Filters:
    """What may be listed at all."""
    names = st.session_state.get("category", st.query_params.get_all("category"))
    current = Filters(
        only_available=_is_on("only_available"), categories=frozenset(names) & frozenset(choices.categories)
    )
    label = labels.button("Shelf", labels.candidates(current))
    with st.popover(label, icon=":material/filter_alt:", key="filters_popover"):
        categories = controls.categories(choices)
        only = st.toggle(
            "Only what is available today",
            key="only_available",
            help="Off: a product that is gone today counts if it was chosen then, as in `recsys evaluate`.",
            bind="query-params",
        )
    return Filters(only_available=only, categories=frozenset(categories))


def _variety_label() -> str:
    try:
        strength = float(st.session_state.get("diversity", st.query_params.get("diversity", view.DEFAULT_DIVERSITY)))
    except ValueError:  # an address that the slider will not follow either
        strength = view.DEFAULT_DIVERSITY
    method, n = _current("method", tuple(view.METHODS)), _current("n", tuple(map(str, view.LENGTHS)))
    return labels.variety_button(
        strength if 0 <= strength <= 1 else view.DEFAULT_DIVERSITY,
        method if method != ANY else view.DEFAULT_METHOD,
        int(n) if n != ANY else view.DEFAULT_LENGTH,
    )


def reset(choices: Choices) -> None:
    """Put every control back to its default."""
    state = st.session_state
    state.update(choices.start_weights(view.KNOWN))
    state.update({name: ANY for name in (*CONTEXT_DIMENSIONS, *_PROPERTIES)})
    state.update({"same_context": False, "only_available": False, "category": []})
    state.update(controls.variety_start(choices, view.KNOWN))


def load(choices: Choices, setting: EvaluationConfig, segment: Segment | None = None) -> None:
    """Put the controls where a setting has them, weights to whole numbers, and select `segment` unless it is None."""
    state, ranking = st.session_state, setting.settings
    state.update(view.control_values(ranking))
    stated = setting.scenario.as_dict()
    state.update({name: stated.get(name) or ANY for name in CONTEXT_DIMENSIONS})
    state["only_available"] = ranking.filters.only_available
    state["category"] = [name for name in choices.categories if name in ranking.filters.categories]
    if segment is not None:
        values = segment.as_dict()
        state["shoppers"] = values.get("activity", ANY).capitalize()
        state["top_category"], state["home_region"] = values.get("top_category", ANY), values.get("home", ANY)
        state["same_context"] = any(name in values for name in CONTEXT_DIMENSIONS)


MODEL, EQUAL, PINNED = "The model's weights", "Equal weights", "Pinned setting"
PINNED_PARAMETER = "pinned"


def choose_reference(now: EvaluationConfig, default_weights: FusionSettings, saved: SavedPresets) -> EvaluationConfig:
    """A selectbox, and a button that pins what is on the sliders now; what is compared differs in its mixing alone."""
    presets = saved.presets
    with st.container(horizontal=True, vertical_alignment="bottom", key="reference_row"):
        name = select("Compare with", reference_names(presets), "against", MODEL, width=260)
        about = "Keeps what is on the sliders now, to compare with while you go on."
        button("Pin this setting", "pin", "push_pin", _pin, now, help=about)
        if saved.away:
            offered = "those last seen are offered" if presets else "none is offered"
            st.html(f'<p class="sw-note sw-away">Presets cannot be read now; {offered}.</p>')
    known = {
        MODEL: EvaluationConfig("the model's weights", RankingSettings(default_weights), now.scenario),
        EQUAL: EvaluationConfig("equal weights", RankingSettings(FusionSettings(1, 1, 1, 1)), now.scenario),
    }
    if pinned := _pinned():
        known[PINNED] = pinned
    for each in presets:
        ranking, scenario = ranking_of(each.settings), scenario_of(each.settings)
        known[reference_name(each)] = EvaluationConfig(f"preset {each.name}", ranking, scenario)
    found = known.get(name, known[MODEL])
    return replace(found, settings=replace(found.settings, filters=now.settings.filters, n=now.settings.n))


def reference_names(presets: Sequence[Preset]) -> list[str]:
    """The names of all references that there are now."""
    return [MODEL, EQUAL, *([PINNED] if _pinned() else []), *map(reference_name, presets)]


def reference_name(preset: Preset) -> str:
    """What a preset is called among the references, apart from those that are always there."""
    return f"{preset.name} (preset)" if preset.name in (MODEL, EQUAL, PINNED) else preset.name


def positions_of(ranking: RankingSettings) -> tuple[object, ...]:
    """Where the controls of mix, variety and length stand for a setting; without variety its method plays no part."""
    strength = round(ranking.diversity, 2)
    return view.positions(ranking.fusion), strength, ranking.method if strength else "", ranking.n


def ranking_of(settings: PresetSettings) -> RankingSettings:
    """What a preset fixes of a list, with the products that it was measured on."""
    return settings.ranking(Filters())


def scenario_of(settings: PresetSettings) -> Scenario:
    """The circumstances that a preset was tuned for."""
    return Scenario(tuple((name, value) for name, value in settings.scenario.items() if name != "moment"))


def _pinned() -> EvaluationConfig | None:
    """The setting that the address keeps to compare with, None where it keeps none that makes sense."""
    query = parse_qs(st.query_params.get(PINNED_PARAMETER, ""))
    try:
        weights = FusionSettings(**{name: float(query[name][-1]) / view.MAX_WEIGHT for name in COMPONENTS})
        strength = float(query.get("diversity", [str(view.DEFAULT_DIVERSITY)])[-1])
        method = view.METHODS[query.get("method", [view.DEFAULT_METHOD])[-1]]
        ranking = RankingSettings(weights, diversity=strength, method=method)  # type: ignore[arg-type]
        stated = {name: query[name][-1] for name in CONTEXT_DIMENSIONS if name in query}
        Context(**stated)  # type: ignore[arg-type]  # refuses what is no circumstance
    except (KeyError, ValueError, RecsysError):
        return None
    return EvaluationConfig("the pinned setting", ranking, Scenario.of(**stated))


def _pin(now: EvaluationConfig) -> None:
    weights = {name: round(view.MAX_WEIGHT * weight) for name, weight in now.settings.fusion.as_dict().items()}
    variety = {"diversity": f"{now.settings.diversity:g}", "method": now.settings.method.upper()}
    stated = {name: value for name, value in now.scenario.stated if value}
    address.put(PINNED_PARAMETER, urlencode(weights | variety | stated))
    st.session_state["against"] = PINNED


def query(setting: EvaluationConfig, user_id: str, item_id: str = "") -> dict[str, list[str]]:
    """The parameters that put a setting and a shopper on another page, where what cannot be bought is always left out.

    All weights are stated, so that no default stands in for one.
    """
    ranking = setting.settings
    found = {"shopper": [user_id], **{name: [str(at)] for name, at in view.positions(ranking.fusion).items()}}
    found["n"] = [str(ranking.n)]
    if ranking.diversity:
        found |= {"diversity": [f"{ranking.diversity:g}"], "method": [ranking.method.upper()]}
    found |= {name: [value] for name, value in setting.scenario.stated if value}
    if ranking.filters.categories:
        found["category"] = sorted(ranking.filters.categories)
    return found | ({"item": [item_id]} if item_id else {})


def page_address(page: str, setting: EvaluationConfig, user_id: str, item_id: str = "") -> str:
    """The address of another page with a setting, a shopper and maybe a product, beside the address of this page."""
    return f"{page}?{urlencode(query(setting, user_id, item_id), doseq=True)}"
