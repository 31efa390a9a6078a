"""The section "Weight map": which slice is shown, both charts, what they say, and the mixes worth loading."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from pages._shared import charts, words
from pages._shared.cards import empty_html, esc, weights_html
from pages._shared.charts import LOOKS
from pages._shared.controls import button
from pages.tuning import context
from pages.tuning.context import TuningCase
from pages.tuning.controls import select
from pages.tuning.live_metrics import choose_second
from pages.tuning.metric_charts import clickable, legend_html
from pages.tuning.weight_map_charts import MapView, MarkedMix, Plane, all_mixes, triangle
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import EvaluationConfig, Segment
from recsys.settings import COMPONENTS, RankingSettings
from recsys.tuning.map_kernels import N_STEPS
from recsys.tuning.weight_map import WeightMap

ROLES = {"test": "Test shoppers", "validation": "Validation shoppers"}
_STEP = 100 // N_STEPS
_FOLLOWED, _CLICKS = "map_followed", "map_clicks"


def weight_map(case: TuningCase) -> None:
    """Every mix of weights at once."""
    shares = list(case.now.settings.fusion.normalised().values())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="map_row"):
        plane = _slice(shares)
        second = choose_second(case.metric)
        about = "Weights are chosen on earlier choices (validation); what they are worth, later choices say (test)."
        role = select("Measured on", list(ROLES), "map_of", "test", format_func=ROLES.get, help=about, width=200)
    engine = case.tuning.test if role == "test" else case.tuning.validation
    if not case.segment.mask(engine.panel.shoppers).any():
        st.html(empty_html("Nobody fits", f"no {role} shopper has all of these properties; choose fewer of them"))
        return
    now, reference = (_mix(engine, setting, case.segment) for setting in (case.now, case.reference))
    filters, scenario = case.now.settings.filters, case.now.scenario
    key = (engine.panel.panel_id, case.k, filters, scenario, case.segment, case.metric)
    work = context.weight_map(engine, *key)
    found = work.wait(f"Measuring all mixes of weights on {len(engine.panel):,} shoppers")
    if found is None:
        context.weight_map.clear(engine, *key)
        st.html(empty_html("The map could not be made", work.problem))
        return
    view = MapView(found, case.metric, second, now, reference)
    _show(view, plane, role, case.now.settings.diversity)

    def compare(point: int) -> Mapping[str, Difference]:
        new, old = (RankingSettings(found.settings(each), filters, case.k) for each in (point, view.best))
        return context.changes(engine, engine.panel.panel_id, new, old, scenario, case.segment)

    with st.container(key="chart_mixes"):
        _mixes(view, compare)


def _show(view: MapView, plane: Plane, role: str, variety: float) -> None:
    marks = {"now": "This setting", "reference": f"Reference: {view.reference.name}", "best": "Best found"}
    marks |= {"tied": "Not ruled out as the best"} if view.best >= 0 else {}
    legend = legend_html(marks | {"front": "No mix is better by both metrics"})
    st.html(summary_html(view, role, variety) + legend)
    tone = charts.theme()
    beside, about = st.columns([1.15, 1], gap="small")
    with beside, st.container(key="chart_triangle", height="stretch"):
        others = ", ".join(LOOKS[name].label for name in plane.corners)
        alt = (
            f"Triangle of {view.label(view.metric)} at every mix of {others}, with {plane.share * _STEP}% "
            f"{LOOKS[plane.fixed].label}; the mixes worth loading stand below the charts"
        )
        _clickable(triangle(view, plane, tone), "triangle", alt, view.found)
        st.html(_elsewhere_html(view, plane))
    with about, st.container(key="chart_front", height="stretch"):
        alt = f"Every mix by {view.label(view.metric)} and {view.label(view.second)}"
        _clickable(all_mixes(view, tone), "front", alt, view.found)


def _slice(shares: list[float]) -> Plane:
    about = "The triangle mixes the other three components; this one has the same share all over it."
    more = {"index": len(COMPONENTS) - 1, "format_func": lambda name: LOOKS[name].label, "help": about, "width": 170}
    fixed = select("Slice by", list(COMPONENTS), "fixed", COMPONENTS[-1], **more)
    here = (fixed, round(N_STEPS * shares[COMPONENTS.index(fixed)]))
    before = st.session_state.get(_FOLLOWED)
    if before != here and not (before is None and "slice" in st.query_params):
        st.session_state["slice"] = here[1] * _STEP  # the slice that the setting lies in
    st.session_state[_FOLLOWED] = here
    share = st.slider(
        f"{LOOKS[fixed].label} in every mix",
        0,
        100,
        here[1] * _STEP,
        _STEP,
        key="slice",
        format="%d%%",
        help="Moves the triangle through all mixes. Colours mean the same in every slice.",
        bind="query-params",
        width=260,
    )
    return Plane(fixed, share // _STEP)


def _mix(engine: LiveEngine, setting: EvaluationConfig, segment: Segment) -> MarkedMix:
    found = context.means_of(engine, engine.panel.panel_id, setting.settings, setting.scenario, segment)
    shares = np.array(list(setting.settings.fusion.normalised().values()))
    return MarkedMix(setting.name, shares, {name: each.mean for name, each in found.items()})


def _clickable(figure: go.Figure, name: str, alt: str, found: WeightMap) -> None:
    """Draw a chart whose points load their weights; a fresh one after each, which also forgets what was clicked."""
    key = f"{name}_{st.session_state.get(_CLICKS, 0)}"
    # The stylesheet makes it lower where narrow.
    with st.container(key=f"map_plot_{name}", height=600, border=False):
        clickable(figure, alt, key, len(found.cells.steps), partial(load, found), height="stretch")


def load(found: WeightMap, point: int) -> None:
    """Put the weights of a point on the sliders."""
    state = st.session_state
    state.update({name: _STEP * step for name, step in zip(COMPONENTS, found.cells.steps[point].tolist(), strict=True)})
    state[_CLICKS] = state.get(_CLICKS, 0) + 1


def summary_html(view: MapView, role: str, variety: float) -> str:
    """How good the best is, how much may be the best as well, and what to know before acting on it."""
    return (
        f'<p class="sw-headline" role="status">{_best_html(view, role)}</p>'
        f'<p class="sw-note">{" ".join(_caveats(view, role, variety))}</p>'
    )


def _best_html(view: MapView, role: str) -> str:
    if view.best < 0:
        return f"No {role} shopper here has a value for {esc(view.label(view.metric))}."
    score = fmt.value(view.metric, float(view.values[view.best]))
    n, share = int(view.tied.sum()), float(view.tied.mean())
    is_in = view.tied[view.found.cells.nearest(view.now.shares)]
    if n == 1:
        region = f"all other mixes are ruled out as the best, after comparing {len(view.tied):,}"
        inside = "is that mix" if is_in else "is one of those"
    else:
        count = f"{share:.0%}" if share >= 0.01 else f"{n}"
        region = f"{count} are not ruled out as the best, after comparing {len(view.tied):,} mixes"
        inside = "is among them" if is_in else "is not among them"
    return (
        f"<strong>The best mix found scores {esc(score)}</strong> by {esc(view.label(view.metric))}; {region}; "
        f"this setting {inside}."
    )


def _caveats(view: MapView, role: str, variety: float) -> list[str]:
    lines = []
    if view.best >= 0 and not view.is_telling:
        n = words.count(view.found.n_users, "shopper")
        lines.append(f"With {n}, weights can hardly be told apart by this metric.")
    elif view.tied.sum() > 1:
        lines.append(
            "Not ruled out does not mean as good: with so many compared at once, only clear losers are ruled out."
        )
    if variety:
        lines.append(
            "The map leaves variety out: colours say what weights alone do. This setting is marked in the right chart "
            "as it is, with variety."
        )
    lines.append(
        "The map is for understanding: the best of so many mixes is lucky on these test shoppers. Choose weights on "
        "validation shoppers, in “Find good weights”."
        if role == "test"
        else "Weights are chosen on validation shoppers; what a choice is worth, only later choices, the test, can say."
    )
    if np.isnan(view.values).any() and view.best >= 0:
        lines.append("Grey mixes have no value.")
    return lines


def _elsewhere_html(view: MapView, plane: Plane) -> str:
    """What to do, and which marks the triangle cannot show because they lie in other slices."""
    marked = [("the reference", view.reference.shares), ("this setting", view.now.shares)]
    if view.best >= 0:
        marked.insert(0, ("the best found", view.found.cells.weights[view.best]))
    column, label = COMPONENTS.index(plane.fixed), LOOKS[plane.fixed].label
    away = [f"{name} at {shares[column]:.0%} {label}" for name, shares in marked if not plane.holds(shares)]
    elsewhere = f" In other slices: {', '.join(away)}." if away else ""
    return f'<p class="sw-note">Click a mix in either chart to put it on the sliders.{elsewhere}</p>'


Compare = Callable[[int], Mapping[str, Difference]]
"""Every metric's change from the best mix to another one, the two compared alone."""

MOST_COMPARED = 40
"""So many mixes at most are compared with the best, for each that is offered besides."""


class OfferedMix(NamedTuple):
    """A mix worth loading: by `key`, why, what its button says, and its point; `changes` are those from the best."""

    key: str
    title: str
    button: str
    point: int
    changes: Mapping[str, Difference] | None = None


def worth_loading(view: MapView, compare: Compare) -> list[OfferedMix]:
    """The best, and up to two others not ruled out as the best; empty where no mix has a value.

    Others must show no loss when compared with the best alone, by an interval: that nobody can tell is no reason to
    offer a mix. Where these shoppers hardly tell mixes apart, only the best is offered.
    """
    if view.best < 0:
        return []
    judged, second = view.label(view.metric), view.label(view.second)
    found = [OfferedMix("best", f"Best {judged} found", "Load best", view.best)]
    if not view.is_telling:
        return found
    by_second = partial(view.found.best, view.second)
    for key, title, action, pick in (
        ("even", f"Most even found with no loss of {judged} we can tell", "Load most even", view.found.most_even),
        ("second", f"Best {second} found with no loss of {judged} we can tell", "Load alternative", by_second),
    ):
        point = _without_loss(view, pick, compare)
        if point not in (-1, *(each.point for each in found)):
            found.append(OfferedMix(key, title, action, point, compare(point)))
    return found


def _without_loss(view: MapView, pick: Callable[[NDArray[np.bool_]], int], compare: Compare) -> int:
    """The first point that `pick` prefers and that shows no loss, passing over all as far behind as a loser; or -1."""
    loss = (view.values[view.best] - view.values) * (1 if METRICS[view.metric].higher_is_better else -1)
    among = view.tied.copy()
    for _ in range(MOST_COMPARED):
        point = pick(among)
        if point in (-1, view.best):
            return -1
        found = compare(point)[view.metric]
        if found.verdict != "worse" and (not math.isnan(found.change.low) or not found.n_changed):
            return point
        among &= loss < loss[point]
    return -1


def _mixes(view: MapView, compare: Compare) -> None:
    rows = worth_loading(view, compare)
    if not rows:
        return
    st.html('<h2 class="sw-chart-title">Mixes worth loading</h2>')
    now = view.found.cells.nearest(view.now.shares)
    for row in rows:
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=f"mix_{row.key}"
        ):
            st.html(_row_html(view, row), width="stretch")
            is_now = row.point == now and np.allclose(view.now.shares, view.found.cells.weights[now], atol=1e-3)
            label, icon = ("On the sliders", "check") if is_now else (row.button, "tune")
            button(label, f"load_{row.key}", icon, load, view.found, row.point, disabled=bool(is_now), width=185)


def _row_html(view: MapView, row: OfferedMix) -> str:
    metrics = (view.metric, view.second)
    values = " · ".join(
        f"{esc(view.label(name))} <strong>{esc(fmt.value(name, float(view.found.means[name][row.point])))}</strong>"
        for name in metrics
    )
    if row.changes is not None:
        changes = (_change_text(view.label(name), row.changes[name]) for name in metrics)
        text = "; ".join(f'<span class="sw-mix-change">{esc(each)}</span>' for each in changes)
        values += f'<span class="sw-metric-ends">Against the best: {text}</span>'
    shares = dict(zip(COMPONENTS, view.found.cells.weights[row.point].tolist(), strict=True))
    return (
        f'<div class="sw-mix" data-mix="{row.key}"><p class="sw-mix-title">{esc(row.title)}</p>'
        f'<p class="sw-mix-values">{values}</p><div class="sw-mix-weights">{weights_html(shares)}</div></div>'
    )


def _change_text(label: str, found: Difference) -> str:
    ends = fmt.interval(found.metric, found.change.low, found.change.high)
    return f"{label} {fmt.change(found.metric, found.change.mean)} ({ends})"
