"""Personalisation: counts of products give exactly what looking at every pair of shoppers gives."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from recsys.evaluation.metrics.lists import ListFacts, measure_lists, product_facts
from recsys.evaluation.statistics.exposure import EXPOSURE_METRICS, exposure_of, personalisation
from recsys.evaluation.statistics.jackknife import ListChange
from recsys.evaluation.statistics.paired import MeasuredLists, ShopFacts, differences, means, whole_interval
from recsys.studies.evaluate import evaluate_lists
from tests import _metric_definitions as d
from tests.studies.test_evaluate import HELD_OUT

N_ITEMS = 12


@st.composite
def many_lists(draw: st.DrawFn) -> np.ndarray:
    """Lists of up to 5 of 12 products, many of them short, some empty."""
    k, n_users = draw(st.integers(1, 5)), draw(st.integers(0, 14))
    ranked = np.full((n_users, k), -1, np.int32)
    for row in ranked:
        items = draw(st.lists(st.integers(0, N_ITEMS - 1), unique=True, max_size=k))
        row[: len(items)] = items
    return ranked


def as_lists(ranked: np.ndarray) -> list[list[int]]:
    return [[item for item in row if item >= 0] for row in ranked.tolist()]


def of(ranked: np.ndarray | list[list[int]]) -> float:
    return personalisation(exposure_of(np.asarray(ranked, np.int32), N_ITEMS))


@given(many_lists())
def test_counts_tell_what_all_pairs_tell(ranked: np.ndarray) -> None:
    assert of(ranked) == pytest.approx(d.personalisation(as_lists(ranked)), abs=1e-12, nan_ok=True)
    assert math.isnan(of(ranked)) or 0 <= of(ranked) <= 1


def test_with_full_lists_it_is_one_less_the_mean_overlap_of_two_shoppers() -> None:
    ranked = np.argsort(np.random.default_rng(0).random((9, N_ITEMS)), axis=1)[:, :4].astype(np.int32)
    overlaps = [len(set(a) & set(b)) / 4 for at, a in enumerate(ranked.tolist()) for b in ranked.tolist()[:at]]
    assert of(ranked) == pytest.approx(1 - np.mean(overlaps), abs=1e-12)


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        ([[0, 1], [1, 2]], 1 / 2),
        ([[0, 1], [1, 2], [3, 4]], 5 / 6),  # one of three pairs shares half
        ([[0, 1, 2]] * 5, 0.0),
        ([[0, 1, 2], [2, 1, 0]], 0.0),  # order plays no part
        ([[0, 1], [2, 3], [4, 5]], 1.0),
        ([[0, -1, -1], [0, -1, -1]], 0.0),  # all that is left for everybody is the same one product
        ([[0, -1, -1], [1, -1, -1]], 1.0),
        ([[0, -1, -1], [0, 1, 2]], 0.0),  # the short list is wholly on the other
        ([[0, 1, -1], [0, 2, 3]], 1 / 2),
        ([[0, 1], [0, 1], [-1, -1]], 0.0),  # who gets nothing says nothing
    ],
)
def test_values_worked_by_hand(ranked: list[list[int]], expected: float) -> None:
    assert of(ranked) == pytest.approx(expected, abs=1e-12)
    assert d.personalisation(as_lists(np.array(ranked))) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("ranked", [np.empty((0, 3)), [[0, 1, 2]], [[-1, -1]] * 4, [[3, -1], [-1, -1]]])
def test_it_takes_two_lists(ranked: np.ndarray | list[list[int]]) -> None:
    assert math.isnan(of(ranked))
    lists = np.asarray(ranked, np.int32)
    told = whole_interval("personalisation", lists, N_ITEMS)
    assert np.isnan([told.mean, told.low, told.high]).all()
    measured = MeasuredLists(lists, measure_lists(lists, facts(len(lists)), np.arange(len(lists))))
    shop = ShopFacts(N_ITEMS, np.ones(N_ITEMS), np.ones(len(lists)))
    change = differences(measured, measured, shop)["personalisation"]
    assert np.isnan([change.new, change.old, change.change.mean]).all()
    assert change.verdict == "unclear"


@given(many_lists(), st.integers(0, N_ITEMS - 1))
def test_a_product_that_everybody_gets_at_one_place_makes_lists_more_alike(ranked: np.ndarray, item: int) -> None:
    """Longer by one product that is the same for all: never more personal, where nobody had it."""
    ranked = ranked[(ranked != item).all(axis=1)]
    longer = np.hstack([np.full((len(ranked), 1), item, np.int32), ranked])
    assert math.isnan(of(ranked)) or of(longer) <= of(ranked) + 1e-12


@given(many_lists())
def test_neither_the_order_of_shoppers_nor_of_a_list_counts(ranked: np.ndarray) -> None:
    turned = np.full_like(ranked, -1)
    for row, items in zip(turned, as_lists(ranked), strict=True):
        row[: len(items)] = items[::-1]
    assert of(turned[::-1]) == pytest.approx(of(ranked), abs=1e-12, nan_ok=True)


def test_a_share_is_what_the_metric_would_lose_without_the_list() -> None:
    rng = np.random.default_rng(1)
    ranked = np.argsort(rng.random((40, 30)) ** np.linspace(0.2, 3, 30), axis=1)[:, :5].astype(np.int32)
    ranked[::3, 2:] = -1
    whole = personalisation(exposure_of(ranked, 30))
    without = np.array([whole - personalisation(exposure_of(np.delete(ranked, at, axis=0), 30)) for at in range(40)])
    shares = ListChange.of(ranked, None, 30).metric("personalisation")[2]
    apart, expected = shares - shares.mean(), without - without.mean()
    # Every list is compared with 39 others, and with 38 once one is gone; and the shares are shrunk.
    assert np.corrcoef(apart, expected)[0, 1] > 0.999
    assert 0.5 < apart.std() / (40 * expected.std()) <= 1.0


def test_the_live_value_is_that_of_evaluate_on_the_same_lists() -> None:
    rng = np.random.default_rng(2)
    ranked = np.argsort(rng.random((3, 8)), axis=1)[:, :4].astype(np.int32)
    ranked[1, 3] = -1
    told = evaluate_lists(ranked, HELD_OUT, k=4, popularity=np.ones(8), n_train_users=3)["personalisation"]
    measured = MeasuredLists(ranked, measure_lists(ranked, facts(3), np.arange(3)))
    live = means(measured, ShopFacts(8, np.ones(8), np.ones(3)))["personalisation"]
    assert told.mean == live.mean == EXPOSURE_METRICS["personalisation"](exposure_of(ranked, 8))
    assert told.mean == pytest.approx(d.personalisation(as_lists(ranked)))


def test_many_shoppers_get_the_same_interval_live_and_in_evaluate() -> None:
    rng = np.random.default_rng(3)
    ranked = np.argsort(rng.random((300, N_ITEMS)) ** np.linspace(0.2, 3, N_ITEMS), axis=1)[:, :4].astype(np.int32)
    measured = MeasuredLists(ranked, measure_lists(ranked, facts(300), np.arange(300)))
    live = means(measured, ShopFacts(N_ITEMS, np.ones(N_ITEMS), np.ones(300)))["personalisation"]
    told = whole_interval("personalisation", ranked, N_ITEMS)
    assert 0 < told.low < told.mean < told.high < 1
    np.testing.assert_allclose([told.low, told.mean, told.high], [live.low, live.mean, live.high], rtol=1e-6)


def facts(n_users: int) -> ListFacts:
    """Of a shop of which nothing is known."""
    vectors = np.zeros((N_ITEMS, 0), np.float32)
    products = product_facts(np.ones(N_ITEMS), 10, np.zeros(N_ITEMS, bool), vectors)
    return ListFacts.of_held_out(csr_array((n_users, N_ITEMS), dtype=bool), products, vectors)
