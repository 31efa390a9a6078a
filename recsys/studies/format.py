"""A result as text for a terminal, and its tables as CSV."""

import math
from collections.abc import Mapping

from recsys.evaluation.statistics.significance import Interval, Verdict
from recsys.serving.exports import to_csv
from recsys.settings import FusionSettings
from recsys.studies.result import Cell, Result, Table

LONGEST_CELL = 44

NO_NUMBER = "not available: no shopper tells"

VERDICTS: Mapping[Verdict, str] = {"better": "better", "worse": "worse", "unclear": "no difference we can tell"}
"""A verdict in words."""


def signed(value: float, digits: int = 4) -> str:
    """A change with its sign, and a true minus.

    >>> signed(-0.01234), signed(0.5, 1), signed(-0.00001)
    ('−0.0123', '+0.5', '+0.0000')
    """
    rounded = round(value, digits) + 0.0  # nothing has no minus
    return f"{rounded:+.{digits}f}".replace("-", "−")


def told(change: Interval, digits: int = 4) -> str:
    """A change with its interval, or that too few shoppers tell.

    >>> told(Interval(0.01, -0.002, 0.022, 900))
    '+0.0100 (−0.0020 to +0.0220)'
    """
    if math.isnan(change.mean):
        return NO_NUMBER
    if math.isnan(change.low):
        return f"{signed(change.mean, digits)} (too few shoppers tell for an interval)"
    return f"{signed(change.mean, digits)} ({signed(change.low, digits)} to {signed(change.high, digits)})"


def percent(change: Interval) -> str:
    """A relative change with its interval, in percent.

    >>> percent(Interval(0.132, 0.1, 0.164, 900))
    '+13.2% (+10.0% to +16.4%)'
    """
    if math.isnan(change.mean):
        return NO_NUMBER
    hundred = Interval(100 * change.mean, 100 * change.low, 100 * change.high, change.n)
    if math.isnan(change.low):
        return f"{signed(hundred.mean, 1)}% (too few shoppers tell for an interval)"
    return f"{signed(hundred.mean, 1)}% ({signed(hundred.low, 1)}% to {signed(hundred.high, 1)}%)"


def mix_in_words(weights: FusionSettings) -> str:
    """Every component with a share of 1% or more, rounded.

    >>> mix_in_words(FusionSettings(1, 0, 3, 0.01))
    'collaborative 25%, semantic 75%'
    """
    return ", ".join(f"{name} {share:.0%}" for name, share in weights.normalised().items() if round(share, 2))


def command(result: Result) -> str:
    """What makes a result again."""
    told = {"split": "--split", "min_interactions": "--min-interactions", "k": "-k", "seed": "--seed"}
    if result.experiment == "clicks":
        told["weights"] = "--weights"
    options = [f"{option} {result.settings[name]}" for name, option in told.items() if name in result.settings]
    return " ".join(["python -m recsys experiment", result.experiment, "--data DIR", *options])


def in_words(result: Result) -> str:
    """Protocol, conclusion, what the figures do not say, and the tables."""
    parts = [result.protocol, "\n".join(result.conclusion)]
    if result.caveats:
        parts.append("\n".join(result.caveats))
    parts += [_table(each) for each in result.tables]
    return "\n\n".join(parts)


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
    cells = [[table.columns[name] for name in table.shown]]
    cells += [[_cell(name, row) for name in table.shown] for row in table.rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(table.shown))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(filter(None, [table.title, *lines, table.note]))


def _cell(name: str, row: Mapping[str, Cell]) -> str:
    said = _number(row.get(name))
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    if low is not None and high is not None:
        said += f" ({_number(low)} to {_number(high)})"
    return said


def _number(value: Cell) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, str):
        return value if len(value) <= LONGEST_CELL else value[: LONGEST_CELL - 1] + "…"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
