"""The simplex of weights cut into small tetrahedra, so that one bound serves all weights inside of each.

A score is linear in the weights, so over a tetrahedron its extremes are at corners. A product whose largest score is
below the k-th best of all smallest scores is on no list inside, which leaves a few hundred of thousands to mix. Nothing
is approximated.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import COMPONENTS
from recsys.training.weights import compositions

N_STEPS = 20
"""Steps of a weight from 0 to 1: the map is computed at every 0.05."""

COARSE_STEPS = 4
"""Steps of the corners; divides N_STEPS."""


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """Points of the grid by the tetrahedron they lie in.

    Parameters
    ----------
    weights : float32 of shape (n_points, n_components), every vector of multiples of 1 / N_STEPS that sums to 1, cell
        by cell
    corners : float32 of shape (n_corners, n_components)
    cells : int32 of shape (n_cells, n_components), corners of each cell
    starts : int32 of shape (n_cells + 1,), the points of cell c are starts[c] to starts[c + 1]
    steps : int32 of shape (n_points, n_components), the weights in whole steps
    """

    weights: FloatArray
    corners: FloatArray
    cells: IntArray
    starts: IntArray
    steps: IntArray

    def nearest(self, weights: NDArray[np.floating]) -> int:
        """The point nearest to weights that sum to 1."""
        return int(np.square(self.weights - np.asarray(weights, np.float32)).sum(axis=1).argmin())


@lru_cache(maxsize=1)
def grid_cells() -> Cells:
    """The grid of N_STEPS, cut at COARSE_STEPS by Kuhn's triangulation of the ordered cumulative weights.

    See Freudenthal (1942), Annals of Mathematics 43(3); Kuhn (1960), IBM Journal 4(5).
    """
    size = N_STEPS // COARSE_STEPS
    by_cell: dict[tuple[tuple[int, ...], ...], list[tuple[int, ...]]] = {}
    for point in compositions(N_STEPS, len(COMPONENTS)):
        by_cell.setdefault(_cell_of(point, size), []).append(point)
    whole = sorted(cell for cell in by_cell if len(cell) == len(COMPONENTS))
    for cell in [cell for cell in by_cell if len(cell) < len(COMPONENTS)]:  # faces, edges and corners of a whole one
        by_cell[next(each for each in whole if set(cell) <= set(each))] += by_cell.pop(cell)
    corners = sorted({corner for cell in by_cell for corner in cell})
    number = {corner: index for index, corner in enumerate(corners)}
    cells = sorted(by_cell)
    steps = np.array([each for cell in cells for each in by_cell[cell]], np.int32)
    return Cells(
        weights=np.asarray(steps / N_STEPS, np.float32),
        corners=np.asarray(np.array(corners) / N_STEPS, np.float32),
        cells=np.array([[number[corner] for corner in cell] for cell in cells], np.int32),
        starts=np.cumsum([0, *(len(by_cell[cell]) for cell in cells)]).astype(np.int32),
        steps=steps,
    )


def _cell_of(steps: tuple[int, ...], size: int) -> tuple[tuple[int, ...], ...]:
    """Corners of the tetrahedron around a point, in whole steps; only those that the point is a mixture of."""
    sums = np.cumsum(steps)[:-1].tolist()
    base = [min(value // size * size, N_STEPS - size) for value in sums]
    parts = [value - low for value, low in zip(sums, base, strict=True)]
    # Adding the largest fraction first, of equal ones the last, keeps cumulative weights in order.
    order = sorted(range(len(sums)), key=lambda at: (-parts[at], -at))
    corners, corner = [], list(base)
    shares = [size, *(parts[at] for at in order), 0]
    for at, (above, below) in enumerate(pairwise(shares)):
        if above > below:
            corners.append(_steps_of(corner))
        if at < len(order):
            corner = list(corner)
            corner[order[at]] += size
    return tuple(sorted(corners))


def _steps_of(sums: list[int]) -> tuple[int, ...]:
    return tuple(after - before for before, after in pairwise([0, *sums, N_STEPS]))
