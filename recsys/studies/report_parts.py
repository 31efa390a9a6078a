"""Parts that every study's report is made of: tables by column, figures as JSON, changes as text."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from recsys.evaluation.statistics.significance import Interval, Verdict
from recsys.settings import FusionSettings
from recsys.studies.format import VERDICTS, told
from recsys.studies.result import Cell, Table, interval_cells, interval_columns

Row = TypeVar("Row")
Columns = Mapping[str, tuple[str, Callable[[Row], Cell | Interval]]]
"""Key of each column to its heading and to what a row holds there; None leaves the cell out."""


def table_of(name: str, title: str, rows: Iterable[Row], columns: Columns[Row], note: str = "") -> Table:
    """A table with a row for each entry; a column of intervals gets columns for their two ends.

    >>> table = table_of("ages", "Ages", [3, 4], {"age": ("Age", lambda age: Interval(age, age - 1, age + 1, 9))})
    >>> list(table.columns), table.rows[0]
    (['age', 'age_low', 'age_high'], {'age': 3, 'age_low': 2, 'age_high': 4})
    """
    cells = [{key: value(row) for key, (_, value) in columns.items()} for row in rows]
    headings: dict[str, str] = {}
    for key, (heading, _) in columns.items():
        has_ends = any(isinstance(row[key], Interval) for row in cells)
        headings |= interval_columns(key, heading) if has_ends else {key: heading}
    return Table(name, title, headings, tuple(map(_row, cells)), note)


def _row(cells: Mapping[str, Cell | Interval]) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    for key, value in cells.items():
        if isinstance(value, Interval):
            row |= interval_cells(key, value)
        elif value is not None:
            row[key] = value
    return row


def as_json(figure: Any) -> Any:
    """A figure as JSON holds it: intervals by their ends, weights as shares, records by field, None for NaN.

    >>> as_json({"change": Interval(0.1, float("nan"), float("nan"), 9), "sizes": (1, 2)})
    {'change': {'mean': 0.1, 'low': None, 'high': None}, 'sizes': [1, 2]}
    """
    if isinstance(figure, Interval):
        return figure.as_json()
    if isinstance(figure, FusionSettings):
        return figure.normalised()
    if is_dataclass(figure):
        return {each.name: as_json(getattr(figure, each.name)) for each in fields(figure)}
    if isinstance(figure, Mapping):
        return {key: as_json(value) for key, value in figure.items()}
    if isinstance(figure, list | tuple):
        return [as_json(value) for value in figure]
    return None if isinstance(figure, float) and math.isnan(figure) else figure


def change_text(change: Interval, verdict: Verdict) -> str:
    """A change with its interval, and the verdict that they carry.

    >>> change_text(Interval(0.01, -0.002, 0.022, 900), "unclear")
    '+0.0100 (−0.0020 to +0.0220; no difference we can tell)'
    """
    text = told(change)
    return f"{text[:-1]}; {VERDICTS[verdict]})" if text.endswith(")") else f"{text} ({VERDICTS[verdict]})"


def listed(names: Iterable[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"]), listed([])
    ('a, b and c', 'none')
    """
    *first, last = [*names] or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def by_verdict(verdicts: Mapping[str, Verdict]) -> str:
    """Names in a sentence, those of one verdict together.

    >>> by_verdict({"none": "unclear", "half": "better", "all": "better"})
    'better: half and all; no difference we can tell: none'
    """
    groups = {
        label: [name for name, each in verdicts.items() if each == verdict] for verdict, label in VERDICTS.items()
    }
    return "; ".join(f"{label}: {listed(names)}" for label, names in groups.items() if names)
