"""The draws behind all intervals: the same for the same seed, whole, and bounded however many shoppers there are."""

import numpy as np
import pytest

from recsys.evaluation.statistics import intervals
from recsys.evaluation.statistics.intervals import MOST_UNITS, grouped, resample_counts, sums_on_resamples


@pytest.mark.parametrize("n_units", [1, 7, 3000])
def test_every_resample_draws_as_many_shoppers_as_there_are(n_units):
    counts = np.concatenate(list(resample_counts(n_units, seed=3, n_resamples=1000)))
    assert counts.shape == (1000, n_units)
    assert counts.dtype == np.uint8
    assert (counts.sum(1) == n_units).all()


def test_the_same_seed_draws_the_same_shoppers_once():
    first, again, other = (list(resample_counts(500, seed, 50)) for seed in (1, 1, 2))
    assert all(one is two for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    with pytest.raises(ValueError, match="read-only"):
        first[0][0, 0] = 9


def test_sums_are_the_counts_times_the_values():
    columns = np.random.default_rng(0).normal(size=(4000, 3)).astype(np.float32)
    counts = np.concatenate(list(resample_counts(4000, 5, 600))).astype(float)
    np.testing.assert_allclose(sums_on_resamples(columns, 5, 600), counts @ columns, atol=1e-3)


def test_a_large_shop_is_resampled_in_groups_that_keep_every_shopper_and_the_spread():
    rng = np.random.default_rng(1)
    columns = np.stack([rng.normal(size=200_000), rng.random(200_000) < 0.001, np.ones(200_000)], axis=1)
    columns = (columns - [0, 0.001, 0]).astype(np.float32)
    groups = grouped(columns, seed=0)
    assert groups.shape == (MOST_UNITS, 3)
    np.testing.assert_allclose(groups.sum(0), columns.sum(0, dtype=float), atol=0.1)
    assert set(groups[:, 2]) == {12.0, 13.0}
    spread = sums_on_resamples(columns, 0, 1000).std(0)[:2]
    np.testing.assert_allclose(spread, columns.std(0)[:2] * np.sqrt(200_000), rtol=0.08)


def test_kept_counts_stay_within_their_budget():
    assert intervals._counts_block.cache_info().maxsize * intervals.CELLS_AT_ONCE <= intervals.CELLS_KEPT
    blocks = list(resample_counts(MOST_UNITS, 0, 1000))
    assert sum(block.nbytes for block in blocks) <= intervals.CELLS_KEPT // 4
    assert len(blocks) <= intervals._counts_block.cache_info().maxsize


def test_no_resample_at_all_is_refused():
    with pytest.raises(ValueError, match=r"n_resamples=0 is not usable; give at least 1"):
        list(resample_counts(5, 0, 0))
