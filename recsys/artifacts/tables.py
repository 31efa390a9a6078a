"""What a model remembers of the shop beside its scorers: catalogue, shoppers, history, texts and a summary."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.dataset import Dataset

HOT_INTERACTIONS = 10
"""From this many training interactions on a shopper or product is hot; below it, down to one, warm; with none, cold."""

ACTIVITIES = ("hot", "warm", "cold")
"""The answers of `activity_of`, best known first."""


def item_table(data: Dataset) -> pa.Table:
    """The catalogue, and what shoppers did and thought: n_interactions, n_ratings, mean_rating (NaN without any)."""
    ratings = data.reviews.groupby("item_row")["rating"]
    rows = pd.RangeIndex(data.n_items)
    items = data.items.assign(
        tags=[list(tags) for tags in data.items["tags"]],
        n_interactions=data.positives().groupby("item_row").size().reindex(rows, fill_value=0).astype(np.int64),
        n_ratings=ratings.size().reindex(rows, fill_value=0).astype(np.int64),
        mean_rating=ratings.mean().reindex(rows).astype(np.float64),
    )
    return pa.Table.from_pandas(items, preserve_index=False).replace_schema_metadata(None)


def user_table(data: Dataset) -> pa.Table:
    """The shoppers: user_id, n_interactions, n_reviews, region, device, top_category, last_active (UTC), activity."""
    likes, acts, rows = data.positives(), data.interactions(), pd.RangeIndex(data.n_users)
    categories = likes.assign(category=data.items["category"].to_numpy()[likes["item_row"]])
    counts = likes.groupby("user_row").size().reindex(rows, fill_value=0).to_numpy()
    last = acts.groupby("user_row")["time_s"].max().reindex(rows)
    users = pd.DataFrame(
        {
            "user_id": np.asarray(data.user_ids, dtype=object),
            "n_interactions": counts.astype(np.int64),
            "n_reviews": data.reviews.groupby("user_row").size().reindex(rows, fill_value=0).to_numpy(np.int64),
            "region": _most_frequent(acts, "region", rows),
            "device": _most_frequent(acts, "device", rows),
            "top_category": _most_frequent(categories, "category", rows),
            "last_active": pd.to_datetime(last, unit="s", utc=True),
            "activity": activity_of(counts),
        }
    )
    return pa.Table.from_pandas(users, preserve_index=False).replace_schema_metadata(None)


def activity_of(counts: NDArray[np.integer]) -> NDArray[np.object_]:
    """Hot, warm or cold, by number of training interactions."""
    return np.select([counts >= HOT_INTERACTIONS, counts > 0], ACTIVITIES[:2], ACTIVITIES[2]).astype(object)


def review_table(data: Dataset) -> pa.Table:
    """The reviews, in the order of `data.reviews`, so that a quote can be shown verbatim."""
    columns = ["review_id", "user_row", "item_row", "rating", "time_s", "text", "title", "verified"]
    return pa.Table.from_pandas(data.reviews[columns], preserve_index=False).replace_schema_metadata(None)


def history_arrays(data: Dataset) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Every act of every shopper, newest first within a shopper, as arrays; and the names of the kinds of acts.

    `starts` has shape (n_users + 1,); the others one entry an act. `review_row` is -1 for events.
    """
    reviews, events = data.reviews, data.events
    kinds = ["review", *sorted(events["event"].astype(str).unique())]
    acts = pd.DataFrame(
        {
            **{name: np.append(reviews[name], events[name]) for name in ("user_row", "item_row", "time_s")},
            "kind": np.append(np.zeros(len(reviews), int), pd.Index(kinds).get_indexer(events["event"].astype(str))),
            "rating": np.concatenate([reviews["rating"], np.full(len(events), np.nan)]),
            "review_row": np.concatenate([np.arange(len(reviews)), np.full(len(events), -1)]),
            "owned": np.concatenate([np.ones(len(reviews), bool), np.abs(events["weight"].to_numpy()) >= 1]),
        }
    ).sort_values(["user_row", "time_s"], ascending=[True, False], kind="stable")
    types: dict[str, Any] = {"item_row": np.int32, "time_s": np.int64, "kind": np.int16, "rating": np.float32}
    types |= {"review_row": np.int32, "owned": np.bool_}
    starts = np.searchsorted(acts["user_row"], np.arange(data.n_users + 1)).astype(np.int64)
    return {"starts": starts, **{name: acts[name].to_numpy(kind) for name, kind in types.items()}}, kinds


def summary(data: Dataset) -> Mapping[str, Any]:
    """The shop at a glance, JSON-like: counts, ratings, activity by month, how much text there is, top categories."""
    reviews, written = data.reviews, data.reviews["text"] != ""
    likes = data.positives()
    names = data.items["category"]
    categories = pd.DataFrame(
        {
            "n_items": names.value_counts(),
            "n_interactions": pd.Series(names.to_numpy()[likes["item_row"]]).value_counts(),
            "mean_rating": reviews["rating"].groupby(names.to_numpy()[reviews["item_row"]]).mean(),
        }
    )
    categories = categories[categories.index != ""].fillna({"n_items": 0, "n_interactions": 0})
    categories = categories.sort_values(["n_interactions", "n_items"], ascending=False).head(20)
    categories = categories.astype({"n_items": int, "n_interactions": int})
    return {
        "rating_counts": _rating_counts(reviews["rating"]),
        "activity": _by_month(data),
        "items_with_text": int(reviews.loc[written, "item_row"].nunique()),
        "items_with_description": int((data.items["description"] != "").sum()),
        "users_who_wrote": int(reviews.loc[written, "user_row"].nunique()),
        "categories": [
            {**row, "mean_rating": None if np.isnan(row["mean_rating"]) else row["mean_rating"]}
            for row in categories.rename_axis("category").reset_index().to_dict("records")
        ],
    }


def _rating_counts(ratings: pd.Series) -> dict[str, int]:
    """Reviews by stars, from 1 to 5: whole stars, or half stars too where a rating is none of the whole ones.

    What lies between two steps counts at the nearer, half way at the upper one.
    """
    values = ratings.to_numpy(np.float64)
    steps = 1 if (values == np.floor(values)).all() else 2  # a star
    counts = np.bincount(np.floor(steps * values + 0.5).astype(np.int64), minlength=5 * steps + 1)
    return {f"{step / steps:g}": int(counts[step]) for step in range(steps, 5 * steps + 1)}


def _by_month(data: Dataset) -> list[dict[str, Any]]:
    counts = {}
    for name, table in (("reviews", data.reviews), ("events", data.events)):
        months = pd.to_datetime(table["time_s"], unit="s").dt.to_period("M")
        counts[name] = months.value_counts()
    frame = pd.DataFrame(counts).fillna(0).sort_index()
    if len(frame):
        frame = frame.reindex(pd.period_range(frame.index[0], frame.index[-1], freq="M"), fill_value=0)
    return [
        {"month": str(month), "reviews": int(row["reviews"]), "events": int(row["events"])}
        for month, row in frame.iterrows()
    ]


def _most_frequent(table: pd.DataFrame, column: str, rows: pd.RangeIndex) -> NDArray[np.object_]:
    """Each shopper's most frequent value that is not empty (the alphabetically first of equals), "" without any."""
    values = table[column].astype(str)
    known = pd.DataFrame({"user_row": table["user_row"], "value": values})[values != ""]
    counts = known.groupby(["user_row", "value"]).size().rename("n").reset_index()
    counts = counts.sort_values(["user_row", "n", "value"], ascending=[True, False, True]).drop_duplicates("user_row")
    return np.asarray(counts.set_index("user_row")["value"].reindex(rows, fill_value=""), object)
