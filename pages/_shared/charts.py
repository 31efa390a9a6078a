"""Plotly charts: titled, in the colours of the theme that is on, without Plotly's tool bar."""

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages._shared.palette import GRID, INK, MUTED


def theme() -> str:
    """ "dark" or "light", as the visitor sees the app."""
    return "dark" if st.context.theme.type == "dark" else "light"


def show_chart(figure: go.Figure, alt: str, *, key: str, **more: Any) -> None:
    """Draw a chart in its own colours and without Plotly's tool bar; `alt` is what a screen reader says of it."""
    st.plotly_chart(figure, theme=None, config={"displayModeBar": False}, alt=alt, key=key, **more)


def framed(title: str, tone: str) -> dict[str, Any]:
    """What every chart has in common, as arguments of a figure's layout: title, colours, type, nothing to drag."""
    return {
        "title": {
            "text": title,
            "x": 0,
            "xanchor": "left",
            "y": 0.97,
            "yanchor": "top",
            "font": {"size": 16, "color": INK[tone], "weight": 600},
        },
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": INK[tone], "size": 13, "family": "Source Sans, sans-serif"},
        "dragmode": False,
    }


def laid_out(figure: go.Figure, tone: str, title: str, x: str, y: str, **more: Any) -> go.Figure:
    """A figure with its title and its axes' names, which may say more of the layout."""
    axis = {"gridcolor": GRID[tone], "automargin": True, "title_font": {"size": 12.5, "color": MUTED[tone]}}
    layout = {
        **framed(title, tone),
        "xaxis": {**axis, "title_text": x, "showgrid": False},
        "yaxis": {**axis, "title_text": y},
        "hoverlabel": {"namelength": -1},
    }
    return figure.update_layout(layout).update_layout(more)
