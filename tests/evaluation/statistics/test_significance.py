"""Intervals as numbers, and the one rule that makes a verdict of them."""

import json

import numpy as np
import pytest

from recsys.evaluation.statistics.significance import Interval, verdict_of

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
