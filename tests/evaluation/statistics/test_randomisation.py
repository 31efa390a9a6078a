"""Sign flips, held against scipy and against what a p-value promises."""

import numpy as np
import pytest
from scipy.stats import permutation_test

from recsys.evaluation.statistics.significance import holm, sign_flip_p


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
