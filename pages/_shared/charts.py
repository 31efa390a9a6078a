"""Colour, glyph and pattern of every component, for cards and theme too, and Plotly charts in the colours of the theme.

All three tell components apart, for colour-blind readers too; `tests/pages/test_palette.py` measures it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from recsys.settings import COMPONENTS

SURFACE = {"light": "#FFFFFF", "dark": "#1B2124"}
"""Background of cards and charts, by theme."""

INK = {"light": "#1F2A2C", "dark": "#E9E6DE"}
MUTED = {"light": "#5C6668", "dark": "#A5ADAD"}
GRID = {"light": "#E2DED3", "dark": "#333C40"}
ACCENT = {"light": "#1E5B4F", "dark": "#86C9B6"}
ON_ACCENT = {"light": "#FFFFFF", "dark": "#10211C"}


@dataclass(frozen=True, slots=True)
class ComponentLook:
    """How one component looks and what it asks; `pattern` is a CSS background over the colour, "none" for plain."""

    label: str
    glyph: str
    light: str
    dark: str
    pattern: str
    question: str

    @property
    def name(self) -> str:
        """Glyph and label, as choices and headings show them."""
        return f"{self.glyph} {self.label}"

    def colour(self, theme: str) -> str:
        """Hex colour for "light" or "dark"."""
        return self.dark if theme == "dark" else self.light


_STRIPE = "light-dark(rgb(255 255 255 / .45), rgb(0 0 0 / .3))"

LOOKS: Mapping[str, ComponentLook] = {
    "collaborative": ComponentLook(
        "Collaborative", "●", "#294092", "#6E90DF", "none", "What did shoppers with similar habits choose?"
    ),
    "content": ComponentLook(
        "Content",
        "■",
        "#BD831C",
        "#EDBF6B",
        f"repeating-linear-gradient(135deg, {_STRIPE} 0 1.5px, transparent 1.5px 6px)",
        "Which products resemble what they already like?",
    ),
    "semantic": ComponentLook(
        "Semantic",
        "◆",
        "#8C2F58",
        "#CE5C85",
        f"radial-gradient({_STRIPE} 1.2px, transparent 1.4px) 0 0 / 6px 6px",
        "Whose words fit the words of this shopper?",
    ),
    "context": ComponentLook(
        "Context",
        "▲",
        "#3F9A93",
        "#A9E0DA",
        f"repeating-linear-gradient(90deg, {_STRIPE} 0 1.5px, transparent 1.5px 5px)",
        "What is wanted at this moment, in this place?",
    ),
}

assert tuple(LOOKS) == COMPONENTS


def css_variables() -> str:
    """Custom properties for the stylesheet: `--sw-<component>`, `--sw-<component>-pattern`, and the shared tones."""
    lines = [f"--sw-{name}: light-dark({look.light}, {look.dark});" for name, look in LOOKS.items()]
    lines += [f"--sw-{name}-pattern: {look.pattern};" for name, look in LOOKS.items()]
    tones = {"surface": SURFACE, "ink": INK, "muted": MUTED, "line": GRID, "accent": ACCENT, "on-accent": ON_ACCENT}
    lines += [f"--sw-{name}: light-dark({tone['light']}, {tone['dark']});" for name, tone in tones.items()]
    return ":root {\n  " + "\n  ".join(lines) + "\n}\n"


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
