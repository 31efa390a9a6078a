"""The controls of the tuning room; weights, circumstances and variety are those of the recommendation page as well."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from pages._shared import controls
from pages._shared.view import ANY, DEFAULT_LENGTH, KNOWN, LENGTHS, METHODS, USUAL_VARIETY, Choices, control_values
from pages.tuning import labels
from recsys.panel.panel import Panel
from recsys.panel.segments import KNOWLEDGE, Scenario, Segment
from recsys.settings import CONTEXT_DIMENSIONS, Filters
from recsys.tuning.config import EvaluationConfig


def circumstances(choices: Choices) -> Scenario:
    """Circumstances that every shopper is imagined in; what is not chosen stays as it was for each."""
    stated = {name: _standing(name, choices.options[name].values) for name in CONTEXT_DIMENSIONS}
    label = labels.label("Circumstances", labels.circumstances(_scenario(stated)))
    with st.popover(label, icon=":material/schedule:", key="moment_popover"):
        st.html(
            '<p class="sw-note">Imagine every test shopper in other circumstances. "Any" keeps those that each of them '
            "was in. Trends always end at the shopper's own moment, so nothing is judged with hindsight.</p>"
        )
        return _scenario({name: controls.circumstance(choices, name) for name in CONTEXT_DIMENSIONS})


def _scenario(stated: Mapping[str, str]) -> Scenario:
    return Scenario(tuple((name, value) for name, value in stated.items() if value != ANY))


def _standing(key: str, values: Sequence[str]) -> str:
    """Where a control of single values stands that is not drawn yet: as it was left, or as the address wants it."""
    value = st.session_state.get(key, st.query_params.get(key))
    return value if value in values else ANY


def _is_on(key: str) -> bool:
    """The same of a toggle."""
    return bool(st.session_state.get(key, st.query_params.get(key) == "true"))


def segment(panel: Panel, scenario: Scenario) -> Segment:
    """Which of the test shoppers count."""
    offered = properties(panel)
    stands = {key: _standing(key, values) for key, values in offered.items()}
    label = labels.label("Shoppers", labels.shoppers(_segment(stands, scenario, match=_is_on("same_context"))))
    with st.popover(label, icon=":material/group:", key="shoppers_popover"):
        st.html('<p class="sw-note">Judge by some of the test shoppers only.</p>')
        known = st.selectbox(
            "How well they are known",
            (ANY, *offered["shoppers"]),
            key="shoppers",
            help=". ".join(f"{name.capitalize()}: {said}" for name, said in KNOWLEDGE.items()) + ".",
            bind="query-params",
        )
        taste = _one_of("Mostly buy", "top_category", offered["top_category"])
        home = _one_of("Home region", "home_region", offered["home_region"])
        match = st.toggle(
            "Only who really came in these circumstances",
            key="same_context",
            help="Circumstances are chosen beside this; without any, everyone counts.",
            bind="query-params",
        )
    return _segment({"shoppers": known or ANY, "top_category": taste, "home_region": home}, scenario, match=match)


def properties(panel: Panel) -> dict[str, tuple[str, ...]]:
    """What test shoppers can be told apart by, by key of its control, beside `ANY`."""
    return {
        "shoppers": tuple(map(str.capitalize, KNOWLEDGE)),
        "top_category": _told_apart(panel.shoppers["top_category"]),
        "home_region": _told_apart(panel.shoppers["home"]),
    }


def _told_apart(column: pd.Series) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in column.unique() if str(value)}, key=str.casefold))


def _segment(stands: Mapping[str, str], scenario: Scenario, *, match: bool) -> Segment:
    """The shoppers that controls of some keys stand for."""
    values = {
        "activity": stands["shoppers"].casefold(),
        "top_category": stands["top_category"],
        "home": stands["home_region"],
    }
    wanted = {name: value for name, value in values.items() if value not in (ANY, ANY.casefold())}
    return Segment.of(**wanted, **(scenario.as_dict() if match else {}))


def _one_of(label: str, key: str, options: tuple[str, ...]) -> str:
    return str(st.selectbox(label, (ANY, *options), key=key, disabled=not options, bind="query-params") or ANY)


def shelf(choices: Choices) -> Filters:
    """What may be listed at all."""
    asked = st.session_state.get("category", st.query_params.get_all("category"))
    stands = Filters(
        only_available=_is_on("only_available"), categories=frozenset(asked) & frozenset(choices.categories)
    )
    with st.popover(labels.label("Shelf", labels.shelf(stands)), icon=":material/filter_alt:", key="filters_popover"):
        categories = controls.categories(choices)
        only = st.toggle(
            "Only what is available today",
            key="only_available",
            help="Off: a product that is gone today counts if it was chosen then, as in `recsys evaluate`.",
            bind="query-params",
        )
    return Filters(only_available=only, categories=frozenset(categories))


def setting(choices: Choices, panel: Panel) -> tuple[EvaluationConfig, Segment]:
    """All controls in their order on the page: the mixer, then a row of popovers."""
    with st.container(key="mixer"):
        stand = controls.weights(choices, KNOWN)
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        scenario = circumstances(choices)
        who = segment(panel, scenario)
        filters = shelf(choices)
        n, strength, method = controls.variety(_variety_label())
        st.button("Reset", key="reset", icon=":material/restart_alt:", type="tertiary", on_click=reset, args=(choices,))
    ranking = controls.settings(stand, filters, n, strength, method)
    return EvaluationConfig("this setting", ranking, scenario), who


def _variety_label() -> str:
    asked = st.session_state.get("diversity", st.query_params.get("diversity", "0"))
    try:
        strength = float(asked)
    except ValueError:  # an address that the slider will not follow either
        strength = 0.0
    method, n = _standing("method", tuple(METHODS)), _standing("n", tuple(map(str, LENGTHS)))
    return labels.variety(
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


def load(choices: Choices, asked: EvaluationConfig, who: Segment | None = None) -> None:
    """Put the controls where a setting wants them; weights go to whole numbers of the sliders' scale.

    Parameters
    ----------
    who : the shoppers to judge by, or None to leave them
    """
    state, ranking = st.session_state, asked.settings
    state.update(control_values(ranking))
    stated = asked.scenario.as_dict()
    state.update({name: stated.get(name) or ANY for name in CONTEXT_DIMENSIONS})
    state["only_available"] = ranking.filters.only_available
    state["category"] = [name for name in choices.categories if name in ranking.filters.categories]
    if who is not None:
        values = who.as_dict()
        state["shoppers"] = values.get("activity", ANY).capitalize()
        state["top_category"], state["home_region"] = values.get("top_category", ANY), values.get("home", ANY)
        state["same_context"] = any(name in values for name in CONTEXT_DIMENSIONS)
