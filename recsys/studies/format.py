"""Numbers, sentences and tables of a result, and all of it as text for a terminal or as CSV."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.serving.results import to_csv
from recsys.settings import FusionSettings
from recsys.studies.result import Cell, Result, Table

LONGEST_CELL = 44

VERDICTS: Mapping[Verdict, str] = {"better": "better", "worse": "worse", "unclear": "no difference we can tell"}

Row = TypeVar("Row")
Columns = Mapping[str, str | tuple[str, Callable[[Row], object]]]
"""Key of each column to its heading, and to what a row holds there: the row's item or field of that key by default."""


def signed(value: float, digits: int = 4) -> str:
    """A change with its sign, and a true minus.

    >>> signed(-0.01234), signed(0.5, 1), signed(-0.00001)
    ('−0.0123', '+0.5', '+0.0000')
    """
    rounded = round(value, digits) + 0.0  # nothing has no minus
    return f"{rounded:+.{digits}f}".replace("-", "−")


def interval_in_words(change: Interval, digits: int = 4, unit: str = "") -> str:
    """A change with its interval, or that it has none.

    >>> interval_in_words(Interval(0.01, -0.002, 0.022, 900))
    '+0.0100 (−0.0020 to +0.0220)'
    """
    if math.isnan(change.mean):
        return "not available: no shopper tells"
    mean, low, high = (f"{signed(each, digits)}{unit}" for each in (change.mean, change.low, change.high))
    return f"{mean} ({low} to {high})" if change.is_given else f"{mean} (too few shoppers tell for an interval)"


def percent(change: Interval) -> str:
    """A relative change with its interval, in percent.

    >>> percent(Interval(0.132, 0.1, 0.164, 900))
    '+13.2% (+10.0% to +16.4%)'
    """
    hundred = Interval(100 * change.mean, 100 * change.low, 100 * change.high, change.n)
    return interval_in_words(hundred, 1, "%")


def change_text(found: Interval | Difference) -> str:
    """A change with its interval and its verdict, which is that of the interval alone where none was made.

    >>> change_text(Interval(0.01, -0.002, 0.022, 900))
    '+0.0100 (−0.0020 to +0.0220; no difference we can tell)'
    """
    change, verdict = (found.change, found.verdict) if isinstance(found, Difference) else (found, verdict_of(found))
    text, words = interval_in_words(change), VERDICTS[verdict]
    return f"{text[:-1]}; {words})" if text.endswith(")") else f"{text} ({words})"


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


def mix_in_words(weights: FusionSettings) -> str:
    """Every component with a share of 1% or more, rounded.

    >>> mix_in_words(FusionSettings(1, 0, 3, 0.01))
    'collaborative 25%, semantic 75%'
    """
    return ", ".join(f"{name} {share:.0%}" for name, share in weights.normalised().items() if round(share, 2))


def table_of(name: str, title: str, rows: Iterable[Row], columns: Columns[Row], note: str = "") -> Table:
    """A table with a row for each record.

    An interval makes three columns, a difference also its corrected p-value and its verdict; weights are written out, a
    bool is yes or no, and what is NaN or missing is None.

    >>> rows, columns = [{"tied": True, "gain": Interval(0.2, 0.1, 0.3, 9)}], {"tied": "Tied", "gain": "Gain"}
    >>> table_of("models", "Models", rows, columns).rows[0]
    {'tied': 'yes', 'gain': 0.2, 'gain_low': 0.1, 'gain_high': 0.3}
    """
    spec = {key: (each, partial(_item, key)) if isinstance(each, str) else each for key, each in columns.items()}
    records = [{key: value(row) for key, (_, value) in spec.items()} for row in rows]
    headings: dict[str, str] = {}
    for key, (heading, _) in spec.items():
        kinds = {type(each[key]) for each in records}
        headings |= _interval_columns(key, heading) if kinds & {Interval, Difference} else {key: heading}
        if Difference in kinds:
            headings |= {f"{key}_p": "p, corrected", f"{key}_verdict": "Verdict"}
    cells = [{each: part for key, value in row.items() for each, part in _cells(key, value).items()} for row in records]
    return Table(name, title, headings, tuple({key: row.get(key) for key in headings} for row in cells), note)


def _interval_columns(name: str, title: str) -> dict[str, str]:
    return {name: title, f"{name}_low": "from", f"{name}_high": "to"}


def _item(key: str, row: object) -> object:
    return row.get(key) if isinstance(row, Mapping) else getattr(row, key)


def _cells(key: str, value: object) -> dict[str, Cell]:
    if isinstance(value, Difference):
        return {**_cells(key, value.change), f"{key}_p": value.p, f"{key}_verdict": VERDICTS[value.verdict]}
    if isinstance(value, Interval):
        return dict(zip(_interval_columns(key, ""), value.as_json().values(), strict=True))
    if isinstance(value, FusionSettings):
        return {key: mix_in_words(value)}
    if isinstance(value, bool):
        return {key: "yes" if value else "no"}
    return {key: None if value != value else value}  # type: ignore[dict-item]


def command(result: Result) -> str:
    options = {"split": "--split", "min_interactions": "--min-interactions", "k": "-k", "seed": "--seed"}
    if result.experiment == "clicks":
        options["weights"] = "--weights"
    given = [f"{option} {result.settings[name]}" for name, option in options.items() if name in result.settings]
    return " ".join(["python -m recsys experiment", result.experiment, "--data DIR", *given])


def in_words(result: Result) -> str:
    """Protocol, conclusion, what the figures do not say, and the tables."""
    parts = [result.protocol, "\n".join(result.conclusion), "\n".join(result.caveats), *map(_table, result.tables)]
    return "\n\n".join(filter(None, parts))


def written(name: str, row: Mapping[str, Cell]) -> tuple[str, str]:
    """A cell as a page writes it, and its interval, "" without one; neither is escaped.

    >>> written("change", {"change": -0.1, "change_low": -0.2, "change_high": 0.0})
    ('−0.1000', '−0.2000 to 0.0000')
    """
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    ends = f"{_on_page(low)} to {_on_page(high)}" if low is not None and high is not None else ""
    return _on_page(row.get(name)), ends


def _on_page(value: Cell) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    decimals = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 10 else 4
    return f"{value:,.{decimals}f}".replace("-", "−")


def table_csv(table: Table) -> str:
    """Every cell of a table, with its keys as the header."""
    return to_csv([{name: row.get(name) for name in table.columns} for row in table.rows], tuple(table.columns))


def _table(table: Table) -> str:
    """Values with their intervals in one column, as wide as the longest."""
    cells = [[table.columns[name] for name in table.visible]]
    cells += [[_short_cell(name, row) for name in table.visible] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(filter(None, [table.title, *lines, table.note]))


def _short_cell(name: str, row: Mapping[str, Cell]) -> str:
    value, ends = written(name, row)
    value = value if len(value) <= LONGEST_CELL else value[: LONGEST_CELL - 1] + "…"
    return f"{value} ({ends})" if ends else value
