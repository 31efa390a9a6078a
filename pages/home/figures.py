"""Charts of the home page: axes named with units."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from pages._shared.charts import laid_out
from pages._shared.palette import ACCENT, MUTED

_HEIGHT = 290


def ratings(counts: Mapping[float, int], tone: str) -> go.Figure:
    """Number of reviews by stars, with its share of all in words at every bar."""
    stars = sorted(counts)
    n = [counts[star] for star in stars]
    whole = sum(n) or 1
    bars = go.Bar(
        x=[f"{star:g} ★" for star in stars],
        y=n,
        text=[f"{value / whole:.0%}" for value in n],
        textposition="outside",
        textangle=0,
        constraintext="none",
        cliponaxis=False,
        marker_color=ACCENT[tone],
        hovertemplate="%{x}: %{y:,} reviews<extra></extra>",
    )
    return _laid_out(go.Figure(bars), tone, "How products are rated", "Rating", "Reviews")


def activity(months: pd.DataFrame, tone: str) -> go.Figure:
    """Events and reviews by month; reviews on an axis of their own would mislead, so both share one, from 0."""
    figure = go.Figure()
    for column, name, colour, dash in (
        ("events", "Events", ACCENT[tone], "solid"),
        ("reviews", "Reviews", MUTED[tone], "dot"),
    ):
        if months[column].sum():
            figure.add_scatter(
                x=months["month"],
                y=months[column],
                name=name,
                mode="lines+markers" if len(months) < 40 else "lines",
                line={"color": colour, "width": 2.5, "dash": dash},
                marker={"size": 5},
                hovertemplate="%{x|%B %Y}: %{y:,} " + name.lower() + "<extra></extra>",
            )
    laid_out = _laid_out(figure, tone, "Activity over time", "Month", "Number a month")
    return laid_out.update_layout(legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.14})


def categories(table: pd.DataFrame, tone: str, n: int = 10) -> go.Figure:
    """The categories that shoppers chose most, most wanted on top."""
    top = table.head(n).iloc[::-1]
    rated = [f"{value:.1f} ★" if pd.notna(value) else "not rated" for value in top["mean_rating"]]
    bars = go.Bar(
        x=top["n_interactions"],
        y=[_short(name) for name in top["category"]],
        orientation="h",
        marker_color=ACCENT[tone],
        text=rated,
        textposition="outside",
        cliponaxis=False,
        textfont={"size": 12, "color": MUTED[tone]},
        customdata=top["n_items"],
        hovertemplate="%{y}: %{x:,} choices of %{customdata:,} products, %{text}<extra></extra>",
    )
    figure = _laid_out(
        go.Figure(bars),
        tone,
        "Most chosen categories, and their rating",
        "Choices (bought, or rated well)",
        "",
    )
    return figure.update_layout(
        height=60 + 30 * max(len(top), 4),
        yaxis={"showgrid": False, "ticksuffix": " "},
        xaxis={"showgrid": True, "tickformat": ",d", "range": [0, 1.2 * max(top["n_interactions"].max(), 1)]},
    )


def _short(name: str, most: int = 24) -> str:
    # Plotly reads a little HTML in labels; a category's name must stay text.
    plain = name.replace("&", "&amp;").replace("<", "&lt;")
    return plain if len(name) <= most else _short(name[: most - 1] + "…", most)


def _laid_out(figure: go.Figure, tone: str, title: str, x: str, y: str) -> go.Figure:
    return laid_out(
        figure,
        tone,
        title,
        x,
        y,
        xaxis={"zeroline": False},
        yaxis={"zeroline": False, "rangemode": "tozero", "tickformat": ",d" if y else None},
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 52, "b": 8},
        bargap=0.32,
    )
