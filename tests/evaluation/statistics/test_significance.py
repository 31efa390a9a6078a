"""Intervals as numbers, and the one rule that makes a verdict of them."""

import json

import numpy as np
import pytest
from scipy.stats import permutation_test

from recsys.evaluation.statistics.significance import Interval, holm, sign_flip_p, verdict_of

NAN = float("nan")


def test_json_holds_the_three_numbers_of_the_contract_and_null_where_there_is_none():
    assert Interval(0.2, 0.1, 0.3, n=10, n_skipped=2).as_json() == {"mean": 0.2, "low": 0.1, "high": 0.3}
    assert json.loads(json.dumps(Interval(0.01, NAN, NAN, 600).as_json(), allow_nan=False)) == {
        "mean": 0.01,
        "low": None,
        "high": None,
    }


@pytest.mark.parametrize(
    ("mean", "low", "high", "sign"),
    [
        (0.2, 0.1, 0.3, 1),
        (-0.2, -0.3, -0.1, -1),
        (0.2, -0.1, 0.3, 0),
        (0.2, 0.0, 0.3, 0),
        (-0.2, -0.3, -0.0, 0),
        (0.2, 1e-19, 0.3, 0),  # an end that is 0 but for rounding
        (-0.2, -0.3, -5e-18, 0),
        (2e-9, 1e-9, 3e-9, 1),  # a small unit is no rounding
        (2e12, 1e12, 3e12, 1),
        (0.0, 0.0, 0.0, 0),
        (0.2, NAN, NAN, 0),
        (NAN, NAN, NAN, 0),
        (0.2, 0.2, 0.2, 1),  # no width
    ],
)
@pytest.mark.parametrize("scale", [1.0, 0.1, 2 / 11, 1e-12, 1e12, 3.0])
def test_a_sign_is_that_of_the_whole_interval_in_any_unit(mean, low, high, sign, scale):
    there = Interval(scale * mean, scale * low, scale * high, 100)
    back = Interval(-scale * mean, -scale * high, -scale * low, 100)
    assert (there.sign, back.sign) == (sign, -sign)
    assert there.is_given == (not np.isnan(low))


def test_a_verdict_rests_on_interval_and_p_value():
    up, down, none = Interval(0.2, 0.1, 0.3, 9), Interval(-0.2, -0.3, -0.1, 9), Interval(0.2, -0.1, 0.3, 9)
    assert [verdict_of(each) for each in (up, down, none)] == ["better", "worse", "unclear"]
    assert [verdict_of(each, higher_is_better=False) for each in (up, down, none)] == ["worse", "better", "unclear"]
    assert [verdict_of(up, p=p) for p in (0.0, 0.05, 0.051, 0.27, NAN)] == ["better"] * 2 + ["unclear"] * 3
    assert verdict_of(none, p=0.001) == "unclear"


def test_the_p_value_is_that_of_scipy() -> None:
    differences = np.random.default_rng(0).normal(0.25, 1, 80)
    found = permutation_test(
        (differences, np.zeros(80)), lambda a, b, axis: (a - b).mean(axis), permutation_type="samples", n_resamples=9999
    )
    assert sign_flip_p(differences) == pytest.approx(found.pvalue, abs=0.01)


def test_few_shoppers_have_their_exact_p_value() -> None:
    """Of the 2^4 patterns of four equal differences two are as far from 0 as the one seen."""
    assert sign_flip_p(np.array([1.0, 1.0, 1.0, 1.0, 0.0, np.nan])) == pytest.approx(2 / 16, abs=0.01)


def test_no_difference_is_none() -> None:
    assert sign_flip_p(np.zeros(50)) == 1.0
    assert sign_flip_p(np.full(50, np.nan)) == 1.0


def test_one_in_twenty_is_called_different_where_nothing_is() -> None:
    rng = np.random.default_rng(1)
    found = [sign_flip_p(rng.choice([-1.0, 0, 0, 0, 1.0], 300), seed=n, n_flips=399) for n in range(400)]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.03)


def test_holm_is_never_below_and_keeps_the_order() -> None:
    p = np.random.default_rng(2).random(20)
    corrected = holm(p)
    assert (corrected >= p).all()
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()
    assert corrected.max() <= 1
    assert holm(np.array([0.02]))[0] == pytest.approx(0.02)
