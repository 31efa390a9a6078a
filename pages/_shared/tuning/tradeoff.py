"""Accuracy against a second metric: where the setting stands among baselines and presets, and where you have been."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from pages._shared.cards import esc
from pages._shared.charts import framed
from pages._shared.palette import ACCENT, GRID, INK, MUTED, SURFACE
from pages._shared.tuning import wording
from pages._shared.tuning.room import Case
from recsys.evaluation.live.asked import Asked
from recsys.evaluation.paired import Difference

_TRAIL = "tuning_trail"
LONGEST_TRAIL = 40


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the trail.

    Parameters
    ----------
    setting : what was set
    values : the metrics there, by name
    """

    setting: Asked
    values: Mapping[str, float]


def follow(case: Case, found: Mapping[str, Difference]) -> Sequence[Stop]:
    """The trail of this session with the present setting at its end; another question begins another trail."""
    question = (case.room.split, case.k, case.segment, case.now.settings.filters)
    asked, stops = st.session_state.get(_TRAIL, (None, ()))
    if asked != question:
        stops = ()
    stop = Stop(case.now, {name: each.new for name, each in found.items()})
    if not stops or stops[-1].setting != stop.setting:
        stops = (*stops, stop)[-LONGEST_TRAIL:]
    st.session_state[_TRAIL] = (question, stops)
    return stops


def figure(
    stops: Sequence[Stop],
    reference: tuple[str, Mapping[str, float]],
    baselines: Mapping[str, Mapping[str, float]],
    metrics: tuple[str, str],
    k: int,
    tone: str,
) -> go.Figure:
    """The chart.

    Parameters
    ----------
    stops : the trail, the present setting last
    reference : its name and values
    baselines : values by name
    metrics : what stands on the vertical axis, and on the horizontal one
    """
    up, right = metrics
    chart = go.Figure()
    chart.add_scatter(
        x=[values[right] for values in baselines.values()],
        y=[values[up] for values in baselines.values()],
        text=[wording.BASELINES[name] for name in baselines],
        mode="markers+text",
        textposition=_beside(baselines, up, right),
        textfont={"size": 11, "color": MUTED[tone]},
        marker={"symbol": "diamond", "size": 9, "color": MUTED[tone]},
        name="Simple models",
        hovertemplate=_hover(up, right, k),
    )
    if len(stops) > 1:
        chart.add_scatter(
            x=[stop.values[right] for stop in stops],
            y=[stop.values[up] for stop in stops],
            text=[_mix(stop.setting) for stop in stops],
            mode="lines+markers",
            line={"color": ACCENT[tone], "width": 1, "dash": "dot"},
            marker={"size": 6, "color": ACCENT[tone], "opacity": _faded(len(stops))},
            name="Where you have been",
            hovertemplate=_hover(up, right, k),
        )
    name, values = reference
    chart.add_scatter(
        x=[values[right]],
        y=[values[up]],
        text=[esc(name)],
        mode="markers",
        marker={"symbol": "circle-open", "size": 15, "color": INK[tone], "line": {"width": 2}},
        name=f"Reference: {esc(name)}",
        hovertemplate=_hover(up, right, k),
    )
    chart.add_scatter(
        x=[stops[-1].values[right]],
        y=[stops[-1].values[up]],
        text=[_mix(stops[-1].setting)],
        mode="markers",
        marker={"size": 13, "color": ACCENT[tone], "line": {"width": 1.5, "color": SURFACE[tone]}},
        name="This setting",
        hovertemplate=_hover(up, right, k),
    )
    axis = {
        "gridcolor": GRID[tone],
        "zeroline": False,
        "automargin": True,
        "title_font": {"size": 12.5, "color": MUTED[tone]},
    }
    words = wording.METRICS
    title = f"{words[up].at(k)} against {words[right].at(k)}"
    return chart.update_layout(
        **framed(title, tone),
        xaxis={**axis, "title_text": _axis(right, k), "range": _roomy(chart), **_format(right)},
        yaxis={**axis, "title_text": _axis(up, k), **_format(up)},
        height=400,
        margin={"l": 8, "r": 8, "t": 52, "b": 8},
        legend={"orientation": "h", "y": -0.24, "x": 0, "font": {"size": 12}},
    )


def _beside(baselines: Mapping[str, Mapping[str, float]], up: str, right: str) -> list[str]:
    """Where each label stands: left and right by turns from the top, so that neighbours do not cover each other."""
    order = sorted(baselines, key=lambda name: (-baselines[name][up], baselines[name][right]))
    sides = {name: ("middle left", "middle right")[place % 2] for place, name in enumerate(order)}
    furthest = max(baselines, key=lambda name: baselines[name][right])
    sides[furthest] = "middle left"  # what stands at the edge must not be cut off
    return [sides[name] for name in baselines]


def _roomy(chart: go.Figure) -> list[float] | None:
    """A range of the horizontal axis that leaves room for labels beside the outermost points, on a phone as well."""
    across = [value for trace in chart.data for value in trace.x if value == value]
    if not across:
        return None
    span = max(across) - min(across) or 1e-3
    return [min(across) - 0.12 * span, max(across) + 0.3 * span]


def _axis(metric: str, k: int) -> str:
    unit = {"bits": ", bits", "share": ", %", "lift": ", %"}.get(wording.METRICS[metric].unit, "")
    return (
        f"{wording.METRICS[metric].at(k)} (mean of shoppers{unit})"
        if metric not in ("coverage", "gini")
        else (f"{wording.METRICS[metric].at(k)}{unit}")
    )


def _format(metric: str) -> dict[str, str]:
    digits = {"share": ".1%", "lift": ".0%", "bits": ".2f"}.get(wording.METRICS[metric].unit)
    return {"tickformat": digits or (".3f" if metric in ("ndcg", "map", "mrr") else ".2f")}


def _hover(up: str, right: str, k: int) -> str:
    words = wording.METRICS
    return f"%{{text}}<br>{words[up].at(k)} %{{y:.4f}}<br>{words[right].at(k)} %{{x:.4f}}<extra></extra>"


def _faded(n: int) -> list[float]:
    return [0.2 + 0.6 * place / max(n - 1, 1) for place in range(n)]


def _mix(setting: Asked) -> str:
    shares = setting.settings.fusion.normalised()
    said = ", ".join(f"{name} {share:.0%}" for name, share in shares.items() if share)
    return f"{said}, variety {setting.settings.diversity:.2f}" if setting.settings.diversity else said
