"""Every metric over every test shopper, as the sliders move."""

import time

import streamlit as st

from pages._shared import charts, resources, words
from pages._shared.cards import esc, weights_html
from pages._shared.tuning import guard, tiles, tradeoff, wording
from pages._shared.tuning.room import Case

_HEAD_START_S = 0.05
"""How long the server waits before it computes what stands below, while the browser draws the tiles."""

FEW = 50
"""Fewer shoppers than this are pointed out: little can be told from them."""


def tune(case: Case) -> None:
    """Tiles first, since they are what a person waits for; then the baseline guard and the trade-off."""
    found, k, panel = case.changes(), case.k, case.room.test.panel
    now, before = case.lists(case.now), case.lists(case.reference)
    st.html(headline(case))
    warning = st.container()
    st.html(tiles.tiles_html(now, before, found, k, panel.n_items, case.reference.name, case.is_same))
    time.sleep(_HEAD_START_S)
    guarded = guard.Guard.of(case)
    if lost := guard.notice(guarded, k):
        with warning:
            st.html(lost)
    beside, about = st.columns([1.5, 1], gap="small")
    with about, st.container(key="chart_guard", height="stretch"):
        st.html(guard.table(guarded, k))
    with beside, st.container(key="chart_tradeoff", height="stretch"):
        second = choose_second(case.metric)
        stops = tradeoff.follow(case, found)
        reference = (case.reference.name, {name: each.old for name, each in found.items()})
        filters = case.now.settings.filters
        baselines = resources.baseline_values(case.room.test, panel.panel_id, k, filters, case.segment)
        figure = tradeoff.figure(stops, reference, baselines, (case.metric, second), k, charts.theme())
        charts.show(figure, "Where this setting stands among simple models", key="tradeoff")


def second_metric(judged: str) -> str:
    """What stands on the other axis of charts: as chosen, but never the judged metric itself."""
    second = str(st.session_state.get("second", "ild"))
    return second if second != judged else "ild" if judged != "ild" else "ndcg"


def choose_second(judged: str) -> str:
    """What the judged metric is traded against."""
    second = second_metric(judged)
    options = [name for name in wording.METRICS if name != judged]
    if st.session_state.get("second", second) != second:
        st.session_state["second"] = second
    chosen = st.selectbox(
        "Against",
        options,
        index=options.index(second),
        key="second",
        format_func=lambda name: wording.METRICS[name].label.replace("@k", ""),
        help="The second metric of the trade-off, here and on the weight map.",
        bind="query-params",
        width=200,
    )
    return chosen or second


def headline(case: Case) -> str:
    """Who is judged, and what could not be proven, in one line."""
    n, whole = int(case.mask.sum()), len(case.room.test.panel)
    who = words.count(n, "test shopper") if n == whole else f"{n:,} of {whole:,} test shoppers"
    few = " · so few that little can be told" if n < FEW else ""
    panel = case.room.test.panel
    candidates = ""
    if not panel.scores.is_whole:
        unproven = int(case.measured(case.now).unproven[case.mask].sum())
        candidates = f" · best {int(panel.scores.widths.max()):,} candidates a shopper, " + (
            f"{unproven:,} lists could differ with all products" if unproven else "which is proven to change no list"
        )
    weights = weights_html(case.now.settings.fusion.normalised(), "Effective weights")
    return (
        f'{weights}<p class="sw-headline sw-judged" role="status"><strong>{who}</strong> '
        f'<span class="sw-quiet">· lists of {case.k} out of {panel.n_items:,} products · against '
        f"{esc(case.reference.name)}{few}{candidates}</span></p>"
    )


def judge_by() -> str:
    """Which metric settings are judged by."""
    chosen = st.selectbox(
        "Judge by",
        list(wording.METRICS),
        key="metric",
        format_func=lambda name: wording.METRICS[name].label.replace("@k", ""),
        bind="query-params",
        width=200,
    )
    return chosen or "ndcg"
