"""Against another product: why one stands above the other, as the difference of two explanations."""

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, resources, words
from pages._shared.cards import dot_html, esc, isolated
from pages._shared.notices import empty_html
from pages._shared.palette import LOOKS
from pages.explanations import naming, product, waterfall
from pages.explanations.bars import Bar, bars_html
from pages.explanations.context import ExplanationContext
from recsys.explanations.comparisons import DifferencePart, ExplanationDifference, difference
from recsys.explanations.records import Explanation
from recsys.settings import COMPONENTS

PARAMETER = "rival"
N_PARTS = 7


def rival(case: ExplanationContext) -> None:
    """Pick the other product, then a difference waterfall and the parts that make it."""
    other = _choose(case)
    if other is None:
        st.html(empty_html("Nothing to compare with", "no other product is listed; type a title or an id"))
        return
    second = resources.explained(case.model, case.now, other, case.settings)
    found = difference(case.explanation, second)
    st.html(_verdict(case.explanation, second, found))
    chart, parts = st.columns([1, 1], gap="medium")
    with chart, st.container(key="rival_chart"):
        alt = f"Difference of the scores {words.signed(found.score)}: {words.parts_in_words(found.components)}"
        charts.show(_figure(found, charts.theme()), alt, key="rival_waterfall")
    with parts, st.container(key="rival_parts"):
        for name in COMPONENTS:
            st.html(_parts(name, found.of(name), found.components[name]))


def _choose(case: ExplanationContext) -> str | None:
    titles = resources.titles(case.model)
    listed = [item.item_id for item in case.model.rank(case.now, case.settings).items]
    options = [item_id for item_id in dict.fromkeys([*listed, *titles]) if item_id != case.item_id]
    title = "No such product to compare with, so another stands in:"
    chosen = product.requested(PARAMETER, options, titles, title)
    product.picker(
        "Compare with",
        [*filter(None, [chosen]), *options],
        chosen,
        PARAMETER,
        key="rival_choice",
        format_func=lambda item_id: f"{'On the list: ' if item_id in listed else ''}{titles.get(item_id, item_id)}",
        placeholder="Another product, by title or id",
    )
    return chosen


def _verdict(first: Explanation, second: Explanation, found: ExplanationDifference) -> str:
    way = "above" if found.score >= 0 else "below"
    most = max(COMPONENTS, key=lambda name: found.components[name] * (1 if found.score >= 0 else -1))
    places = (esc(naming.place_in_words(each.position)) for each in (first, second))
    return (
        f'<p class="sw-lede">{isolated(first.title)} stands <strong>{abs(found.score):.2f}</strong> {way} '
        f"{isolated(second.title)}, most of all by {LOOKS[most].label.lower()} "
        f"({words.signed(found.components[most])}).</p>"
        f'<p class="sw-note">{" against ".join(places)}.</p>'
    )


def _figure(found: ExplanationDifference, tone: str) -> go.Figure:
    """The difference of the scores, by component."""
    names = [*(naming.component_name(name) for name in COMPONENTS), "Difference"]
    title = f"How far it stands {'above' if found.score >= 0 else 'below'} the other"
    return waterfall.floating([*waterfall.stacked(found.components), ("score", 0.0, found.score)], names, title, tone)


def _parts(component: str, parts: tuple[DifferencePart, ...], total: float) -> str:
    rest = parts[N_PARTS:]
    bars = [
        Bar(
            naming.label_of(part.example._replace(value=1.0)),  # named without a verdict: the bar says whose it is
            part.value,
            f"{words.signed(part.first, 3)} here, {words.signed(part.second, 3)} there",
            quote=component == "semantic",
        )
        for part in parts[:N_PARTS]
    ]
    if rest:
        bars.append(Bar(f"{len(rest):,} more", sum(part.value for part in rest)))
    head = (
        f'<h3 class="sw-chart-title sw-part-head">{dot_html(component)} '
        f"{LOOKS[component].label} <strong>{words.signed(total, 3)}</strong></h3>"
    )
    if not bars:
        return f'{head}<p class="sw-note">Says nothing of either.</p>'
    return head + bars_html(bars, f"Differences in {LOOKS[component].label}")
