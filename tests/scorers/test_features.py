"""Sparse matrices go into arrays and come back; arrays that someone else made are not trusted."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from recsys.scorers.features import csr_arrays, csr_from

Change = Callable[[NDArray[np.generic]], NDArray[np.generic]]


@pytest.fixture
def matrix() -> sparse.csr_array:
    return sparse.csr_array(np.array([[0, 2, 0], [0, 0, 0], [1, 0, 3], [0, 4, 0]], np.float32))


def test_a_matrix_comes_back(matrix: sparse.csr_array) -> None:
    back = csr_from(csr_arrays("m", matrix), "m", matrix.shape)
    np.testing.assert_array_equal(back.toarray(), matrix.toarray())
    empty = sparse.csr_array((0, 3), dtype=np.float32)
    assert csr_from(csr_arrays("m", empty), "m", (0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("indices", lambda values: values + 3),
        ("indices", lambda values: -values - 1),
        ("indices", lambda values: values[:-1]),
        ("data", lambda values: values[1:]),
        ("indptr", lambda values: values * 1000),
        ("indptr", lambda values: values[::-1].copy()),
        ("indptr", lambda values: values[:-1]),
        ("indptr", lambda values: np.array([0, 4, 1, 3, 4])),
    ],
)
def test_arrays_that_point_outside_themselves_are_refused(matrix: sparse.csr_array, part: str, change: Change) -> None:
    arrays = csr_arrays("m", matrix)
    arrays[f"m.{part}"] = change(arrays[f"m.{part}"])
    with pytest.raises(ValueError, match=r"m is not a sparse matrix of shape \(4, 3\)"):
        csr_from(arrays, "m", (4, 3))
