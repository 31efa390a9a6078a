"""Every kind of bad input is refused in words that name file, column, rows and remedy, or repaired and reported."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.errors import DataError

REFUSED = [
    # table, column, value for row 3, what the message says
    ("items", "item_id", "tent-2", r"items.parquet, column 'item_id': the same id stands in several rows "
     r"\(row 0: 'tent-2', row 3: 'tent-2'\); keep one row for each product"),
    ("items", "item_id", "  ", r"column 'item_id': cells without a value \(row 3: '  '\); fill them in or leave"),
    ("items", "item_id", None, r"column 'item_id': cells without a value \(row 3: (None|nan)\)"),
    ("items", "item_id", "tent-2 ", r"ids that differ only by spaces around them \(row 0: 'tent-2', row 3: 'tent-2 '"),
    ("items", "price", -1.0, r"column 'price': numbers out of range; a price is of at least 0 \(row 3: -1.0\)"),
    ("items", "price", np.inf, r"a price is of at least 0 \(row 3: inf\); correct these rows"),
    ("items", "title", 7, r"column 'title': values of type int instead of text \(row 3: 7\)"),
    ("items", "title", "a\ud800b", r"column 'title': the text is not UTF-8 \(row 3: 'a\\ud800b'\); read the source"),
    ("items", "tags", 5, r"column 'tags': values that are not lists of texts \(row 3: 5\); write a list"),
    ("items", "available", "maybe", r"column 'available': values that are neither 1 nor 0, true nor false \(row 3"),
    ("reviews", "user_id", "", r"reviews.parquet, column 'user_id': cells without a value \(row 3: ''\)"),
    ("reviews", "user_id", 12, r"column 'user_id': values of type int instead of text \(row 3: 12\); write the column "
     "as text, so that an id such as 00123 keeps its zeros"),
    ("reviews", "item_id", "sofa", r"1 products that items.parquet does not have, in 8% of the rows "
     r"\(row 3: 'sofa'\); add these products to items.parquet or leave these rows out"),
    ("reviews", "rating", 0, r"column 'rating': numbers out of range; a rating is from 1 to 5 \(row 3: 0\)"),
    ("reviews", "rating", 5.5, r"a rating is from 1 to 5 \(row 3: 5.5\); correct these rows"),
    ("reviews", "rating", np.nan, r"column 'rating': cells without a value \(row 3: nan\)"),
    ("reviews", "rating", "five", r"column 'rating': values that are not numbers \(row 3: 'five'\); write the"),
    ("reviews", "helpful_yes", -2, r"a helpful_yes is of at least 0 \(row 3: -2\)"),
    ("reviews", "timestamp", None, r"column 'timestamp': cells without a value \(row 3: NaT\)"),
    ("reviews", "timestamp", "soon", r"column 'timestamp': values that cannot be read as a time \(row 3: 'soon'\); "
     "write UTC times"),
    ("reviews", "timestamp", "2026-02-30", r"values that cannot be read as a time \(row 3: '2026-02-30'\)"),
    ("events", "event", "", r"events.parquet, column 'event': cells without a value \(row 3: ''\)"),
    ("events", "timestamp", pd.Timestamp("2024-07-01", tz="UTC"), r"column 'timestamp': times in the future "
     r"\(now is 2024-05-01 00:00 UTC\) \(row 3: 2024-07-01 00:00:00\+00:00\); check the unit, the zone"),
    ("impressions", "propensity_score", 0.0, r"impressions.parquet, column 'propensity_score': numbers out of range; a "
     r"propensity_score is above 0, at most 1 \(row 3: 0.0\)"),
    ("impressions", "propensity_score", 1.2, r"a propensity_score is above 0, at most 1 \(row 3: 1.2\)"),
    ("impressions", "click", 2, r"column 'click': values that are neither 1 nor 0, true nor false \(row 3: 2\); write"),
    ("impressions", "click", None, r"column 'click': cells without a value \(row 3: nan\)"),
    ("impressions", "item_id", "sofa", r"1 products that items.parquet does not have, in 17% of the rows \(row 3"),
]  # fmt: skip


def read(tables: dict[str, pd.DataFrame]) -> Dataset:
    return Dataset.from_frames(**tables, now=datetime(2024, 5, 1, tzinfo=UTC))


def repairs(data: Dataset) -> str:
    return "\n".join(map(str, data.repairs))


def put(table: pd.DataFrame, column: str, value: object) -> None:
    """Another value in row 3, in a column that takes any."""
    values = table[column].tolist()
    values[3] = value
    table[column] = pd.Series(values, dtype=object if isinstance(value, str | int) else None)


@pytest.mark.parametrize(("table", "column", "value", "message"), REFUSED)
def test_what_cannot_be_repaired_is_refused(tiny, table, column, value, message):
    put(tiny[table], column, value)
    with pytest.raises(DataError, match=message):
        read(tiny)


def test_only_the_first_rows_are_shown_and_the_others_counted(tiny):
    tiny["reviews"]["rating"] = 9
    with pytest.raises(DataError, match=r"\(row 0: 9, row 1: 9, row 2: 9, row 3: 9, row 4: 9, and 8 more\)"):
        read(tiny)


@pytest.mark.parametrize(
    ("table", "column", "named", "message"),
    [
        ("reviews", "rating", "ratings", r"column 'rating': the column is missing .*; rename 'ratings' to 'rating' if"),
        ("events", "event", "xyz", r"events.parquet, column 'event': the column is missing .*; add a column 'event'"),
        ("items", "title", "titel", r"rename 'titel' to 'title' if that is meant"),
        ("impressions", "propensity_score", "propensity", r"rename 'propensity' to 'propensity_score'"),
    ],
)
def test_a_missing_column_is_named_with_what_may_be_meant(tiny, table, column, named, message):
    tiny[table] = tiny[table].rename(columns={column: named})
    with pytest.raises(DataError, match=message):
        read(tiny)


def test_ids_as_floats_are_refused(tiny):
    tiny["reviews"]["user_id"] = np.arange(13) + 0.0
    with pytest.raises(DataError, match=r"column 'user_id': values of type float instead of text \(row 0: 0.0"):
        read(tiny)


def test_ratings_that_are_times_are_refused(tiny):
    tiny["reviews"]["rating"] = tiny["reviews"]["timestamp"]
    with pytest.raises(DataError, match=r"column 'rating': values of type datetime64\[.*\] instead of numbers"):
        read(tiny)


def test_a_shop_without_products_is_refused(tiny):
    tiny["items"] = tiny["items"].iloc[:0]
    with pytest.raises(DataError, match=r"items.parquet: the file has no rows; add one row for each product"):
        read(tiny)


def test_a_shop_where_nothing_happened_is_refused(tiny):
    with pytest.raises(
        DataError, match=r"there is neither a review nor an event, .*; add at least one of the two files"
    ):
        Dataset.from_frames(tiny["items"], tiny["reviews"].iloc[:0], impressions=tiny["impressions"])


def test_an_empty_file_beside_a_full_one_is_reported(tiny):
    tiny["reviews"] = tiny["reviews"].iloc[:0]
    data = read(tiny)
    assert (data.n_reviews, len(data.events)) == (0, 14)
    assert "reviews.parquet: no rows in 0 rows; treated as if the file were absent" in repairs(data)


def test_a_few_reviews_of_dropped_products_add_them_as_not_available(tiny):
    many = pd.concat([tiny["reviews"].assign(user_id=f"u{n}") for n in range(3)], ignore_index=True)
    many.loc[5, "item_id"] = "sofa"
    tiny["items"]["litres"] = 2
    tiny["items"]["washable"] = True
    data = read({**tiny, "reviews": many})
    sofa = data.items.iloc[data.item_row("sofa")]
    assert data.n_items == 9
    assert (sofa["title"], sofa["available"], sofa["tags"], sofa["brand"]) == ("sofa", False, (), "")
    assert np.isnan(sofa["price"])
    assert pd.isna(sofa["washable"])
    assert data.items["available"].dtype == bool
    assert "does not have in 1 rows (such as 'sofa'); added to the catalogue" in repairs(data)
    assert data.fingerprint != read(tiny).fingerprint


def test_clean_data_needs_no_repair(tiny):
    tiny["reviews"].loc[9, "text"] = "words"
    assert read(tiny).repairs == ()


def test_whole_number_ids_become_text_with_a_warning(tiny):
    tiny["items"]["item_id"] = np.arange(8)
    for table in ("reviews", "events", "impressions"):
        tiny[table]["item_id"] = np.arange(len(tiny[table])) % 8
    data = read(tiny)
    assert set(data.item_ids) == {str(n) for n in range(8)}
    assert list(data.item_ids[data.reviews["item_row"]]) == [str(n) for n in (*range(8), *range(5))]
    assert "leading zeros, if there were any, had been lost before" in repairs(data)


def test_spaces_around_ids_are_removed(tiny):
    put(tiny["reviews"], "item_id", " mug\t")
    data = read(tiny)
    assert data.reviews["item_row"].iloc[3] == data.item_row("mug")
    assert "column 'item_id': spaces around the value in 1 rows (such as ' mug\\t'); removed" in repairs(data)


def test_numbers_written_as_text_are_read(tiny):
    tiny["reviews"]["rating"] = tiny["reviews"]["rating"].astype(str)
    data = read(tiny)
    assert data.reviews["rating"].tolist()[:3] == [5, 4, 2]
    assert "column 'rating': numbers written as text in 13 rows" in repairs(data)


def test_decimals_are_numbers(tiny):
    tiny["items"]["price"] = [Decimal("1.50")] * 8
    assert read(tiny).items["price"].tolist() == [1.5] * 8


def test_blank_reviews_are_kept_as_ratings(tiny):
    put(tiny["reviews"], "text", " \n ")
    data = read(tiny)
    assert data.n_reviews == 13
    assert data.reviews["text"].iloc[3] == ""
    assert "column 'text': no words in 2 rows; kept as ratings without text" in repairs(data)


def test_nul_characters_are_removed_and_all_else_is_verbatim(tiny):
    text = "  Tab\there,\r\nemoji 😀, e\u0301, <b>=1+1</b>\u200b  "
    tiny["reviews"].loc[0, "text"] = text
    tiny["reviews"].loc[1, "text"] = "so\0 so"
    data = read(tiny)
    assert data.reviews["text"].tolist()[:2] == [text, "so so"]
    assert "NUL characters in text in 1 rows" in repairs(data)


def test_repeats_of_one_review_are_dropped(tiny):
    more = tiny["reviews"].iloc[[0, 0, 1]].copy()
    more.iloc[2, more.columns.get_loc("text")] = "Other words at the same moment"
    tiny["reviews"] = pd.concat([tiny["reviews"], more], ignore_index=True)
    data = read(tiny)
    assert data.reviews["review_id"].tolist() == list(range(14))
    assert "repeats of a review by the same shopper in 2 rows (such as 'ann on tent-2'); dropped" in repairs(data)


def test_products_without_title_go_by_their_id(tiny):
    put(tiny["items"], "title", None)
    data = read(tiny)
    assert data.items["title"].iloc[data.item_row("mug")] == "mug"
    assert "column 'title': no title in 1 rows (such as 'mug'); the id is shown instead" in repairs(data)


def test_tags_in_one_text_are_split(tiny):
    put(tiny["items"], "tags", "red, blue,")
    data = read(tiny)
    assert data.items["tags"].iloc[data.item_row("mug")] == ("red", "blue")
    assert "one text instead of a list in 1 rows (such as 'red, blue,'); split at its commas" in repairs(data)


def test_true_and_false_in_words_are_read(tiny):
    tiny["items"]["available"] = ["yes", "No", "TRUE", "false", "1", "0", None, "true"]
    data = read(tiny)
    assert as_given(data, tiny)["available"].tolist() == [True, False, True, False, True, False, True, True]
    assert "true and false written as text in 7 rows" in repairs(data)


def test_texts_that_are_numbers_are_written_out(tiny):
    tiny["items"]["brand"] = np.arange(8)
    data = read(tiny)
    assert as_given(data, tiny)["brand"].tolist() == [str(n) for n in range(8)]
    assert "column 'brand': numbers instead of text in 8 rows" in repairs(data)


def test_further_attributes_of_products_are_kept(tiny):
    tiny["items"]["colours"] = [["red"]] + [None] * 7
    tiny["items"]["maker"] = ["Ann"] + [None] * 7
    tiny["items"]["litres"] = range(8)
    items = as_given(read(tiny), tiny)
    assert items["colours"].tolist()[:2] == [("red",), ()]
    assert items["maker"].tolist()[:2] == ["Ann", ""]
    assert items["litres"].tolist() == list(range(8))


def as_given(data, tiny):
    """The catalogue in the order of the file."""
    return data.items.set_index("item_id").loc[tiny["items"]["item_id"]]


def test_what_was_handed_over_is_not_changed(tiny):
    before = {table: frame.copy(deep=True) for table, frame in tiny.items()}
    read(tiny)
    for table, frame in tiny.items():
        pd.testing.assert_frame_equal(frame, before[table])
