"""Shoppers' shares in metrics of all lists together: the jackknife, shrunk to the variance that samples really have."""

import numpy as np
import pytest

from recsys.evaluation.statistics.jackknife import STEPS, ListChange, in_both
from tests import _metric_definitions as d

NOTHING = np.zeros((3, 0), np.int32)


def _lists(rng, n_users, n_items=300, length=5, steepness=1.2):
    appeal = np.log(1 / np.arange(1, n_items + 1) ** steepness)
    scores = appeal + rng.gumbel(size=(n_users, n_items))
    return np.argsort(-scores, axis=1)[:, :length].astype(np.int32)


def _nearby(rng, ranked, share=0.3, n_items=300):
    """Some places of the lists replaced by other products."""
    other = _lists(rng, len(ranked), n_items, ranked.shape[1])
    change = (rng.random(ranked.shape) < share) & ~in_both(other, ranked)
    return np.where(change, other, ranked).astype(np.int32)


def test_kept_places_hold_a_product_of_the_other_list_at_any_place():
    new, old = np.array([[3, 1, 2], [4, -1, -1]], np.int32), np.array([[1, 5, 3], [5, 4, -1]], np.int32)
    assert in_both(new, old).tolist() == [[True, True, False], [True, False, False]]
    assert ListChange.of(new, old, 6).moved.tolist() == [True, True]
    assert ListChange.of(new, new[:, ::-1], 6).moved.tolist() == [False, False]


def test_values_are_those_of_the_definitions():
    rng = np.random.default_rng(0)
    new, old = _lists(rng, 40), _lists(rng, 40)
    new[::7, 3:] = -1
    as_lists = [[[item for item in row if item >= 0] for row in ranked.tolist()] for ranked in (new, old)]
    change = ListChange.of(new, old, 300)
    assert change.metric("coverage")[:2] == pytest.approx([d.coverage(lists, 300) for lists in as_lists])
    assert change.metric("gini")[:2] == pytest.approx([d.gini(lists, 300) for lists in as_lists])
    assert change.metric("personalisation")[:2] == pytest.approx([d.personalisation(lists) for lists in as_lists])


def test_shares_worked_by_hand():
    ranked = np.array([[0, 1], [1, 2], [1, -1]], np.int32)
    now, before, shares = ListChange.of(ranked, None, 6).metric("coverage")
    assert (now, before) == (0.5, 0.0)
    # Products 0 and 2 are on one list, product 1 on three: variance 2 + 0.75, above the jackknife's 2: not shrunk.
    np.testing.assert_allclose(shares, [3 / 6, 3 / 6, 0])
    alike = np.tile(np.array([[0, 1]], np.int32), (2, 1))
    assert ListChange.of(alike, alike[:, :0], 6).metric("coverage")[2].tolist() == [0, 0]


def test_nothing_changes_between_lists_of_the_same_products():
    rng = np.random.default_rng(1)
    ranked = _lists(rng, 50)
    change = ListChange.of(ranked, ranked[:, ::-1], 300)
    for now, before, shares in map(change.metric, STEPS):
        assert now == before
        np.testing.assert_allclose(shares, 0, atol=1e-12)


def test_swapping_the_settings_turns_the_shares():
    rng = np.random.default_rng(2)
    old = _lists(rng, 80)
    new = _nearby(rng, old)
    there, back = ListChange.of(new, old, 300), ListChange.of(old, new, 300)
    for name in STEPS:
        one, other = there.metric(name), back.metric(name)
        assert one[:2] == other[1::-1]
        np.testing.assert_allclose(one[2], -other[2], atol=1e-12)


def test_the_order_of_shoppers_and_the_names_of_products_do_not_matter():
    rng = np.random.default_rng(3)
    old = _lists(rng, 60)
    new = _nearby(rng, old)
    order, names = rng.permutation(60), rng.permutation(300).astype(np.int32)
    straight, turned = ListChange.of(new, old, 300), ListChange.of(names[new][order], names[old][order], 300)
    for name in STEPS:
        one, other = straight.metric(name), turned.metric(name)
        assert one[:2] == pytest.approx(other[:2])
        np.testing.assert_allclose(one[2][order], other[2], atol=1e-9)


@pytest.mark.parametrize("n_users", [60, 400])
@pytest.mark.parametrize("share", [0.1, 0.6, None])
def test_the_spread_of_the_shares_is_the_spread_of_the_metric(n_users, share):
    rng = np.random.default_rng(4)
    values, spreads = [], []
    for _ in range(500):
        old = _lists(rng, n_users) if share else np.zeros((n_users, 0), np.int32)
        new = _nearby(rng, old, share) if share else _lists(rng, n_users)
        change = ListChange.of(new, old, 300)
        told = [change.metric(name) for name in STEPS]
        values.append([now - (before if share else 0) for now, before, _ in told])
        spreads.append([shares.std(ddof=1) / np.sqrt(n_users) for *_, shares in told])
    really = np.std(values, axis=0)
    told = np.sqrt(np.mean(np.square(spreads), axis=0))
    assert (told / really > 0.88).all(), told / really
    assert (told / really < 1.15).all(), told / really


@pytest.mark.parametrize("n_items", [40, 400])
def test_the_bound_of_coverage_is_above_its_spread(n_items):
    rng = np.random.default_rng(n_items)
    nothing = np.empty((60, 0), np.int32)
    seen, bounds = [], []
    for _ in range(300):
        lists = np.argsort(rng.random((60, n_items)), axis=1)[:, :5].astype(np.int32)
        change = ListChange.of(lists, nothing, n_items)
        seen.append(change.metric("coverage")[0])
        bounds.append(change.coverage_error())
    assert np.mean(np.array(bounds) > np.std(seen)) > 0.97
