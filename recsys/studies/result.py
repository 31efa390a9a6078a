"""The result of an experiment, in the form that the command prints, the page draws, and a file keeps."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, Literal, Self

import numpy as np
from pydantic import TypeAdapter

from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval
from recsys.settings import FusionSettings

Cell = str | int | float | None
NOTHING = Interval(math.nan, math.nan, math.nan, 0)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of numbers and texts, as `studies.format.table_of` makes it.

    `name` is as a file may be called, `columns` are headings by key, `note` says how the table is to be read, or is "".
    """

    name: str
    title: str
    columns: Mapping[str, str]
    rows: tuple[Mapping[str, Cell], ...]
    note: str = ""

    @property
    def visible(self) -> list[str]:
        """Keys of the columns that are shown; ends of intervals stand with their value."""
        return [name for name in self.columns if not name.endswith(("_low", "_high"))]


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one kind of points: x are numbers or names, y have the ends of intervals; None is missing."""

    name: str
    x: tuple[int | float, ...] | tuple[str, ...]
    y: tuple[int | float | None, ...]
    low: tuple[int | float | None, ...] = ()
    high: tuple[int | float | None, ...] = ()

    @classmethod
    def of(cls, name: str, x: Sequence[float] | Sequence[str], y: Sequence[Interval] | Sequence[float | None]) -> Self:
        """Values, or means with the ends of their intervals, one for each x."""
        found = [each.as_json() if isinstance(each, Interval) else {"mean": each} for each in y]
        ends = ("mean", "low", "high") if found and "low" in found[0] else ("mean",)
        return cls(name, tuple(x), *(tuple(each[end] for each in found) for end in ends))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Plot:
    """One chart with named axes; where x are names, they are drawn beneath each other, and y across.

    `zero` draws a line at 0, no change; with `x_log` and `y_log` equal steps along an axis are equal ratios.
    """

    name: str
    title: str
    x_title: str
    y_title: str
    series: tuple[Series, ...]
    kind: Literal["line", "points"] = "points"
    zero: bool = False
    x_log: bool = False
    y_log: bool = False

    @classmethod
    def of_changes(cls, name: str, titles: tuple[str, str, str], *series: tuple[str, Mapping[str, Interval]]) -> Self:
        """Changes by name beneath each other; titles are those of the plot, of the names and of the change."""
        lines = tuple(Series.of(each, list(changes), list(changes.values())) for each, changes in series)
        return cls(name, *titles, lines, zero=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished experiment; name, data, settings and time are filled in by `Experiment.run`.

    `data` are name, fingerprint and sizes, `settings` everything that has to be the same to get the same. `conclusion`
    has sentences for people who read nothing else, most important first, `caveats` what the figures do not say;
    `figures` is what the contract of the command names, at the top of its JSON document.
    """

    experiment: str = ""
    protocol: str
    data: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    conclusion: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """One JSON document; `figures` stand at its top."""
        document = asdict(self)
        figures = document.pop("figures")
        return {**document, **figures, "figures": sorted(figures)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Result":
        """What `as_json` wrote; raises KeyError, TypeError or ValueError where it is another document."""
        document = {each.name: saved[each.name] for each in fields(cls)}
        document["figures"] = {name: saved[name] for name in saved["figures"]}
        return _READER.validate_json(json.dumps(document), strict=True)


_READER = TypeAdapter(Result)


def as_json(value: object) -> Any:
    """Figures in the form of JSON: records by field, arrays as lists, intervals and weights as theirs, NaN as None.

    >>> as_json({"gain": Interval(0.1, float("nan"), float("nan"), 5), "n": np.int64(5)})
    {'gain': {'mean': 0.1, 'low': None, 'high': None}, 'n': 5}
    """
    if isinstance(value, Interval):
        return value.as_json()
    if isinstance(value, FusionSettings):
        return value.normalised()
    if isinstance(value, Difference):
        return {"change": value.change.as_json(), "p_corrected": value.p, "verdict": value.verdict}
    if is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return as_json(value.tolist())
    if isinstance(value, tuple | list):
        return [as_json(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
