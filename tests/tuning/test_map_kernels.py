"""The simplex is cut without gaps: every point of the grid lies in its cell, once."""

import numpy as np
import pytest

from recsys.ranking.rank import factor_vector
from recsys.settings import COMPONENTS, FusionSettings
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


def test_factors_are_those_that_lists_are_mixed_by(cells: Cells) -> None:
    for point in (0, 5, 700, 1770):
        settings = FusionSettings(*(cells.steps[point] / N_STEPS).tolist())
        np.testing.assert_array_equal(cells.factors[point], factor_vector(settings))


def test_every_point_lies_in_the_tetrahedron_of_its_cell_or_as_far_outside_as_there_is_room(cells: Cells) -> None:
    for cell, corners in enumerate(cells.cells):
        around = cells.corners[corners].astype(np.float64).T
        inside = cells.factors[cells.starts[cell] : cells.starts[cell + 1]].astype(np.float64)
        shares = np.linalg.solve(around, inside.T)
        np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-5)
        assert shares.min() == pytest.approx(-float(cells.room[cell]), abs=1e-6) or shares.min() >= -1e-6
        assert 0 <= cells.room[cell] < 0.2  # little is lost by making it larger


def test_the_nearest_point_is_the_point_itself(cells: Cells) -> None:
    for point in (0, 700, 1770):
        assert cells.nearest(cells.weights[point]) == point
    off = cells.weights[700] + np.array([0.02, -0.02, 0, 0], np.float32)
    assert cells.nearest(off) == 700
    assert cells.weights.shape[1] == len(COMPONENTS)
