"""Plots of a result as Plotly figures: titled, axes named, intervals as bars; colours are up to whoever shows them."""

from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from recsys.studies.result import Plot, Series

COLOURS = ("#1b5e4f", "#a8442f", "#2b3f9e", "#b9831f", "#7a2f6b")
SYMBOLS = ("circle", "diamond-open", "square", "triangle-up-open", "x", "star-open")
DASHES = ("solid", "dash", "dot", "dashdot")
MOST_TICKS = 8
LONGEST_LINE = 26


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
