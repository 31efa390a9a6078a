"""The shop at a glance, as HTML: counts, coverage of text, how a score is made, the model in use."""

import pandas as pd

from pages._shared import words
from pages._shared.cards import definitions_html, esc, isolated, questions_html, weights_html
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


def coverage_html(summary: ShopSummary) -> str:
    """How much there is to read: shares of products and shoppers with words."""
    shares = {
        "Products with a review in words": summary.text_coverage,
        "Products with a description": summary.description_coverage,
        "Shoppers who wrote a review": summary.writer_share,
    }
    return '<h2 class="sw-chart-title">How much there is to read</h2>' + "".join(
        _meter(*pair) for pair in shares.items()
    )


def _meter(name: str, share: float) -> str:
    said = esc(words.share(share))
    return (
        f'<div class="sw-meter"><p class="sw-meter-line"><span>{name}</span><strong>{said}</strong></p>'
        f'<div class="sw-meter-track" aria-hidden="true">'
        f'<span class="sw-meter-fill" style="width:{share:.1%}"></span></div></div>'
    )


def shoppers_html(users: pd.DataFrame) -> str:
    """How many shoppers are hot, warm and cold, which says how hard the shop is to recommend for."""
    names = {"hot": "Hot: 10 choices or more", "warm": "Warm: fewer", "cold": "Cold: none yet"}
    counts = users["activity"].value_counts()
    meters = "".join(_meter(said, counts.get(name, 0) / max(len(users), 1)) for name, said in names.items())
    return f'<h2 class="sw-chart-title" style="margin-top:1.5rem">How well shoppers are known</h2>{meters}'


def score_html(info: ModelInfo) -> str:
    """How a score is made: one question a component, and the weights that this model starts from."""
    weights = weights_html(info.default_weights.normalised())
    return (
        '<h2 class="sw-chart-title">Four questions make one score</h2>'
        f"{questions_html()}"
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
        "Reads with": esc(info.encoder_id),
        "Version": esc(info.version),
        "Model": f"<code>{esc(model_id[:12])}</code>",
        "Data": f"<code>{esc(info.data_fingerprint[:12])}</code>",
    }
    repairs = "".join(f"<li>{esc(repair)}</li>" for repair in info.repairs) or "<li>Nothing had to be repaired.</li>"
    return (
        f'<h2 class="sw-chart-title">The model in use</h2><dl class="sw-facts-list">{definitions_html(facts)}'
        f'<dt>Repairs</dt><dd class="sw-wide"><ul class="sw-repairs" dir="auto">{repairs}</ul></dd></dl>'
    )
