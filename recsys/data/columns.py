"""Bring the cells of one column to the kind that the schema declares: repair and note them, or refuse the rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.reading import N_EXAMPLES, RepairLog, show
from recsys.errors import DataError
from recsys.schema import ITEMS, Column, Kind

_LISTS = (list, tuple, set, np.ndarray)
_TRUE, _FALSE = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


@dataclass(frozen=True, slots=True)
class ColumnCells:
    """The cells of one column as they came, and where they came from; rows count from 0."""

    series: pd.Series
    column: Column
    file: str
    log: RepairLog

    def fail(self, problem: str, wrong: Any, remedy: str) -> NoReturn:
        """Refuse the file because of the rows where the mask `wrong` is true."""
        wrong_rows = np.flatnonzero(wrong)
        rows = [(int(row), show(self.series.iloc[row])) for row in wrong_rows[:N_EXAMPLES]]
        n_rows = len(wrong_rows)
        raise DataError(problem, file=self.file, column=self.column.name, rows=rows, n_rows=n_rows, remedy=remedy)

    def refuse(self, problem: str, wrong: Any, remedy: str) -> None:
        """`fail`, if the mask is true in any row."""
        if np.any(wrong):
            self.fail(problem, wrong, remedy)

    def note(self, problem: str, action: str, touched: Any) -> None:
        """Report a repair of the rows where the mask `touched` is true, if there are any."""
        rows = np.flatnonzero(touched)
        if not len(rows):
            return
        examples = dict.fromkeys(map(str, self.series.iloc[rows[:N_EXAMPLES]]))
        self.log.add(self.file, self.column.name, problem, action, len(rows), examples)

    def blank(self) -> NDArray[np.bool_]:
        """Cells without a value."""
        return np.asarray(self.series.isna())

    def refuse_blank(self, blank: NDArray[np.bool_]) -> None:
        """Refuse blank cells where the column must have a value everywhere."""
        if not self.column.blank_allowed:
            self.refuse("cells without a value", blank, "fill them in or leave these rows out")


def convert(cells: ColumnCells) -> pd.Series:
    """Convert a column to its canonical type, times excepted (see `seconds`).

    Returns ids and words as categories of text, texts as `str`, numbers as float64, booleans as bool, lists as tuples
    of texts. Raises DataError: cells that no repair can put right.
    """
    return _READERS[cells.column.kind](cells).reset_index(drop=True)


def absent(column: Column, n: int) -> pd.Series:
    """Make n default cells of an optional column, of the type that `convert` gives."""
    if column.kind in (Kind.ID, Kind.WORD):
        categories = pd.Index([column.default], dtype="str")
        return pd.Series(pd.Categorical.from_codes(np.zeros(n, np.int8), categories=categories))
    if column.kind is Kind.TEXTS:
        return pd.Series([()] * n, dtype=object)
    dtype = {Kind.TEXT: "str", Kind.NUMBER: "float64", Kind.BOOLEAN: "bool"}[column.kind]
    default = np.nan if column.default is None else column.default
    return pd.Series([default], dtype=dtype).repeat(n).reset_index(drop=True)


def _words(cells: ColumnCells) -> pd.Series:
    """Read ids or words as categories, each distinct value once."""
    codes, distinct = _distinct(cells)
    stripped = np.array([value.strip() for value in distinct], dtype=object)
    spaced = np.array([short != value for short, value in zip(stripped, distinct, strict=True)], dtype=bool)
    in_rows = np.append(spaced, False)[codes]
    if spaced.any():
        if cells.file == ITEMS.file and len(set(stripped)) < len(distinct):
            twice = pd.Series(stripped).duplicated(keep=False).to_numpy()
            remedy = "decide which product is meant and write its id without spaces around it"
            cells.fail("ids that differ only by spaces around them", np.append(twice, False)[codes], remedy)
        cells.note("spaces around the value", "removed", in_rows)
    cells.refuse_blank(np.append(stripped == "", True)[codes])
    values = np.append(stripped, str(cells.column.default or ""))
    numbers, categories = pd.factorize(values, sort=cells.column.kind is Kind.WORD)
    result = pd.Series(pd.Categorical.from_codes(numbers[codes], categories=pd.Index(categories, dtype="str")))
    return result.cat.remove_unused_categories()


def _distinct(cells: ColumnCells) -> tuple[NDArray[np.int64], list[str]]:
    """Code every cell's text by its position among the distinct ones (-1 for no value); codes and texts."""
    values = cells.series
    if values.isna().all():
        return np.full(len(values), -1), []
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy().astype(np.int64), list(values.cat.categories)
    else:
        codes, uniques = pd.factorize(values)
        distinct = list(uniques)
    if pd.api.types.is_integer_dtype(values.dtype):
        action = "written out as decimal text; leading zeros, if there were any, had been lost before"
        cells.note("whole numbers instead of text", action, codes >= 0)
        return codes, [str(int(value)) for value in distinct]
    wrong = ~_are_texts(distinct)
    if wrong.any():
        remedy = "write the column as text, so that an id such as 00123 keeps its zeros"
        problem = f"values of type {_type_name(distinct[int(np.argmax(wrong))])} instead of text"
        cells.fail(problem, np.append(wrong, False)[codes], remedy)
    return codes, distinct


def _texts(cells: ColumnCells) -> pd.Series:
    values = cells.series
    if pd.api.types.is_numeric_dtype(values.dtype) and not values.isna().all():
        cells.note("numbers instead of text", "written out as text", values.notna())
        values = values.map(lambda number: f"{number:g}" if isinstance(number, float) else str(number), "ignore")
    elif not isinstance(values.dtype, pd.StringDtype):
        wrong = ~_are_texts(values) & ~cells.blank()
        if wrong.any():
            kind = _type_name(values.iloc[int(np.argmax(wrong))])
            cells.fail(f"values of type {kind} instead of text", wrong, "write the column as text")
    try:
        if not isinstance(values.dtype, pd.StringDtype):
            values = values.astype("object").where(values.notna(), cells.column.default)
        texts = values.astype("str").fillna(cells.column.default)
        with_nul = texts.str.contains("\0", regex=False).to_numpy(dtype=bool)
    except UnicodeEncodeError:
        wrong = np.array([_has_surrogates(value) for value in values], dtype=bool)
        cells.fail("the text is not UTF-8", wrong, "read the source again with its true encoding")
    if with_nul.any():
        cells.note("NUL characters in text", "removed; everything else stays as it was", with_nul)
        texts = texts.str.replace("\0", "", regex=False)
    cells.refuse_blank(cells.blank())
    return texts


def _numbers(cells: ColumnCells) -> pd.Series:
    values, column = cells.series, cells.column
    blank = cells.blank()
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype):
        cells.fail(f"values of type {values.dtype} instead of numbers", ~blank, "write the column as numbers")
    numbers = pd.to_numeric(values.astype("object") if _is_text(values) else values, errors="coerce")
    numbers = numbers.astype("float64")
    wrong = numbers.isna().to_numpy() & ~blank
    cells.refuse("values that are not numbers", wrong, "write the column as numbers")
    if _is_text(values):
        cells.note("numbers written as text", "read as numbers", ~blank)
    cells.refuse_blank(blank)
    wrong = np.isinf(numbers.to_numpy())
    if column.low is not None:
        wrong |= (numbers <= column.low).to_numpy() if column.low_excluded else (numbers < column.low).to_numpy()
    if column.high is not None:
        wrong |= (numbers > column.high).to_numpy()
    cells.refuse(f"numbers out of range; a {column.name} is {column.range_in_words()}", wrong, "correct these rows")
    return numbers if column.default is None else numbers.fillna(float(column.default))  # type: ignore[arg-type]


def _booleans(cells: ColumnCells) -> pd.Series:
    values, blank = cells.series, cells.blank()
    cells.refuse_blank(blank)
    if values.dtype == bool:
        return values
    words = values.astype("object").astype("str").str.strip().str.lower()
    truth = words.isin(_TRUE).to_numpy()
    wrong = ~truth & ~words.isin(_FALSE).to_numpy() & ~blank
    cells.refuse("values that are neither 1 nor 0, true nor false", wrong, "write 1 or 0, or true or false")
    if _is_text(values):
        cells.note("true and false written as text", "read as true and false", ~blank & _are_texts(values))
    return pd.Series(np.where(blank, bool(cells.column.default), truth))


def _lists(cells: ColumnCells) -> pd.Series:
    values = cells.series
    is_text = _are_texts(values)
    wrong = ~are_lists(values) & ~is_text & ~cells.blank()
    cells.refuse("values that are not lists of texts", wrong, "write a list of texts in each cell")
    cells.note("one text instead of a list", "split at its commas", is_text)
    split = [as_texts(value.split(",") if isinstance(value, str) else value) for value in values]
    return pd.Series(split, dtype=object)


def as_texts(value: Any) -> tuple[str, ...]:
    """Read a cell that holds a list as a tuple of its texts without blanks; () for no list at all.

    >>> as_texts(["warm", None, " light "])
    ('warm', 'light')
    """
    if not isinstance(value, _LISTS):
        return ()
    members = sorted(value) if isinstance(value, set) else value
    texts = (str(member).replace("\0", "").strip() for member in members if member is not None)
    return tuple(text for text in texts if text)


def _is_text(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values.dtype)


def _are_texts(values: Iterable[object]) -> NDArray[np.bool_]:
    return np.array([isinstance(value, str) for value in values], dtype=bool)


def are_lists(values: Iterable[object]) -> NDArray[np.bool_]:
    """Which cells hold lists, bool of shape (n_cells,)."""
    return np.array([isinstance(value, _LISTS) for value in values], dtype=bool)


def _has_surrogates(value: object) -> bool:
    """Whether a text holds half characters, which UTF-8 cannot write."""
    return isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value)


def _type_name(value: object) -> str:
    """A type's name in Python, also of numpy's own scalars."""
    return type(value).__name__.removesuffix("64").removesuffix("_")


_READERS: dict[Kind, Callable[[ColumnCells], pd.Series]] = {
    Kind.ID: _words,
    Kind.WORD: _words,
    Kind.TEXT: _texts,
    Kind.NUMBER: _numbers,
    Kind.BOOLEAN: _booleans,
    Kind.TEXTS: _lists,
}

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""Some programs write the year 1 where no time is known; no shop's log goes back so far."""

FUTURE_TOLERANCE = timedelta(days=1)
"""Clocks differ and zones are mistaken; a time further ahead than this is an error."""

_UNITS = (("seconds", 1e11, 1), ("milliseconds", 1e14, 1_000), ("microseconds", 1e17, 1_000_000))
"""Name, the smallest number that is too large for it (year 5138), and how many make a second."""

_LIMIT = 1e20
"""Where nanoseconds reach the year 5138 too; a larger number is no time in any unit."""

_TIME_REMEDY = "write UTC times (ISO 8601 text, a timestamp column, or seconds since 1970)"


def seconds(cells: ColumnCells, now: datetime | None = None) -> pd.Series:
    """Convert times to int64 seconds since 1970 in UTC; what had to be guessed is noted.

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
        cells.fail("values of type bool instead of times", ~blank, _TIME_REMEDY)
    elif pd.api.types.is_numeric_dtype(values.dtype):
        result = _from_numbers(cells, values.to_numpy(dtype=np.float64), "numbers")
    else:
        result = _from_texts(cells, values)
    now = datetime.now(UTC) if now is None else now
    now = now.replace(tzinfo=UTC) if now.tzinfo is None else now
    cells.refuse(
        f"times in the future (now is {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC)",
        result > (now + FUTURE_TOLERANCE).timestamp(),
        "check the unit, the zone and this computer's clock, or leave these rows out",
    )
    too_early = result < EARLIEST.timestamp()
    cells.refuse(f"times before {EARLIEST:%Y}", too_early, "check the unit, or leave these rows out")
    return pd.Series(result, name=cells.series.name)


def _from_stamps(cells: ColumnCells, stamps: pd.Series) -> NDArray[np.int64]:
    if stamps.dt.tz is None:
        cells.note("times without a zone", "read as UTC", stamps.notna())
        stamps = stamps.dt.tz_localize("UTC")
    return np.asarray(stamps.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]").astype("int64"))


def _from_numbers(cells: ColumnCells, numbers: NDArray[np.float64], what: str) -> NDArray[np.int64]:
    """Convert numbers since 1970; the largest one sets their unit, and all must agree on it."""
    sizes = np.abs(numbers)
    cells.refuse("values that cannot be read as a time", ~(sizes < _LIMIT), _TIME_REMEDY)
    unit_of = np.searchsorted([limit for _, limit, _ in _UNITS], sizes, side="right")
    unit = int(unit_of.max(initial=0))
    wrong = (unit_of != unit) & (numbers != 0)
    cells.refuse("numbers of another unit than the largest ones", wrong, "write all times in one unit, in UTC")
    name, _, per_second = _UNITS[unit] if unit < len(_UNITS) else ("nanoseconds", np.inf, 1_000_000_000)
    cells.note(f"{what} instead of times", f"read as {name} since 1970 in UTC", np.ones(len(numbers), dtype=bool))
    return np.floor(numbers / per_second).astype(np.int64)


def _from_texts(cells: ColumnCells, values: pd.Series) -> NDArray[np.int64]:
    texts = values.astype("object")
    is_number = np.array([isinstance(value, str) and _is_long_number(value) for value in texts], dtype=bool)
    if len(texts) and is_number.all():
        return _from_numbers(cells, texts.astype("float64").to_numpy(), "numbers written as text")
    stamps = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    cells.refuse("values that cannot be read as a time", stamps.isna(), _TIME_REMEDY)
    cells.note("times written as text", "read as ISO 8601; those without a zone as UTC", _are_texts(texts))
    return _from_stamps(cells, stamps)


def _is_long_number(text: str) -> bool:
    """Digits alone, too many for a date such as 20240131."""
    digits = text.strip().removeprefix("-").replace(".", "", 1)
    return digits.isascii() and digits.isdigit() and len(digits) > 8
