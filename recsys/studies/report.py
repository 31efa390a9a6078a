"""Results as people see and keep them: plots, one self-contained HTML page, and a folder of JSON and CSV.

The page holds all that is needed to check and repeat them; data are escaped.
"""

import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

import recsys
from recsys.errors import InputError
from recsys.files import replace_file, require_writable
from recsys.studies.format import command, table_csv, written
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Plot, Result, Series, Table

_FILE = "report.html"
COLOURS = ("#1b5e4f", "#a8442f", "#2b3f9e", "#b9831f", "#7a2f6b")
SYMBOLS = ("circle", "diamond-open", "square", "triangle-up-open", "x", "star-open")
DASHES = ("solid", "dash", "dot", "dashdot")
MOST_TICKS = 8
LONGEST_LINE = 26

PACKAGES = ("numpy", "scipy", "pandas", "numba", "torch", "sentence-transformers", "lightfm-next", "optuna")

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 3rem; border-top: 1px solid #8884; padding-top: 1.5rem; }
.sw-quiet, .sw-note { opacity: .75; } table { border-collapse: collapse; font-size: .85rem; }
.sw-experiment-wide { overflow-x: auto; } code { background: #8882; padding: .1rem .3rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; white-space: nowrap; }
td.sw-num { text-align: right; font-variant-numeric: tabular-nums; }
li { margin: .25rem 0; } .plot { background: #fff; border-radius: .5rem; margin: 1rem 0; }
"""

_START = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Experiments</title>"
)


def figure(plot: Plot, colours: tuple[str, ...] = COLOURS) -> go.Figure:
    """One chart; series are told apart by symbol and dash as well as by colour."""
    drawn = go.Figure()
    by_name = any(one.x and isinstance(one.x[0], str) for one in plot.series)
    for number, one in enumerate(plot.series):
        colour, is_line = colours[number % len(colours)], plot.kind == "line" and len(one.x) > 1
        if is_line:
            look = {"mode": "lines+markers", "line": {"color": colour, "dash": DASHES[number % len(DASHES)]}}
        else:
            marker = {"color": colour, "symbol": SYMBOLS[number % len(SYMBOLS)], "size": 10}
            look = {"mode": "markers", "orientation": "h" if by_name else "v", "marker": marker}
        turned = by_name and not is_line
        x, y = (one.y, one.x) if turned else (one.x, one.y)
        drawn.add_scatter(x=x, y=y, name=one.name, **look, **_error(one, "error_x" if turned else "error_y"))
    titles, logs = (plot.x_title, plot.y_title), (plot.x_log, plot.y_log)
    (x_title, y_title), (x_log, y_log) = (titles[::-1], logs[::-1]) if by_name else (titles, logs)
    drawn.update_layout(
        title={"text": plot.title, "x": 0, "xanchor": "left"},
        xaxis={"title": x_title, "zeroline": plot.zero, "zerolinewidth": 2},
        yaxis={"title": {"text": y_title, "standoff": 16}, "automargin": True},
        legend={"orientation": "h", "x": 0, "xref": "container", "y": 0, "yref": "container"},
        showlegend=len(plot.series) > 1,
        height=420,
        margin={"l": 10, "r": 20, "t": 60, "b": 60},
    )
    if by_name:
        _write_names(drawn, plot)
    if x_log:
        # Ticks at the values themselves where they are few, as sizes are.
        values = sorted({x for one in plot.series for x in one.x})
        drawn.update_xaxes(type="log", tickvals=values if len(values) <= MOST_TICKS else None)
    if y_log:
        drawn.update_yaxes(type="log", dtick=1, exponentformat="none")
    return drawn


def _write_names(drawn: go.Figure, plot: Plot) -> None:
    """Every name written out, long ones over several lines, so that a narrow screen leaves room for the points.

    Points of one name stand below one another, so that no interval hides another.
    """
    names = list(dict.fromkeys(str(name) for one in plot.series for name in one.x))
    lines = {name: wrap(name, LONGEST_LINE) or [name] for name in names}
    n_points = {name: sum(name in one.x for one in plot.series) for name in names}
    height = max(300, 120 + sum(max(14 + 13 * n_points[name], 8 + 18 * len(lines[name])) for name in names))
    drawn.update_layout(scattermode="group", scattergap=0.4, height=height)
    text = ["<br>".join(each) for each in lines.values()]
    drawn.update_yaxes(autorange="reversed", type="category", tickvals=names, ticktext=text)


def _error(one: Series, axis: str) -> dict[str, Any]:
    """Bars from low to high; a point without an interval has none."""
    if not one.low or not one.high:
        return {}
    ends = zip(one.y, one.low, one.high, strict=True)
    bars = [(y - low, high - y) if None not in (y, low, high) else (0.0, 0.0) for y, low, high in ends]  # type: ignore[operator]
    down, up = zip(*bars, strict=True) if bars else ((), ())
    return {axis: {"type": "data", "symmetric": False, "array": list(up), "arrayminus": list(down)}}


def is_report(path: Path) -> bool:
    """Whether a file is a report that `report_html` made."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_START) + len(_STYLE) + 1000).decode("utf-8", "replace")
    except OSError:
        return False
    return start.startswith(_START) and "by Shelfwise " in start


Drawn = dict[tuple[str, bool], str]
"""Sections of the report, by experiment and whether the section brings the plotting library."""


def report_html(results: Sequence[Result], failed: Mapping[str, str], drawn: Drawn | None = None) -> str:
    """The report of several experiments on one data folder; `failed` ones could not be run on it, with the reason.

    Sections in `drawn` are taken from there, the others are put there.
    """
    at = datetime.now(UTC).strftime("%-d %B %Y, %H:%M UTC")
    data = results[0].data if results else {}
    contents = (
        f'<li><a href="#{escape(each.experiment)}">{escape(_title(each.experiment))}</a>: '
        f"{escape(each.conclusion[0] if each.conclusion else '')}</li>"
        for each in results
    )
    left = f"<p>{len(failed)} could not be run on these data; the reasons stand at the end.</p>" if failed else ""
    missing = "".join(f"<li><b>{escape(_title(name))}</b>: {escape(why)}</li>" for name, why in failed.items())
    first = next((number for number, each in enumerate(results) if each.plots), 0)
    drawn, sections = {} if drawn is None else drawn, []
    for number, each in enumerate(results):
        key = each.experiment, number == first
        if key not in drawn:
            drawn[key] = _section(each, with_library=number == first)
        sections.append(drawn[key])
    parts = (
        f"<h1>Experiments on {escape(str(data.get('name', 'no data')))}</h1>",
        f'<p class="sw-quiet">Made on {at} by Shelfwise {escape(recsys.__version__)}. {_facts(data)}</p>',
        f"<ul>{''.join(contents)}</ul>{left}",
        *sections,
        f"<h2>Not on these data</h2><ul>{missing}</ul>" if failed else "",
        f'<h2>Made with</h2><p class="sw-quiet">{escape(_environment())}.</p>',
    )
    return f"{_START}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"


def table_html(table: Table, text: Callable[[str], str] = escape, most_rows: int | None = None) -> str:
    """A table with its note, values over their intervals.

    `text` makes HTML of what may come from the data; rows beyond `most_rows` are left out, which the note says.
    """
    head = "".join(f'<th scope="col">{escape(table.columns[name])}</th>' for name in table.visible)
    rows = []
    for row in table.rows[:most_rows]:
        cells = []
        for name in table.visible:
            value, ends = written(name, row)
            if isinstance(row.get(name), str):
                cells.append(f"<td>{text(value)}</td>")
            else:
                interval = f' <span class="sw-quiet">{escape(ends)}</span>' if ends else ""
                cells.append(f'<td class="sw-num">{escape(value)}{interval}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    is_cut = len(rows) < len(table.rows)
    more = f"The first {len(rows)} of {len(table.rows)} rows; the table holds all." if is_cut else ""
    return (
        f'<div class="sw-experiment-wide"><table class="sw-experiment-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        + "".join(f'<p class="sw-note">{escape(note)}</p>' for note in (table.note, more) if note)
    )


def _section(result: Result, *, with_library: bool) -> str:
    points, caveats = (
        "".join(f"<li>{escape(each)}</li>" for each in some) for some in (result.conclusion, result.caveats)
    )
    experiment = EXPERIMENTS.get(result.experiment)
    plots = (
        figure(plot)
        .update_layout(template="plotly_white")
        .to_html(full_html=False, include_plotlyjs=with_library and not number, config={"displayModeBar": False})
        for number, plot in enumerate(result.plots)
    )
    return (
        f'<section id="{escape(result.experiment)}"><h2>{escape(_title(result.experiment))}</h2>'
        + (f'<p class="sw-quiet">{escape(experiment.question)}</p>' if experiment else "")
        + f"<h3>What it comes to</h3><ul>{points}</ul>"
        + "".join(f'<div class="plot">{each}</div>' for each in plots)
        + "".join(f"<h3>{escape(each.title)}</h3>{table_html(each)}" for each in result.tables)
        + f"<h3>What was done</h3><p>{escape(result.protocol)}</p>"
        + (f"<h3>What the figures do not say</h3><ul>{caveats}</ul>" if caveats else "")
        + f"<p>Again: <code>{escape(command(result))}</code> "
        f'<span class="sw-quiet">({result.seconds:,.0f} s)</span></p></section>'
    )


def _facts(data: Mapping[str, object]) -> str:
    names = {"n_items": "products", "n_users": "shoppers", "n_reviews": "reviews", "n_positives": "positives"}
    counts = ", ".join(
        f"{value:,} {title}" for name, title in names.items() if isinstance(value := data.get(name), int)
    )
    return escape(f"{counts}; fingerprint {str(data.get('fingerprint', ''))[:16]}." if counts else "")


def _environment() -> str:
    found = []
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return f"Python {platform.python_version()} on {platform.machine()}; {', '.join(found)}"


def _title(name: str) -> str:
    return EXPERIMENTS[name].title if name in EXPERIMENTS else name.capitalize()


def require_results_folder(folder: Path, names: Iterable[str]) -> None:
    """Raise InputError unless results of these experiments can be kept here without replacing anything else.

    A result that is there already names its tables; where there is none, no table of its name may be there either.
    """
    require_writable(folder, "the results")
    own = _own(folder)
    wanted = {_FILE}
    for name in names:
        wanted.add(f"{name}.json")
        if f"{name}.json" not in own:
            wanted |= {path.name for path in folder.glob(f"{name}-*.csv")}
    _require_own(folder, wanted - own)


def write_results(
    folder: Path, results: Sequence[Result], failed: Mapping[str, str] | None = None, drawn: Drawn | None = None
) -> None:
    """Write all results; each file is replaced in one step, so whoever is stopped leaves whole ones.

    Whoever writes again after each result passes the same `drawn`, empty at first: what is in it was drawn and written.

    Raises InputError where the folder cannot be written to, or holds other files of the same names.
    """
    texts, old = {}, {name for name, _ in drawn or {}}
    for result in results:  # the document comes first: it says which tables are its own
        if result.experiment in old:
            continue
        texts[f"{result.experiment}.json"] = json.dumps(result.as_json(), indent=1)
        texts |= {f"{result.experiment}-{table.name}.csv": table_csv(table) for table in result.tables}
    texts[_FILE] = report_html(results, failed or {}, drawn)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_own(folder, texts.keys() - _own(folder))
        for name, text in texts.items():
            replace_file(folder / name, text.encode())
    except OSError as problem:
        raise InputError(f"{folder}: results cannot be kept there ({problem.strerror}); choose another --out") from None


def read_results(folder: Path) -> dict[str, Result]:
    """Results that were kept, by experiment; what cannot be read, or was written by another version, is left out."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        if (result := _read(path)) is not None:
            found[result.experiment] = result
    return found


def _own(folder: Path) -> set[str]:
    """Names of the files of a folder that experiments wrote: results, their tables, the report; never a link."""
    own = {_FILE} if is_report(folder / _FILE) else set()
    for path in folder.glob("*.json"):
        result = _read(path)
        if result is not None and path.name == f"{result.experiment}.json":
            own |= {path.name, *(f"{result.experiment}-{table.name}.csv" for table in result.tables)}
    return {name for name in own if not (folder / name).is_symlink()}


def _require_own(folder: Path, others: Iterable[str]) -> None:
    for name in sorted(others):
        if (folder / name).exists() or (folder / name).is_symlink():
            raise InputError(
                f"{folder} holds {name}, which no experiment wrote and which would be replaced; choose another --out, "
                "or move it away"
            )


def _read(path: Path) -> Result | None:
    try:
        return Result.from_json(json.loads(path.read_text()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
