"""The controls of the tuning room; weights, circumstances and variety are those of the recommendation page as well."""

from collections.abc import Iterable

import streamlit as st

from pages._shared import controls
from pages._shared.cards import esc
from pages._shared.view import ANY, KNOWN, Choices, positions
from recsys.evaluation.live.asked import Asked
from recsys.evaluation.live.panel import Panel
from recsys.evaluation.live.segments import KNOWLEDGE, Scenario, Segment
from recsys.settings import CONTEXT_DIMENSIONS, Filters


def circumstances(choices: Choices) -> Scenario:
    """Circumstances that every shopper is imagined in; what is not chosen stays as it was for each."""
    with st.popover("Circumstances", icon=":material/schedule:", key="moment_popover"):
        st.html(
            '<p class="sw-note">Imagine every test shopper in other circumstances. "Any" keeps those that each of them '
            "was in. Trends always end at the shopper's own moment, so nothing is judged with hindsight.</p>"
        )
        chosen = {name: _circumstance(choices, name) for name in CONTEXT_DIMENSIONS}
    return Scenario(tuple((name, value) for name, value in chosen.items() if value != ANY))


def _circumstance(choices: Choices, name: str) -> str:
    option = choices.options[name]
    label = {"daypart": "Time of day (UTC)"}.get(name, name.capitalize())
    chosen = st.selectbox(
        label, (ANY, *option.values), key=name, disabled=bool(option.unavailable), bind="query-params"
    )
    if option.unavailable:
        st.html(f'<p class="sw-note" dir="auto">Not available: {esc(option.unavailable)}.</p>')
        return ANY
    return chosen or ANY


def segment(panel: Panel, scenario: Scenario) -> Segment:
    """Which of the test shoppers count."""
    shoppers = panel.shoppers
    with st.popover("Shoppers", icon=":material/group:", key="shoppers_popover"):
        st.html('<p class="sw-note">Judge by some of the test shoppers only.</p>')
        known = st.selectbox(
            "How well they are known",
            (ANY, *map(str.capitalize, KNOWLEDGE)),
            key="shoppers",
            help=". ".join(f"{name.capitalize()}: {said}" for name, said in KNOWLEDGE.items()) + ".",
            bind="query-params",
        )
        taste = _one_of("Mostly buy", "taste", shoppers["top_category"])
        home = _one_of("Home region", "home", shoppers["home"])
        match = st.toggle(
            "Only who really came in these circumstances",
            key="match",
            help="Circumstances are chosen beside this; without any, everyone counts.",
            bind="query-params",
        )
    values = {"activity": known.casefold() if known and known != ANY else ANY, "top_category": taste, "home": home}
    chosen = {name: value for name, value in values.items() if value != ANY}
    return Segment.of(**chosen, **(scenario.as_dict() if match else {}))


def _one_of(label: str, key: str, values: Iterable[object]) -> str:
    options = sorted({str(value) for value in values if str(value)}, key=str.casefold)
    return str(st.selectbox(label, (ANY, *options), key=key, disabled=not options, bind="query-params") or ANY)


def shelf(choices: Choices) -> Filters:
    """What may be listed at all."""
    with st.popover("Shelf", icon=":material/filter_alt:", key="filters_popover"):
        categories = st.multiselect(
            "Categories", choices.categories, key="category", placeholder="All categories", bind="query-params"
        )
        only = st.toggle(
            "Only what is available today",
            key="shelf",
            help="Off: a product that is gone today counts if it was chosen then, as in `recsys evaluate`.",
            bind="query-params",
        )
    return Filters(only_available=only, categories=frozenset(categories))


def setting(choices: Choices, panel: Panel) -> tuple[Asked, Segment]:
    """All controls in their order on the page: the mixer, then a row of popovers."""
    with st.container(key="mixer"):
        stand = controls.weights(choices)
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        scenario = circumstances(choices)
        who = segment(panel, scenario)
        filters = shelf(choices)
        n, strength, method = controls.variety()
        st.button("Reset", key="reset", icon=":material/restart_alt:", type="tertiary", on_click=reset, args=(choices,))
    ranking = controls.settings(stand, filters, n, strength, method)
    return Asked("this setting", ranking, scenario), who


def reset(choices: Choices) -> None:
    """Put every control back to its default."""
    state = st.session_state
    state.update(choices.start_weights(KNOWN))
    state.update({name: ANY for name in (*CONTEXT_DIMENSIONS, "shoppers", "taste", "home")})
    state.update({"match": False, "shelf": False, "category": []})
    state.update(controls.variety_start(choices, KNOWN))


def load(choices: Choices, chosen: Asked, who: Segment | None = None) -> None:
    """Put the controls where a setting wants them; weights go to whole numbers of the sliders' scale.

    Parameters
    ----------
    who : the shoppers to judge by, or None to leave them
    """
    state, ranking = st.session_state, chosen.settings
    state.update(positions(ranking.fusion))
    stated = chosen.scenario.as_dict()
    state.update({name: stated.get(name) or ANY for name in CONTEXT_DIMENSIONS})
    state["diversity"], state["method"] = round(ranking.diversity, 2), ranking.method.upper()
    if str(ranking.n) in map(str, controls.LENGTHS):
        state["n"] = str(ranking.n)
    state["shelf"] = ranking.filters.only_available
    state["category"] = [name for name in choices.categories if name in ranking.filters.categories]
    if who is not None:
        values = who.as_dict()
        state["shoppers"] = values.get("activity", ANY).capitalize()
        state["taste"], state["home"] = values.get("top_category", ANY), values.get("home", ANY)
        state["match"] = any(name in values for name in CONTEXT_DIMENSIONS)
