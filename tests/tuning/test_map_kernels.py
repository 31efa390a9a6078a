"""The simplex is cut without gaps: every point of the grid lies in its cell, once."""

import numpy as np
import pytest

from recsys.settings import COMPONENTS
from recsys.tuning.map_kernels import COARSE_STEPS, N_STEPS, Cells, grid_cells


@pytest.fixture
def cells() -> Cells:
    return grid_cells()


def test_every_mix_of_whole_steps_is_there_once(cells: Cells) -> None:
    assert len({tuple(steps) for steps in cells.steps.tolist()}) == len(cells.steps) == 1771
    assert set(cells.steps.sum(axis=1).tolist()) == {N_STEPS}
    np.testing.assert_allclose(cells.weights, cells.steps / N_STEPS, rtol=1e-6)
    assert cells.starts[0] == 0
    assert cells.starts[-1] == len(cells.steps)
    assert len(cells.cells) == COARSE_STEPS**3


def test_every_point_is_a_mixture_of_the_corners_of_its_cell(cells: Cells) -> None:
    for cell, corners in enumerate(cells.cells):
        around = cells.corners[corners].astype(np.float64).T
        inside = cells.weights[cells.starts[cell] : cells.starts[cell + 1]].astype(np.float64)
        shares = np.linalg.solve(around, inside.T)
        assert shares.min() > -1e-6
        np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)


def test_the_nearest_point_is_the_point_itself(cells: Cells) -> None:
    for point in (0, 700, 1770):
        assert cells.nearest(cells.weights[point]) == point
    off = cells.weights[700] + np.array([0.02, -0.02, 0, 0], np.float32)
    assert cells.nearest(off) == 700
    assert cells.weights.shape[1] == len(COMPONENTS)
