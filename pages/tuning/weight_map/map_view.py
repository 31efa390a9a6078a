"""What the charts of the map show: the map with the mixes that are marked on it, and the slice that is drawn."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pages._shared.palette import LOOKS
from pages.tuning.live_metrics import FEW
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.settings import COMPONENTS, FusionSettings
from recsys.tuning.simplex_cells import N_STEPS, Cells
from recsys.tuning.weight_map import WeightMap

ALMOST_ALL = 0.9
"""From this share of mixes in the region on, little can be told from these shoppers."""

HEIGHT = math.sqrt(3) / 2
"""Height of the triangle, whose sides are 1."""

_TOWARDS = ((0, -1, 1), (1, -1, 0), (1, 0, -1), (0, 1, -1), (-1, 1, 0), (-1, 0, 1))
"""Neighbours of a hexagon from the right and then anticlockwise, as steps of the top, left and right component."""


@dataclass(frozen=True, slots=True, eq=False)
class MarkedMix:
    """A setting as it is marked on the map: its weights, which sum to 1, and its metrics with its variety, if any.

    `shares` are float64 of shape (n_components,).
    """

    name: str
    shares: NDArray[np.float64]
    values: Mapping[str, float]

    @classmethod
    def of(cls, name: str, fusion: FusionSettings, values: Mapping[str, float]) -> "MarkedMix":
        """From settings."""
        return cls(name, np.array(list(fusion.normalised().values())), values)


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
        """Points that are not ruled out as the best, after comparing all of them with it at once.

        With so many comparisons only clear losers are ruled out, so a point of it may well be worse than the best when
        the two are compared alone.
        """
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

    def axis(self, metric: str) -> str:
        """Name, unit, and which way is better."""
        unit = {"bits": " (bits)", "share": " (%)", "lift": " (%)"}.get(METRICS[metric].unit, "")
        return f"{self.label(metric)}{unit}, {'higher' if METRICS[metric].higher_is_better else 'lower'} is better"

    def hover(self, points: NDArray[np.intp]) -> dict[str, Any]:
        """What a click on points gives, and hovering over them says: arguments of a trace.

        Each has a row of its number, its weights in percent, both metrics, and a remark; the rest is said once.
        """
        front, found, metrics = set(self.front.tolist()), self.found, (self.metric, self.second)
        percent = (found.cells.steps[points] * (100 // N_STEPS)).tolist()
        remarks = [self._remark(point, point in front) for point in points.tolist()]
        rows = [
            (point, *shares, *(fmt.value(name, float(found.means[name][point])) for name in metrics), remark)
            for point, shares, remark in zip(points.tolist(), percent, remarks, strict=True)
        ]
        lines = [
            f"{LOOKS[name].glyph} {LOOKS[name].label} %{{customdata[{n}]}}%" for n, name in enumerate(COMPONENTS, 1)
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
