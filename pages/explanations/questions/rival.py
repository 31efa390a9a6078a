"""Against another product: why one stands above the other, as the difference of two explanations."""

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, naming, resources, words
from pages._shared.cards import esc, isolated
from pages._shared.notices import empty_html, notice_html
from pages._shared.palette import LOOKS
from pages.explanations import product, waterfall
from pages.explanations.questions.bars import Bar, bars_html
from pages.explanations.questions.context import ExplanationContext
from recsys.explanations.difference import Difference, DifferencePart, difference
from recsys.explanations.records import Explanation
from recsys.settings import COMPONENTS

PARAMETER = "rival"
N_PARTS = 7


def against(case: ExplanationContext) -> None:
    """Pick the other product, then a difference waterfall and the parts that make it."""
    other = _choose(case)
    if other is None:
        st.html(empty_html("Nothing to compare with", "no other product is listed; type a title or an id"))
        return
    rival = case.model.explain(case.now, other, case.settings)
    found = difference(case.explanation, rival)
    st.html(_verdict(case.explanation, rival, found))
    chart, parts = st.columns([1, 1], gap="medium")
    with chart, st.container(key="rival_chart"):
        tone = charts.theme()
        st.plotly_chart(
            _figure(found, tone),
            theme=None,
            config={"displayModeBar": False},
            alt=_alt(found),
            key="rival_waterfall",
        )
    with parts, st.container(key="rival_parts"):
        for name in COMPONENTS:
            st.html(_parts(name, found.of(name), found.components[name]))


def _choose(case: ExplanationContext) -> str | None:
    titles = resources.titles(case.model, case.model_id)
    listed = [item.item_id for item in case.model.rank(case.now, case.settings).items if item.item_id != case.item_id]
    options = [*listed, *(item_id for item_id in titles if item_id not in listed and item_id != case.item_id)]
    place = {item_id: n for n, item_id in enumerate(listed)}
    asked = st.query_params.get(PARAMETER, "")
    found = product.found_by(asked, titles) if asked else None
    if asked and found is None:
        st.html(
            notice_html("No such product to compare with, so another stands in:", [f"{PARAMETER} = {asked[:60]!r}"])
        )
    chosen = found if found is not None and found != case.item_id else (options[0] if options else None)
    if chosen is not None:
        options = list(dict.fromkeys([chosen, *options]))[: product.MAX_LISTED]
    st.session_state["rival_choice"] = chosen
    st.selectbox(
        "Compare with",
        options,
        key="rival_choice",
        format_func=lambda item_id: f"{'On the list: ' if item_id in place else ''}{titles.get(item_id, item_id)}",
        on_change=_keep,
        placeholder="Another product, by title or id",
        accept_new_options=True,
    )
    return chosen


def _keep() -> None:
    if st.session_state.get("rival_choice"):
        st.query_params[PARAMETER] = st.session_state["rival_choice"]


def _verdict(first: Explanation, second: Explanation, found: Difference) -> str:
    way = "above" if found.score >= 0 else "below"
    most = max(COMPONENTS, key=lambda name: found.components[name] * (1 if found.score >= 0 else -1))
    places = (esc(naming.place_in_words(product.standing)) for product in (first, second))
    return (
        f'<p class="sw-lede">{isolated(first.title)} stands <strong>{abs(found.score):.2f}</strong> {way} '
        f"{isolated(second.title)}, most of all by {LOOKS[most].label.lower()} "
        f"({words.signed(found.components[most])}).</p>"
        f'<p class="sw-note">{" against ".join(places)}.</p>'
    )


def _figure(found: Difference, tone: str) -> go.Figure:
    """The difference of the scores, by component."""
    steps, at = [], 0.0
    for name in COMPONENTS:
        steps.append((name, at, at + found.components[name]))
        at += found.components[name]
    names = [*(naming.component_name(name) for name in COMPONENTS), "Difference"]
    title = f"How far it stands {'above' if found.score >= 0 else 'below'} the other"
    return waterfall.floating([*steps, ("score", 0.0, found.score)], names, title, tone)


def _alt(found: Difference) -> str:
    parts = ", ".join(f"{LOOKS[name].label} {words.signed(found.components[name])}" for name in COMPONENTS)
    return f"Difference of the scores {words.signed(found.score)}: {parts}"


def _parts(component: str, parts: tuple[DifferencePart, ...], total: float) -> str:
    shown, rest = parts[:N_PARTS], parts[N_PARTS:]
    bars = [
        Bar(
            naming.label_of(part.example._replace(value=1.0)),  # named without a verdict: the bar says whose it is
            part.value,
            f"{words.signed(part.first, 3)} here, {words.signed(part.second, 3)} there",
            quote=component == "semantic",
        )
        for part in shown
    ]
    if rest:
        bars.append(Bar(f"{len(rest):,} more", sum(part.value for part in rest)))
    head = (
        '<h3 class="sw-chart-title sw-part-head">'
        f'<span class="sw-dot sw-c-{component}">{LOOKS[component].glyph}</span> '
        f"{LOOKS[component].label} <strong>{words.signed(total, 3)}</strong></h3>"
    )
    if not bars:
        return f'{head}<p class="sw-note">Says nothing of either.</p>'
    return head + bars_html(bars, f"Differences in {LOOKS[component].label}")
