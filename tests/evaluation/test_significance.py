"""Intervals: paired, reproducible, honest about who is left out, and as wide as they claim."""

import numpy as np
import pytest

from recsys.evaluation.significance import (
    Interval,
    bootstrap_coverage,
    bootstrap_difference,
    bootstrap_lift,
    bootstrap_mean,
    bootstrap_means,
)


def test_the_mean_is_exact_and_missing_values_are_skipped_and_counted():
    interval = bootstrap_mean(np.array([0.0, 1.0, np.nan, 0.5, 0.5]))
    assert interval.mean == 0.5
    assert (interval.n, interval.n_skipped) == (4, 1)
    assert 0 <= interval.low < 0.5 < interval.high <= 1


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = np.random.default_rng(0).random(80)
    assert bootstrap_mean(values, seed=3) == bootstrap_mean(values, seed=3)
    assert bootstrap_mean(values, seed=3) != bootstrap_mean(values, seed=4)


def test_columns_and_single_values_rest_on_the_same_resamples():
    values = np.random.default_rng(1).random((300, 4))
    values[:40, 2] = np.nan
    together = bootstrap_means(values)
    for column, interval in zip(values.T, together, strict=True):
        alone = bootstrap_mean(column)
        np.testing.assert_allclose([alone.low, alone.high], [interval.low, interval.high], rtol=1e-12)
        assert (alone.n, alone.n_skipped) == (interval.n, interval.n_skipped)


def test_many_shoppers_are_resampled_in_blocks_as_well_as_few():
    values = np.random.default_rng(2).normal(size=2000)
    interval = bootstrap_mean(values, n_resamples=2000)  # four blocks
    half = 1.96 * values.std() / np.sqrt(2000)
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_a_higher_level_is_wider():
    values = np.random.default_rng(3).random(50)
    narrow, wide = bootstrap_mean(values, level=0.8), bootstrap_mean(values, level=0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("values", [np.array([]), np.array([np.nan, np.nan])])
def test_without_any_value_there_is_no_number_and_json_says_null(values):
    interval = bootstrap_mean(values)
    assert np.isnan([interval.mean, interval.low, interval.high]).all()
    assert (interval.n, interval.n_skipped) == (0, len(values))
    assert interval.as_json() == {"mean": None, "low": None, "high": None}


def test_json_holds_the_three_numbers_of_the_contract():
    assert Interval(0.2, 0.1, 0.3, n=10, n_skipped=2).as_json() == {"mean": 0.2, "low": 0.1, "high": 0.3}


def test_a_nominal_95_percent_interval_holds_the_truth_95_percent_of_the_time():
    rng = np.random.default_rng(5)
    truth = 0.2
    samples = (rng.random((250, 3000)) < truth) * rng.choice([0.5, 1.0, 1.5], (250, 3000))  # like nDCG: mostly 0
    intervals = bootstrap_means(samples.astype(float))
    held = np.mean([interval.low <= truth <= interval.high for interval in intervals])
    assert 0.93 <= held <= 0.97


def test_a_difference_is_paired_and_so_sees_what_two_intervals_miss():
    rng = np.random.default_rng(6)
    old = rng.random(400)
    new = old + 0.02 + 0.01 * rng.normal(size=400)
    apart_old, apart_new = bootstrap_mean(old), bootstrap_mean(new)
    assert apart_new.low < apart_old.high  # apart, the two overlap
    difference = bootstrap_difference(new, old)
    assert difference.mean == pytest.approx((new - old).mean())
    assert 0.015 < difference.low < difference.high < 0.025


def test_a_difference_leaves_out_shoppers_that_lack_either_value():
    new, old = np.array([1.0, np.nan, 0.5, 0.0]), np.array([0.0, 1.0, np.nan, 0.0])
    difference = bootstrap_difference(new, old)
    assert (difference.mean, difference.n, difference.n_skipped) == (0.5, 2, 2)


def test_a_lift_is_the_relative_change_of_the_means():
    rng = np.random.default_rng(7)
    old = rng.random(500)
    lift = bootstrap_lift(old * 1.132, old)
    assert [lift.mean, lift.low, lift.high] == pytest.approx([0.132] * 3)
    noisy = bootstrap_lift(old[::-1] * 1.5, old)
    assert noisy.low < 0.5 < noisy.high
    gaps = bootstrap_lift(np.array([2.0, np.nan, 9.0]), np.array([1.0, 5.0, np.nan]))
    assert (gaps.mean, gaps.n, gaps.n_skipped) == (1.0, 1, 2)


def test_a_lift_over_nothing_is_no_number():
    assert np.isnan(bootstrap_lift(np.ones(5), np.zeros(5)).mean)
    assert np.isnan(bootstrap_lift(np.full(5, np.nan), np.ones(5)).mean)


def test_coverage_counts_the_catalogue_shown_and_its_interval_holds_the_estimate():
    ranked = np.array([[0, 1], [1, 2], [1, -1]], np.int32)
    interval = bootstrap_coverage(ranked, n_items=6)
    assert interval.mean == 0.5
    assert 0 <= interval.low <= 0.5 <= interval.high <= 1
    alike = bootstrap_coverage(np.tile(np.array([[0, 1]], np.int32), (20, 1)), n_items=6)
    assert [alike.low, alike.high] == pytest.approx([1 / 3, 1 / 3])  # any shopper could go missing
    assert np.isnan(bootstrap_coverage(np.zeros((0, 2), np.int32), n_items=6).mean)


def test_the_interval_of_coverage_holds_the_expected_coverage():
    rng = np.random.default_rng(8)
    appeal = np.log(1 / np.arange(1, 201) ** 1.2)
    runs = []
    for _ in range(100):
        ranked = np.argsort(-(appeal + rng.gumbel(size=(100, 200))), axis=1)[:, :5].astype(np.int32)
        runs.append(bootstrap_coverage(ranked, 200, n_resamples=300))
    expected = np.mean([run.mean for run in runs])
    assert np.mean([run.low <= expected <= run.high for run in runs]) >= 0.94


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_mean(np.ones((3, 2))), r"values has shape \(3, 2\); give one value a shopper"),
        (lambda: bootstrap_mean(np.ones(3), n_resamples=0), r"n_resamples=0 is not usable; give at least 1"),
        (lambda: bootstrap_mean(np.ones(3), level=95), r"level=95 is not a confidence level"),
        (lambda: bootstrap_difference(np.ones(3), np.ones(2)), r"paired comparison.*got shapes \(3,\) and \(2,\)"),
        (lambda: bootstrap_coverage(np.zeros((1, 1), np.int32), 0), r"n_items=0: coverage needs a catalogue"),
    ],
)
def test_input_that_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
