"""What charts of the tuning room share: axes, labels, names that stay text, and the marks of settings on a map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pages._shared.cards import esc
from pages._shared.palette import ACCENT, GRID, INK, MUTED, SURFACE
from recsys.evaluation.metrics.registry import METRICS

Values = Sequence[float] | NDArray[np.float64]
Ends = Sequence[tuple[tuple[float, float], ...]]


def axis(tone: str, **more: Any) -> dict[str, Any]:
    """An axis in the colours of a theme, as arguments of a figure's layout."""
    title_font = {"size": 12.5, "color": MUTED[tone]}
    return {"gridcolor": GRID[tone], "zeroline": False, "automargin": True, "title_font": title_font, **more}


def hover_label(tone: str) -> dict[str, Any]:
    """The label that appears over a point."""
    return {"bgcolor": SURFACE[tone], "bordercolor": GRID[tone], "font": {"color": INK[tone]}, "align": "left"}


def tick_format(metric: str) -> str:
    """How Plotly writes a metric's numbers on an axis."""
    return {"share": ".0%", "lift": "+.0%"}.get(METRICS[metric].unit, "")


def plain(name: str, longest: int) -> str:
    """A name as Plotly shows it, cut where it is long: Plotly reads a little HTML in texts, and a name must stay text.

    >>> plain("Candles & <b>Scents", 99), plain("Candles & Scents", 9)
    ('Candles &amp; &lt;b>Scents', 'Candles …')
    """
    cut = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return cut.replace("&", "&amp;").replace("<", "&lt;")


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


def legend_html(reference: str, has_region: bool) -> str:
    """One legend for the charts of a map."""
    parts = [
        ("now", "This setting"),
        ("reference", f"Reference: {reference}"),
        ("best", "Best found"),
        *([("tied", "Not ruled out as the best")] if has_region else []),
        ("front", "No mix is better by both metrics"),
    ]
    items = "".join(
        f'<li><span class="sw-key sw-key-{kind}" aria-hidden="true"></span><span dir="auto">{esc(text)}</span></li>'
        for kind, text in parts
    )
    return f'<ul class="sw-keys" aria-label="Legend">{items}</ul>'
