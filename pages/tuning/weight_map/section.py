"""The section itself: what is shown, which slice, both charts, and what they say."""

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages._shared import charts, resources
from pages._shared.background import Background
from pages._shared.notices import empty_html
from pages._shared.palette import LOOKS
from pages.tuning.context import TuningCase
from pages.tuning.metrics import choose_second
from pages.tuning.weight_map import marks, mixes, sentences, trade, triangle
from pages.tuning.weight_map.mapped import Mapped, Mix
from pages.tuning.weight_map.plane import Plane
from recsys.evaluation.statistics.paired import Difference
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import Segment
from recsys.settings import COMPONENTS, RankingSettings
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.simplex_cells import N_STEPS
from recsys.tuning.weight_map import WeightMap

ROLES = {"test": "Test shoppers", "validation": "Validation shoppers"}
_STEP = 100 // N_STEPS
_HEIGHT = 600
_FOLLOWED, _CLICKS = "map_followed", "map_clicks"


def weight_map(case: TuningCase) -> None:
    """Every mix of weights at once."""
    shares = list(case.now.settings.fusion.normalised().values())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="map_row"):
        plane = _slice(shares)
        second = choose_second(case.metric)
        role = _role()
    engine = case.room.test if role == "test" else case.room.validation
    if not case.segment.mask(engine.panel.shoppers).any():
        st.html(empty_html("Nobody fits", f"no {role} shopper has all of these properties; choose fewer of them"))
        return
    now, reference = (_mix(engine, setting, case.segment) for setting in (case.now, case.reference))
    filters, scenario = case.now.settings.filters, case.now.scenario
    key = (engine.panel.panel_id, case.k, filters, scenario, case.segment, case.metric)
    work = resources.weight_map(engine, *key)
    found = awaited(work, engine)
    if found is None:
        resources.weight_map.clear(engine, *key)
        st.html(empty_html("The map could not be made", work.problem))
        return
    mapped = Mapped(found, case.metric, second, now, reference)
    _show(mapped, plane, role, case.now.settings.diversity)

    def change(point: int) -> Mapping[str, Difference]:
        new, old = (RankingSettings(found.settings(each), filters, case.k) for each in (point, mapped.best))
        return resources.changes(engine, engine.panel.panel_id, new, old, scenario, case.segment)

    with st.container(key="chart_mixes"):
        mixes.show(mapped, lambda point: load(found, point), change)


def _show(mapped: Mapped, plane: Plane, role: str, variety: float) -> None:
    st.html(
        sentences.summary_html(mapped, role, variety)
        + marks.legend_html(mapped.reference.name, has_region=mapped.best >= 0)
    )
    tone = charts.theme()
    beside, about = st.columns([1.15, 1], gap="small")
    with beside, st.container(key="chart_triangle", height="stretch"):
        _clickable(triangle.figure(mapped, plane, tone), "triangle", _in_words(mapped, plane), mapped.found)
        st.html(sentences.elsewhere_html(mapped, plane))
    with about, st.container(key="chart_front", height="stretch"):
        told = f"Every mix by {mapped.label(mapped.metric)} and {mapped.label(mapped.second)}"
        _clickable(trade.figure(mapped, tone), "front", told, mapped.found)


def _slice(shares: list[float]) -> Plane:
    fixed = st.selectbox(
        "Slice by",
        list(COMPONENTS),
        index=len(COMPONENTS) - 1,
        key="fixed",
        format_func=lambda name: LOOKS[name].label,
        help="The triangle mixes the other three components; this one has the same share all over it.",
        bind="query-params",
        width=170,
    )
    fixed = fixed or COMPONENTS[-1]
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


def _role() -> str:
    chosen = st.selectbox(
        "Measured on",
        list(ROLES),
        key="map_of",
        format_func=ROLES.get,
        help="Weights are chosen on earlier choices (validation); what they are worth, later choices say (test).",
        bind="query-params",
        width=200,
    )
    return chosen or "test"


def _mix(engine: LiveEngine, setting: EvaluationConfig, segment: Segment) -> Mix:
    found = resources.means_of(engine, engine.panel.panel_id, setting.settings, setting.scenario, segment)
    return Mix.of(setting.name, setting.settings.fusion, {name: each.mean for name, each in found.items()})


def awaited(work: Background[WeightMap], engine: LiveEngine) -> WeightMap | None:
    """The map, when it is done; progress until then. None where it failed, with the reason in `work.problem`."""
    place = st.empty()
    while work.is_running:
        total = max(work.total, 1)
        text = f"Measuring all mixes of weights on {len(engine.panel):,} shoppers" if work.total else "Starting"
        place.progress(min(work.done / total, 1.0), text=f"{text} …")
        time.sleep(0.1)
    place.empty()
    return work.result


def _clickable(figure: Any, name: str, alt: str, found: WeightMap) -> None:
    """Draw a chart whose points load their weights; a fresh one after each, which also forgets what was clicked."""
    key = f"{name}_{st.session_state.get(_CLICKS, 0)}"
    with st.container(
        key=f"map_plot_{name}", height=_HEIGHT, border=False
    ):  # the stylesheet makes it lower where narrow
        st.plotly_chart(
            figure,
            theme=None,
            config={"displayModeBar": False},
            alt=alt,
            key=key,
            height="stretch",
            on_select=lambda: _load_clicked(st.session_state.get(key), found),
            selection_mode="points",
        )


def _load_clicked(event: Any, found: WeightMap) -> None:
    points = event["selection"]["points"] if event else []
    chosen = points[0].get("customdata") if points else None
    chosen = chosen[0] if isinstance(chosen, list) and chosen else chosen
    if isinstance(chosen, int) and 0 <= chosen < len(found.cells.steps):
        load(found, chosen)


def load(found: WeightMap, point: int) -> None:
    """Put the weights of a point on the sliders."""
    state = st.session_state
    state.update({name: _STEP * step for name, step in zip(COMPONENTS, found.cells.steps[point].tolist(), strict=True)})
    state[_CLICKS] = state.get(_CLICKS, 0) + 1


def _in_words(mapped: Mapped, plane: Plane) -> str:
    others = ", ".join(LOOKS[name].label for name in plane.corners)
    return (
        f"Triangle of {mapped.label(mapped.metric)} at every mix of {others}, with {plane.share * _STEP}% "
        f"{LOOKS[plane.fixed].label}; the mixes worth loading stand below the charts"
    )
