"""Two settings side by side: what is counted is what a slow count of the same lists gives."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import SettingsError
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.evaluation.statistics.paired import differences, means
from recsys.panel.engine import LiveEngine
from recsys.panel.influence import live_influence
from recsys.panel.segments import Segment
from recsys.tuning.comparison import Comparison, compare
from recsys.tuning.list_changes import PERSISTENCE, agreements, likeness, overlap
from tests.panel._settings import setting

A, B = setting("A", 1, 0, 0, 0), setting("B", 0.3, 0.1, 0.4, 0.2, diversity=0.2)
SEGMENT = Segment.of(activity="hot")


@pytest.fixture(scope="module", params=[Segment(), SEGMENT], ids=["everyone", "some"])
def case(engine: LiveEngine, request: pytest.FixtureRequest) -> tuple[Comparison, np.ndarray, np.ndarray, np.ndarray]:
    """A comparison, the shoppers in it, and both lists of each."""
    users = np.flatnonzero(request.param.mask(engine.panel.shoppers))
    lists = [engine.measure(each.settings, each.scenario).lists.ranked[users] for each in (A, B)]
    return compare(engine, A, B, request.param), users, lists[0], lists[1]


def test_every_metric_is_that_of_the_segment(engine: LiveEngine, case) -> None:  # type: ignore[no-untyped-def]
    found, users, _, _ = case
    was, now = (engine.measure(each.settings, each.scenario).lists.of(users) for each in (A, B))
    facts = engine.panel.facts.of(users)
    assert list(found.differences) == list(found.means_a) == list(found.means_b) == list(LIVE_METRICS)
    assert repr(found.differences) == repr(differences(now, was, facts))  # repr, because NaN is no equal of itself
    assert repr((found.means_a, found.means_b)) == repr((means(was, facts), means(now, facts)))
    assert (found.n_shoppers, found.n_panel) == (len(users), len(engine.panel))


def test_what_decides_either_setting_is_the_mean_over_its_shoppers(engine: LiveEngine, case) -> None:  # type: ignore[no-untyped-def]
    found, users, _, _ = case
    for each, influence in ((A, found.influence_a), (B, found.influence_b)):
        shares = live_influence(engine, each.settings, each.scenario)[users]
        assert list(influence.values()) == pytest.approx(np.nanmean(shares, axis=0))


def test_exposure_is_a_count_of_lists(engine: LiveEngine, case) -> None:  # type: ignore[no-untyped-def]
    found, _, a, b = case
    on_a, on_b = (Counter(row for listed in lists.tolist() for row in listed if row >= 0) for lists in (a, b))
    expected = {row: (on_a[row], on_b[row]) for row in on_a.keys() | on_b.keys() if on_a[row] != on_b[row]}
    assert {each.product.item_row: (each.lists_a, each.lists_b) for each in found.products} == expected
    changes = [each.change for each in found.products]
    assert changes == sorted(changes, reverse=True)
    assert {*found.winners, *found.losers} == set(found.products)
    assert all(each.change > 0 for each in found.winners)
    losses = [each.change for each in found.losers]
    assert losses == sorted(losses)
    assert {each.product.item_row for each in found.newly_shown} == on_b.keys() - on_a.keys()
    assert {each.product.item_row for each in found.no_longer_shown} == on_a.keys() - on_b.keys()
    assert (found.shown_a, found.shown_b) == (len(on_a), len(on_b))
    for each in found.products:
        assert each.product.title == engine.panel.items["title"][each.product.item_row]
        assert each.in_long_tail == engine.panel.tail[each.product.item_row]


def test_categories_are_counted_by_lists_places_and_products(engine: LiveEngine, case) -> None:  # type: ignore[no-untyped-def]
    found, _, a, b = case
    of = engine.panel.items["category"].tolist()
    for each in found.categories:
        for lists, counted in (
            (a, (each.lists_a, each.places_a, each.products_a)),
            (b, (each.lists_b, each.places_b, each.products_b)),
        ):
            held = [[row for row in listed if row >= 0 and of[row] == each.category] for listed in lists.tolist()]
            assert counted == (sum(map(bool, held)), sum(map(len, held)), len({row for rows in held for row in rows}))
        assert each.n_items == of.count(each.category)
    assert sum(each.change for each in found.categories) == 0
    assert sum(each.places_b for each in found.categories) == b.size


def test_winners_and_losers_are_counted_shopper_by_shopper(engine: LiveEngine, case) -> None:  # type: ignore[no-untyped-def]
    found, users, a, b = case
    held_out = engine.panel.relevant
    wanted = [set(held_out.values[held_out.starts[user] : held_out.starts[user + 1]].tolist()) for user in users]
    on_a, on_b = ([bool(each & set(row)) for each, row in zip(wanted, lists.tolist(), strict=True)] for lists in (a, b))
    counted = Counter(zip(on_a, on_b, strict=True))
    told = found.outcomes
    assert (told.both, told.lost, told.gained, told.neither) == tuple(
        counted[each] for each in ((True, True), (True, False), (False, True), (False, False))
    )
    assert told.win + told.lose + told.tie == told.n == len(users)
    assert told.gained - told.lost == pytest.approx(found.differences["hit_rate"].change.mean * told.n)
    assert told.win >= told.gained
    assert told.lose >= told.lost


def test_the_shoppers_whose_lists_are_least_alike_come_first(engine: LiveEngine, case) -> None:  # type: ignore[no-untyped-def]
    found, users, a, b = case
    alike = likeness(agreements(b, a))
    assert [each.likeness for each in found.changed] == pytest.approx(np.sort(alike)[:50])
    assert len(found.changed) == min(50, len(users))
    for each in found.changed:
        row = users.tolist().index(each.position)
        was, now = a[row].tolist(), b[row].tolist()
        assert each.user_id == engine.panel.shoppers["user_id"][each.position]
        assert each.n_train == engine.panel.shoppers["n_train"][each.position]
        assert [one.item_row for one in each.entered] == [one for one in now if one not in was]
        assert [one.item_row for one in each.gone] == [one for one in was if one not in now]
        assert each.n_common == len(set(was) & set(now))
        for wanted in each.wanted:
            product = wanted.product.item_row
            assert wanted.rank_a == (was.index(product) + 1 if product in was else None)
            assert wanted.rank_b == (now.index(product) + 1 if product in now else None)
        on = tuple(any(getattr(one, rank) for one in each.wanted) for rank in ("rank_a", "rank_b"))
        fates = {
            (1, 1): "found in both",
            (1, 0): "found only in A",
            (0, 1): "found only in B",
            (0, 0): "found in neither",
        }
        assert each.fate == fates[on]


def test_identical_settings_change_nobody(engine: LiveEngine) -> None:
    found = compare(engine, A, A)
    assert found.is_same
    assert not found.changed
    assert not found.products
    assert found.overlap.likeness == pytest.approx(1)
    assert {each.verdict for each in found.differences.values()} == {"unclear"}


def test_lists_of_different_lengths_are_not_compared(engine: LiveEngine) -> None:
    with pytest.raises(SettingsError, match="lists of 10 and of 20 cannot be compared: the longer one finds more"):
        compare(engine, A, setting("B", 1, 0, 0, 0, n=20))


def test_a_segment_without_shoppers_is_refused(engine: LiveEngine) -> None:
    with pytest.raises(SettingsError, match="no test shopper with home Atlantis; choose others"):
        compare(engine, A, B, Segment.of(home="Atlantis"))


def test_a_comparison_says_how_to_make_it_again(engine: LiveEngine) -> None:
    found = compare(engine, A, B, SEGMENT)
    assert found.as_json() == {
        "panel": engine.panel.panel_id,
        "shoppers": {"activity": "hot"},
        "a": A.as_json(),
        "b": B.as_json(),
    }


def test_candidates_that_prove_no_list_are_counted(candidate_engine: LiveEngine, engine: LiveEngine) -> None:
    assert compare(engine, A, B).n_unproven == 0
    unproven = [candidate_engine.measure(each.settings).unproven for each in (A, B)]
    assert compare(candidate_engine, A, B).n_unproven == (unproven[0] | unproven[1]).sum() > 0


def rank_biased_overlap(first: list[int], second: list[int], p: float, depth: int = 2000) -> float:
    """The infinite sum, with what the last place has in common going on below."""
    total, agreement = 0.0, 1.0
    for d in range(1, depth):
        if d <= max(len(first), len(second)):
            agreement = 2 * len(set(first[:d]) & set(second[:d])) / (len(first[:d]) + len(second[:d]))
        total += (1 - p) * p ** (d - 1) * agreement
    return total


lists = st.lists(st.integers(0, 15), max_size=8, unique=True)


@given(lists, lists)
def test_likeness_is_the_rank_biased_overlap(first: list[int], second: list[int]) -> None:
    padded = [np.array([each + [-1] * (8 - len(each))], np.int32) for each in (first, second)]
    agreement = agreements(*padded)
    assert likeness(agreement)[0] == pytest.approx(rank_biased_overlap(first, second, PERSISTENCE))
    assert likeness(agreement)[0] == pytest.approx(likeness(agreements(*reversed(padded)))[0])
    told = overlap(*padded, agreement)
    assert told.identical == (first == second)
    assert told.same_products == (set(first) == set(second))
    assert 0 <= told.likeness <= 1 + 1e-12
    if not set(first) & set(second) and (first or second):
        assert told.likeness == 0
