"""The click rate of a list: by hand, and as compiled."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.lists import ListFacts, measure_lists
from tests._list_definitions import click_rates
from tests._metric_definitions import click_rate

ATTRACTION = np.array([[0.5, 0.2, 0.1, 0.0], [0.3, 0.9, 0.25, 1.0]], np.float32)
ODDS, SEEN = np.array([1.0, 0.5, 0.25]), np.array([1.0, 0.8, 0.6])
VECTORS = np.zeros((4, 2), np.float32)
RANKED = np.array([[0, 2, 1], [3, 1, -1]], np.int32)


def measured(ranked: np.ndarray, clicks: ClickProbabilities, rows: np.ndarray | None = None) -> np.ndarray:
    """Click rates as the compiled metrics have them."""
    n_users, n_items = len(ranked), 4
    facts = ListFacts.of_held_out(csr_array((n_users, n_items), dtype=bool), np.zeros((n_items, 4)), VECTORS)
    facts = facts._replace(attraction=clicks.attraction, odds=clicks.odds, seen=clicks.seen)
    if rows is not None:
        facts = facts._replace(rows=rows, widths=np.full(n_users, rows.shape[1], np.int64))
    return measure_lists(ranked, facts, np.arange(n_users))["ctr"]


def test_a_click_rate_worked_by_hand() -> None:
    # Odds of 0.1 are 1/9, halved 1/18, so 1/19; odds of 0.2 are 1/4, a quarter of it 1/16, so 1/17.
    by_hand = (1 * 0.5 + 0.8 / 19 + 0.6 / 17) / 3
    products = dict(enumerate(ATTRACTION[0].tolist()))
    assert click_rate([0, 2, 1], products, ODDS.tolist(), SEEN.tolist(), k=3) == pytest.approx(by_hand)
    assert click_rates(RANKED, ATTRACTION, ODDS, SEEN)[0] == pytest.approx(by_hand)
    found = measured(RANKED, ClickProbabilities("log", ATTRACTION, ODDS, SEEN))
    assert found[0] == pytest.approx(by_hand)


def test_a_short_list_is_not_clicked_where_it_ends() -> None:
    # Odds of 0.9 are 9, halved 4.5, so 9/11; the third place is empty.
    by_hand = (1.0 + 0.8 * 9 / 11) / 3
    clicks = ClickProbabilities("log", ATTRACTION, ODDS, SEEN)
    assert measured(RANKED, clicks)[1] == pytest.approx(by_hand)
    assert click_rates(RANKED, ATTRACTION, ODDS, SEEN)[1] == pytest.approx(by_hand)
    assert measured(np.full((2, 3), -1, np.int32), clicks).tolist() == [0, 0]


def test_the_order_of_a_list_counts_where_places_differ() -> None:
    clicks = ClickProbabilities("log", ATTRACTION, ODDS, SEEN)
    best_first, best_last = (measured(np.array([order] * 2, np.int32), clicks)[0] for order in ([0, 1, 2], [2, 1, 0]))
    assert best_first > best_last
    even = ClickProbabilities("log", ATTRACTION)
    same = [measured(np.array([order] * 2, np.int32), even)[0] for order in ([0, 1, 2], [2, 1, 0])]
    assert same[0] == pytest.approx(same[1])


def test_candidates_are_found_by_product_and_others_have_no_click_rate() -> None:
    rows = np.array([[0, 2], [1, 3]], np.int32)
    held = ClickProbabilities("reviews", np.take_along_axis(ATTRACTION, rows.astype(np.int64), 1), ODDS, SEEN)
    whole = ClickProbabilities("reviews", ATTRACTION, ODDS, SEEN)
    among = np.array([[2, 0], [3, 1]], np.int32)
    assert measured(among, held, rows) == pytest.approx(measured(among, whole))
    assert np.isnan(measured(np.array([[1, 0], [3, 2]], np.int32), held, rows)).all()


def test_without_a_source_nobody_has_a_click_rate() -> None:
    assert not ClickProbabilities().is_known
    assert np.isnan(measured(RANKED, ClickProbabilities())).all()


def test_places_beyond_those_held_count_as_the_last() -> None:
    clicks = ClickProbabilities("log", np.full((1, 4), 0.5, np.float32), np.array([1.0, 0.5]), np.ones(2))
    found = measured(np.array([[0, 1, 2, 3]], np.int32), clicks)
    assert found[0] == pytest.approx((0.5 + 3 * (1 / 3)) / 4)
    again = click_rates(np.array([[0, 1, 2, 3]], np.int32), clicks.attraction, clicks.odds, clicks.seen)
    assert again == pytest.approx(found)
