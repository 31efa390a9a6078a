"""Cells of one column brought to the kind that the schema declares: repaired and noted, or refused with the rows."""

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.repairs import N_EXAMPLES, RepairLog, show
from recsys.errors import DataError
from recsys.schema import ITEMS, Column, Kind

_TRUE, _FALSE = ("true", "yes", "1", "1.0"), ("false", "no", "0", "0.0")


@dataclass(frozen=True, slots=True)
class ColumnCells:
    """The cells of one column as they came, and where they came from; rows count from 0 as in the file."""

    series: pd.Series
    column: Column
    file: str
    log: RepairLog

    def fail(self, problem: str, wrong: Any, remedy: str) -> NoReturn:
        """Refuse the file because of the rows where the mask `wrong` is true."""
        places = np.flatnonzero(wrong)
        rows = [(int(place), show(self.series.iloc[place])) for place in places[:N_EXAMPLES]]
        raise DataError(problem, file=self.file, column=self.column.name, rows=rows, n_rows=len(places), remedy=remedy)

    def note(self, problem: str, action: str, touched: Any) -> None:
        """Report a repair of the rows where the mask `touched` is true."""
        places = np.flatnonzero(touched)
        examples = [self.series.iloc[place] for place in places[:N_EXAMPLES]]
        self.log.add(self.file, self.column.name, problem, action, len(places), dict.fromkeys(map(str, examples)))

    def blank(self) -> NDArray[np.bool_]:
        """Cells without a value."""
        return np.asarray(self.series.isna())

    def refuse_blank(self, blank: NDArray[np.bool_]) -> None:
        """Refuse blank cells where the column must have a value everywhere."""
        if blank.any() and not self.column.blank_allowed:
            self.fail("cells without a value", blank, "fill them in or leave these rows out")


def convert(cells: ColumnCells) -> pd.Series:
    """The column in its canonical type, times excepted (see `times.seconds`).

    Returns ids and words as categories of text, texts as `str`, numbers as float64, booleans as bool, lists as tuples
    of texts.

    Raises DataError: cells that no repair can put right.
    """
    readers = {Kind.TEXT: _texts, Kind.NUMBER: _numbers, Kind.BOOLEAN: _booleans, Kind.TEXTS: _lists}
    return readers.get(cells.column.kind, _words)(cells).reset_index(drop=True)


def absent(column: Column, n: int) -> pd.Series:
    """The stand-in of an optional column that is not there, n cells of the type that `convert` gives."""
    if column.kind in (Kind.ID, Kind.WORD):
        categories = pd.Index([column.default], dtype="str")
        return pd.Series(pd.Categorical.from_codes(np.zeros(n, np.int8), categories=categories))
    if column.kind is Kind.TEXTS:
        return pd.Series([()] * n, dtype=object)
    kind = {Kind.TEXT: "str", Kind.NUMBER: "float64", Kind.BOOLEAN: "bool"}[column.kind]
    default = np.nan if column.default is None else column.default
    return pd.Series([default], dtype=kind).repeat(n).reset_index(drop=True)


def _words(cells: ColumnCells) -> pd.Series:
    """Ids or words as categories; each distinct value is looked at once."""
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
    """Place of every cell's text among the distinct ones (-1 for no value), and these."""
    values = cells.series
    if values.isna().all():
        return np.full(len(values), -1), []
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy().astype(np.int64), list(values.cat.categories)
    else:
        codes, found = pd.factorize(values)
        distinct = list(found)
    if pd.api.types.is_integer_dtype(values.dtype):
        action = "written out as decimal text; leading zeros, if there were any, had been lost before"
        cells.note("whole numbers instead of text", action, codes >= 0)
        return codes, [str(int(value)) for value in distinct]
    wrong = np.array([not isinstance(value, str) for value in distinct], dtype=bool)
    if wrong.any():
        found = _type_name(distinct[int(np.argmax(wrong))])
        remedy = "write the column as text, so that an id such as 00123 keeps its zeros"
        cells.fail(f"values of type {found} instead of text", np.append(wrong, False)[codes], remedy)
    return codes, distinct


def _texts(cells: ColumnCells) -> pd.Series:
    values = cells.series
    if pd.api.types.is_numeric_dtype(values.dtype) and not values.isna().all():
        cells.note("numbers instead of text", "written out as text", values.notna())
        values = values.map(lambda number: f"{number:g}" if isinstance(number, float) else str(number), "ignore")
    elif not isinstance(values.dtype, pd.StringDtype):
        wrong = np.array([not isinstance(value, str) for value in values], dtype=bool) & ~cells.blank()
        if wrong.any():
            kind = _type_name(values.iloc[int(np.argmax(wrong))])
            cells.fail(f"values of type {kind} instead of text", wrong, "write the column as text")
    try:
        if not isinstance(values.dtype, pd.StringDtype):
            values = values.astype("object").where(values.notna(), cells.column.default)
        texts = values.astype("str").fillna(cells.column.default)
        with_nul = texts.str.contains("\0", regex=False).to_numpy(dtype=bool)
    except UnicodeEncodeError:
        wrong = np.array([isinstance(value, str) and not _encodes(value) for value in values], dtype=bool)
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
    if (wrong := numbers.isna().to_numpy() & ~blank).any():
        cells.fail("values that are not numbers", wrong, "write the column as numbers")
    if _is_text(values) and not blank.all():
        cells.note("numbers written as text", "read as numbers", ~blank)
    cells.refuse_blank(blank)
    wrong = np.isinf(numbers.to_numpy())
    if column.low is not None:
        wrong |= (numbers <= column.low).to_numpy() if column.low_excluded else (numbers < column.low).to_numpy()
    if column.high is not None:
        wrong |= (numbers > column.high).to_numpy()
    if wrong.any():
        cells.fail(f"numbers out of range; a {column.name} is {column.range_in_words()}", wrong, "correct these rows")
    return numbers if column.default is None else numbers.fillna(float(column.default))  # type: ignore[arg-type]


def _booleans(cells: ColumnCells) -> pd.Series:
    values, blank = cells.series, cells.blank()
    cells.refuse_blank(blank)
    if values.dtype == bool:
        return values
    words = values.astype("object").astype("str").str.strip().str.lower()
    truth = words.isin(_TRUE).to_numpy()
    if (wrong := ~truth & ~words.isin(_FALSE).to_numpy() & ~blank).any():
        cells.fail("values that are neither 1 nor 0, true nor false", wrong, "write 1 or 0, or true or false")
    if _is_text(values) and not blank.all():
        cells.note("true and false written as text", "read as true and false", ~blank & _are_texts(values))
    return pd.Series(np.where(blank, bool(cells.column.default), truth))


def _lists(cells: ColumnCells) -> pd.Series:
    values, blank = cells.series, cells.blank()
    is_text = _are_texts(values)
    is_list = np.array([isinstance(value, list | tuple | set | np.ndarray) for value in values], dtype=bool)
    if (wrong := ~is_list & ~is_text & ~blank).any():
        cells.fail("values that are not lists of texts", wrong, "write a list of texts in each cell")
    if is_text.any():
        cells.note("one text instead of a list", "split at its commas", is_text)
    split = [as_texts(value.split(",") if isinstance(value, str) else value) for value in values]
    return pd.Series(split, dtype=object)


def as_texts(value: Any) -> tuple[str, ...]:
    """A cell that holds a list, as a tuple of its texts without blanks; () for no list at all.

    >>> as_texts(["warm", None, " light "])
    ('warm', 'light')
    """
    if not isinstance(value, list | tuple | set | np.ndarray):
        return ()
    members = sorted(value) if isinstance(value, set) else value
    texts = (str(member).replace("\0", "").strip() for member in members if member is not None)
    return tuple(text for text in texts if text)


def _is_text(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values.dtype)


def _are_texts(values: pd.Series) -> NDArray[np.bool_]:
    return np.array([isinstance(value, str) for value in values], dtype=bool)


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _type_name(value: object) -> str:
    return {"float64": "float", "int64": "int", "bool_": "bool"}.get(type(value).__name__, type(value).__name__)
