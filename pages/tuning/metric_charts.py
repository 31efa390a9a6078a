"""Charts of settings by two metrics, and what all charts of the tuning page share: axes, marks, clicks on points."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from pages._shared import charts
from pages._shared.cards import esc
from pages._shared.charts import ACCENT, GRID, INK, MUTED, SURFACE
from pages.tuning import labels
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS, WHOLE_METRICS
from recsys.panel.segments import EvaluationConfig

Values = Sequence[float] | NDArray[np.float64]
Ends = Sequence[tuple[tuple[float, float], ...]]
Point = tuple[float, float]
"""A value of the metric on the vertical axis, and one of the metric on the horizontal axis."""

UNITS: Mapping[str, str] = {"bits": "bits", "share": "%", "lift": "%"}
"""What a unit is called on an axis; others have no name."""

_TICKS = {"share": (".0%", ".1%"), "lift": ("+.0%", "+.0%"), "bits": ("", ".2f")}


def axis(tone: str, **more: Any) -> dict[str, Any]:
    """An axis in the colours of a theme, as arguments of a figure's layout."""
    title_font = {"size": 12.5, "color": MUTED[tone]}
    return {"gridcolor": GRID[tone], "zeroline": False, "automargin": True, "title_font": title_font, **more}


def axis_title(metric: str, k: int) -> str:
    """A metric's name, its unit, and which way is better."""
    unit = UNITS.get(METRICS[metric].unit)
    better = "higher" if METRICS[metric].higher_is_better else "lower"
    return f"{METRICS[metric].at(k)}{f' ({unit})' if unit else ''}, {better} is better"


def hover_label(tone: str) -> dict[str, Any]:
    """The label that appears over a point."""
    return {"bgcolor": SURFACE[tone], "bordercolor": GRID[tone], "font": {"color": INK[tone]}, "align": "left"}


def number_format(metric: str, *, is_fine: bool = False) -> str:
    """How Plotly writes a metric's numbers; "" leaves it to Plotly. `is_fine` adds a digit."""
    return _TICKS.get(METRICS[metric].unit, ("", ""))[is_fine]


def plain(name: str, longest: int) -> str:
    """A name as Plotly shows it, cut where it is long: Plotly reads a little HTML in texts, and a name must stay text.

    >>> plain("Candles & <b>Scents", 99), plain("Candles & Scents", 9)
    ('Candles &amp; &lt;b>Scents', 'Candles …')
    """
    return labels.cut(name, longest).replace("&", "&amp;").replace("<", "&lt;")


def metrics_layout(metrics: tuple[str, str], k: int, tone: str) -> dict[str, Any]:
    """The layout of a chart of one metric, on the vertical axis, against a second one; nothing can be dragged."""
    y, x = (
        axis(tone, fixedrange=True, title_text=axis_title(metric, k), tickformat=number_format(metric))
        for metric in metrics
    )
    up, right = (METRICS[metric].at(k) for metric in metrics)
    return {
        **charts.framed(f"{up} against {right}", tone),
        "xaxis": {**x, "nticks": 6},
        "yaxis": y,
        "hovermode": "closest",
        "hoverlabel": hover_label(tone),
        "showlegend": False,
    }


def pareto_chart(
    points: Sequence[Point],
    marked: Mapping[str, Point],
    metrics: tuple[str, str],
    k: int,
    tone: str,
    texts: Sequence[str] = (),
) -> go.Figure:
    """A goal's metric against a second one: the front of settings that no other found beats by both.

    `marked` says where "reference" (equal weights), "now" and "best" (the chosen one) lie; with `texts`, which hovering
    over the points shows, they can be clicked.
    """
    chart = go.Figure()
    formats = [number_format(metric, is_fine=True) or ".4f" for metric in metrics]
    hover = (
        f"%{{text}}{METRICS[metrics[0]].at(k)} %{{y:{formats[0]}}}<br>"
        f"{METRICS[metrics[1]].at(k)} %{{x:{formats[1]}}}<extra></extra>"
    )
    more = {"customdata": list(range(len(points))), "text": list(texts)} if texts else {"text": [""] * len(points)}
    y, x = [point[0] for point in points], [point[1] for point in points]
    add_front(chart, x, y, tone, **more, hovertemplate=hover)
    for kind, name in mark_names(is_done=bool(texts)).items():
        if kind in marked:
            first, second = marked[kind]
            add_marks(chart, kind, [second], [first], tone, text=[f"{name}<br>"], hovertemplate=hover)
    return keep_unselected(chart).update_layout(
        metrics_layout(metrics, k, tone), yaxis_nticks=7, height=380, margin={"l": 8, "r": 14, "t": 48, "b": 8}
    )


def mark_names(*, is_done: bool) -> dict[str, str]:
    """What the marks of a search are called, while it runs and when it is done."""
    return {"reference": "Equal weights", "best": "Chosen" if is_done else "Best so far", "now": "This setting"}


def add_front(chart: go.Figure, x: Values, y: Values, tone: str, **more: Any) -> None:
    """Draw a Pareto front as a line with a diamond at each point."""
    line = {"color": INK[tone], "width": 1.5}
    chart.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False)
    add_marks(chart, "front", x, y, tone, **more)


def add_marks(chart: go.Figure, kind: str, x: Values, y: Values, tone: str, **more: Any) -> None:
    """Draw marks of one kind, "now", "reference", "best" or "front", so that they stand out on any cell."""
    if not len(x):
        return
    ink, surface, accent = INK[tone], SURFACE[tone], ACCENT[tone]
    looks: dict[str, list[dict[str, Any]]] = {
        "front": [{"symbol": "diamond", "size": 8, "color": surface, "line": {"width": 1.5, "color": ink}}],
        "reference": [
            {"symbol": "circle-open", "size": 17, "color": surface, "line": {"width": 5.5}},
            {"symbol": "circle-open", "size": 17, "color": ink, "line": {"width": 2}},
        ],
        "best": [{"symbol": "star", "size": 17, "color": surface, "line": {"width": 1.6, "color": ink}}],
        "now": [{"symbol": "circle", "size": 13, "color": accent, "line": {"width": 2.5, "color": surface}}],
    }
    for marker in looks[kind]:
        chart.add_scatter(x=x, y=y, mode="markers", marker=marker, showlegend=False, **more)


def add_outline(chart: go.Figure, ends: Ends, tone: str) -> None:
    """Draw sides of hexagons as one line."""
    x = [part for (x0, _), (x1, _) in ends for part in (x0, x1, None)]
    y = [part for (_, y0), (_, y1) in ends for part in (y0, y1, None)]
    for colour, width in ((SURFACE[tone], 6), (INK[tone], 2.5)):
        chart.add_scatter(
            x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip", showlegend=False
        )


def keep_unselected(chart: go.Figure) -> go.Figure:
    """Let a click mark nothing by itself: what is chosen is drawn anew."""
    for trace in chart.data:
        if "markers" in (trace.mode or ""):
            opacity = 1 if trace.marker.opacity is None else trace.marker.opacity
            trace.selected = trace.unselected = {"marker": {"opacity": opacity}}
    return chart


def clickable(figure: go.Figure, alt: str, key: str, n: int, on_point: Callable[[int], None], **more: Any) -> None:
    """Draw a chart of which a click on one of its `n` points calls `on_point` with the number that it carries."""

    def clicked() -> None:
        point = clicked_point(st.session_state.get(key), n)
        if point is not None:
            on_point(point)

    charts.show_chart(figure, alt, key=key, on_select=clicked, selection_mode="points", **more)


def clicked_point(event: Any, n: int) -> int | None:
    """The number below `n` that a clicked point carries; None for whatever else comes."""
    points = event["selection"]["points"] if event else []
    chosen = points[0].get("customdata") if points else None
    chosen = chosen[0] if isinstance(chosen, list) and chosen else chosen
    return chosen if isinstance(chosen, int) and 0 <= chosen < n else None


def legend_html(parts: Mapping[str, str]) -> str:
    """A legend of marks, by kind, with what each means."""
    items = "".join(
        f'<li><span class="sw-key sw-key-{kind}" aria-hidden="true"></span><span dir="auto">{esc(text)}</span></li>'
        for kind, text in parts.items()
    )
    return f'<ul class="sw-keys" aria-label="Legend">{items}</ul>'


_NEAR = 0.05, 0.04
"""Diamonds closer than this, as shares of the vertical axis and of the horizontal one, hide each other's numbers."""

MetricValues = Mapping[str, float]
"""One setting's or model's metrics, by name."""

Group = list[tuple[int, float, float]]
"""Simple models that lie over each other: number, x and y of each, as shares of the axes."""


class TrailPoint(NamedTuple):
    """A setting that was looked at, with its metrics."""

    setting: EvaluationConfig
    values: MetricValues


def tradeoff_chart(
    points: Sequence[TrailPoint],
    reference: tuple[str, MetricValues],
    baselines: Mapping[str, MetricValues],
    metrics: tuple[str, str],
    k: int,
    tone: str,
) -> go.Figure:
    """The trail, the present setting last, with its reference, by name, and the simple models."""
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

    models = [(labels.BASELINES[each], values) for each, values in baselines.items()]
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
    both = axis(tone, nticks=6, ticks="outside", ticklen=10, tickcolor="rgba(0,0,0,0)")
    return chart.update_layout(
        **charts.framed(f"{METRICS[up].at(k)} against {METRICS[right].at(k)}", tone),
        xaxis={**both, **_scale(right, k), "range": ranges[1]},
        yaxis={**both, **_scale(up, k), "range": ranges[0]},
        height=400,
        margin={"l": 8, "r": 14, "t": 58, "b": 8},
        legend={"orientation": "h", "y": -0.24, "x": 0, "font": {"size": 12}},
    )


def axis_range(metric: str, drawn: Sequence[MetricValues]) -> list[float] | None:
    """The range of an axis: around all points, and never where the metric cannot be; None where nobody has a value."""
    values = [each[metric] for each in drawn if not math.isnan(each[metric])]
    if not values:
        return None
    lowest, highest = METRICS[metric].lowest, METRICS[metric].highest
    low, high = min(values), max(values)
    margin = 0.12 * (high - low) or max(0.1 * abs(high), 0.01)
    return [max(low - margin, min(lowest, low)), min(high + margin, max(highest, high))]


def _numbers(
    baselines: Mapping[str, MetricValues],
    metrics: tuple[str, str],
    ranges: Sequence[Sequence[float] | None],
    tone: str,
) -> list[go.Scatter]:
    """Numbers of simple models: inside a diamond that stands alone, beside those that lie over each other."""
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
    groups: list[Group] = []
    for number, (x, y) in sorted(enumerate(points, 1), key=lambda each: each[1][0]):
        near = (each for each in groups if any(abs(x - a) <= _NEAR[1] and abs(y - b) <= _NEAR[0] for _, a, b in each))
        if (group := next(near, None)) is None:
            groups.append([(number, x, y)])
        else:
            group.append((number, x, y))
    return groups


def _scale(metric: str, k: int) -> dict[str, str]:
    unit = UNITS.get(METRICS[metric].unit)
    of = "all lists together" if metric in WHOLE_METRICS else "mean of shoppers"
    digits = ".3f" if metric in ("ndcg", "map", "mrr") else ".2f"
    return {
        "title_text": f"{METRICS[metric].at(k)} ({of}{f', {unit}' if unit else ''})",
        "tickformat": number_format(metric, is_fine=True) or digits,
    }
