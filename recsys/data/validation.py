"""The one gate for data: every file brought to the schema, and the files checked against each other."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from recsys.data.catalogue import in_drawn_order, missing_products, with_stubs, with_text_ids
from recsys.data.columns import Cells, absent, as_texts, convert
from recsys.data.repairs import RepairLog
from recsys.data.times import seconds
from recsys.errors import DataError
from recsys.schema import EVENTS, FILES, ITEMS, REVIEWS, Column, FileSchema, Kind

Frames = dict[str, pd.DataFrame]


def validate(frames: Mapping[str, pd.DataFrame], log: RepairLog, now: datetime | None = None) -> Frames:
    """Tables in canonical types with every declared column, by short name; absent files are empty tables.

    Products come in the order of `in_drawn_order`. Ids, events, devices, regions and policies come back as categories,
    `timestamp` as `time_s` (int64 seconds since 1970 in UTC). Repairs are added to `log`; times later than a day after
    `now` (None: the clock) are refused.

    Raises
    ------
    DataError : the first thing found that cannot be repaired
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
    """One file by itself with every declared column in its type, and of items the further attributes.

    Raises
    ------
    DataError : the first thing found that cannot be repaired
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
        cells = Cells(frame[column.name].reset_index(drop=True), column, schema.file, log)
        if column.kind is Kind.TIME:
            result["time_s"] = seconds(cells, now).astype("int64")
        else:
            result[column.name] = convert(cells)
    if schema.keeps_others:
        others = [name for name in frame.columns if name not in schema.names]
        result.update({str(name): _attribute(frame[name], str(name), schema, log) for name in others})
    return pd.DataFrame(result)


def refuse_missing_columns(names: Sequence[str], schema: FileSchema) -> None:
    """Raise DataError unless every required column is among the names of a file; a name like it is pointed out."""
    missing = [column.name for column in schema if column.required and column.name not in names]
    if not missing:
        return
    spare = [name for name in names if name not in schema.names]
    close = difflib.get_close_matches(missing[0], spare, n=1, cutoff=0.5)
    found = ", ".join(map(repr, names)) or "none"
    raise DataError(
        f"the column is missing (the file has {found})",
        file=schema.file,
        column=missing[0],
        remedy=f"rename {close[0]!r} to {missing[0]!r} if that is meant" if close else f"add a column {missing[0]!r}",
    )


def _attribute(values: pd.Series, name: str, schema: FileSchema, log: RepairLog) -> pd.Series:
    """A column that the schema does not declare: lists as tuples, text as text, numbers and times as they are."""
    values = values.reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if values.map(lambda value: isinstance(value, list | tuple | set | np.ndarray)).any():
        return pd.Series([as_texts(value) for value in values], dtype=object)
    if values.dtype == object and not values.map(lambda value: isinstance(value, str) or value is None).all():
        values = values.map(str, na_action="ignore")
    if pd.api.types.is_object_dtype(values.dtype) or isinstance(values.dtype, pd.StringDtype):
        return convert(Cells(values, Column(name, Kind.TEXT, "a further attribute", default=""), schema.file, log))
    return values.astype("boolean") if values.dtype == bool else values


def _reviews(reviews: pd.DataFrame, log: RepairLog) -> pd.DataFrame:
    """Blank texts noted, exact repeats dropped."""
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
