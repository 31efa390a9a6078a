"""Tables of a model folder: catalogue, shoppers, histories, reviews and a summary of the shop."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.scorers.base import NO_ROW, IntArray
from recsys.scorers.features import most_frequent

HOT_INTERACTIONS = 10
"""From this many training interactions on a shopper or product is hot; below it, down to one, warm; with none, cold."""

ACTIVITIES = ("hot", "warm", "cold")
"""The answers of `activity_of`, best known first."""


def item_table(data: Dataset) -> pa.Table:
    """The catalogue, and what shoppers did and thought: n_interactions, n_ratings, mean_rating (NaN without any)."""
    items = data.items.assign(
        tags=[list(tags) for tags in data.items["tags"]],
        n_interactions=np.bincount(data.positives()["item_row"], minlength=data.n_items),
        n_ratings=np.bincount(data.reviews["item_row"], minlength=data.n_items),
        mean_rating=data.reviews.groupby("item_row")["rating"].mean().reindex(range(data.n_items)).astype(np.float64),
    )
    return _arrow(items)


def user_table(data: Dataset) -> pa.Table:
    """The shoppers: user_id, n_interactions, n_reviews, region, device, top_category, last_active (UTC), activity."""
    likes, acts = data.positives(), data.interactions()
    categories = likes.assign(category=data.items["category"].to_numpy()[likes["item_row"]])
    counts = np.bincount(likes["user_row"], minlength=data.n_users)
    last = acts.groupby("user_row")["time_s"].max().reindex(range(data.n_users))
    users = pd.DataFrame(
        {
            "user_id": np.asarray(data.user_ids, dtype=object),
            "n_interactions": counts,
            "n_reviews": np.bincount(data.reviews["user_row"], minlength=data.n_users),
            "region": most_frequent(acts, "region", data.n_users),
            "device": most_frequent(acts, "device", data.n_users),
            "top_category": most_frequent(categories, "category", data.n_users),
            "last_active": pd.to_datetime(last, unit="s", utc=True),
            "activity": activity_of(counts),
        }
    )
    return _arrow(users)


def activity_of(counts: NDArray[np.integer]) -> NDArray[np.object_]:
    """Hot, warm or cold, by number of training interactions."""
    return np.select([counts >= HOT_INTERACTIONS, counts > 0], ACTIVITIES[:2], ACTIVITIES[2]).astype(object)


def review_table(data: Dataset) -> pa.Table:
    """The reviews, in the order of `data.reviews`, so that a quote can be shown verbatim."""
    columns = ["review_id", "user_row", "item_row", "rating", "time_s", "text", "title", "verified"]
    return _arrow(data.reviews[columns])


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


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


class Histories:
    """The acts of all shoppers, read from what `history_arrays` wrote.

    `kinds` are the names that `acts["kind"]` numbers, `reviews` the text of each review by the rows that
    `acts["review_row"]` holds.
    """

    def __init__(
        self, acts: Mapping[str, NDArray[Any]], kinds: Sequence[str], items: pd.DataFrame, reviews: pa.Table
    ) -> None:
        self._acts, self._items, self._reviews = acts, items, reviews
        self._kinds = np.array(kinds, dtype=object)

    def seen(self, user_row: int) -> IntArray:
        """Rows of the products that a shopper already has, ascending; none for NO_ROW."""
        if user_row == NO_ROW:
            return np.empty(0, np.int32)
        own = self._of(user_row)
        return np.unique(self._acts["item_row"][own][self._acts["owned"][own]])

    def table(self, user_row: int) -> pd.DataFrame:
        """What a shopper did, newest first: item_id, title, category, kind, rating, timestamp, text ("" for events)."""
        own, acts, texts = self._of(user_row), self._acts, self._reviews["text"]
        rows = acts["item_row"][own]
        frame = self._items[["item_id", "title", "category"]].iloc[rows].reset_index(drop=True)
        return frame.assign(
            kind=self._kinds[acts["kind"][own]],
            rating=acts["rating"][own],
            timestamp=pd.to_datetime(acts["time_s"][own], unit="s", utc=True),
            text=[texts[int(review)].as_py() if review >= 0 else "" for review in acts["review_row"][own]],
        )

    def _of(self, user_row: int) -> slice:
        starts = self._acts["starts"]
        return slice(int(starts[user_row]), int(starts[user_row + 1]))


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
    tables = {"reviews": data.reviews, "events": data.events}
    months = {name: pd.to_datetime(each["time_s"], unit="s").dt.to_period("M") for name, each in tables.items()}
    frame = pd.DataFrame({name: each.value_counts() for name, each in months.items()}).sort_index()
    if len(frame):
        frame = frame.reindex(pd.period_range(frame.index[0], frame.index[-1], freq="M"))
    frame.insert(0, "month", frame.index.astype(str))
    rows: list[dict[str, Any]] = frame.fillna(0).astype({name: int for name in tables}).to_dict("records")
    return rows
