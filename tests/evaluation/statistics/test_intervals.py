"""BCa intervals: against scipy, where too few shoppers tell, and as wide as they claim where events are rare."""

import numpy as np
import pytest
from scipy import stats

from recsys.evaluation.statistics import intervals
from recsys.evaluation.statistics.intervals import (
    FEWEST_TELLING,
    MOST_UNITS,
    effective_sample_size,
    grouped,
    mean_interval,
    ratio_intervals,
    resample_counts,
    sums_on_resamples,
)


def _ends(intervals):
    return np.array([(interval.low, interval.high) for interval in intervals])


def test_means_are_exact_and_missing_values_are_skipped_and_counted():
    values = np.random.default_rng(0).random((80, 2))
    values[:30, 1] = np.nan
    full, partly = ratio_intervals(values)
    assert full.mean == pytest.approx(values[:, 0].mean(), abs=1e-12)
    assert partly.mean == pytest.approx(values[30:, 1].mean(), abs=1e-12)
    assert (partly.n, partly.n_skipped) == (50, 30)
    assert partly.low < partly.mean < partly.high


def test_intervals_agree_with_the_bca_of_scipy():
    values = np.random.default_rng(1).exponential(size=600)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(2))
    ours = ratio_intervals(values[:, None], n_resamples=20_000)[0]
    half = theirs.standard_error * 1.96
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.03 * half)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.03 * half)


def test_a_ratio_is_resampled_with_its_denominator():
    rng = np.random.default_rng(3)
    per = rng.lognormal(size=500)
    ratio = ratio_intervals((1.3 * per)[:, None] + 1e-9 * rng.normal(size=(500, 1)), per[:, None])[0]
    assert [ratio.mean, ratio.low, ratio.high] == pytest.approx([1.3] * 3, abs=1e-6)
    above = per + rng.normal(size=500)
    ours = ratio_intervals(above[:, None], per[:, None], n_resamples=20_000)[0]
    theirs = stats.bootstrap(
        (above, per),
        lambda a, b, axis=-1: a.sum(axis) / b.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="BCa",
        rng=np.random.default_rng(4),
    ).confidence_interval
    assert [ours.low, ours.high] == pytest.approx([theirs.low, theirs.high], abs=0.006)


def test_telling_shoppers_are_those_that_deviate():
    hits = np.zeros((1000, 1))
    hits[:12] = 1
    assert effective_sample_size(hits - hits.mean())[0] == pytest.approx(12, rel=0.03)
    assert effective_sample_size(np.random.default_rng(5).normal(size=(30_000, 1)))[0] == pytest.approx(
        10_000, rel=0.05
    )
    assert effective_sample_size(np.zeros((5, 1)))[0] == 0


@pytest.mark.parametrize(("n_hits", "given"), [(0, False), (1, False), (8, False), (12, True), (991, False)])
def test_too_few_telling_shoppers_get_no_interval_but_keep_their_mean(n_hits, given):
    values = (np.arange(1000) < n_hits).astype(float)
    interval = ratio_intervals(values[:, None])[0]
    assert interval.mean == pytest.approx(n_hits / 1000)
    assert np.isnan([interval.low, interval.high]).tolist() == [not given] * 2
    assert FEWEST_TELLING == 10


@pytest.mark.parametrize("value", [0.1, 1.0, 1 / 3])
def test_equal_values_tell_nothing_whatever_their_mean_rounds_to(value):
    interval = ratio_intervals(np.full((777, 1), value))[0]
    assert interval.mean == pytest.approx(value)
    assert np.isnan([interval.low, interval.high]).all()


def test_a_large_well_behaved_sample_has_the_interval_of_the_normal_curve():
    values = np.random.default_rng(6).random(3000)
    half = 1.96 * values.std() / np.sqrt(len(values))
    ours = mean_interval(values, n_resamples=20_000)
    assert [ours.low, ours.high] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.03 * half)


def test_the_order_and_the_scale_of_columns_do_not_matter():
    values = np.random.default_rng(7).random((300, 3)) < [0.1, 0.5, 0.9]
    straight, scaled = ratio_intervals(values.astype(float)), ratio_intervals(values[:, ::-1] * 1000.0)
    np.testing.assert_allclose(_ends(straight)[::-1] * 1000, _ends(scaled), rtol=1e-4)


def test_turning_the_sign_turns_the_interval():
    values = np.random.default_rng(8).exponential(size=(400, 1))
    up, down = ratio_intervals(values)[0], ratio_intervals(-values)[0]
    assert [up.low, up.high] == pytest.approx([-down.high, -down.low], rel=1e-3)


def test_more_shoppers_than_are_drawn_one_by_one_are_drawn_in_groups():
    rng = np.random.default_rng(9)
    values = (rng.random((60_000, 2)) < 0.02).astype(float)
    values[rng.random(60_000) < 0.3, 1] = np.nan
    for interval, column in zip(ratio_intervals(values), values.T, strict=True):
        half = 1.96 * np.nanstd(column) / np.sqrt(np.count_nonzero(~np.isnan(column)))
        assert interval.high - interval.low == pytest.approx(2 * half, rel=0.1)


@pytest.mark.parametrize(
    ("n", "share_better", "share_worse"),
    [(200, 0.15, 0.05), (200, 0.2, 0.0), (1000, 0.03, 0.01), (1000, 0.04, 0.02)],
)
def test_95_percent_of_the_intervals_of_rare_events_hold_the_truth(n, share_better, share_worse):
    rng = np.random.default_rng(10)
    chances = rng.random((n, 2000))
    values = (chances < share_better).astype(float) - (chances > 1 - share_worse)
    parts = np.split(values, 20, axis=1)  # as many columns of equal counts would otherwise share one draw
    ends = np.concatenate([_ends(ratio_intervals(part, seed=seed)) for seed, part in enumerate(parts)])
    given, truth = ~np.isnan(ends[:, 0]), share_better - share_worse
    assert given.mean() > 0.98
    too_high, too_low = (ends[given, 0] > truth + 1e-12).mean(), (ends[given, 1] < truth - 1e-12).mean()
    assert 0.93 <= 1 - too_high - too_low <= 0.97
    assert max(too_high, too_low) < 0.045


@pytest.mark.parametrize("n_changed", [12, 18, 40])
def test_rounding_makes_no_change_of_what_resamples_leave_at_none(n_changed):
    """Counts often leave a resample at exactly 0: signs drawn at random must mislead in no more than 1 of 20."""
    rng = np.random.default_rng(n_changed)
    columns = np.zeros((900, 1500))
    for column in columns.T:
        column[rng.choice(900, n_changed, replace=False)] = rng.choice([-1.0, 1.0], n_changed)
    intervals = ratio_intervals(columns)
    misled = np.mean([interval.low > 0 or interval.high < 0 for interval in intervals])
    assert misled <= 0.06


def test_nobody_has_no_interval():
    nobody = ratio_intervals(np.zeros((0, 2)))
    assert all(np.isnan([i.mean, i.low, i.high]).all() and i.n == 0 for i in nobody)
    unknown = ratio_intervals(np.full((4, 1), np.nan))[0]
    assert np.isnan(unknown.mean)
    assert (unknown.n, unknown.n_skipped) == (0, 4)


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
