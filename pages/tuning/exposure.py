"""What gains and loses exposure: categories as bars to either side of no change, and products as ranked lists."""

from collections.abc import Sequence

import plotly.graph_objects as go

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages._shared.charts import framed
from pages._shared.palette import INK, SURFACE
from pages._shared.words import signed
from pages.tuning import chart_parts
from recsys.tuning.exposure import CategoryShown, ProductShown

N_CATEGORIES = 12
N_FIRST, N_MORE = 6, 24
_LONGEST = 22
MORE, LESS = {"light": "#2C5AA0", "dark": "#7FA8E8"}, {"light": "#B3591E", "dark": "#E59A62"}
"""Told apart by those who see few colours; what loses is hatched as well."""

NO_CATEGORY_HTML = (
    '<h2 class="sw-chart-title">Categories: places won and lost</h2>'
    '<p class="sw-note">Every category has as many places with A as with B.</p>'
)
"""Where no category changes."""


def most_changed(found: Sequence[CategoryShown], n: int = N_CATEGORIES) -> list[CategoryShown]:
    """The categories whose places change most, the greatest winner first."""
    changed = sorted((each for each in found if each.change), key=lambda each: -abs(each.change))
    return sorted(changed[:n], key=lambda each: -each.change)


def category_figure(categories: Sequence[CategoryShown], tone: str) -> go.Figure:
    """The chart; categories stand by number, because two of them may be cut to the same name."""
    rows = list(range(len(categories)))[::-1]
    changes = [each.change for each in categories]
    hatching = {
        "shape": ["" if change > 0 else "/" for change in changes],
        "fgcolor": SURFACE[tone],
        "fgopacity": 0.45,
        "size": 5,
        "fillmode": "overlay",
    }
    bars = go.Bar(
        x=changes,
        y=rows,
        orientation="h",
        marker={"color": [(MORE if change > 0 else LESS)[tone] for change in changes], "pattern": hatching},
        text=[signed(change, 0) for change in changes],
        textposition="outside",
        textfont={"size": 12, "color": INK[tone]},
        cliponaxis=False,
        hovertext=list(map(_hover, categories)),
        hovertemplate="%{hovertext}<extra></extra>",
    )
    low, high = min(0, *changes), max(0, *changes)
    room = 0.24 * (high - low)  # for the numbers at the ends of the bars
    return go.Figure(bars).update_layout(
        **framed("Categories: places won and lost", tone),
        xaxis=chart_parts.axis(
            tone,
            title_text="Places on all lists together, B less A",
            range=[low - (room if low else 0), high + (room if high else 0)],
            zeroline=True,
            zerolinecolor=INK[tone],
            tickformat=",d",
            nticks=5,
        ),
        yaxis=chart_parts.axis(
            tone,
            showgrid=False,
            tickvals=rows,
            ticktext=[_plain(each.category) for each in categories],
            ticksuffix=" ",
            range=[-0.6, len(categories) - 0.4],
        ),
        height=96 + 26 * max(len(categories), 3),
        margin={"l": 4, "r": 8, "t": 48, "b": 8},
        bargap=0.3,
        showlegend=False,
    )


def category_text(categories: Sequence[CategoryShown]) -> str:
    """What a screen reader says of the chart."""
    changes = ", ".join(f"{each.category or 'no category'} {signed(each.change, 0)}" for each in categories)
    return f"Places on all lists that categories win or lose with B: {changes}"


def _hover(each: CategoryShown) -> str:
    return (
        f"{_plain(each.category, 999)}<br>{each.places_a:,} → {each.places_b:,} places<br>"
        f"on the lists of {each.lists_a:,} → {each.lists_b:,} shoppers<br>"
        f"{each.products_a:,} → {each.products_b:,} of its {each.n_items:,} products shown"
    )


def _plain(category: str, longest: int = _LONGEST) -> str:
    return chart_parts.plain(category, longest) or "no category"


def products_html(title: str, products: Sequence[ProductShown], n_shoppers: int) -> str:
    """A ranked list, the product that changes most first, of which more opens on a click."""
    head = (
        f'<h2 class="sw-chart-title">{esc(title)} <span class="sw-quiet">{words.count(len(products), "product")}</span>'
        "</h2>"
    )
    if not products:
        return f'{head}<p class="sw-note">None.</p>'
    rows = [_product(rank, each, n_shoppers) for rank, each in enumerate(products[: N_FIRST + N_MORE], 1)]
    listed = f'<ol class="sw-shown" aria-label="{esc(title)}">{"".join(rows[:N_FIRST])}</ol>'
    if more := rows[N_FIRST:]:
        rest = len(products) - len(rows)
        others = (
            f'<p class="sw-note">and {words.count(rest, "other")}; the tables to download hold all</p>' if rest else ""
        )
        listed += (
            f'<details class="sw-more"><summary>{len(more):,} more</summary>'
            f'<ol class="sw-shown" start="{N_FIRST + 1}">{"".join(more)}</ol>{others}</details>'
        )
    return head + listed


def _product(rank: int, each: ProductShown, n: int) -> str:
    facts = [isolated(each.product.category or "no category")]
    if each.in_long_tail:
        facts.append('<span title="Outside the bestsellers that hold 80% of all choices">rarely chosen</span>')
    return (
        f'<li data-item="{esc(each.product.item_id)}"><span class="sw-shown-place">{rank}</span>'
        f'<span class="sw-shown-title" title="{esc(each.product.title)}">{isolated(each.product.title)}'
        f'<span class="sw-by">{" · ".join(facts)}</span></span>'
        f'<span class="sw-shown-lists">{each.lists_a:,} → <strong>{each.lists_b:,}</strong> lists'
        f'<span class="sw-by">{esc(words.share(each.lists_a / n))} → {esc(words.share(each.lists_b / n))} of shoppers'
        "</span></span></li>"
    )
