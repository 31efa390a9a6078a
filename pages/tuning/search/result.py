"""What a search found: the sentence that counts, the setting, what can be done with it, and every figure."""

from dataclasses import replace

import streamlit as st

from pages._shared import charts
from pages._shared.cards import esc, isolated, weights_html
from pages.tuning.context import TuningCase
from pages.tuning.search import actions, constraints, figures, form, front, progress, shop_search, summary
from pages.tuning.search.shop_search import Wanted
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.tuning.search_result import FrontPoint, SearchResult


def show(case: TuningCase, found: SearchResult, *, is_running: bool = False) -> None:
    """The result, told first by test shoppers.

    Parameters
    ----------
    is_running : whether another search is under way, which has to end before this one can go on
    """
    wanted = Wanted(found.goal, found.n_trials)
    outdated = shop_search.is_of_other_data(case.room, found.panel_ids)
    if outdated:
        _outdated(case, wanted, is_running=is_running)
    beside, about = st.columns([1, 1], gap="small")
    with beside, st.container(key="chart_found", height="stretch"):
        st.html(_found_html(found))
        _instead(found)
        _buttons(case, found, wanted, can_go_on=not outdated and not is_running)
    with about, st.container(key="chart_search_front", height="stretch"):
        _front(case, found, outdated=outdated)
    if found.kept:
        with st.container(key="chart_kept"):
            st.html(constraints.kept_html(found))
    with st.container(key="chart_sought"):
        st.html(figures.figures_html(found, case.room.test.panel.clicks))


def _found_html(found: SearchResult) -> str:
    settings, variety = found.settings, front.variety_in_words(found.settings)
    first, points, after = summary.finding(found), summary.held(found), ""
    if failing := summary.broken(found):
        first, points = "Nothing that was tried keeps all conditions safely.", failing
        after = f'<p class="sw-nearest">The setting that comes nearest: {isolated(summary.finding(found))}</p>'
    listed = "".join(f"<li>{isolated(line)}</li>" for line in points)
    return (
        f'<h2 class="sw-eyebrow">What was found</h2><p class="sw-note">for {isolated(found.goal.in_words())}</p>'
        f'<p class="sw-finding" role="status">{isolated(first)}</p>'
        + (f'<ul class="sw-points">{listed}</ul>' if listed else "")
        + f'{after}<div class="sw-found-mix">{weights_html(settings.fusion.normalised())}'
        f'<p class="sw-note">{esc(variety[0].upper() + variety[1:])} · lists of {settings.n}</p></div>'
        f'<p class="sw-note">{esc(summary.tried(found))}</p>'
    )


def _instead(found: SearchResult) -> None:
    easier = summary.instead(found)
    if easier is None or easier == found.goal:
        return
    said = easier.in_words()
    with st.container(key="search_instead"):
        st.html(f'<p class="sw-note">What could be asked instead: <strong>{isolated(said)}</strong></p>')
        st.button("Ask for that", key="ask_instead", icon=":material/edit:", on_click=form.fill, args=(said,))


def _buttons(case: TuningCase, found: SearchResult, wanted: Wanted, *, can_go_on: bool) -> None:
    room, loaded = case.room, actions.is_loaded(case, found.settings)
    with st.container(horizontal=True, gap="small", key="found_buttons"):
        st.button(
            "On the sliders" if loaded else "Load into the sliders",
            key="load_found",
            type="secondary" if loaded else "primary",
            icon=":material/check:" if loaded else ":material/tune:",
            disabled=loaded,
            on_click=actions.load,
            args=(room, found.goal, found.settings),
        )
        st.button(
            "Compare side by side",
            key="compare_found",
            icon=":material/compare_arrows:",
            help="Loads it, and shows what changes for the same shoppers.",
            on_click=actions.compare,
            args=(room, found),
        )
        st.button(
            "Save as preset",
            key="save_found",
            icon=":material/bookmark_add:",
            help="Loads it, and opens the form that saves it for everybody.",
            on_click=actions.save,
            args=(room, found),
        )
        n = shop_search.further(found.n_trials)
        st.button(
            "Search further",
            key="search_further",
            icon=":material/travel_explore:",
            disabled=not can_go_on or n <= found.n_trials,
            help=f"Goes on to {n:,} settings with variety; what was tried is not tried again.",
            on_click=form.begin,
            args=(room, replace(wanted, n_trials=n)),
        )


def _front(case: TuningCase, found: SearchResult, *, outdated: bool) -> None:
    metrics, k = found.front_metrics, found.goal.k
    marked = {} if outdated else front.beside(case, found.goal, metrics)
    marked["best"] = (found.validation[metrics[0]].mean, found.validation[metrics[1]].mean)
    texts = [_hover(point) for point in found.front]
    points = [(point.first, point.second) for point in found.front]
    figure = front.figure(points, marked, metrics, k, charts.theme(), texts)
    key = f"search_front_{actions.clicks()}"
    names = " against ".join(METRICS[name].at(k) for name in metrics)
    st.plotly_chart(
        figure,
        theme=None,
        config={"displayModeBar": False},
        alt=f"{names}: {len(points)} settings that no other found beats by both; choose one below the chart",
        key=key,
        on_select=lambda: actions.load_clicked(st.session_state.get(key), case.room, found),
        selection_mode="points",
    )
    st.html(front.legend_html(marked, is_done=True))
    _choose_point(case, found)


def _choose_point(case: TuningCase, found: SearchResult) -> None:
    """What a click on the chart does, for the keyboard and for screen readers."""
    if not found.front:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="front_row"):
        place = st.selectbox(
            "Another point of the chart",
            range(len(found.front)),
            key=f"front_point_{found.n_trials}_{len(found.front)}",
            format_func=lambda place: _line(found, found.front[place]),
        )
        chosen = found.front[place or 0].settings
        loaded = actions.is_loaded(case, chosen)
        st.button(
            "On the sliders" if loaded else "Load this",
            key="load_point",
            icon=":material/check:" if loaded else ":material/tune:",
            disabled=loaded,
            on_click=actions.load,
            args=(case.room, found.goal, chosen),
        )


def _line(found: SearchResult, point: FrontPoint) -> str:
    values = zip(found.front_metrics, (point.first, point.second), strict=True)
    said = " · ".join(f"{METRICS[name].at(found.goal.k)} {fmt.value(name, value)}" for name, value in values)
    return f"{said} · {front.mix_in_words(point.settings)}"


def _hover(point: FrontPoint) -> str:
    mix = front.mix_in_words(point.settings).replace(", ", "<br>")
    return f"{mix}<br><i>Click to load</i><br>"


def _outdated(case: TuningCase, wanted: Wanted, *, is_running: bool) -> None:
    st.html(progress.outdated_html())
    st.button(
        "Search again",
        key="search_again",
        icon=":material/refresh:",
        disabled=is_running,
        on_click=form.begin,
        args=(case.room, wanted),
    )
