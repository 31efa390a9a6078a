"""Plots of a result as Plotly figures: titled, axes named, intervals as bars; colours are up to whoever shows them."""

from textwrap import wrap

import plotly.graph_objects as go

from recsys.studies.result import Plot, Series

SYMBOLS = ("circle", "diamond-open", "square", "triangle-up-open", "x", "star-open")
MOST_TICKS = 8
LONGEST_LINE = 26
"""Characters of a name in one line."""
DASHES = ("solid", "dash", "dot", "dashdot")


def figure(plot: Plot, colours: tuple[str, ...] = ("#1b5e4f", "#a8442f", "#2b3f9e", "#b9831f", "#7a2f6b")) -> go.Figure:
    """One chart; series are told apart by symbol and dash as well as by colour."""
    drawn = go.Figure()
    names_across = any(one.x and isinstance(one.x[0], str) for one in plot.series)
    for place, one in enumerate(plot.series):
        colour = colours[place % len(colours)]
        if plot.kind == "line" and len(one.x) > 1:
            _line(drawn, one, colour, DASHES[place % len(DASHES)])
        else:
            _points(drawn, one, colour, SYMBOLS[place % len(SYMBOLS)], turned=names_across)
    x, y = (plot.y_title, plot.x_title) if names_across else (plot.x_title, plot.y_title)
    x_log, y_log = (plot.y_log, plot.x_log) if names_across else (plot.x_log, plot.y_log)
    drawn.update_layout(
        title={"text": plot.title, "x": 0, "xanchor": "left"},
        xaxis={"title": x, "zeroline": plot.zero, "zerolinewidth": 2},
        yaxis={
            "title": {"text": y, "standoff": 16},
            "automargin": True,
            **(_name_ticks(plot) if names_across else {}),
        },
        legend={"orientation": "h", "x": 0, "xref": "container", "y": 0, "yref": "container"},
        showlegend=len(plot.series) > 1,
        height=_height(plot) if names_across else 420,
        margin={"l": 10, "r": 20, "t": 60, "b": 60},
    )
    if names_across:
        # Points of one name stand below one another, so that no interval hides another.
        drawn.update_layout(scattermode="group", scattergap=0.4)
    if x_log:
        drawn.update_xaxes(type="log", **_ticks(plot))
    if y_log:
        drawn.update_yaxes(type="log", dtick=1, exponentformat="none")
    return drawn


def _ticks(plot: Plot) -> dict[str, object]:
    """Ticks of an axis of equal ratios: at the values themselves where they are few, as sizes are."""
    values = sorted({x for one in plot.series for x in one.x})
    return {"tickvals": values} if len(values) <= MOST_TICKS else {}


def _names(plot: Plot) -> dict[str, int]:
    """Every name across, and in how many series it stands."""
    return {str(name): sum(name in one.x for one in plot.series) for one in plot.series for name in one.x}


def _lines(name: str) -> list[str]:
    return wrap(name, LONGEST_LINE) or [name]


def _name_ticks(plot: Plot) -> dict[str, object]:
    """Every name written out, long ones over several lines, so that a narrow screen leaves room for the points."""
    names = list(_names(plot))
    written = ["<br>".join(_lines(name)) for name in names]
    return {"autorange": "reversed", "type": "category", "tickvals": names, "ticktext": written}


def _height(plot: Plot) -> int:
    """Room for every name, and for a point of each series below it."""
    return max(300, 120 + sum(max(14 + 13 * n, 8 + 18 * len(_lines(name))) for name, n in _names(plot).items()))


def _points(drawn: go.Figure, one: Series, colour: str, symbol: str, *, turned: bool) -> None:
    error = _error(one)
    drawn.add_scatter(
        x=one.y if turned else one.x,
        y=one.x if turned else one.y,
        name=one.name,
        mode="markers",
        orientation="h" if turned else "v",
        marker={"color": colour, "symbol": symbol, "size": 10},
        **({"error_x" if turned else "error_y": error} if error else {}),
    )


def _line(drawn: go.Figure, one: Series, colour: str, dash: str) -> None:
    error = _error(one)
    drawn.add_scatter(
        x=one.x,
        y=one.y,
        name=one.name,
        mode="lines+markers",
        line={"color": colour, "dash": dash},
        **({"error_y": error} if error else {}),
    )


def _error(one: Series) -> dict[str, object]:
    """Bars from low to high; a point without an interval has none."""
    if not one.low or not one.high:
        return {}
    ends = zip(one.y, one.low, one.high, strict=True)
    told = [(y - low, high - y) if None not in (y, low, high) else (0.0, 0.0) for y, low, high in ends]  # type: ignore[operator]
    return {
        "type": "data",
        "symmetric": False,
        "array": [up for _, up in told],
        "arrayminus": [down for down, _ in told],
    }
