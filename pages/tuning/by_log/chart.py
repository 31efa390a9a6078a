"""Click rates of the setting and of its reference by every estimator, beside what is known."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from pages._shared.charts import framed
from pages._shared.palette import ACCENT, GRID, INK, LOOKS, MUTED, SURFACE
from recsys.offpolicy.estimators import ESTIMATORS
from recsys.offpolicy.mixes import LogEvaluator, MixAnswer

_SHORT = {
    "ips": "Weighted clicks<br>(IPS)",
    "snips": "… over weights<br>(SNIPS)",
    "dm": "Click model alone<br>(DM)",
    "dr": "Model, corrected<br>(DR)",
    "switch_dr": "… small weights<br>(switch-DR)",
}


def figure(
    now: MixAnswer, reference: MixAnswer, against: str, sliders: LogEvaluator, tone: str, *, is_same: bool
) -> go.Figure:
    """The chart; a setting that is refused has no points, so at least one must not be."""
    chart = go.Figure()
    _points(chart, "This setting", now, ACCENT[tone], "circle")
    if not is_same:
        _points(chart, _plain(against), reference, MUTED[tone], "diamond-open")
    _line(chart, "as logged", float(sliders.judged.pages.column("click").mean()), MUTED[tone], "dot")
    if now.truth is not None:
        _line(chart, "truth of this setting", now.truth, LOOKS["semantic"].colour(tone), "dash")
    low, high = _reach(chart, [line.x0 for line in chart.layout.shapes])
    axis = {"gridcolor": GRID[tone], "automargin": True, "fixedrange": True, "zeroline": False}
    title = {"size": 12.5, "color": MUTED[tone]}
    return chart.update_layout(
        **{name: value for name, value in framed("", tone).items() if name != "title"},
        xaxis={
            **axis,
            "range": [low, high],
            "title": {"text": "Share of places clicked, 95% interval", "font": title},
            "tickformat": ".1%",
        },
        yaxis={
            **axis,
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [_SHORT[name] for name in reversed(ESTIMATORS)],
            "showgrid": False,
        },
        height=380,
        margin={"l": 8, "r": 14, "t": 8, "b": 8},
        scattermode="group",
        scattergap=0.5,
        legend={"orientation": "h", "x": 0, "xref": "container", "y": 0, "yref": "container"},
        hoverlabel={"bgcolor": SURFACE[tone], "bordercolor": GRID[tone], "font": {"color": INK[tone]}, "align": "left"},
        showlegend=True,
    )


def _reach(chart: go.Figure, lines: Sequence[float]) -> tuple[float, float]:
    """What the horizontal axis has to show: all points with their intervals, and the lines."""
    ends = list(lines)
    for trace in chart.data:
        moves = zip(trace.x, trace.error_x.arrayminus, trace.error_x.array, strict=True)
        ends += [end for x, down, up in moves for end in (x - down, x + up)]
    pad = 0.06 * (max(ends) - min(ends)) or 0.005
    return max(min(ends) - pad, 0.0), max(ends) + pad


def _points(chart: go.Figure, name: str, answer: MixAnswer, colour: str, symbol: str) -> None:
    estimates = answer.found.estimates
    known = [each for each in ESTIMATORS if each in estimates]
    means = [estimates[each].mean for each in known]
    ends = [(estimates[each].low, estimates[each].high) for each in known]
    told = [
        (0.0, 0.0) if math.isnan(low) else (mean - low, high - mean)
        for mean, (low, high) in zip(means, ends, strict=True)
    ]
    chart.add_scatter(
        x=means,
        y=[_SHORT[each] for each in known],
        name=name if known else f"{name} (refused)",
        mode="markers",
        orientation="h",
        marker={"color": colour, "symbol": symbol, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [up for _, up in told],
            "arrayminus": [down for down, _ in told],
            "color": colour,
        },
        hovertemplate="%{y}: %{x:.2%}<extra></extra>",
    )


def _line(chart: go.Figure, name: str, at: float, colour: str, dash: str) -> None:
    chart.add_vline(at, line={"color": colour, "dash": dash, "width": 2}, name=name, showlegend=True, layer="below")


def _plain(name: str) -> str:
    """Plotly reads a little HTML in names; a preset's must stay text."""
    plain = name.replace("&", "&amp;").replace("<", "&lt;")
    return plain if len(name) <= 28 else f"{plain[:27]}…"
