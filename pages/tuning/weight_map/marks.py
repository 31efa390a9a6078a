"""How settings are marked on both charts of the map: drawn twice, so that they stand out on dark and bright cells."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from pages._shared.cards import esc
from pages._shared.palette import ACCENT, INK, SURFACE

Ends = Sequence[tuple[tuple[float, float], ...]]


def add(chart: go.Figure, kind: str, x: Sequence[float], y: Sequence[float], tone: str, **more: Any) -> None:
    """Draw marks of one kind: "now", "reference", "best" or "front"."""
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


def outline(chart: go.Figure, ends: Ends, tone: str) -> None:
    """Draw sides of hexagons as one line."""
    x = [part for (x0, _), (x1, _) in ends for part in (x0, x1, None)]
    y = [part for (_, y0), (_, y1) in ends for part in (y0, y1, None)]
    for colour, width in ((SURFACE[tone], 6), (INK[tone], 2.5)):
        chart.add_scatter(
            x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip", showlegend=False
        )


def still(chart: go.Figure) -> go.Figure:
    """A click marks nothing by itself: what is chosen is drawn anew."""
    for trace in chart.data:
        if "markers" in (trace.mode or ""):
            opacity = 1 if trace.marker.opacity is None else trace.marker.opacity
            trace.selected = trace.unselected = {"marker": {"opacity": opacity}}
    return chart


def legend_html(reference: str, has_region: bool) -> str:
    """One legend for both charts."""
    parts = [
        ("now", "This setting"),
        ("reference", f"Reference: {reference}"),
        ("best", "Best found"),
        *([("tied", "Not ruled out as the best")] if has_region else []),
        ("front", "No mix is better by both metrics"),
    ]
    said = "".join(
        f'<li><span class="sw-key sw-key-{kind}" aria-hidden="true"></span><span dir="auto">{esc(text)}</span></li>'
        for kind, text in parts
    )
    return f'<ul class="sw-keys" aria-label="Legend">{said}</ul>'
