"""Timestamps of any usual form as seconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.columns import ColumnCells

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""Some programs write the year 1 where no time is known; no shop's log goes back so far."""

FUTURE_TOLERANCE = timedelta(days=1)
"""Clocks differ and zones are mistaken; a time further ahead than this is an error."""

_UNITS = (("seconds", 1e11, 1), ("milliseconds", 1e14, 1_000), ("microseconds", 1e17, 1_000_000))
"""Name, the smallest number that is too large for it (year 5138), and how many make a second."""

_LIMIT = 1e20
"""Where nanoseconds reach the year 5138 too; a larger number is no time in any unit."""

_REMEDY = "write UTC times (ISO 8601 text, a timestamp column, or seconds since 1970)"


def seconds(cells: ColumnCells, now: datetime | None = None) -> pd.Series:
    """Times as int64 seconds since 1970 in UTC; what had to be guessed is noted.

    Accepts timestamps with a zone or without (then UTC), ISO 8601 text, and whole numbers of seconds, milliseconds,
    microseconds or nanoseconds since 1970; fractions of a second are cut off.

    Raises DataError: cells without a value, that cannot be read as a time, before EARLIEST, or later than a day after
    `now` (None: the clock).
    """
    blank = cells.blank()
    cells.refuse_blank(blank)
    values = cells.series
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        result = _from_stamps(cells, values)
    elif pd.api.types.is_bool_dtype(values.dtype):
        cells.fail("values of type bool instead of times", ~blank, _REMEDY)
    elif pd.api.types.is_numeric_dtype(values.dtype):
        result = _from_numbers(cells, values.to_numpy(dtype=np.float64), "numbers")
    else:
        result = _from_texts(cells, values)
    now = datetime.now(UTC) if now is None else now
    now = now.replace(tzinfo=UTC) if now.tzinfo is None else now
    latest = (now + FUTURE_TOLERANCE).timestamp()
    if (wrong := result > latest).any():
        cells.fail(
            f"times in the future (now is {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC)",
            wrong,
            "check the unit, the zone and this computer's clock, or leave these rows out",
        )
    if (wrong := result < EARLIEST.timestamp()).any():
        cells.fail(f"times before {EARLIEST:%Y}", wrong, "check the unit, or leave these rows out")
    return pd.Series(result, name=cells.series.name)


def _from_stamps(cells: ColumnCells, stamps: pd.Series) -> NDArray[np.int64]:
    if stamps.dt.tz is None:
        cells.note("times without a zone", "read as UTC", np.ones(len(stamps), dtype=bool))
        stamps = stamps.dt.tz_localize("UTC")
    return np.asarray(stamps.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]").astype("int64"))


def _from_numbers(cells: ColumnCells, numbers: NDArray[np.float64], what: str) -> NDArray[np.int64]:
    """Whole numbers since 1970; the largest one tells their unit, and all must agree on it."""
    sizes = np.abs(numbers)
    if (wrong := ~(sizes < _LIMIT)).any():
        cells.fail("values that cannot be read as a time", wrong, _REMEDY)
    unit_of = np.searchsorted([limit for _, limit, _ in _UNITS], sizes, side="right")
    unit = int(unit_of.max(initial=0))
    if (wrong := (unit_of != unit) & (numbers != 0)).any():
        cells.fail("numbers of another unit than the largest ones", wrong, "write all times in one unit, in UTC")
    name, _, per_second = _UNITS[unit] if unit < len(_UNITS) else ("nanoseconds", np.inf, 1_000_000_000)
    cells.note(f"{what} instead of times", f"read as {name} since 1970 in UTC", np.ones(len(numbers), dtype=bool))
    return np.floor(numbers / per_second).astype(np.int64)


def _from_texts(cells: ColumnCells, values: pd.Series) -> NDArray[np.int64]:
    texts = values.astype("object")
    is_number = np.array([isinstance(value, str) and _is_long_number(value) for value in texts], dtype=bool)
    if len(texts) and is_number.all():
        return _from_numbers(cells, texts.astype("float64").to_numpy(), "numbers written as text")
    stamps = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    if (wrong := np.asarray(stamps.isna())).any():
        cells.fail("values that cannot be read as a time", wrong, _REMEDY)
    is_text = np.array([isinstance(value, str) for value in texts], dtype=bool)
    if is_text.any():
        cells.note("times written as text", "read as ISO 8601; those without a zone as UTC", is_text)
    return _from_stamps(cells, stamps)


def _is_long_number(text: str) -> bool:
    """Digits alone, too many for a date such as 20240131."""
    digits = text.strip().removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit() and len(digits) > 8
