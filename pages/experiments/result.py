"""One result: its conclusion, plots and tables, and exactly what was done."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, words
from pages._shared.cards import esc, isolated
from pages._shared.palette import ACCENT, GRID, LOOKS, MUTED
from recsys.studies.format import command, table_csv
from recsys.studies.plots import figure
from recsys.studies.report import table_html
from recsys.studies.result import Plot, Result, Table

_MOST_ROWS = 40
_MOST_OPEN = 20
"""Rows; a longer table is folded."""


def show(result: Result, tone: str) -> None:
    """A finished experiment."""
    first, *rest = result.conclusion
    with st.container(key="chart_conclusion"):
        st.html(
            f'<h2 class="sw-eyebrow">What it comes to</h2><p class="sw-finding" role="status">{isolated(first)}</p>'
            f"{_points(rest)}"
        )
    for side_by_side in _rows(result.plots):
        for column, plot in zip(st.columns(len(side_by_side)), side_by_side, strict=True):
            with column, st.container(key=f"chart_{result.experiment}_{plot.name}"):
                st.html(f'<h2 class="sw-chart-title">{esc(plot.title)}</h2>')
                alt = f"{plot.title}: {plot.y_title} by {plot.x_title}"
                charts.show(_drawn(plot, tone), alt, key=f"{result.experiment}_{plot.name}")
    for place, table in enumerate(result.tables):
        with st.container(key=f"chart_table_{result.experiment}_{table.name}"):
            if place == 0 and len(table.rows) <= _MOST_OPEN:
                st.html(f'<h2 class="sw-chart-title">{esc(table.title)}</h2>')
                _table(result.experiment, table)
            else:
                with st.expander(table.title):
                    _table(result.experiment, table)
    with st.container(key="chart_done"):
        caveats = f'<h3 class="sw-eyebrow">What the figures do not say</h3>{_points(result.caveats)}'
        st.html(
            '<h2 class="sw-chart-title">What was done</h2>'
            f'<p class="sw-experiment-text">{isolated(words.sentence(result.protocol))}</p>'
            f"{caveats if result.caveats else ''}"
            f'<p class="sw-note">Again: <code>{esc(command(result))}</code>; took {words.duration(result.seconds)}.</p>'
        )


def _points(lines: Sequence[str]) -> str:
    return f'<ul class="sw-points">{"".join(f"<li>{isolated(each)}</li>" for each in lines)}</ul>'


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
    axis = {"gridcolor": GRID[tone], "zerolinecolor": MUTED[tone], "title_font": {"color": MUTED[tone], "size": 12.5}}
    drawn = figure(plot, (ACCENT[tone], *(look.colour(tone) for look in LOOKS.values())))
    drawn.update_xaxes(**axis, automargin=True).update_yaxes(**axis)
    return drawn.update_layout(
        **{**charts.framed("", tone), "title": None, "margin": {"l": 8, "r": 16, "t": 12, "b": 72}}
    )


def _table(experiment: str, table: Table) -> None:
    st.html(table_html(table, isolated, _MOST_ROWS))
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
