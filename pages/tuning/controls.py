"""The controls of the tuning room; weights, circumstances and variety are those of the recommendation page as well."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages._shared import controls
from pages._shared.view import ANY, DEFAULT_LENGTH, KNOWN, LENGTHS, METHODS, USUAL_VARIETY, Choices, control_values
from pages.tuning import labels
from pages.tuning.buttons import button
from recsys.panel.panel import Panel
from recsys.panel.segments import KNOWLEDGE, Scenario, Segment
from recsys.settings import CONTEXT_DIMENSIONS, Filters
from recsys.tuning.config import EvaluationConfig


def setting(choices: Choices, panel: Panel) -> tuple[EvaluationConfig, Segment]:
    """All controls in their order on the page: the mixer, then a row of popovers."""
    with st.container(key="mixer"):
        weights = controls.weights(choices, KNOWN)
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
    """The value of a select box that is not drawn yet: as it was left, or as the address wants it."""
    value = st.session_state.get(key, st.query_params.get(key))
    return value if value in values else ANY


def _is_on(key: str) -> bool:
    """The same of a toggle."""
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
        chosen = {
            key: st.selectbox(
                label,
                (ANY, *values[key]),
                key=key,
                disabled=not values[key],
                help=f"{knowledge}." if key == "shoppers" else None,
                bind="query-params",
            )
            or ANY
            for key, label in (
                ("shoppers", "How well they are known"),
                ("top_category", "Mostly buy"),
                ("home_region", "Home region"),
            )
        }
        match = st.toggle(
            "Only who really came in these circumstances",
            key="same_context",
            help="Circumstances are chosen beside this; without any, everyone counts.",
            bind="query-params",
        )
    return _segment(chosen, scenario, match=match)


def properties(panel: Panel) -> dict[str, tuple[str, ...]]:
    """Values that test shoppers can be selected by, by key of the control, beside `ANY`."""
    columns = {
        key: panel.shoppers[name].unique() for key, name in (("top_category", "top_category"), ("home_region", "home"))
    }
    values = {key: tuple(sorted(filter(None, map(str, each)), key=str.casefold)) for key, each in columns.items()}
    return {"shoppers": tuple(map(str.capitalize, KNOWLEDGE)), **values}


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
        strength = float(st.session_state.get("diversity", st.query_params.get("diversity", "0")))
    except ValueError:  # an address that the slider will not follow either
        strength = 0.0
    method, n = _current("method", tuple(METHODS)), _current("n", tuple(map(str, LENGTHS)))
    return labels.variety_button(
        strength if 0 <= strength <= 1 else 0.0,
        method if method != ANY else str(USUAL_VARIETY["method"]),
        int(n) if n != ANY else DEFAULT_LENGTH,
    )


def reset(choices: Choices) -> None:
    """Put every control back to its default."""
    state = st.session_state
    state.update(choices.start_weights(KNOWN))
    state.update({name: ANY for name in (*CONTEXT_DIMENSIONS, "shoppers", "top_category", "home_region")})
    state.update({"same_context": False, "only_available": False, "category": []})
    state.update(controls.variety_start(choices, KNOWN))


def load(choices: Choices, setting: EvaluationConfig, segment: Segment | None = None) -> None:
    """Put the controls where a setting has them, and select `segment` unless it is None.

    Weights go to whole numbers of the sliders' scale.
    """
    state, ranking = st.session_state, setting.settings
    state.update(control_values(ranking))
    stated = setting.scenario.as_dict()
    state.update({name: stated.get(name) or ANY for name in CONTEXT_DIMENSIONS})
    state["only_available"] = ranking.filters.only_available
    state["category"] = [name for name in choices.categories if name in ranking.filters.categories]
    if segment is not None:
        values = segment.as_dict()
        state["shoppers"] = values.get("activity", ANY).capitalize()
        state["top_category"], state["home_region"] = values.get("top_category", ANY), values.get("home", ANY)
        state["same_context"] = any(name in values for name in CONTEXT_DIMENSIONS)
