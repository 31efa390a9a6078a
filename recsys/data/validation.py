"""Validate data: bring every file to the schema, and check the files against each other."""

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import blake2b

import numpy as np
import pandas as pd

from recsys.data.columns import ColumnCells, absent, are_lists, as_texts, convert, seconds
from recsys.data.reading import RepairLog, refuse_missing_columns
from recsys.errors import DataError
from recsys.schema import EVENTS, FILES, ITEMS, REVIEWS, Column, FileSchema, ItemId, Kind

MISSING_PRODUCTS_SHARE = 0.05
"""Share of a log's rows that may name products that the catalogue lacks, since shops drop products; above it, the
catalogue belongs to other data."""

ORDER_KEY = b"shelfwise"
"""Seeds the order of every catalogue; another one would list products of equal scores differently."""


def in_drawn_order(items: pd.DataFrame) -> pd.DataFrame:
    """Sort products in an order that looks random and follows from their ids alone, and renumber them.

    Where products tie, the earlier row is listed first; in the order of the file, often by sales, that would pass for
    skill, and figures would depend on that order.

    >>> [in_drawn_order(pd.DataFrame({"item_id": list(ids)}))["item_id"].tolist() for ids in ("abc", "cab")]
    [['b', 'a', 'c'], ['b', 'a', 'c']]
    """
    ids = items["item_id"].to_numpy(object)
    drawn = [blake2b(each.encode(), digest_size=8, key=ORDER_KEY).digest() for each in ids]
    order = sorted(range(len(ids)), key=lambda row: (drawn[row], ids[row]))
    return items.take(order).reset_index(drop=True)


def with_text_ids(items: pd.DataFrame, log: RepairLog) -> pd.DataFrame:
    """Turn ids into text and title untitled products by their id. Raises DataError: an id stands in several rows."""
    ids = items["item_id"].astype("str")
    cells = ColumnCells(ids, ITEMS["item_id"], ITEMS.file, log)
    cells.refuse("the same id stands in several rows", ids.duplicated(keep=False), "keep one row for each product")
    untitled = (items["title"].str.strip() == "").to_numpy()
    if untitled.any():
        log.add(ITEMS.file, "title", "no title", "the id is shown instead", untitled.sum(), ids[untitled])
    return items.assign(item_id=ids, title=items["title"].where(~untitled, ids))


def missing_products(ids: pd.Series, known: pd.Index, schema: FileSchema, log: RepairLog) -> set[ItemId]:
    """Find products of one log (its ids as categories) that the catalogue lacks, and note them as a repair.

    Raises DataError: they are more than MISSING_PRODUCTS_SHARE of the rows.
    """
    unknown = known.get_indexer(ids.cat.categories) < 0
    if not unknown.any():
        return set()
    wrong = np.append(unknown, False)[ids.cat.codes.to_numpy()]
    missing = ids.cat.categories[unknown]
    problem = f"products that {ITEMS.file} does not have"
    if wrong.mean() > MISSING_PRODUCTS_SHARE:
        ColumnCells(ids, schema["item_id"], schema.file, log).fail(
            f"{len(missing):,} {problem}, in {wrong.mean():.0%} of the rows",
            wrong,
            f"add these products to {ITEMS.file} or leave these rows out",
        )
    action = "added to the catalogue under their ids, as not available"
    log.add(schema.file, "item_id", problem, action, wrong.sum(), missing)
    return set(missing)


def with_stubs(items: pd.DataFrame, missing: Collection[ItemId]) -> pd.DataFrame:
    """Append products of which only the id is known, and which nobody can buy now."""
    if not missing:
        return items
    ids = pd.Series(sorted(missing), dtype="str")
    known = {"item_id": ids, "title": ids, "available": False}
    defaults = {column.name: absent(column, len(ids)) for column in ITEMS if column.name not in known}
    stubs = pd.DataFrame({**defaults, **known})
    for name in items.columns.difference(stubs.columns):
        if items[name].dtype == object:
            stubs[name] = [()] * len(ids)
        elif isinstance(items[name].dtype, pd.StringDtype):
            stubs[name] = ""
    return pd.concat([items, stubs], ignore_index=True)


def validate(
    frames: Mapping[str, pd.DataFrame], log: RepairLog, now: datetime | None = None
) -> dict[str, pd.DataFrame]:
    """Check tables and return them in canonical types with every declared column; absent files are empty tables.

    Products come in the order of `in_drawn_order`. Ids, events, devices, regions and policies come back as categories,
    `timestamp` as `time_s` (int64 seconds since 1970 in UTC). Repairs are added to `log`; times later than a day after
    `now` (None: the clock) are refused.

    Raises DataError: the first fault that cannot be repaired.
    """
    if "items" not in frames or not len(frames["items"].columns):
        raise DataError("there are no products", file=ITEMS.file, remedy="give a table of products")
    if not any(len(frames.get(schema.table, ())) for schema in (REVIEWS, EVENTS)):
        raise DataError(
            "there is neither a review nor an event, so nobody's taste can be learned",
            file=f"{REVIEWS.file} and {EVENTS.file}",
            remedy="add at least one of the two files, with rows",
        )
    checked = {schema.table: check_file(frames.get(schema.table), schema, log, now) for schema in FILES}
    items, missing = with_text_ids(checked["items"], log), set()
    known = pd.Index(items["item_id"])
    for schema in FILES[1:]:
        missing |= missing_products(checked[schema.table]["item_id"], known, schema, log)
    checked["items"] = in_drawn_order(with_stubs(items, missing))
    checked["reviews"] = _reviews(checked["reviews"], log)
    return checked


def check_file(
    frame: pd.DataFrame | None, schema: FileSchema, log: RepairLog, now: datetime | None = None
) -> pd.DataFrame:
    """Check one file by itself: every declared column in its type, and of items the further attributes.

    Raises DataError: the first fault that cannot be repaired.
    """
    if frame is not None and schema is not ITEMS and not len(frame):
        log.add(schema.file, "", "no rows", "treated as if the file were absent", 0)
    if frame is None or (schema is not ITEMS and not len(frame)):
        frame = pd.DataFrame({name: pd.Series(dtype=object) for name in schema.names})
    elif not len(frame):
        raise DataError("the file has no rows", file=schema.file, remedy="add one row for each product")
    refuse_missing_columns([str(name) for name in frame.columns], schema)
    result = {}
    for column in schema:
        if column.name not in frame.columns:
            result[column.name] = absent(column, len(frame))
            continue
        cells = ColumnCells(frame[column.name].reset_index(drop=True), column, schema.file, log)
        if column.kind is Kind.TIME:
            result["time_s"] = seconds(cells, now).astype("int64")
        else:
            result[column.name] = convert(cells)
    if schema.keeps_others:
        others = [name for name in frame.columns if name not in schema.names]
        result.update({str(name): _attribute(frame[name], str(name), schema, log) for name in others})
    return pd.DataFrame(result)


def _attribute(values: pd.Series, name: str, schema: FileSchema, log: RepairLog) -> pd.Series:
    """Convert a column that the schema does not declare: lists to tuples, text to `str`; the rest stays."""
    values = values.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if are_lists(values).any():
        return pd.Series([as_texts(value) for value in values], dtype=object)
    if values.dtype == object and not values.map(lambda value: isinstance(value, str) or value is None).all():
        values = values.map(str, na_action="ignore")
    if pd.api.types.is_object_dtype(values.dtype) or isinstance(values.dtype, pd.StringDtype):
        column = Column(name, Kind.TEXT, "a further attribute", default="")
        return convert(ColumnCells(values, column, schema.file, log))
    return values.astype("boolean") if values.dtype == bool else values


def _reviews(reviews: pd.DataFrame, log: RepairLog) -> pd.DataFrame:
    """Note blank texts and drop exact repeats."""
    blank = (reviews["text"].str.strip() == "").to_numpy()
    if blank.any():
        log.add(REVIEWS.file, "text", "no words", "kept as ratings without text", blank.sum())
        reviews = reviews.assign(text=reviews["text"].where(~blank, ""))
    pair = ["user_id", "item_id", "time_s"]
    several = reviews.duplicated(pair, keep=False).to_numpy()
    repeat = np.zeros(len(reviews), dtype=bool)
    repeat[several] = reviews[several].duplicated([*pair, "text"], keep="first")
    if repeat.any():
        shown = dict.fromkeys(f"{row.user_id} on {row.item_id}" for row in reviews[repeat].head(20).itertuples())
        log.add(REVIEWS.file, "", "repeats of a review by the same shopper", "dropped", repeat.sum(), shown)
        reviews = reviews[~repeat].reset_index(drop=True)
    return reviews
