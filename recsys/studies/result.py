"""What an experiment found, in a form that the command prints, the page draws, the report holds and a file keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from recsys.evaluation.statistics.significance import Interval

Cell = str | int | float | None
PlotKind = Literal["line", "points", "bars"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table; every cell is a number or a text.

    Parameters
    ----------
    name : as a file may be called
    columns : key of each column to its heading, in order
    rows : each a cell by column key
    note : how it is to be read, or ""
    """

    name: str
    title: str
    columns: Mapping[str, str]
    rows: tuple[Mapping[str, Cell], ...]
    note: str = ""

    @property
    def shown(self) -> list[str]:
        """Keys of the columns that are shown; ends of intervals stand with their value."""
        return [name for name in self.columns if not name.endswith(("_low", "_high"))]


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one kind of points.

    Parameters
    ----------
    x : numbers, or names of a category axis
    y, low, high : values with the ends of their intervals; None where there is none
    """

    name: str
    x: tuple[float, ...] | tuple[str, ...]
    y: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()

    @classmethod
    def of(cls, name: str, x: Sequence[float] | Sequence[str], intervals: Sequence[Interval]) -> Self:
        """Means with the ends of their intervals, one for each x."""
        found = [each.as_json() for each in intervals]
        return cls(name, tuple(x), *(tuple(each[end] for each in found) for end in ("mean", "low", "high")))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Plot:
    """One chart with named axes.

    Parameters
    ----------
    x_title, y_title : of the series' x and y; where x are names, they are drawn beneath each other, and y across
    zero : whether a line at 0 means no change
    x_log, y_log : whether equal steps along an axis are equal ratios
    """

    name: str
    title: str
    x_title: str
    y_title: str
    series: tuple[Series, ...]
    kind: PlotKind = "points"
    zero: bool = False
    x_log: bool = False
    y_log: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A finished experiment.

    Parameters
    ----------
    experiment : name of the registry
    protocol : what was done, in words
    data : name, fingerprint and sizes of the data
    settings : JSON-like, everything that has to be the same to get the same
    conclusion : sentences for people who read nothing else, most important first
    caveats : what the figures do not say
    figures : what the contract of the command names, at the top of its JSON document
    """

    experiment: str
    protocol: str
    data: Mapping[str, Any]
    settings: Mapping[str, Any]
    conclusion: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """One JSON document; `figures` stand at its top."""
        said = asdict(self)
        figures = said.pop("figures")
        return {**said, **figures, "figures": sorted(figures)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `as_json` wrote; raises KeyError, TypeError or ValueError where it is another document."""
        own = {name: saved[name] for name in cls.__slots__ if name not in ("figures", "tables", "plots")}
        return cls(
            **{**own, "conclusion": tuple(own["conclusion"]), "caveats": tuple(own["caveats"])},
            tables=tuple(Table(**{**each, "rows": tuple(each["rows"])}) for each in saved["tables"]),
            plots=tuple(
                Plot(**{**each, "series": tuple(Series(**_tuples(one)) for one in each["series"])})
                for each in saved["plots"]
            ),
            figures={name: saved[name] for name in saved["figures"]},
        )


def interval_cells(name: str, interval: Interval) -> dict[str, Cell]:
    """Three cells of a row: `name`, `name_low` and `name_high`."""
    said = interval.as_json()
    return {name: said["mean"], f"{name}_low": said["low"], f"{name}_high": said["high"]}


def interval_columns(name: str, title: str) -> dict[str, str]:
    """The columns of those cells, with their headings."""
    return {name: title, f"{name}_low": "from", f"{name}_high": "to"}


def _tuples(series: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if name == "name" else tuple(value) for name, value in series.items()}
