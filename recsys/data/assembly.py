"""Table work of `Dataset`: ids to row numbers, interactions, the k-core, subsets, the fingerprint."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals
from pandas.util import hash_array

from recsys.data.reading import RepairLog
from recsys.schema import EVENTS
from recsys.settings import EVENT_STRENGTHS, POSITIVE_RATING

UNKNOWN_EVENT_STRENGTH = 0.1
"""Strength of an event whose name is not among EVENT_STRENGTHS."""

Tables = dict[str, pd.DataFrame]


def number_rows(checked: Mapping[str, pd.DataFrame], log: RepairLog) -> tuple[pd.Index, pd.Index, Tables]:
    """Number the tables of `validation.validate`.

    Returns item ids in the order of `items`, user ids sorted, and reviews, events and impressions by row number.
    """
    item_ids = pd.Index(checked["items"]["item_id"], name="item_id")
    logs = ("reviews", "events", "impressions")
    users = [checked[table]["user_id"].cat.categories for table in logs]
    user_ids = users[0].union(users[1], sort=None).union(users[2], sort=None).drop("", errors="ignore")
    user_ids = user_ids.sort_values().rename("user_id")
    reviews, events, impressions = (_by_row(checked[table], user_ids, item_ids) for table in logs)
    reviews.insert(0, "review_id", np.arange(len(reviews), dtype=np.int32))
    numbers = {name: "float32" for name in ("rating", "helpful_yes", "helpful_total")}
    events["weight"] = (_strengths(events["event"], log) * events["weight"].to_numpy()).astype(np.float32)
    impressions = impressions.rename(columns={"propensity_score": "propensity"}).astype({"position": "int16"})
    return item_ids, user_ids, {"reviews": reviews.astype(numbers), "events": events, "impressions": impressions}


def interactions(reviews: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Join both in one sorted table, as `Dataset.interactions` describes it."""
    rating = np.concatenate([reviews["rating"].to_numpy(), np.full(len(events), np.nan, np.float32)])
    weight = np.concatenate([np.zeros(len(reviews), np.float32), events["weight"].to_numpy()])
    is_review = np.arange(len(rating)) < len(reviews)
    places = ("device", "region")
    columns = {name: np.concatenate([reviews[name], events[name]]) for name in ("user_row", "item_row", "time_s")}
    order = np.lexsort((columns["item_row"], columns["user_row"], columns["time_s"]))
    kinds = pd.Categorical.from_codes(np.zeros(len(reviews), np.int8), categories=["review"])
    return pd.DataFrame(
        {
            **{name: values[order] for name, values in columns.items()},
            "strength": np.where(is_review, (rating - 3) / 2, weight).astype(np.float32)[order],
            "positive": np.where(is_review, rating >= POSITIVE_RATING, weight >= 1)[order],
            "kind": union_categoricals([kinds, events["event"]], sort_categories=True)[order],
            "rating": rating[order],
            **{name: union_categoricals([reviews[name], events[name]], sort_categories=True)[order] for name in places},
        }
    )


def dense_rows(
    user_rows: NDArray[np.int32], item_rows: NDArray[np.int32], shape: tuple[int, int], least: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find the users and items with at least `least` pairs when all others are dropped, repeatedly, as two masks."""
    users, items = np.ones(shape[0], dtype=bool), np.ones(shape[1], dtype=bool)
    n_before = -1
    while n_before != users.sum() + items.sum():
        n_before = users.sum() + items.sum()
        users = np.bincount(user_rows[items[item_rows]], minlength=shape[0]) >= least
        kept = users[user_rows] & items[item_rows]
        items = np.bincount(item_rows[kept], minlength=shape[1]) >= least
        kept = users[user_rows] & items[item_rows]
        user_rows, item_rows = user_rows[kept], item_rows[kept]
        users = np.bincount(user_rows, minlength=shape[0]) >= least
    return users, items


def renumber(tables: Tables, users: NDArray[np.bool_], items: NDArray[np.bool_]) -> Tables:
    """Select rows between some users and items (impressions: of some items) and renumber them from 0."""
    new_user = np.append(np.where(users, np.cumsum(users) - 1, -1), -1).astype(np.int32)
    new_item = np.where(items, np.cumsum(items) - 1, -1).astype(np.int32)
    result = {}
    for name, table in tables.items():
        moved = table.assign(user_row=new_user[table["user_row"]], item_row=new_item[table["item_row"]])
        stays = moved["item_row"] >= 0
        if name != "impressions":
            stays &= moved["user_row"] >= 0
        result[name] = subset(moved, stays.to_numpy())
    return result


def subset(table: pd.DataFrame, keep: NDArray[np.bool_]) -> pd.DataFrame:
    """Select rows, without the categories that only dropped rows used, which would leak what was dropped."""
    if keep.all():
        return table
    kept = table[keep].reset_index(drop=True)
    for name, dtype in kept.dtypes.items():
        if isinstance(dtype, pd.CategoricalDtype):
            kept[name] = kept[name].cat.remove_unused_categories()
    return kept


def _by_row(table: pd.DataFrame, user_ids: pd.Index, item_ids: pd.Index) -> pd.DataFrame:
    """Replace ids by `user_row` and `item_row` (-1 for no user)."""
    rows = {}
    for name, ids in (("user", user_ids), ("item", item_ids)):
        known = table[f"{name}_id"].cat
        of_code = np.append(ids.get_indexer(known.categories), -1).astype(np.int32)
        rows[f"{name}_id"] = of_code[known.codes.to_numpy()]
    return table.assign(**rows).rename(columns={"user_id": "user_row", "item_id": "item_row"})


def _strengths(events: pd.Series, log: RepairLog) -> NDArray[np.float64]:
    """Look up the strength of each event by its name, float64 of shape (n_events,); unknown names are noted."""
    names = list(events.cat.categories)
    unknown = [name for name in names if name not in EVENT_STRENGTHS]
    if unknown:
        action = f"counted with strength {UNKNOWN_EVENT_STRENGTH:g}; the known names are {', '.join(EVENT_STRENGTHS)}"
        log.add(EVENTS.file, "event", "events of an unknown name", action, events.isin(unknown).sum(), unknown)
    strengths = np.array([EVENT_STRENGTHS.get(name, UNKNOWN_EVENT_STRENGTH) for name in names], dtype=np.float64)
    return strengths[events.cat.codes.to_numpy()] if len(events) else np.zeros(0)


_BETWEEN_TEXTS = "\x1f"


def fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """Compute a SHA-256, in hex, over every value of every table, with its row, column and table.

    Cells are first hashed to 64 bits each, column by column, which makes it cheap.
    """
    digest = hashlib.sha256()
    for name, table in tables.items():
        digest.update(f"{name}:{len(table)}:{len(table.columns)};".encode())
        for column in table.columns:
            digest.update(f"{column};".encode())
            digest.update(np.ascontiguousarray(_hash_cells(table[column])).tobytes())
    return digest.hexdigest()


def _hash_cells(values: pd.Series) -> np.ndarray:
    if isinstance(values.dtype, pd.CategoricalDtype):
        hashes = np.append(hash_array(values.cat.categories.to_numpy(dtype=object), categorize=False), np.uint64(0))
        return np.asarray(hashes[values.cat.codes.to_numpy()])
    if values.dtype == object:
        flat = [f"{len(cell)}{_BETWEEN_TEXTS}{_BETWEEN_TEXTS.join(cell)}" for cell in values]
        return np.asarray(hash_array(np.array(flat, dtype=object), categorize=False))
    return np.asarray(pd.util.hash_pandas_object(values, index=False, categorize=False))
