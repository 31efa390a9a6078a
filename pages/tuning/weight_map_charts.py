"""Charts of the weight map: the mixes marked on it, the slice drawn as a triangle, and every mix by two metrics."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from plotly.colors import sample_colorscale

from pages._shared.charts import INK, LOOKS, MUTED, SURFACE, framed
from pages.tuning import metric_charts
from pages.tuning.live_metrics import FEW
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.settings import COMPONENTS
from recsys.tuning.map_kernels import N_STEPS, Cells
from recsys.tuning.weight_map import WeightMap

ALMOST_ALL = 0.9
"""From this share of mixes in the region on, little can be told from these shoppers."""

HEIGHT = math.sqrt(3) / 2
"""Height of the triangle, whose sides are 1."""

_TOWARDS = ((0, -1, 1), (1, -1, 0), (1, 0, -1), (0, 1, -1), (-1, 1, 0), (-1, 0, 1))
"""Neighbours of a hexagon from the right and then anticlockwise, as steps of the top, left and right component."""


class MarkedMix(NamedTuple):
    """A setting as it is marked on the map: its weights, which sum to 1, and its metrics with its variety, if any.

    `shares` are float64 of shape (n_components,).
    """

    name: str
    shares: NDArray[np.float64]
    values: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class MapView:
    """The map as it is looked at: by two metrics, with the setting on the sliders and its reference."""

    found: WeightMap
    metric: str
    second: str
    now: MarkedMix
    reference: MarkedMix

    @property
    def values(self) -> NDArray[np.float64]:
        """The judged metric at every point."""
        return self.found.means[self.metric]

    @property
    def tied(self) -> NDArray[np.bool_]:
        """Points that are not ruled out as the best, compared with it all at once; alone, some of them may well be."""
        return self.found.tied[self.metric]

    @property
    def is_telling(self) -> bool:
        """Whether these shoppers tell mixes apart at all."""
        return self.found.n_users >= FEW and bool(self.tied.mean() < ALMOST_ALL)

    @cached_property
    def best(self) -> int:
        """The best point; -1 where no point has a value."""
        return self.found.best(self.metric)

    @cached_property
    def front(self) -> NDArray[np.intp]:
        """Points that no other beats by both metrics."""
        return self.found.efficient(self.metric, self.second)

    def label(self, metric: str) -> str:
        """A metric's name with the list length."""
        return METRICS[metric].at(self.found.k)

    def hover(self, points: NDArray[np.intp]) -> dict[str, Any]:
        """Arguments of a trace: a row a point of its number, weights in percent, both metrics, and a remark."""
        front, found, metrics = set(self.front.tolist()), self.found, (self.metric, self.second)
        percent = (found.cells.steps[points] * (100 // N_STEPS)).tolist()
        remarks = [self._remark(point, point in front) for point in points.tolist()]
        rows = [
            (point, *shares, *(fmt.value(name, float(found.means[name][point])) for name in metrics), remark)
            for point, shares, remark in zip(points.tolist(), percent, remarks, strict=True)
        ]
        lines = [
            f"{LOOKS[each].glyph} {LOOKS[each].label} %{{customdata[{i}]}}%" for i, each in enumerate(COMPONENTS, 1)
        ]
        n = len(COMPONENTS) + 1
        lines += [f"{self.label(name)} <b>%{{customdata[{i}]}}</b>" for i, name in enumerate(metrics, n)]
        text = "<br>".join(lines) + f"%{{customdata[{n + 2}]}}<br><i>Click to load</i><extra></extra>"
        return {"customdata": rows, "hovertemplate": text}

    def _remark(self, point: int, is_efficient: bool) -> str:
        lines = ["The best found"] if point == self.best else []
        if self.tied[point] and point != self.best:
            lines.append("Not ruled out as the best")
        if is_efficient:
            lines.append("No mix is better by both")
        return "".join(f"<br>{line}" for line in lines)


@dataclass(frozen=True, slots=True)
class Plane:
    """A slice through all mixes, a triangle of hexagons: `fixed` has the same `share` of N_STEPS everywhere."""

    fixed: str
    share: int

    @property
    def corners(self) -> tuple[str, str, str]:
        """The components whose share is largest at the top, the left and the right corner."""
        top, left, right = (name for name in COMPONENTS if name != self.fixed)
        return top, left, right

    @property
    def n(self) -> int:
        """Steps along a side."""
        return N_STEPS - self.share

    @property
    def radius(self) -> float:
        """From the middle of a hexagon to its corners."""
        return 1 / (math.sqrt(3) * max(self.n, 1))

    def points(self, cells: Cells) -> NDArray[np.intp]:
        """The points of the grid that lie on it."""
        return np.flatnonzero(cells.steps[:, COMPONENTS.index(self.fixed)] == self.share)

    def holds(self, shares: ArrayLike) -> bool:
        """Whether it is the slice nearest to a mix that sums to 1."""
        return round(N_STEPS * float(np.asarray(shares)[COMPONENTS.index(self.fixed)])) == self.share

    def positions(self, shares: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where mixes are drawn, by the proportions of the three components: x from 0 to 1, y from 0 to HEIGHT.

        `shares` have the shape (n_mixes, n_components).
        """
        parts = np.asarray(shares, np.float64)[:, [COMPONENTS.index(name) for name in self.corners]]
        whole = parts.sum(axis=1, keepdims=True)
        top, _, right = np.divide(parts, whole, out=np.full(parts.shape, 1 / 3), where=whole > 1e-9).T
        return right + top / 2, top * HEIGHT

    def hexagon(self, x: float, y: float) -> list[tuple[float, float]]:
        """The corners of the cell around a point; corner i stands anticlockwise before the side to neighbour i."""
        turns = [math.radians(60 * side - 30) for side in range(6)]
        return [(x + self.radius * math.cos(turn), y + self.radius * math.sin(turn)) for turn in turns]

    def outline(self, cells: Cells, inside: NDArray[np.bool_]) -> Iterator[tuple[tuple[float, float], ...]]:
        """The sides of hexagons that part points that are inside from all others, each as its two ends.

        `inside` is bool of shape (n_points,), of all points of the grid.
        """
        columns = [COMPONENTS.index(name) for name in self.corners]
        own = [point for point in self.points(cells).tolist() if inside[point]]
        known = {tuple(cells.steps[point, columns].tolist()) for point in own}
        xs, ys = self.positions(cells.weights[own]) if own else (np.empty(0), np.empty(0))
        for point, x, y in zip(own, xs, ys, strict=True):
            corners = self.hexagon(float(x), float(y))
            here = cells.steps[point, columns]
            for side, towards in enumerate(_TOWARDS):
                if tuple((here + towards).tolist()) not in known:
                    yield corners[side], corners[(side + 1) % 6]


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
    metric_charts.add_outline(chart, list(plane.outline(cells, view.tied)), tone)
    spots = {"size": 22, "opacity": 0, "color": MUTED[tone]}
    chart.add_scatter(x=x, y=y, mode="markers", marker=spots, **view.hover(points), showlegend=False)
    marked: dict[str, NDArray[np.floating]] = {
        "front": cells.weights[view.front],
        "reference": view.reference.shares[None],
        "now": view.now.shares[None],
        "best": cells.weights[[view.best] if view.best >= 0 else []],
    }
    for kind, shares in marked.items():
        on_plane = shares[[plane.holds(row) for row in shares]]
        metric_charts.add_marks(chart, kind, *plane.positions(on_plane), tone, hoverinfo="skip")
    _name_corners(chart, plane, tone)
    _colour_bar(chart, view, tone)
    margin = 0.045 + plane.radius
    axis = {"visible": False, "fixedrange": True}
    title = f"{view.label(view.metric)} at every mix with {plane.share / N_STEPS:.0%} {LOOKS[plane.fixed].label}"
    return metric_charts.keep_unselected(chart).update_layout(
        **framed(title, tone),
        xaxis={**axis, "range": [-margin - 0.01, 1 + margin + 0.01], "constrain": "domain"},
        yaxis={**axis, "range": [-margin - 0.085, HEIGHT + margin + 0.06], "scaleanchor": "x", "constrain": "domain"},
        margin={"l": 4, "r": 4, "t": 48, "b": 72},
        hovermode="closest",
        hoverlabel=metric_charts.hover_label(tone),
        showlegend=False,
    )


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
    shapes, line = [], {"color": SURFACE[tone], "width": 0.7}
    for share, fill, at_x, at_y in zip(shares, fills, x.tolist(), y.tolist(), strict=True):
        corners = " L".join(f"{one:.4f},{two:.4f}" for one, two in plane.hexagon(at_x, at_y))
        colour = _NOTHING if math.isnan(share) else fill
        shapes.append({"type": "path", "path": f"M{corners} Z", "fillcolor": colour, "line": line, "layer": "below"})
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
        "title": {"text": metric_charts.axis_title(view.metric, view.found.k), "side": "top", "font": {"size": 12.5}},
        "tickfont": {"size": 11.5, "color": MUTED[tone]},
        "tickformat": metric_charts.number_format(view.metric),
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


def all_mixes(view: MapView, tone: str) -> go.Figure:
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
    metric_charts.add_front(chart, right[efficient], up[efficient], tone, **view.hover(efficient))
    for kind, mix in (("reference", view.reference), ("now", view.now)):
        x, y = mix.values[view.second], mix.values[view.metric]
        metric_charts.add_marks(chart, kind, [x], [y], tone, text=[mix.name], hovertemplate="%{text}<extra></extra>")
    if (best := view.best) >= 0:
        metric_charts.add_marks(chart, "best", [right[best]], [up[best]], tone, **view.hover(np.array([best])))
    layout = metric_charts.metrics_layout((view.metric, view.second), found.k, tone)
    return metric_charts.keep_unselected(chart).update_layout(layout, margin={"l": 8, "r": 12, "t": 52, "b": 8})
