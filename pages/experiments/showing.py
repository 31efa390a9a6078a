"""One result: what it comes to, its plots, its tables, and exactly what was done."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, words
from pages._shared.cards import esc, isolated
from pages._shared.palette import ACCENT, GRID, LOOKS, MUTED
from recsys.studies.format import command, table_csv, written
from recsys.studies.plots import figure
from recsys.studies.result import Cell, Plot, Result, Table

_MOST_ROWS = 40
_MOST_OPEN = 20
"""Rows; a longer table is folded."""


def result(found: Result, tone: str) -> None:
    """A finished experiment."""
    first, *rest = found.conclusion
    points = "".join(f"<li>{isolated(each)}</li>" for each in rest)
    with st.container(key="chart_conclusion"):
        st.html(
            f'<h2 class="sw-eyebrow">What it comes to</h2><p class="sw-finding" role="status">{isolated(first)}</p>'
            f'<ul class="sw-points">{points}</ul>'
        )
    for side_by_side in _rows(found.plots):
        for column, plot in zip(st.columns(len(side_by_side)), side_by_side, strict=True):
            with column, st.container(key=f"chart_{found.experiment}_{plot.name}"):
                st.html(f'<h2 class="sw-chart-title">{esc(plot.title)}</h2>')
                charts.show(_drawn(plot, tone), _alt(plot), key=f"{found.experiment}_{plot.name}")
    for place, table in enumerate(found.tables):
        with st.container(key=f"chart_table_{found.experiment}_{table.name}"):
            if place == 0 and len(table.rows) <= _MOST_OPEN:
                st.html(f'<h2 class="sw-chart-title">{esc(table.title)}</h2>')
                _table(found.experiment, table)
            else:
                with st.expander(table.title):
                    _table(found.experiment, table)
    with st.container(key="chart_done"):
        st.html(_done(found))


def _rows(plots: Sequence[Plot]) -> list[list[Plot]]:
    """Curves in pairs where two or more follow one another, all else alone."""
    rows: list[list[Plot]] = []
    for plot in plots:
        before = rows[-1] if rows else []
        if plot.kind == "line" and len(before) == 1 and before[0].kind == "line":
            before.append(plot)
        else:
            rows.append([plot])
    return rows


def _drawn(plot: Plot, tone: str) -> go.Figure:
    colours = (ACCENT[tone], *(look.colour(tone) for look in LOOKS.values()))
    axis = {"gridcolor": GRID[tone], "zerolinecolor": MUTED[tone], "title_font": {"color": MUTED[tone], "size": 12.5}}
    drawn = figure(plot, colours)
    drawn.update_xaxes(**axis, automargin=True)
    drawn.update_yaxes(**axis)
    framed = {name: value for name, value in charts.framed("", tone).items() if name != "title"}
    return drawn.update_layout(**framed, title=None, margin={"l": 8, "r": 16, "t": 12, "b": 72})


def _alt(plot: Plot) -> str:
    return f"{plot.title}: {plot.y_title} by {plot.x_title}"


def _table(experiment: str, table: Table) -> None:
    head = "".join(f'<th scope="col">{esc(table.columns[name])}</th>' for name in table.shown)
    shown = table.rows[:_MOST_ROWS]
    rows = "".join(f"<tr>{''.join(_cell(name, row) for name in table.shown)}</tr>" for row in shown)
    more = len(table.rows) - len(shown)
    notes = [table.note, f"The first {len(shown)} of {len(table.rows)} rows; the table holds all." if more else ""]
    note = "".join(f'<p class="sw-note">{esc(each)}</p>' for each in notes if each)
    st.html(
        f'<div class="sw-experiment-wide"><table class="sw-experiment-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note}"
    )
    st.download_button(
        "Table (CSV)",
        lambda: table_csv(table),
        file_name=f"{experiment}-{table.name}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        key=f"csv_{experiment}_{table.name}",
        on_click="ignore",
    )


def _cell(name: str, row: Mapping[str, Cell]) -> str:
    value, ends = written(name, row)
    if isinstance(row.get(name), str):
        return f"<td>{isolated(value)}</td>"
    return f'<td class="sw-num">{esc(value)}' + (f'<span class="sw-quiet">{esc(ends)}</span>' if ends else "") + "</td>"


def _done(found: Result) -> str:
    caveats = "".join(f"<li>{isolated(each)}</li>" for each in found.caveats)
    unsaid = f'<h3 class="sw-eyebrow">What the figures do not say</h3><ul class="sw-points">{caveats}</ul>'
    protocol = isolated(words.sentence(found.protocol))
    return (
        f'<h2 class="sw-chart-title">What was done</h2><p class="sw-experiment-text">{protocol}</p>'
        f"{unsaid if caveats else ''}"
        f'<p class="sw-note">Again: <code>{esc(command(found))}</code>; took {words.duration(found.seconds)}.</p>'
    )
