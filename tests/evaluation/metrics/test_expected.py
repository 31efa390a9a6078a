"""Equal scores stand in every order at once: worked by hand, and held against all orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recsys.evaluation.metrics.expected import expected_list_accuracy, tied_positions
from recsys.evaluation.metrics.lists import list_metrics
from recsys.evaluation.metrics.registry import ACCURACY_METRICS


def of_list(scores: list[float], relevant: list[int], k: int, hidden: tuple[int, ...] = ()) -> dict[str, float]:
    """Every accuracy metric of one shopper, as expected over ties."""
    eligible = np.ones(len(scores), bool)
    eligible[list(hidden)] = False
    rows = np.array(relevant, np.int64)
    places = tied_positions(np.array([scores], np.float32), eligible[None], np.array([0, len(rows)]), rows, k)
    found = expected_list_accuracy(places, np.array([len(relevant)]))
    return {name: float(values[0]) for name, values in found.items()}


def over_all_orders(scores: list[float], relevant: list[int], k: int, hidden: tuple[int, ...] = ()) -> dict[str, float]:
    """The same by ranking the products in every order that the scores allow."""
    n = len(scores)
    pairs = (np.ones(len(relevant), bool), (np.zeros(len(relevant), int), relevant))
    matrix, shown = sparse.csr_array(pairs, shape=(1, n)), [row for row in range(n) if row not in hidden]
    values: dict[str, list[float]] = {name: [] for name in ACCURACY_METRICS}
    for order in map(np.array, permutations(shown)):
        ranked = order[np.argsort(-np.array(scores)[order], kind="stable")][None, :k].astype(np.int32)
        for name, found in list_metrics(ranked, matrix, k, None, np.ones(n), 1).items():
            if name in values:
                values[name].append(found[0])
    return {name: float(np.mean(each)) for name, each in values.items()}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_metric_of_several_wanted_products_is_the_mean_over_every_order(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 6))
    scores = data.draw(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=n, max_size=n))
    relevant = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True))
    hidden = tuple(row for row in range(n - 1) if row not in relevant and data.draw(st.booleans()))
    k = data.draw(st.integers(1, 7))
    found, wanted = of_list(scores, relevant, k, hidden), over_all_orders(scores, relevant, k, hidden)
    assert found == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("relevant", [[0], [7, 8], [0, 9], list(range(10))])
def test_of_scores_that_are_all_equal_each_product_is_as_good_as_any(relevant: list[int]) -> None:
    found = of_list([1.0] * 10, relevant, k=4)
    assert found["recall"] == pytest.approx(0.4)
    assert found["precision"] == pytest.approx(len(relevant) / 10)
    assert found == pytest.approx(of_list([1.0] * 10, [9 - row for row in relevant], k=4))


def test_of_two_levels_the_lower_fills_what_the_upper_leaves() -> None:
    found = of_list([1, 1, 0, 0, 0, 0], relevant=[0, 5], k=3)
    assert found["recall"] == pytest.approx((1 + 1 / 4) / 2)
    assert found["hit_rate"] == 1
    assert found["mrr"] == pytest.approx((1 + 1 / 2) / 2)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_without_ties_it_is_the_metric_of_the_list(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, k = rng.permutation(12).astype(np.float32), int(rng.integers(1, 14))
    relevant = rng.choice(12, int(rng.integers(1, 5)), replace=False)
    matrix = sparse.csr_array((np.ones(len(relevant), bool), (np.zeros(len(relevant), int), relevant)), shape=(1, 12))
    listed = list_metrics(np.argsort(-scores)[None, :k].astype(np.int32), matrix, k, None, np.ones(12), 1)
    found = of_list(scores.tolist(), relevant.tolist(), k)
    assert found == pytest.approx({name: listed[name][0] for name in ACCURACY_METRICS})


def test_a_chain_of_gaps_below_rounding_is_one_group() -> None:
    scores = (1 - 4e-6 * np.arange(8)).astype(np.float32).tolist()
    assert of_list(scores, [7], k=2)["recall"] == pytest.approx(2 / 8)
    assert of_list([*scores, 0.5], [8], k=2)["recall"] == 0


def test_who_wants_nothing_has_no_accuracy_and_an_empty_shelf_finds_nothing() -> None:
    nothing = np.zeros((2, 3), bool)
    places = tied_positions(np.ones((2, 3), np.float32), nothing, np.array([0, 1, 2]), np.array([1, 1]), 2)
    found = expected_list_accuracy(places, np.array([0, 1]))
    for values in found.values():
        assert np.isnan(values[0])
        assert values[1] == 0
