"""Categories that win and lose places, as bars to either side of no change."""

from collections.abc import Sequence

import plotly.graph_objects as go

from pages._shared.charts import framed
from pages._shared.palette import GRID, INK, MUTED, SURFACE
from pages._shared.words import signed
from recsys.tuning.exposure import CategoryShown

N_SHOWN = 12
_LONGEST = 22
MORE, LESS = {"light": "#2C5AA0", "dark": "#7FA8E8"}, {"light": "#B3591E", "dark": "#E59A62"}
"""Told apart by those who see few colours; what loses is hatched as well."""


def most_changed(found: Sequence[CategoryShown]) -> list[CategoryShown]:
    """The categories whose places change most, the greatest winner first."""
    changed = sorted((each for each in found if each.change), key=lambda each: -abs(each.change))
    return sorted(changed[:N_SHOWN], key=lambda each: -each.change)


def figure(shown: Sequence[CategoryShown], tone: str) -> go.Figure:
    """The chart; categories stand by number, because two of them may be cut to the same name."""
    places = list(range(len(shown)))[::-1]
    changes = [each.change for each in shown]
    bars = go.Bar(
        x=changes,
        y=places,
        orientation="h",
        marker={
            "color": [(MORE if change > 0 else LESS)[tone] for change in changes],
            "pattern": {
                "shape": ["" if change > 0 else "/" for change in changes],
                "fgcolor": SURFACE[tone],
                "fgopacity": 0.45,
                "size": 5,
                "fillmode": "overlay",
            },
        },
        text=[signed(change, 0) for change in changes],
        textposition="outside",
        textfont={"size": 12, "color": INK[tone]},
        cliponaxis=False,
        hovertext=[_said(each) for each in shown],
        hovertemplate="%{hovertext}<extra></extra>",
    )
    low, high = min(0, *changes), max(0, *changes)
    room = 0.24 * (high - low)  # for the numbers at the ends of the bars
    axis = {"zeroline": False, "automargin": True, "title_font": {"size": 12.5, "color": MUTED[tone]}}
    return go.Figure(bars).update_layout(
        **framed("Categories: places won and lost", tone),
        xaxis={
            **axis,
            "title_text": "Places on all lists together, B less A",
            "range": [low - (room if low else 0), high + (room if high else 0)],
            "zeroline": True,
            "zerolinecolor": INK[tone],
            "gridcolor": GRID[tone],
            "tickformat": ",d",
            "nticks": 5,
        },
        yaxis={
            **axis,
            "showgrid": False,
            "tickvals": places,
            "ticktext": [_label(each.category) for each in shown],
            "ticksuffix": " ",
            "range": [-0.6, len(shown) - 0.4],
        },
        height=96 + 26 * max(len(shown), 3),
        margin={"l": 4, "r": 8, "t": 48, "b": 8},
        bargap=0.3,
        showlegend=False,
    )


def in_words(shown: Sequence[CategoryShown]) -> str:
    """What a screen reader says of the chart."""
    said = ", ".join(f"{each.category or 'no category'} {signed(each.change, 0)}" for each in shown)
    return f"Places on all lists that categories win or lose with B: {said}"


def nothing_html() -> str:
    """Where no category changes."""
    return (
        '<h2 class="sw-chart-title">Categories: places won and lost</h2>'
        '<p class="sw-note">Every category has as many places with A as with B.</p>'
    )


def _said(each: CategoryShown) -> str:
    return (
        f"{_plain(each.category)}<br>{each.places_a:,} → {each.places_b:,} places<br>"
        f"on the lists of {each.lists_a:,} → {each.lists_b:,} shoppers<br>"
        f"{each.products_a:,} → {each.products_b:,} of its {each.n_items:,} products shown"
    )


def _label(category: str) -> str:
    return _plain(category if len(category) <= _LONGEST else f"{category[: _LONGEST - 1]}…")


def _plain(category: str) -> str:
    """A name as Plotly shows it: it reads a little HTML in texts, and a name must stay text.

    >>> _plain("Candles & <b>Scents"), _plain("")
    ('Candles &amp; &lt;b>Scents', 'no category')
    """
    return category.replace("&", "&amp;").replace("<", "&lt;") or "no category"
