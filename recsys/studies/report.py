"""One page that a sceptic can check and make again: protocol, figures with intervals, plots, tables, commands.

Self-contained: it loads nothing from anywhere. Everything that comes from data is escaped.
"""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import recsys
from recsys.studies.format import command, written
from recsys.studies.plots import figure
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Cell, Result, Table

PACKAGES = ("numpy", "scipy", "pandas", "numba", "torch", "sentence-transformers", "lightfm-next", "optuna")

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 3rem; border-top: 1px solid #8884; padding-top: 1.5rem; }
.quiet { opacity: .75; } table { border-collapse: collapse; font-size: .85rem; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; white-space: nowrap; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } code { background: #8882; padding: .1rem .3rem; }
li { margin: .25rem 0; } .plot { background: #fff; border-radius: .5rem; margin: 1rem 0; }
"""


_START = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Experiments</title>"
)


def is_report(path: Path) -> bool:
    """Whether a file is a report that `report_html` made."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_START) + len(_STYLE) + 1000).decode("utf-8", "replace")
    except OSError:
        return False
    return start.startswith(_START) and "by Shelfwise " in start


def report_html(results: Sequence[Result], failed: Mapping[str, str], made_at: datetime | None = None) -> str:
    """The report of several experiments on one data folder.

    Parameters
    ----------
    failed : experiments that could not be run on these data, with the reason
    """
    at = (made_at or datetime.now(UTC)).strftime("%-d %B %Y, %H:%M UTC")
    data = results[0].data if results else {}
    parts = [
        f"<h1>Experiments on {escape(str(data.get('name', 'no data')))}</h1>",
        f'<p class="quiet">Made on {at} by Shelfwise {escape(recsys.__version__)}. {_facts(data)}</p>',
        _contents(results, failed),
    ]
    needs_library = True
    for each in results:
        drawn = []
        for plot in each.plots:
            chart = figure(plot).update_layout(template="plotly_white")
            inside = chart.to_html(full_html=False, include_plotlyjs=needs_library, config={"displayModeBar": False})
            drawn.append(f'<div class="plot">{inside}</div>')
            needs_library = False
        parts.append(_section(each, drawn))
    if failed:
        rows = "".join(f"<li><b>{escape(_title(name))}</b>: {escape(why)}</li>" for name, why in failed.items())
        parts.append(f"<h2>Not on these data</h2><ul>{rows}</ul>")
    parts.append(_environment())
    return f"{_START}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"


def _section(result: Result, drawn: Sequence[str]) -> str:
    said = "".join(f"<li>{escape(each)}</li>" for each in result.conclusion)
    caveats = "".join(f"<li>{escape(each)}</li>" for each in result.caveats)
    experiment = EXPERIMENTS.get(result.experiment)
    question = f'<p class="quiet">{escape(experiment.question)}</p>' if experiment else ""
    return (
        f'<section id="{escape(result.experiment)}"><h2>{escape(_title(result.experiment))}</h2>{question}'
        f"<h3>What it comes to</h3><ul>{said}</ul>{''.join(drawn)}{''.join(map(_table, result.tables))}"
        f"<h3>What was done</h3><p>{escape(result.protocol)}</p>"
        + (f"<h3>What the figures do not say</h3><ul>{caveats}</ul>" if caveats else "")
        + f"<p>Again: <code>{escape(command(result))}</code> "
        f'<span class="quiet">({result.seconds:,.0f} s)</span></p></section>'
    )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(table.columns[name])}</th>' for name in table.shown)
    body = "".join(f"<tr>{''.join(_cell(name, row) for name in table.shown)}</tr>" for row in table.rows)
    note = f'<p class="quiet">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<h3>{escape(table.title)}</h3><div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
        f"</table></div>{note}"
    )


def _cell(name: str, row: Mapping[str, Cell]) -> str:
    value, ends = map(escape, written(name, row))
    said = f'{value} <span class="quiet">{ends}</span>' if ends else value
    return f"<td>{said}</td>" if isinstance(row.get(name), str) else f'<td class="n">{said}</td>'


def _contents(results: Sequence[Result], failed: Mapping[str, str]) -> str:
    rows = "".join(
        f'<li><a href="#{escape(each.experiment)}">{escape(_title(each.experiment))}</a>: '
        f"{escape(each.conclusion[0] if each.conclusion else '')}</li>"
        for each in results
    )
    left = f"<p>{len(failed)} could not be run on these data; the reasons stand at the end.</p>" if failed else ""
    return f"<ul>{rows}</ul>{left}"


def _facts(data: Mapping[str, object]) -> str:
    names = {"n_items": "products", "n_users": "shoppers", "n_reviews": "reviews", "n_positives": "positives"}
    counts = ", ".join(f"{value:,} {said}" for name, said in names.items() if isinstance(value := data.get(name), int))
    return escape(f"{counts}; fingerprint {str(data.get('fingerprint', ''))[:16]}." if counts else "")


def _environment() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f'<h2>Made with</h2><p class="quiet">Python {platform.python_version()} on {escape(platform.machine())}; '
        f"{escape(', '.join(found))}.</p>"
    )


def _title(name: str) -> str:
    return EXPERIMENTS[name].title if name in EXPERIMENTS else name.capitalize()
