"""What the home page shows of a shop: counts, coverage of text, charts, how a score is made, the model in use."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from pages._shared import words
from pages._shared.cards import definitions_html, esc, isolated, questions_html, weights_html
from pages._shared.charts import ACCENT, MUTED, laid_out
from recsys.serving.results import ModelInfo, ShopSummary


def tiles_html(info: ModelInfo) -> str:
    """The size of the shop in five numbers."""
    counts = {
        "products": info.n_items,
        "shoppers": info.n_users,
        "reviews": info.n_reviews,
        "events": info.n_events,
        "phrases read": info.n_phrases,
    }
    tiles = "".join(
        f'<li class="sw-tile"><span class="sw-tile-number">{n:,}</span><span class="sw-tile-name">{name}</span></li>'
        for name, n in counts.items()
    )
    return f'<ul class="sw-tiles" aria-label="Size of the shop">{tiles}</ul>'


def coverage_html(summary: ShopSummary, info: ModelInfo) -> str:
    """How much there is to read: shares of products and shoppers with words, and what the encoder does not read."""
    shares = {
        "Products with a review in words": summary.text_coverage,
        "Products with a description": summary.description_coverage,
        "Shoppers who wrote a review": summary.writer_share,
    }
    meters = "".join(_meter(name, share) for name, share in shares.items())
    unread = f'<p class="sw-note" style="margin:.5rem 0 0">{esc(info.unread)}</p>' if info.unread else ""
    return f'<h2 class="sw-chart-title">How much there is to read</h2>{meters}{unread}'


def _meter(name: str, share: float) -> str:
    return (
        f'<div class="sw-meter"><p class="sw-meter-line"><span>{name}</span>'
        f"<strong>{esc(words.share(share))}</strong></p>"
        f'<div class="sw-meter-track" aria-hidden="true">'
        f'<span class="sw-meter-fill" style="width:{share:.1%}"></span></div></div>'
    )


def shoppers_html(users: pd.DataFrame) -> str:
    """How many shoppers are hot, warm and cold, which says how hard the shop is to recommend for."""
    names = {"hot": "Hot: 10 choices or more", "warm": "Warm: fewer", "cold": "Cold: none yet"}
    counts = users["activity"].value_counts()
    meters = "".join(_meter(label, counts.get(name, 0) / max(len(users), 1)) for name, label in names.items())
    return f'<h2 class="sw-chart-title" style="margin-top:1.5rem">How well shoppers are known</h2>{meters}'


def score_html(info: ModelInfo) -> str:
    """How a score is made: one question a component, and the weights that this model starts from."""
    weights = weights_html(info.default_weights.normalised())
    return (
        '<h2 class="sw-chart-title">Four questions make one score</h2>'
        f"{questions_html()}"
        f'<p class="sw-note" style="margin:.8rem 0 0">{esc(info.engine_in_brief)}</p>'
        f'<p class="sw-note" style="margin:1.1rem 0 .4rem">How much each counts, until you change it:</p>{weights}'
        + (f'<p class="sw-note" style="margin:.5rem 0 0">{esc(info.learned)}</p>' if info.learned else "")
    )


def model_html(info: ModelInfo, model_id: str, shop_name: str) -> str:
    """Everything that names the model in use, and what was repaired in its data."""
    facts = {
        "Shop": isolated(shop_name),
        "Trained": esc(f"{words.day(info.trained_at)}, {info.trained_at:%H:%M} UTC"),
        "Knows until": esc(f"{words.day(info.known_until)}, {info.known_until:%H:%M} UTC"),
        "Learnt from": esc(f"{words.count(info.n_interactions, 'choice')} of {words.count(info.n_users, 'shopper')}"),
        "Reads with": esc(f"{info.encoder_id}: {info.reads}" if info.reads else info.encoder_id),
        "Collaborative engine": esc(info.engine),
        "Version": esc(info.version),
        "Model": f"<code>{esc(model_id[:12])}</code>",
        "Data": f"<code>{esc(info.data_fingerprint[:12])}</code>",
    }
    repairs = "".join(f"<li>{esc(repair)}</li>" for repair in info.repairs) or "<li>Nothing had to be repaired.</li>"
    why = f'<dt>Why {esc(info.engine)}</dt><dd class="sw-wide">{esc(info.engine_in_words)}</dd>'
    return (
        f'<h2 class="sw-chart-title">The model in use</h2><dl class="sw-facts-list">{definitions_html(facts)}'
        f'{why}<dt>Repairs</dt><dd class="sw-wide"><ul class="sw-repairs" dir="auto">{repairs}</ul></dd></dl>'
    )


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
    title, x = "Most chosen categories, and their rating", "Choices (bought, or rated well)"
    figure = _laid_out(go.Figure(bars), tone, title, x, "")
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
        height=290,
        margin={"l": 8, "r": 8, "t": 52, "b": 8},
        bargap=0.32,
    )
