"""Accuracy against a second metric: where the setting stands among baselines and presets, and where you have been."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go
import streamlit as st

from pages._shared.cards import esc
from pages._shared.charts import ACCENT, INK, MUTED, SURFACE, framed
from pages.tuning import chart_parts, labels
from pages.tuning.context import TuningCase
from pages.tuning.metric_cells import BASELINES
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS, WHOLE_METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.panel.segments import EvaluationConfig

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

MetricValues = Mapping[str, float]
"""One setting's or model's metrics, by name."""

Group = list[tuple[int, float, float]]
"""Simple models that lie over each other: number, x and y of each, as shares of the axes."""


class TrailPoint(NamedTuple):
    """A setting that was looked at, with its metrics."""

    setting: EvaluationConfig
    values: MetricValues


def trail(case: TuningCase, found: Mapping[str, Difference]) -> Sequence[TrailPoint]:
    """The trail of this session with the present setting at its end; another question begins another trail."""
    question = (case.room.split, case.k, case.segment, case.now.settings.filters)
    before, points = st.session_state.get(_TRAIL, (None, ()))
    if before != question:
        points = ()
    if not points or points[-1].setting != case.now:
        points = (*points, TrailPoint(case.now, {name: each.new for name, each in found.items()}))[-LONGEST_TRAIL:]
    st.session_state[_TRAIL] = (question, points)
    return points  # type: ignore[no-any-return]


def n_looked_at(case: TuningCase) -> int:
    """How many settings this session has looked at on the test shoppers of one way of holding out."""
    split, seen = st.session_state.get(_LOOKED, (None, frozenset()))
    seen = (seen if split == case.room.split else frozenset()) | {case.now.ranks_like}
    st.session_state[_LOOKED] = (case.room.split, seen)
    return len(seen)


def tradeoff_chart(
    points: Sequence[TrailPoint],
    reference: tuple[str, MetricValues],
    baselines: Mapping[str, MetricValues],
    metrics: tuple[str, str],
    k: int,
    tone: str,
) -> go.Figure:
    """The trail, the present setting last, with its reference, by name, and the simple models.

    Parameters
    ----------
    metrics : of the vertical axis, and of the horizontal one
    """
    up, right = metrics
    name, values = reference
    drawn = [values, *baselines.values(), *(point.values for point in points)]
    ranges = [axis_range(metric, drawn) for metric in metrics]
    chart = go.Figure()

    def hover(name: str, values: MetricValues) -> str:
        shown = (f"{METRICS[each].at(k)} {fmt.value(each, values[each])}" for each in metrics)
        return "<br>".join((esc(name), *shown))

    def add(label: str, named: Sequence[tuple[str, MetricValues]], mode: str = "markers", **look: Any) -> None:
        chart.add_scatter(
            x=[each[right] for _, each in named],
            y=[each[up] for _, each in named],
            text=[hover(*each) for each in named],
            mode=mode,
            name=label,
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
            **look,
        )

    models = [(BASELINES[each], values) for each, values in baselines.items()]
    diamond = {"symbol": "diamond", "size": 17, "color": MUTED[tone], "line": {"width": 1, "color": SURFACE[tone]}}
    add("Simple models, numbered as in the table", models, marker=diamond)
    chart.add_traces(_numbers(baselines, metrics, ranges, tone))
    been = [(labels.mix(point.setting.settings), point.values) for point in points]
    if len(been) > 1:
        faded = [0.2 + 0.6 * number / (len(been) - 1) for number in range(len(been))]
        line = {"color": ACCENT[tone], "width": 1, "dash": "dot"}
        dots = {"size": 6, "color": ACCENT[tone], "opacity": faded}
        add("Where you have been", been, "lines+markers", line=line, marker=dots)
    ring = {"symbol": "circle-open", "size": 15, "color": INK[tone], "line": {"width": 2}}
    add(f"Reference: {esc(name)}", [(name, values)], marker=ring)
    dot = {"size": 13, "color": ACCENT[tone], "line": {"width": 1.5, "color": SURFACE[tone]}}
    add("This setting", been[-1:], marker=dot)
    # Ticks outside make room for marks that stand on an axis.
    axis = chart_parts.axis(tone, nticks=6, ticks="outside", ticklen=10, tickcolor="rgba(0,0,0,0)")
    return chart.update_layout(
        **framed(f"{METRICS[up].at(k)} against {METRICS[right].at(k)}", tone),
        xaxis={**axis, **_scale(right, k), "range": ranges[1]},
        yaxis={**axis, **_scale(up, k), "range": ranges[0]},
        height=400,
        margin={"l": 8, "r": 14, "t": 58, "b": 8},
        legend={"orientation": "h", "y": -0.24, "x": 0, "font": {"size": 12}},
    )


def axis_range(metric: str, drawn: Sequence[MetricValues]) -> list[float] | None:
    """The range of an axis: around all points, and never where the metric cannot be; None where nobody has a value."""
    values = [each[metric] for each in drawn if not math.isnan(each[metric])]
    if not values:
        return None
    lowest, highest = _BOUNDS[METRICS[metric].unit]
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or max(0.1 * abs(high), 0.01)
    return [max(low - room, min(lowest, low)), min(high + room, max(highest, high))]


def _numbers(
    baselines: Mapping[str, MetricValues],
    metrics: tuple[str, str],
    ranges: Sequence[Sequence[float] | None],
    tone: str,
) -> list[go.Scatter]:
    """The numbers: inside of a diamond that stands alone, and beside those that lie over each other, together."""
    (bottom, top), (left, end) = (each or (0.0, 1.0) for each in ranges)
    high, wide = top - bottom, end - left
    shares = [((each[metrics[1]] - left) / wide, (each[metrics[0]] - bottom) / high) for each in baselines.values()]
    groups = _grouped(shares)
    placed: dict[str, list[tuple[float, float, str]]] = {"middle center": [], "top center": [], "bottom center": []}
    for group in groups:
        names = ", ".join(str(number) for number, _, _ in group)
        x, ys = sum(x for _, x, _ in group) / len(group), [y for _, _, y in group]
        others = [each for other in groups if other is not group for each in other]
        if len(group) == 1:
            placed["middle center"].append((x, ys[0], names))
        elif not any(abs(x - a) < 3 * _NEAR[1] and 0.01 < b - max(ys) < 3 * _NEAR[0] for _, a, b in others):
            placed["top center"].append((x, max(ys), f"{names}<br> "))
        else:
            placed["bottom center"].append((x, min(ys), f" <br>{names}"))
    inside, outside = {"size": 10.5, "color": SURFACE[tone], "weight": 600}, {"size": 11.5, "color": INK[tone]}
    return [
        go.Scatter(
            x=[left + x * wide for x, _, _ in each],
            y=[bottom + y * high for _, y, _ in each],
            text=[names for _, _, names in each],
            mode="text",
            textposition=where,
            textfont=inside if where == "middle center" else outside,
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )
        for where, each in placed.items()
        if each
    ]


def _grouped(points: Sequence[tuple[float, float]]) -> list[Group]:
    """The simple models, those that lie over each other together, from the left."""
    groups: list[Group] = []
    for number, (x, y) in sorted(enumerate(points, 1), key=lambda each: each[1][0]):
        near = (each for each in groups if any(abs(x - a) <= _NEAR[1] and abs(y - b) <= _NEAR[0] for _, a, b in each))
        if (group := next(near, None)) is None:
            groups.append([(number, x, y)])
        else:
            group.append((number, x, y))
    return groups


def _scale(metric: str, k: int) -> dict[str, str]:
    """Title and number format of an axis."""
    unit = chart_parts.UNITS.get(METRICS[metric].unit)
    of = "all lists together" if metric in WHOLE_METRICS else "mean of shoppers"
    digits = ".3f" if metric in ("ndcg", "map", "mrr") else ".2f"
    return {
        "title_text": f"{METRICS[metric].at(k)} ({of}{f', {unit}' if unit else ''})",
        "tickformat": chart_parts.number_format(metric, is_fine=True) or digits,
    }
