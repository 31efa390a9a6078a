"""Equal scores stand in every order at once: worked by hand, and held against all orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recsys.evaluation.expected import Wanted, expected_accuracy, expected_ndcg
from recsys.evaluation.metrics import list_metrics

ONE = np.ones(1, np.float32)


def asked(scores: list[float], wanted: int, hidden: tuple[int, ...] = ()) -> Wanted:
    """One shopper with one component."""
    shown = np.ones((1, len(scores)), bool)
    shown[0, list(hidden)] = False
    return Wanted(np.array([[scores]], np.float32), shown, np.array([wanted], np.int32))


def test_a_product_without_ties_has_its_rank() -> None:
    found = expected_accuracy(asked([3, 2, 1, 0], wanted=1), ONE, k=2)
    assert found["ndcg"][0] == pytest.approx(1 / np.log2(3))
    assert found["recall"][0] == 1
    assert expected_accuracy(asked([3, 2, 1, 0], wanted=2), ONE, k=2)["recall"][0] == 0


def test_ties_are_worth_the_mean_of_the_ranks_that_they_share() -> None:
    """One product above, two as high: ranks 2 and 3 in turn, of which only the second counts at 2."""
    found = expected_accuracy(asked([3, 2, 2, 0], wanted=2), ONE, k=2)
    assert found["ndcg"][0] == pytest.approx(1 / np.log2(3) / 2)
    assert found["recall"][0] == pytest.approx(0.5)


def test_who_tells_nothing_apart_is_as_good_as_chance_wherever_the_product_stands() -> None:
    values = [expected_accuracy(asked([0.0] * 20, wanted), ONE, k=10)["recall"][0] for wanted in range(20)]
    assert values == pytest.approx([0.5] * 20)


def test_what_may_not_be_shown_takes_no_place() -> None:
    assert expected_accuracy(asked([3, 2, 1], 1, hidden=(0,)), ONE, k=1)["recall"][0] == 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_it_is_the_mean_over_every_order_of_the_products(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, wanted, k = rng.integers(0, 3, 5), int(rng.integers(5)), int(rng.integers(1, 5))
    relevant = sparse.csr_array(([True], ([0], [wanted])), shape=(1, 5))
    values: dict[str, list[float]] = {"ndcg": [], "recall": []}
    for order in map(np.array, permutations(range(5))):
        ranked = order[np.argsort(-scores[order], kind="stable")][None, :k].astype(np.int32)
        found = list_metrics(ranked, relevant, k, None, np.ones(5), 1)
        for name in values:
            values[name].append(found[name][0])
    expected = expected_accuracy(asked(scores.tolist(), wanted), ONE, k)
    for name, each in values.items():
        assert expected[name][0] == pytest.approx(np.mean(each))


def test_many_mixes_at_once_are_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    many = Wanted(
        rng.normal(size=(300, 3, 40)).astype(np.float32), rng.random((300, 40)) < 0.6, np.zeros(300, np.int32)
    )
    many.may_be_shown[:, 0] = True
    grid = np.array([[1, 0, 0], [0.2, 0.3, 0.5], [0, 0, 1]], np.float32)
    each = [expected_accuracy(many, weights, 5)["ndcg"].mean() for weights in grid]
    np.testing.assert_allclose(expected_ndcg(many, grid, 5), each)


def test_products_alike_but_for_rounding_are_equal() -> None:
    assert expected_accuracy(asked([1.0, 1.0 + 3e-7], 0), ONE, k=1)["recall"][0] == pytest.approx(0.5)
