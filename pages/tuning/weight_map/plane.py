"""A slice through all mixes, where one component has a fixed share: a triangle of the other three, in hexagons."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recsys.settings import COMPONENTS
from recsys.tuning.simplex_cells import N_STEPS, Cells

HEIGHT = math.sqrt(3) / 2
"""Height of the triangle, whose sides are 1."""

_TOWARDS = ((0, -1, 1), (1, -1, 0), (1, 0, -1), (0, 1, -1), (-1, 1, 0), (-1, 0, 1))
"""Neighbours of a hexagon from the right and then anticlockwise, as steps of the top, left and right component."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Parameters
    ----------
    fixed : the component that has the same share everywhere on the plane
    share : its share, in steps of 1 / N_STEPS
    """

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

    def places(self, shares: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where mixes are drawn, by the proportions of the three components: x from 0 to 1, y from 0 to HEIGHT.

        Parameters
        ----------
        shares : of shape (n_mixes, n_components)
        """
        parts = np.asarray(shares, np.float64)[:, [COMPONENTS.index(name) for name in self.corners]]
        whole = parts.sum(axis=1, keepdims=True)
        top, _, right = np.divide(parts, whole, out=np.full(parts.shape, 1 / 3), where=whole > 1e-9).T
        return right + top / 2, top * HEIGHT

    def hexagon(self, x: float, y: float) -> list[tuple[float, float]]:
        """The corners of the cell around a point; corner i stands anticlockwise before the side to neighbour i."""
        turns = [math.radians(60 * side - 30) for side in range(6)]
        return [(x + self.radius * math.cos(turn), y + self.radius * math.sin(turn)) for turn in turns]

    def around(self, cells: Cells, inside: NDArray[np.bool_]) -> Iterator[tuple[tuple[float, float], ...]]:
        """The sides of hexagons that part points that are inside from all others, each as its two ends.

        Parameters
        ----------
        inside : bool of shape (n_points,), of all points of the grid
        """
        columns = [COMPONENTS.index(name) for name in self.corners]
        own = [point for point in self.points(cells).tolist() if inside[point]]
        known = {tuple(cells.steps[point, columns].tolist()) for point in own}
        xs, ys = self.places(cells.weights[own]) if own else (np.empty(0), np.empty(0))
        for point, x, y in zip(own, xs, ys, strict=True):
            corners = self.hexagon(float(x), float(y))
            here = cells.steps[point, columns]
            for side, towards in enumerate(_TOWARDS):
                if tuple((here + towards).tolist()) not in known:
                    yield corners[side], corners[(side + 1) % 6]
