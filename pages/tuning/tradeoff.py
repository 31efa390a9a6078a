"""Accuracy against a second metric: where the setting stands among baselines and presets, and where you have been."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from pages._shared.cards import esc
from pages._shared.charts import framed
from pages._shared.palette import ACCENT, GRID, INK, MUTED, SURFACE
from pages.tuning import metric_groups
from pages.tuning.context import TuningCase
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS, WHOLE_METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.tuning.config import EvaluationConfig

_TRAIL = "tuning_trail"
_LOOKED = "settings_looked_at"
LONGEST_TRAIL = 40

_NEAR = 0.05, 0.04
"""Diamonds closer than this, as shares of the vertical axis and of the horizontal one, hide each other's numbers."""

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "number": (0.0, 1.0),
    "share": (0.0, 1.0),
    "bits": (0.0, math.inf),
    "lift": (-1.0, math.inf),
}
"""The least and the most that a metric can be, by unit."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of the trail.

    Parameters
    ----------
    setting : what was set
    values : the metrics there, by name
    """

    setting: EvaluationConfig
    values: Mapping[str, float]


def follow(case: TuningCase, found: Mapping[str, Difference]) -> Sequence[Stop]:
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


def looked_at(case: TuningCase) -> int:
    """How many settings this session has looked at on the test shoppers of one way of holding out."""
    split, seen = st.session_state.get(_LOOKED, (None, frozenset()))
    seen = (seen if split == case.room.split else frozenset()) | {case.now.ranks_like}
    st.session_state[_LOOKED] = (case.room.split, seen)
    return len(seen)


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
    name, values = reference
    drawn = [values, *baselines.values(), *(stop.values for stop in stops)]
    reaches = [reach(metric, drawn) for metric in metrics]
    chart = go.Figure()
    for marks in (_diamonds(baselines, metrics, k, tone), *_numbers(baselines, metrics, reaches, tone)):
        chart.add_trace(marks)
    if len(stops) > 1:
        chart.add_scatter(
            x=[stop.values[right] for stop in stops],
            y=[stop.values[up] for stop in stops],
            text=[_hover(_mix(stop.setting), stop.values, metrics, k) for stop in stops],
            mode="lines+markers",
            line={"color": ACCENT[tone], "width": 1, "dash": "dot"},
            marker={"size": 6, "color": ACCENT[tone], "opacity": _faded(len(stops))},
            name="Where you have been",
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
        )
    chart.add_scatter(
        x=[values[right]],
        y=[values[up]],
        text=[_hover(name, values, metrics, k)],
        mode="markers",
        marker={"symbol": "circle-open", "size": 15, "color": INK[tone], "line": {"width": 2}},
        name=f"Reference: {esc(name)}",
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )
    chart.add_scatter(
        x=[stops[-1].values[right]],
        y=[stops[-1].values[up]],
        text=[_hover(_mix(stops[-1].setting), stops[-1].values, metrics, k)],
        mode="markers",
        marker={"size": 13, "color": ACCENT[tone], "line": {"width": 1.5, "color": SURFACE[tone]}},
        name="This setting",
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )
    axis = {
        "gridcolor": GRID[tone],
        "zeroline": False,
        "automargin": True,
        "title_font": {"size": 12.5, "color": MUTED[tone]},
        "nticks": 6,
        "ticks": "outside",  # room for marks that stand on an axis
        "ticklen": 10,
        "tickcolor": "rgba(0,0,0,0)",
    }
    words = METRICS
    title = f"{words[up].at(k)} against {words[right].at(k)}"
    return chart.update_layout(
        **framed(title, tone),
        xaxis={**axis, "title_text": _axis(right, k), "range": reaches[1], **_format(right)},
        yaxis={**axis, "title_text": _axis(up, k), "range": reaches[0], **_format(up)},
        height=400,
        margin={"l": 8, "r": 14, "t": 58, "b": 8},
        legend={"orientation": "h", "y": -0.24, "x": 0, "font": {"size": 12}},
    )


def reach(metric: str, drawn: Sequence[Mapping[str, float]]) -> list[float] | None:
    """The range of an axis: around all points, and never where the metric cannot be; None where nobody has a value."""
    values = [each[metric] for each in drawn if not math.isnan(each[metric])]
    if not values:
        return None
    lowest, highest = _BOUNDS[METRICS[metric].unit]
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or max(0.1 * abs(high), 0.01)
    return [max(low - room, min(lowest, low)), min(high + room, max(highest, high))]


def _diamonds(baselines: Mapping[str, Mapping[str, float]], metrics: tuple[str, str], k: int, tone: str) -> go.Scatter:
    """The simple models; what each is, its number says, and the table beside the chart."""
    up, right = metrics
    return go.Scatter(
        x=[values[right] for values in baselines.values()],
        y=[values[up] for values in baselines.values()],
        text=[_hover(metric_groups.BASELINES[name], values, metrics, k) for name, values in baselines.items()],
        mode="markers",
        marker={"symbol": "diamond", "size": 17, "color": MUTED[tone], "line": {"width": 1, "color": SURFACE[tone]}},
        name="Simple models, numbered as in the table",
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )


def _numbers(
    baselines: Mapping[str, Mapping[str, float]],
    metrics: tuple[str, str],
    reaches: Sequence[Sequence[float] | None],
    tone: str,
) -> list[go.Scatter]:
    """The numbers: inside of a diamond that stands alone, and beside those that lie over each other, together."""
    groups = grouped(baselines, metrics, reaches)
    shown: dict[str, list[tuple[float, float, str]]] = {"middle center": [], "top center": [], "bottom center": []}
    for group in groups:
        names = ", ".join(str(place) for place, _, _ in group)
        x, ys = sum(x for _, x, _ in group) / len(group), [y for _, _, y in group]
        if len(group) == 1:
            shown["middle center"].append((x, ys[0], names))
        elif _is_free(x, max(ys), [each for other in groups if other is not group for each in other], reaches):
            shown["top center"].append((x, max(ys), f"{names}<br> "))
        else:
            shown["bottom center"].append((x, min(ys), f" <br>{names}"))
    inside, outside = {"size": 10.5, "color": SURFACE[tone], "weight": 600}, {"size": 11.5, "color": INK[tone]}
    return [
        go.Scatter(
            x=[x for x, _, _ in each],
            y=[y for _, y, _ in each],
            text=[names for _, _, names in each],
            mode="text",
            textposition=where,
            textfont=inside if where == "middle center" else outside,
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )
        for where, each in shown.items()
        if each
    ]


def _is_free(
    x: float, y: float, others: Sequence[tuple[int, float, float]], reaches: Sequence[Sequence[float] | None]
) -> bool:
    """Whether no other diamond stands where a label above (x, y) would."""
    high, wide = (ends[1] - ends[0] if ends else 0.0 for ends in reaches)
    return not any(abs(x - a) < 3 * _NEAR[1] * wide and 0.01 * high < b - y < 3 * _NEAR[0] * high for _, a, b in others)


def grouped(
    baselines: Mapping[str, Mapping[str, float]],
    metrics: tuple[str, str],
    reaches: Sequence[Sequence[float] | None],
) -> list[list[tuple[int, float, float]]]:
    """Number, x and y of each model, those that lie over each other together, from the left.

    Parameters
    ----------
    metrics, reaches : of the vertical axis and of the horizontal one
    """
    up, right = metrics
    high, wide = (near * (ends[1] - ends[0]) if ends else 0.0 for near, ends in zip(_NEAR, reaches, strict=True))
    groups: list[list[tuple[int, float, float]]] = []
    placed = [(place, values[right], values[up]) for place, values in enumerate(baselines.values(), 1)]
    for place, x, y in sorted(placed, key=lambda each: each[1]):
        near = (group for group in groups if any(abs(x - a) <= wide and abs(y - b) <= high for _, a, b in group))
        if (group := next(near, None)) is None:
            groups.append([(place, x, y)])
        else:
            group.append((place, x, y))
    return groups


def _axis(metric: str, k: int) -> str:
    unit = {"bits": ", bits", "share": ", %", "lift": ", %"}.get(METRICS[metric].unit, "")
    of = "all lists together" if metric in WHOLE_METRICS else "mean of shoppers"
    return f"{METRICS[metric].at(k)} ({of}{unit})"


def _format(metric: str) -> dict[str, str]:
    digits = {"share": ".1%", "lift": "+.0%", "bits": ".2f"}.get(METRICS[metric].unit)
    return {"tickformat": digits or (".3f" if metric in ("ndcg", "map", "mrr") else ".2f")}


def _hover(name: str, values: Mapping[str, float], metrics: tuple[str, str], k: int) -> str:
    told = (f"{METRICS[metric].at(k)} {fmt.value(metric, values[metric])}" for metric in metrics)
    return "<br>".join((esc(name), *told))


def _faded(n: int) -> list[float]:
    return [0.2 + 0.6 * place / max(n - 1, 1) for place in range(n)]


def _mix(setting: EvaluationConfig) -> str:
    shares = setting.settings.fusion.normalised()
    said = ", ".join(f"{name} {share:.0%}" for name, share in shares.items() if share)
    return f"{said}, variety {setting.settings.diversity:.2f}" if setting.settings.diversity else said
