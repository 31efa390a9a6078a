"""Row numbers, derived tables and cuts of the small shop, against numbers worked by hand."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.assembly import dense_rows
from recsys.data.dataset import Dataset
from recsys.errors import SettingsError, UnknownItemError, UnknownUserError
from tests._data import shared_data

MARCH_25_EVENING = int(datetime(2024, 3, 25, 20, tzinfo=UTC).timestamp())


def named(data: Dataset, pairs: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs by id, in their order."""
    return [(data.user_ids[u], data.item_ids[i]) for u, i in zip(pairs["user_row"], pairs["item_row"], strict=True)]


def test_items_stand_in_an_order_drawn_by_their_ids_and_users_sorted(tiny, tiny_data):
    assert set(tiny_data.item_ids) == set(tiny["items"]["item_id"])
    assert list(tiny_data.item_ids) not in (list(tiny["items"]["item_id"]), sorted(tiny_data.item_ids))
    assert list(tiny_data.items["item_id"]) == list(tiny_data.item_ids)
    assert list(tiny_data.user_ids) == ["0042", "ann", "ben", "cleo", "dora", "eli"]
    assert (tiny_data.n_items, tiny_data.n_users, tiny_data.n_reviews) == (8, 6, 13)


def test_ids_that_look_like_numbers_keep_their_zeros(tiny_data):
    assert tiny_data.item_ids[tiny_data.item_row("00123")] == "00123"
    assert tiny_data.user_row("0042") == 0
    with pytest.raises(UnknownItemError, match=r"product '123' is not among the 8"):
        tiny_data.item_row("123")


def test_rows_of_ids_come_in_the_order_asked(tiny_data):
    assert list(tiny_data.item_ids[tiny_data.item_rows(["mug", "tent-2", "mug"])]) == ["mug", "tent-2", "mug"]
    assert tiny_data.user_rows(np.array(["eli", "0042"])).tolist() == [5, 0]
    assert tiny_data.user_rows([]).dtype == np.int32


def test_an_unknown_shopper_is_named(tiny_data):
    with pytest.raises(UnknownUserError, match=r"shopper 'zoe' is not among the 6 known here"):
        tiny_data.user_rows(["ann", "zoe"])


def test_absent_values_have_their_documented_stand_ins(tiny_data):
    pegs = tiny_data.items.iloc[tiny_data.item_row("00123")]
    assert (pegs["brand"], pegs["tags"], pegs["image_url"], pegs["available"]) == ("", (), "", True)
    assert np.isnan(pegs["price"])
    assert not tiny_data.reviews["verified"].any()
    assert tiny_data.impressions["user_row"].tolist() == [1, 1, -1, 2, 5, 0]


def test_columns_have_their_documented_types(tiny_data):
    types = {name: str(dtype) for name, dtype in tiny_data.reviews.dtypes.items()}
    assert types == {
        "review_id": "int32",
        "user_row": "int32",
        "item_row": "int32",
        "rating": "float32",
        "time_s": "int64",
        "text": "str",
        "title": "str",
        "helpful_yes": "float32",
        "helpful_total": "float32",
        "verified": "bool",
        "device": "category",
        "region": "category",
    }
    assert tiny_data.events["weight"].dtype == np.float32
    assert str(tiny_data.impressions["position"].dtype) == "int16"


def test_absent_files_give_empty_tables_with_the_same_columns(tiny, tiny_data):
    alone = Dataset.from_frames(tiny["items"], tiny["reviews"])
    assert len(alone.events) == len(alone.impressions) == 0
    assert list(alone.events.columns) == list(tiny_data.events.columns)
    assert alone.events.dtypes.astype(str).to_dict() == tiny_data.events.dtypes.astype(str).to_dict()
    assert alone.impressions.dtypes.astype(str).to_dict() == tiny_data.impressions.dtypes.astype(str).to_dict()


def test_interactions_carry_strength_and_sign(tiny_data):
    table = tiny_data.interactions()
    assert len(table) == 13 + 14
    assert table["time_s"].is_monotonic_increasing
    ann = table[table["user_row"] == 1]
    assert ann["kind"].tolist() == ["purchase", "review", "review", "view", "review", "review"]
    assert ann["strength"].tolist() == pytest.approx([1, 1, 0.5, 0.1, -0.5, 1])
    assert ann["positive"].tolist() == [True, True, True, False, False, True]
    assert ann["rating"].isna().tolist() == [True, False, False, True, False, False]
    assert ann["device"].tolist() == ["mobile", "mobile", "mobile", "mobile", "desktop", "mobile"]


def test_a_pair_is_positive_once_at_its_first_moment(tiny_data):
    positives = tiny_data.positives()
    assert named(tiny_data, positives) == [
        ("ann", "tent-2"),
        ("cleo", "candle"),
        ("ben", "tent-2"),
        ("dora", "tent-4"),
        ("ann", "stove"),
        ("ben", "mug"),
        ("cleo", "blanket"),
        ("dora", "stove"),
        ("eli", "lamp"),
        ("ben", "lamp"),
        ("ann", "blanket"),
        ("cleo", "00123"),
    ]
    assert positives["time_s"].iloc[0] == datetime(2024, 2, 28, 8, tzinfo=UTC).timestamp()


def test_owned_holds_what_was_rated_or_bought_and_not_what_was_looked_at(tiny_data):
    owned = tiny_data.seen().toarray()
    assert owned.shape == (6, 8)
    assert owned.sum() == 16
    assert set(tiny_data.item_ids[owned[1]]) == {"tent-2", "stove", "lamp", "blanket"}
    assert not owned[0].any()


def test_a_purchase_weighs_its_own_weight_and_an_unknown_event_little(tiny):
    tiny["events"]["weight"] = [2.0] * 13 + [None]
    tiny["events"].loc[1, "event"] = "teleport"
    data = Dataset.from_frames(**tiny)
    assert data.events["weight"].tolist()[:3] == pytest.approx([2.0, 0.2, 2.0])
    assert data.events["weight"].iloc[-1] == pytest.approx(0.1)
    assert "'teleport'); counted with strength 0.1" in " ".join(map(str, data.repairs))


def test_advising_against_a_product_is_having_it_without_liking_it(tiny):
    tiny["events"].loc[1, "event"] = "not_recommend"
    data = Dataset.from_frames(**tiny)
    ann, candle = data.user_row("ann"), data.item_row("candle")
    assert data.seen()[ann, candle]
    assert ("ann", "candle") not in named(data, data.positives())


def test_until_keeps_only_what_was_strictly_before(tiny_data):
    past = tiny_data.until(MARCH_25_EVENING)
    assert past.reviews["review_id"].tolist() == [0, 1, 2, 4, 5, 7, 10]
    assert past.known_until_s == datetime(2024, 3, 20, 21, 30, tzinfo=UTC).timestamp()
    assert len(past.events) == 5
    assert len(past.impressions) == 0
    assert (past.n_items, past.n_users) == (8, 6)
    assert past.until(MARCH_25_EVENING).fingerprint == past.fingerprint


def test_until_hides_words_that_only_the_future_uses(tiny_data):
    assert "west" in tiny_data.reviews["region"].cat.categories
    assert list(tiny_data.until(MARCH_25_EVENING).reviews["region"].cat.categories) == ["north", "south"]


def test_without_pairs_removes_every_trace_of_a_pair(tiny_data):
    ann, ben = tiny_data.user_rows(["ann", "ben"])
    lamp, tent = tiny_data.item_rows(["lamp", "tent-2"])
    rest = tiny_data.without_pairs([ann, ann, ben], [lamp, tent, tent])
    assert rest.reviews["review_id"].tolist() == [1, 3, 5, 6, 7, 8, 9, 10, 11, 12]
    assert len(rest.events) == 13
    assert len(rest.impressions) == 5
    assert {("ann", "lamp"), ("ann", "tent-2"), ("ben", "tent-2")}.isdisjoint(named(rest, rest.interactions()))


def test_known_until_is_the_last_review_or_event(tiny_data):
    assert tiny_data.known_until_s == datetime(2024, 4, 28, 20, 30, tzinfo=UTC).timestamp()


def test_days_without_hours_are_noticed(tiny):
    for table in ("reviews", "events"):
        tiny[table]["timestamp"] = tiny[table]["timestamp"].dt.floor("D")
    assert not Dataset.from_frames(**tiny).has_time_of_day
    tiny["events"].loc[3, "timestamp"] += pd.Timedelta(hours=1)
    assert Dataset.from_frames(**tiny).has_time_of_day


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("items", "title", "Another title"),
        ("items", "price", 11.0),
        ("items", "tags", ["other"]),
        ("reviews", "text", "Other words"),
        ("reviews", "rating", 2),
        ("reviews", "region", "east"),
        ("reviews", "user_id", "zoe"),
        ("events", "timestamp", pd.Timestamp("2024-01-01", tz="UTC")),
        ("impressions", "propensity_score", 0.3),
    ],
)
def test_the_fingerprint_changes_with_any_value(tiny, tiny_data, table, column, value):
    values = tiny[table][column].tolist()
    values[3] = value
    tiny[table][column] = values
    assert Dataset.from_frames(**tiny).fingerprint != tiny_data.fingerprint


def test_the_fingerprint_is_the_same_for_the_same_content(tiny, tiny_data):
    tiny["reviews"]["device"] = tiny["reviews"]["device"].astype("category")
    tiny["events"]["weight"] = 1.0
    assert Dataset.from_frames(**tiny, name="other").fingerprint == tiny_data.fingerprint


def test_the_core_of_one_is_everything(tiny_data):
    assert tiny_data.core(1) is tiny_data


def test_a_core_that_leaves_nothing_is_refused(tiny_data):
    with pytest.raises(SettingsError, match=r"no shopper and product have 2 interactions or more; lower"):
        tiny_data.core(2)


def test_the_core_renumbers_and_keeps_dislikes_among_the_rest(tiny):
    more = (
        tiny["reviews"].iloc[[0, 0, 0]].assign(user_id=["dora", "cleo", "ben"], item_id=["tent-2", "stove", "blanket"])
    )
    tiny["reviews"] = pd.concat([tiny["reviews"], more], ignore_index=True)
    core = Dataset.from_frames(**tiny).core(2)
    assert list(core.item_ids) == list(core.items["item_id"])
    assert set(core.item_ids) == {"tent-2", "stove", "blanket"}
    assert list(core.user_ids) == ["ann", "ben", "cleo", "dora"]
    assert ("ben", "stove") in named(core, core.interactions())
    assert ("ben", "stove") not in named(core, core.positives())
    assert core.impressions["user_row"].tolist() == [-1, -1, -1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), unique=True), st.integers(1, 4))
def test_the_core_is_what_dropping_one_by_one_leaves(pairs, least):
    users, items = dense_rows(
        np.array([u for u, _ in pairs], dtype=np.int32), np.array([i for _, i in pairs], dtype=np.int32), (6, 7), least
    )
    left, before = set(pairs), None
    while left != before:
        before = set(left)
        for user in range(6):
            if sum(u == user for u, _ in left) < least:
                left = {pair for pair in left if pair[0] != user}
        for item in range(7):
            if sum(i == item for _, i in left) < least:
                left = {pair for pair in left if pair[1] != item}
    assert set(np.flatnonzero(users)) == {u for u, _ in left}
    assert set(np.flatnonzero(items)) == {i for _, i in left}


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(13)))
def test_the_order_of_reviews_in_the_file_changes_no_interaction(order):
    reviews = pd.DataFrame(
        {
            "user_id": [f"u{n % 4}" for n in range(13)],
            "item_id": [f"i{n % 5}" for n in range(13)],
            "rating": [1 + n % 5 for n in range(13)],
            "timestamp": pd.to_datetime([86_400 * (n % 6) + 1_700_000_000 for n in range(13)], unit="s", utc=True),
            "text": "",
        }
    )
    items = pd.DataFrame({"item_id": [f"i{n}" for n in range(5)], "title": "x"})
    straight = Dataset.from_frames(items, reviews)
    shuffled = Dataset.from_frames(items, reviews.iloc[list(order)])
    pd.testing.assert_frame_equal(straight.interactions(), shuffled.interactions())
    pd.testing.assert_frame_equal(straight.positives(), shuffled.positives())


def test_the_reference_protocol_on_steam():
    data = Dataset.read(shared_data("steam_au"))
    assert (data.n_reviews, len(data.events)) == (29_222, 23_509)
    assert data.n_items == 31_099 + 226
    assert not data.has_time_of_day
    core = data.core(3)
    assert (core.n_users, core.n_items, len(core.positives())) == (5_169, 976, 22_472)
    assert np.bincount(core.positives()["user_row"]).min() == 3
    assert np.bincount(core.positives()["item_row"]).min() == 3
