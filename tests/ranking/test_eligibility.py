"""Which products may be on a list at all."""

import numpy as np
import pandas as pd
import pytest

from recsys.errors import SettingsError
from recsys.ranking.eligibility import CandidateFilter
from recsys.settings import Filters

NOTHING = np.empty(0, np.int32)


@pytest.fixture
def shelf(tiny: dict[str, pd.DataFrame]) -> CandidateFilter:
    return CandidateFilter.of(tiny["items"].assign(category=[*tiny["items"]["category"][:-1], ""]))


def listed(
    shelf: CandidateFilter, tiny: dict[str, pd.DataFrame], filters: Filters, owned: np.ndarray = NOTHING
) -> set[str]:
    return set(tiny["items"]["item_id"][shelf.eligible(filters, owned)])


ALL = {"tent-2", "tent-4", "stove", "mug", "lamp", "candle", "blanket", "00123"}


def test_what_is_sold_out_is_left_out_unless_asked_for(shelf: CandidateFilter, tiny: dict[str, pd.DataFrame]) -> None:
    assert listed(shelf, tiny, Filters()) == ALL - {"candle"}
    assert listed(shelf, tiny, Filters(only_available=False)) == ALL


def test_what_the_shopper_has_is_left_out_unless_asked_for(
    shelf: CandidateFilter, tiny: dict[str, pd.DataFrame]
) -> None:
    owned = np.array([0, 3], np.int32)
    assert listed(shelf, tiny, Filters(), owned) == ALL - {"candle", "tent-2", "mug"}
    assert listed(shelf, tiny, Filters(include_seen=True), owned) == ALL - {"candle"}


def test_categories_restrict_to_any_of_them(shelf: CandidateFilter, tiny: dict[str, pd.DataFrame]) -> None:
    assert listed(shelf, tiny, Filters(categories=frozenset({"Tents"}))) == {"tent-2", "tent-4"}
    wanted = frozenset({"Tents", "Kitchen"})
    assert listed(shelf, tiny, Filters(categories=wanted)) == {"tent-2", "tent-4", "stove", "mug"}
    assert listed(shelf, tiny, Filters(categories=frozenset({"Home"}))) == {"blanket"}  # the candle is sold out


def test_an_unknown_category_is_named(shelf: CandidateFilter) -> None:
    with pytest.raises(SettingsError, match="category 'Boats' is not in this catalogue; choose another"):
        shelf.eligible(Filters(categories=frozenset({"Tents", "Boats"})), NOTHING)


def test_price_bounds_are_inclusive_and_an_unknown_price_fits_none(
    shelf: CandidateFilter, tiny: dict[str, pd.DataFrame]
) -> None:
    assert listed(shelf, tiny, Filters(price_low=39, price_high=89)) == {"lamp", "stove", "blanket"}
    assert listed(shelf, tiny, Filters(price_low=100)) == {"tent-2", "tent-4"}
    assert listed(shelf, tiny, Filters(price_high=12.5)) == {"mug"}
    assert listed(shelf, tiny, Filters(price_low=0, price_high=0)) == set()


def test_filters_add_up(shelf: CandidateFilter, tiny: dict[str, pd.DataFrame]) -> None:
    filters = Filters(only_available=False, categories=frozenset({"Home"}), price_high=50)
    assert listed(shelf, tiny, filters, np.array([6], np.int32)) == {"candle"}


def test_asking_does_not_change_the_shelf(shelf: CandidateFilter) -> None:
    before = shelf.available.copy()
    shelf.eligible(Filters(price_low=1000), np.arange(8, dtype=np.int32))
    np.testing.assert_array_equal(shelf.available, before)


def test_what_may_not_be_listed_says_why(shelf: CandidateFilter, tiny: dict[str, pd.DataFrame]) -> None:
    row = {item_id: place for place, item_id in enumerate(tiny["items"]["item_id"])}
    owned = np.array([row["tent-2"], row["candle"]], np.int32)
    for item_id, filters, reason in (
        ("mug", Filters(), ""),
        ("tent-2", Filters(), "the shopper already has it"),
        ("tent-2", Filters(include_seen=True), ""),
        ("candle", Filters(), "the shopper already has it"),
        ("candle", Filters(include_seen=True), "it is not available"),
        ("mug", Filters(categories=frozenset({"Tents"})), "the filter leaves out its category"),
        ("mug", Filters(price_low=20), "the filter leaves out its price"),
        ("00123", Filters(price_high=500), "the filter leaves out its price"),  # unknown, and its category is too
    ):
        assert shelf.why_not(filters, owned, row[item_id]) == reason
        assert shelf.eligible(filters, owned)[row[item_id]] == (not reason)


@pytest.mark.parametrize(
    ("owned", "filters", "why"),
    [
        (range(8), Filters(), "already has all 8 products"),
        ([*range(8), *range(8)], Filters(), "already has all 8 products"),
        ((0, 1, 2, 3, 4, 6, 7), Filters(), "already has 7, 1 is not available"),
        ((), Filters(price_low=1e6), "of 8 products: 1 is not available, the filters leave out the others"),
        ((0,), Filters(price_low=1e6), "the shopper already has 1, 1 is not available, the filters leave out the ot"),
        (range(8), Filters(include_seen=True, price_high=0), "1 is not available, the filters leave out the others"),
        ((), Filters(only_available=False, price_high=0), "of 8 products: the filters leave out the others"),
        ((0, 1), Filters(categories=frozenset({"Tents"})), "the shopper already has 2, 1 is not available, the filt"),
        ((), Filters(), ""),
        ((0, 1, 2, 3, 4, 6, 7), Filters(only_available=False), ""),
    ],
)
def test_why_nothing_may_be_listed(shelf: CandidateFilter, owned: list[int], filters: Filters, why: str) -> None:
    said = shelf.why_none(filters, np.array(list(owned), np.int32))
    assert why in said
    assert bool(said) == bool(why)


def test_a_catalogue_that_is_sold_out_says_so(tiny: dict[str, pd.DataFrame]) -> None:
    shelf = CandidateFilter.of(tiny["items"].assign(available=False))
    assert "none of the 8 products is available" in shelf.why_none(Filters(), NOTHING)
