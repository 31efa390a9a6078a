"""The triangle: the judged metric at every mix of three components, one hexagon a mix, the fourth on a slider."""

import math

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from pages._shared.charts import framed
from pages._shared.palette import GRID, INK, LOOKS, MUTED, SURFACE
from pages.tuning.weight_map import marks
from pages.tuning.weight_map.mapped import Mapped, tick_format
from pages.tuning.weight_map.plane import HEIGHT, Plane
from recsys.evaluation.metrics.registry import METRICS
from recsys.tuning.simplex_cells import N_STEPS

SCALE = "Cividis"
"""Even steps look even, also to colour-blind people; brighter is better."""

_NOTHING = "rgba(128,128,128,.18)"
_TICKED = N_STEPS // 5


def figure(mapped: Mapped, plane: Plane, tone: str) -> go.Figure:
    """The chart."""
    chart, cells = go.Figure(), mapped.found.cells
    points = plane.points(cells)
    x, y = plane.places(cells.weights[points])
    _hexagons(chart, mapped, plane, points, x, y, tone)
    marks.outline(chart, list(plane.around(cells, mapped.tied)), tone)
    chart.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 22, "opacity": 0, "color": MUTED[tone]},
        **mapped.told(points),
        showlegend=False,
    )
    at = dict(zip(points.tolist(), zip(x.tolist(), y.tolist(), strict=True), strict=True))
    front = [at[point] for point in mapped.front.tolist() if point in at]
    marks.add(chart, "front", [x for x, _ in front], [y for _, y in front], tone, hoverinfo="skip")
    for kind, mix in (("reference", mapped.reference), ("now", mapped.now)):
        if plane.holds(mix.shares):
            place_x, place_y = plane.places(mix.shares[None])
            marks.add(chart, kind, place_x.tolist(), place_y.tolist(), tone, hoverinfo="skip")
    if mapped.best in at:
        marks.add(chart, "best", [at[mapped.best][0]], [at[mapped.best][1]], tone, hoverinfo="skip")
    _name_corners(chart, plane, tone)
    _colour_bar(chart, mapped, tone)
    room = 0.045 + plane.radius
    axis = {"visible": False, "fixedrange": True}
    title = f"{mapped.label(mapped.metric)} at every mix with {plane.share / N_STEPS:.0%} {LOOKS[plane.fixed].label}"
    return marks.still(chart).update_layout(
        **framed(title, tone),
        xaxis={**axis, "range": [-room - 0.01, 1 + room + 0.01], "constrain": "domain"},
        yaxis={**axis, "range": [-room - 0.085, HEIGHT + room + 0.06], "scaleanchor": "x", "constrain": "domain"},
        margin={"l": 4, "r": 4, "t": 48, "b": 72},
        hovermode="closest",
        hoverlabel={"bgcolor": SURFACE[tone], "bordercolor": GRID[tone], "font": {"color": INK[tone]}, "align": "left"},
        showlegend=False,
    )


def _limits(mapped: Mapped) -> tuple[float, float]:
    """One scale for all slices, so that they can be compared."""
    known = mapped.values[~np.isnan(mapped.values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _hexagons(
    chart: go.Figure,
    mapped: Mapped,
    plane: Plane,
    points: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    tone: str,
) -> None:
    low, high = _limits(mapped)
    shares = np.clip((mapped.values[points] - low) / ((high - low) or 1.0), 0, 1)
    shares = shares if METRICS[mapped.metric].higher_is_better else 1 - shares
    fills = sample_colorscale(SCALE, np.nan_to_num(shares).tolist())
    shapes = []
    for share, fill, at_x, at_y in zip(shares, fills, x.tolist(), y.tolist(), strict=True):
        corners = " L".join(f"{one:.4f},{two:.4f}" for one, two in plane.hexagon(at_x, at_y))
        shapes.append(
            {
                "type": "path",
                "path": f"M{corners} Z",
                "fillcolor": _NOTHING if math.isnan(share) else fill,
                "line": {"color": SURFACE[tone], "width": 0.7},
                "layer": "below",
            }
        )
    chart.update_layout(shapes=shapes)


def _name_corners(chart: go.Figure, plane: Plane, tone: str) -> None:
    """Each corner by its component, and along the side that leads there, anticlockwise, the component's shares."""
    top, left, right = plane.corners
    away, most = plane.radius + 0.012, plane.n / N_STEPS
    places = {
        top: (0.5, HEIGHT + away, "center", "bottom"),
        left: (-away, -away - 0.045, "left", "top"),
        right: (1 + away, -away - 0.045, "right", "top"),
    }
    for name, (x, y, anchor, above) in places.items():
        look = LOOKS[name]
        chart.add_annotation(
            x=x,
            y=y,
            text=f"<b>{look.glyph} {look.label}</b> {most:.0%}",
            showarrow=False,
            xanchor=anchor,
            yanchor=above,
            font={"size": 13.5, "color": look.colour(tone)},
        )
    for step in range(_TICKED, plane.n, _TICKED):
        for name, before, aside in ((top, right, (1, 0)), (left, top, (-1, 0)), (right, left, (0, -1))):
            shares = dict.fromkeys(LOOKS, 0.0) | {name: float(step), before: float(plane.n - step)}
            x, y = plane.places([list(shares.values())])
            chart.add_annotation(
                x=float(x[0]) + aside[0] * away,
                y=float(y[0]) + aside[1] * away,
                text=f"{step / N_STEPS:.0%}",
                showarrow=False,
                xanchor={1: "left", -1: "right", 0: "center"}[aside[0]],
                yanchor="top" if aside[1] else "middle",
                font={"size": 11, "color": LOOKS[name].colour(tone)},
            )


def _colour_bar(chart: go.Figure, mapped: Mapped, tone: str) -> None:
    low, high = _limits(mapped)
    chart.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        hoverinfo="skip",
        showlegend=False,
        marker={
            "color": [low],
            "cmin": low,
            "cmax": high if high > low else low + 1e-9,
            "colorscale": SCALE,
            "reversescale": not METRICS[mapped.metric].higher_is_better,
            "showscale": True,
            "colorbar": {
                "orientation": "h",
                "title": {"text": mapped.axis(mapped.metric), "side": "top", "font": {"size": 12.5}},
                "tickfont": {"size": 11.5, "color": MUTED[tone]},
                "tickformat": tick_format(mapped.metric),
                "thickness": 12,
                "len": 0.8,
                "x": 0.5,
                "xanchor": "center",
                "y": -0.005,
                "yanchor": "top",
                "outlinewidth": 0,
                "nticks": 6,
            },
        },
    )
