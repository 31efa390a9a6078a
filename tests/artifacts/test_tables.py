"""What a model remembers of the shop, against the small shop of conftest, counted by hand."""

import numpy as np
import pandas as pd
import pytest

from recsys.artifacts.tables import (
    _rating_counts,
    activity_of,
    history_arrays,
    item_table,
    review_table,
    summary,
    user_table,
)
from recsys.data.dataset import Dataset


def test_products_carry_what_shoppers_did_and_thought(tiny_data: Dataset) -> None:
    items = item_table(tiny_data).to_pandas().set_index("item_id")
    assert items["n_interactions"].to_dict() == {
        "tent-2": 2, "tent-4": 1, "stove": 2, "mug": 1, "lamp": 2, "candle": 1, "blanket": 2, "00123": 1,
    }  # fmt: skip
    assert items["n_ratings"].to_dict() == {
        "tent-2": 3, "tent-4": 1, "stove": 2, "mug": 2, "lamp": 2, "candle": 1, "blanket": 2, "00123": 0,
    }  # fmt: skip
    assert items.loc["tent-2", "mean_rating"] == 4
    assert items.loc["stove", "mean_rating"] == 2.5
    assert np.isnan(items.loc["00123", "mean_rating"])
    assert list(items.loc["blanket", "tags"]) == ["warm", "sturdy"]


def test_shoppers_carry_their_habits(tiny_data: Dataset) -> None:
    users = user_table(tiny_data).to_pandas().set_index("user_id")
    assert list(users.index) == ["0042", "ann", "ben", "cleo", "dora", "eli"]
    assert users["n_interactions"].tolist() == [0, 3, 3, 3, 2, 1]
    assert users["n_reviews"].tolist() == [0, 4, 3, 3, 1, 2]
    assert users["region"].tolist() == ["west", "north", "south", "south", "north", "west"]
    assert users["device"].tolist() == ["tablet", "mobile", "desktop", "tablet", "mobile", "mobile"]
    assert users["top_category"].tolist() == ["", "Home", "Kitchen", "Home", "Kitchen", "Lighting"]
    assert users.loc["ann", "last_active"] == pd.Timestamp("2024-04-20T19:00", tz="UTC")
    assert users["activity"].tolist() == ["cold", "warm", "warm", "warm", "warm", "warm"]


def test_hot_warm_and_cold_begin_where_they_say() -> None:
    assert activity_of(np.array([0, 1, 9, 10, 99])).tolist() == ["cold", "warm", "warm", "hot", "hot"]


def test_history_lists_every_act_newest_first(tiny_data: Dataset) -> None:
    arrays, kinds = history_arrays(tiny_data)
    assert kinds == ["review", "cart", "click", "purchase", "view", "wishlist"]
    assert arrays["starts"].tolist() == [0, 2, 8, 14, 20, 24, 27]
    own = slice(arrays["starts"][1], arrays["starts"][2])
    told = [
        (tiny_data.item_ids[item], kinds[kind], owned)
        for item, kind, owned in zip(*(arrays[name][own] for name in ("item_row", "kind", "owned")), strict=True)
    ]
    assert told == [
        ("blanket", "review", True),
        ("lamp", "review", True),
        ("candle", "view", False),
        ("stove", "review", True),
        ("tent-2", "review", True),
        ("tent-2", "purchase", True),
    ]
    reviews = arrays["review_row"][own]
    assert tiny_data.reviews["text"][reviews[0]] == "So warm and soft."
    assert np.isnan(arrays["rating"][own][reviews < 0]).all()


def test_what_was_owned_is_what_the_data_says(tiny_data: Dataset) -> None:
    arrays, _ = history_arrays(tiny_data)
    owned = tiny_data.seen().toarray()
    for user in range(tiny_data.n_users):
        own = slice(arrays["starts"][user], arrays["starts"][user + 1])
        assert set(arrays["item_row"][own][arrays["owned"][own]]) == set(np.flatnonzero(owned[user]))


def test_reviews_keep_their_order_and_their_words(tiny_data: Dataset) -> None:
    table = review_table(tiny_data).to_pandas()
    pd.testing.assert_series_equal(table["text"], tiny_data.reviews["text"], check_dtype=False)
    assert (np.diff(table["review_id"]) > 0).all()


@pytest.mark.parametrize(
    ("ratings", "counts"),
    [
        ([1, 3, 5, 5], {"1": 1, "2": 0, "3": 1, "4": 0, "5": 2}),
        ([], dict.fromkeys("12345", 0)),
        ([2.5, 3.5, 4.5], {"2.5": 1, "3.5": 1, "4.5": 1}),  # to even they would be 2, 4 and 4
        ([1, 3.5, 4], {"1": 1, "3.5": 1, "4": 1}),
        ([3.2, 3.25, 3.74, 3.75], {"3": 1, "3.5": 2, "4": 1}),
        ([4.9, 1.1], {"5": 1, "1": 1}),
    ],
)
def test_half_stars_are_counted_as_such_where_there_are_any(ratings: list[float], counts: dict[str, int]) -> None:
    found = _rating_counts(pd.Series(ratings, dtype="float32"))
    assert sum(found.values()) == len(ratings)
    assert {stars: n for stars, n in found.items() if n} == {stars: n for stars, n in counts.items() if n}
    is_whole = all(rating == int(rating) for rating in ratings)
    assert list(found) == [f"{step / 2:g}" for step in range(2, 11) if step % 2 == 0 or not is_whole]


def test_the_shop_at_a_glance(tiny_data: Dataset) -> None:
    glance = summary(tiny_data)
    assert glance["rating_counts"] == {"1": 1, "2": 1, "3": 2, "4": 3, "5": 6}
    assert glance["activity"] == [
        {"month": "2024-02", "reviews": 0, "events": 1},
        {"month": "2024-03", "reviews": 8, "events": 6},
        {"month": "2024-04", "reviews": 5, "events": 7},
    ]
    assert (glance["items_with_text"], glance["items_with_description"], glance["users_who_wrote"]) == (7, 6, 5)
    first = glance["categories"][0]
    assert (first["category"], first["n_items"], first["n_interactions"]) == ("Tents", 3, 4)
    assert first["mean_rating"] == pytest.approx((5 + 4 + 3 + 5) / 4)
