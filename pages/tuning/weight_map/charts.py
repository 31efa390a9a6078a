"""Both charts of the map: a triangle of hexagons, one a mix of three components, and every mix by two metrics."""

import math

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from pages._shared.charts import framed
from pages._shared.palette import INK, LOOKS, MUTED, SURFACE
from pages.tuning import chart_parts
from pages.tuning.weight_map.map_view import HEIGHT, MapView, Plane
from recsys.evaluation.metrics.registry import METRICS
from recsys.tuning.simplex_cells import N_STEPS

SCALE = "Cividis"
"""Even steps look even, also to colour-blind people; brighter is better."""

_NOTHING = "rgba(128,128,128,.18)"
_TICKED = N_STEPS // 5


def triangle(view: MapView, plane: Plane, tone: str) -> go.Figure:
    """The judged metric at every mix of three components, with the share of the fourth fixed.

    Plotly's own ternary axes are not used: their markers are sized in pixels, so that hexagons gape or overlap when the
    chart is resized, and no shape, which could be sized by the axes, can be put on them.
    """
    chart, cells = go.Figure(), view.found.cells
    points = plane.points(cells)
    x, y = plane.positions(cells.weights[points])
    _hexagons(chart, view, plane, points, tone)
    chart_parts.add_outline(chart, list(plane.outline(cells, view.tied)), tone)
    spots = {"size": 22, "opacity": 0, "color": MUTED[tone]}
    chart.add_scatter(x=x, y=y, mode="markers", marker=spots, **view.hover(points), showlegend=False)
    at = dict(zip(points.tolist(), zip(x.tolist(), y.tolist(), strict=True), strict=True))
    marked = {
        "front": [at[point] for point in view.front.tolist() if point in at],
        "reference": _on_plane(plane, view.reference.shares),
        "now": _on_plane(plane, view.now.shares),
        "best": [at[view.best]] if view.best in at else [],
    }
    for kind, spots_at in marked.items():
        chart_parts.add_marks(chart, kind, [x for x, _ in spots_at], [y for _, y in spots_at], tone, hoverinfo="skip")
    _name_corners(chart, plane, tone)
    _colour_bar(chart, view, tone)
    room = 0.045 + plane.radius
    axis = {"visible": False, "fixedrange": True}
    title = f"{view.label(view.metric)} at every mix with {plane.share / N_STEPS:.0%} {LOOKS[plane.fixed].label}"
    return chart_parts.keep_unselected(chart).update_layout(
        **framed(title, tone),
        xaxis={**axis, "range": [-room - 0.01, 1 + room + 0.01], "constrain": "domain"},
        yaxis={**axis, "range": [-room - 0.085, HEIGHT + room + 0.06], "scaleanchor": "x", "constrain": "domain"},
        margin={"l": 4, "r": 4, "t": 48, "b": 72},
        hovermode="closest",
        hoverlabel=chart_parts.hover_label(tone),
        showlegend=False,
    )


def _on_plane(plane: Plane, shares: np.ndarray) -> list[tuple[float, float]]:
    if not plane.holds(shares):
        return []
    x, y = plane.positions(shares[None])
    return [(float(x[0]), float(y[0]))]


def _limits(view: MapView) -> tuple[float, float]:
    """One scale for all slices, so that they can be compared."""
    known = view.values[~np.isnan(view.values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)


def _hexagons(chart: go.Figure, view: MapView, plane: Plane, points: np.ndarray, tone: str) -> None:
    low, high = _limits(view)
    shares = np.clip((view.values[points] - low) / ((high - low) or 1.0), 0, 1)
    shares = shares if METRICS[view.metric].higher_is_better else 1 - shares
    fills = sample_colorscale(SCALE, np.nan_to_num(shares).tolist())
    x, y = plane.positions(view.found.cells.weights[points])
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

    def write(text: str, name: str, x: float, y: float, size: float, anchor: str, above: str) -> None:
        font = {"size": size, "color": LOOKS[name].colour(tone)}
        chart.add_annotation(x=x, y=y, text=text, showarrow=False, xanchor=anchor, yanchor=above, font=font)

    for name, x, y, anchor, above in (
        (top, 0.5, HEIGHT + away, "center", "bottom"),
        (left, -away, -away - 0.045, "left", "top"),
        (right, 1 + away, -away - 0.045, "right", "top"),
    ):
        write(f"<b>{LOOKS[name].glyph} {LOOKS[name].label}</b> {most:.0%}", name, x, y, 13.5, anchor, above)
    for step in range(_TICKED, plane.n, _TICKED):
        for name, before, across, down in ((top, right, 1, 0), (left, top, -1, 0), (right, left, 0, -1)):
            shares = dict.fromkeys(LOOKS, 0.0) | {name: float(step), before: float(plane.n - step)}
            (x,), (y,) = (each.tolist() for each in plane.positions([list(shares.values())]))
            anchor, above = {1: "left", -1: "right", 0: "center"}[across], "top" if down else "middle"
            write(f"{step / N_STEPS:.0%}", name, x + across * away, y + down * away, 11, anchor, above)


def _colour_bar(chart: go.Figure, view: MapView, tone: str) -> None:
    low, high = _limits(view)
    bar = {
        "orientation": "h",
        "title": {"text": view.axis(view.metric), "side": "top", "font": {"size": 12.5}},
        "tickfont": {"size": 11.5, "color": MUTED[tone]},
        "tickformat": chart_parts.tick_format(view.metric),
        "thickness": 12,
        "len": 0.8,
        "x": 0.5,
        "xanchor": "center",
        "y": -0.005,
        "yanchor": "top",
        "outlinewidth": 0,
        "nticks": 6,
    }
    marker = {
        "color": [low],
        "cmin": low,
        "cmax": high if high > low else low + 1e-9,
        "colorscale": SCALE,
        "reversescale": not METRICS[view.metric].higher_is_better,
        "showscale": True,
        "colorbar": bar,
    }
    chart.add_scatter(x=[None], y=[None], mode="markers", hoverinfo="skip", showlegend=False, marker=marker)


def front(view: MapView, tone: str) -> go.Figure:
    """Every mix by two metrics: which are efficient, and what the judged metric costs in the other one."""
    chart, found = go.Figure(), view.found
    up, right = found.means[view.metric], found.means[view.second]
    tied, efficient = view.tied, view.front
    for points, size, colour, opacity in (
        (np.flatnonzero(~tied), 4, MUTED[tone], 0.3),
        (np.flatnonzero(tied), 5, INK[tone], 0.6),
    ):
        marker = {"size": size, "color": colour, "opacity": opacity}
        hover = view.hover(points)
        chart.add_scatter(x=right[points], y=up[points], mode="markers", marker=marker, **hover, showlegend=False)
    line = {"color": INK[tone], "width": 1.5}
    chart.add_scatter(x=right[efficient], y=up[efficient], mode="lines", line=line, hoverinfo="skip", showlegend=False)
    chart_parts.add_marks(chart, "front", right[efficient], up[efficient], tone, **view.hover(efficient))
    for kind, mix in (("reference", view.reference), ("now", view.now)):
        x, y = mix.values[view.second], mix.values[view.metric]
        chart_parts.add_marks(chart, kind, [x], [y], tone, text=[mix.name], hovertemplate="%{text}<extra></extra>")
    if (best := view.best) >= 0:
        chart_parts.add_marks(chart, "best", [right[best]], [up[best]], tone, **view.hover(np.array([best])))
    axes = {
        name: chart_parts.axis(
            tone, fixedrange=True, title_text=view.axis(metric), tickformat=chart_parts.tick_format(metric)
        )
        for name, metric in (("xaxis", view.second), ("yaxis", view.metric))
    }
    axes["xaxis"]["nticks"] = 6
    return chart_parts.keep_unselected(chart).update_layout(
        **framed(f"{view.label(view.metric)} against {view.label(view.second)}", tone),
        **axes,
        margin={"l": 8, "r": 12, "t": 52, "b": 8},
        hovermode="closest",
        hoverlabel=chart_parts.hover_label(tone),
        showlegend=False,
    )
