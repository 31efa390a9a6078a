"""Each metric against numbers worked by hand on one small list."""

import math

import numpy as np
import pytest

from tests import _metric_definitions as d

LIST = ["i2", "i5", "i1", "i8"]
HELD_OUT = {"i5", "i8", "i3"}  # found at ranks 2 and 4, one is missed


@pytest.mark.parametrize(
    ("metric", "at_2", "at_4"),
    [
        (d.precision_at_k, 1 / 2, 2 / 4),
        (d.recall_at_k, 1 / 3, 2 / 3),
        (d.f1_at_k, 0.4, 4 / 7),  # 2 * (1/2 * 1/3) / (5/6) and 2 * (1/2 * 2/3) / (7/6)
        (d.ndcg_at_k, 0.6309297536 / 1.6309297536, (0.6309297536 + 0.4306765581) / 2.1309297536),
        (d.average_precision_at_k, (1 / 2) / 2, (1 / 2 + 2 / 4) / 3),  # of min(k, 3) relevant products
        (d.reciprocal_rank_at_k, 1 / 2, 1 / 2),
        (d.hit_at_k, 1.0, 1.0),
    ],
)
def test_values_worked_by_hand(metric, at_2, at_4):
    assert metric(LIST, HELD_OUT, 2) == pytest.approx(at_2, abs=1e-9)
    assert metric(LIST, HELD_OUT, 4) == pytest.approx(at_4, abs=1e-9)


ACCURACY = [
    d.precision_at_k,
    d.recall_at_k,
    d.f1_at_k,
    d.ndcg_at_k,
    d.average_precision_at_k,
    d.reciprocal_rank_at_k,
    d.hit_at_k,
]


@pytest.mark.parametrize("metric", ACCURACY)
def test_nothing_held_out_gives_nan_and_a_complete_miss_gives_zero(metric):
    assert math.isnan(metric(LIST, set(), 4))
    assert metric(LIST, {"i3"}, 4) == 0
    assert metric([], {"i3"}, 4) == 0


@pytest.mark.parametrize("metric", ACCURACY)
def test_a_cut_off_below_one_is_refused(metric):
    with pytest.raises(ValueError, match=r"k=0 is not a list length; give at least 1"):
        metric(LIST, HELD_OUT, 0)


def test_diversity_is_one_minus_the_mean_cosine_of_the_pairs_that_have_text():
    vectors = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 0.0], [0.0, 1.0]])
    assert d.intra_list_diversity(vectors) == pytest.approx(1 - (0.6 + 0.0 + 0.8) / 3)
    assert math.isnan(d.intra_list_diversity(vectors[:1]))
    assert math.isnan(d.intra_list_diversity(vectors[1:3]))


def test_novelty_counts_bits_and_stays_finite_for_a_product_nobody_has():
    assert d.novelty(["all", "some", "none"], {"all": 31, "some": 7}, 31) == pytest.approx((0 + 2 + 5) / 3)
    assert math.isnan(d.novelty([], {}, 31))


def test_coverage_counts_each_product_once():
    assert d.coverage([["i1", "i2"], ["i2"], []], n_items=8) == 0.25
    with pytest.raises(ValueError, match=r"n_items=0: coverage needs a catalogue of at least one product"):
        d.coverage([], 0)
