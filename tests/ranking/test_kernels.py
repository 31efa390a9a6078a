"""Building blocks of the compiled loops."""

import numba
import numpy as np
import pytest

from recsys.ranking.kernels import FEW, nth_largest


@numba.njit
def _nth(values, n):
    return nth_largest(values, np.empty(n, np.float32))


@pytest.mark.parametrize("size", [1, 2, FEW + 1, 128, 400])
def test_the_nth_largest_is_that_of_a_sorted_row(size: int) -> None:
    rng = np.random.default_rng(size)
    for values in (
        rng.standard_normal(size),
        rng.integers(0, 3, size),  # ties
        np.where(rng.random(size) < 0.5, -np.inf, rng.standard_normal(size)),
        np.arange(size),
        np.arange(size)[::-1],
        np.zeros(size),
    ):
        row = values.astype(np.float32)
        before = row.copy()
        for n in sorted({1, size // 2 + 1, min(size, FEW), min(size, FEW + 1), size - 1 or 1, size}):
            assert _nth(row, n) == np.sort(row)[-n]
        np.testing.assert_array_equal(row, before)
