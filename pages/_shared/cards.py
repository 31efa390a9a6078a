"""HTML of notices and of the product list; every value that comes from data passes through `esc`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from pages._shared import illustrations, words
from pages._shared.charts import LOOKS
from recsys.serving.quotes import Quote
from recsys.text.masking import mask_personal, pseudonym


@dataclass(frozen=True, slots=True)
class ProductCard:
    """What a list shows of one product.

    `components` are contributions to the score by name; `move` is as in `move_html`; `why` is the address of its
    explanation, "" for no link.
    """

    rank: int
    item_id: str
    title: str
    score: float
    components: Mapping[str, float]
    category: str | None = None
    brand: str | None = None
    price: float | None = None
    mean_rating: float | None = None
    n_ratings: int = 0
    image_url: str | None = None
    available: bool = True
    is_cold: bool = False
    places_diversified: int = 0
    move: int | str | None = None
    quote: Quote | None = None
    why: str = ""


def esc(value: object) -> str:
    """Text for HTML content or a quoted attribute; control characters and bidi overrides lose their power."""
    text = "".join(" " if ord(c) < 32 else c for c in str(value) if c not in _REORDERING)
    return escape(text, quote=True)


_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x7f")


def isolated(value: object) -> str:
    """Escaped text in its own reading direction, so that it cannot reorder what stands around it."""
    return f'<bdi dir="auto">{esc(value)}</bdi>'


def definitions_html(facts: Mapping[str, str]) -> str:
    """Names and what they stand for, as rows of a definition list; the values are HTML."""
    return "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())


def notice_html(title: str, lines: Sequence[str] = ()) -> str:
    """A notice above the content; screen readers hear it at once."""
    items = "".join(f'<li dir="auto">{esc(line)}</li>' for line in lines)
    listed = f"<ul>{items}</ul>" if items else ""
    return f'<section class="sw-notice" role="alert"><strong>{esc(title)}</strong>{listed}</section>'


def empty_html(title: str, reason: str) -> str:
    """An empty state: what is missing and what to do about it."""
    why = f'<p dir="auto">{esc(words.sentence(reason))}</p>'
    return f'<section class="sw-empty">{illustrations.tile_html(None)}<h2>{esc(title)}</h2>{why}</section>'


def notes_html(notes: Sequence[str]) -> str:
    """What a person should know about a request, in one paragraph."""
    return f'<p class="sw-hint" dir="auto">{esc(" ".join(map(words.sentence, notes)))}</p>'


def dot_html(component: str) -> str:
    """The mark of a component, in its colour."""
    return f'<span class="sw-dot sw-c-{component}" aria-hidden="true">{LOOKS[component].glyph}</span>'


def questions_html() -> str:
    """What each component asks."""
    asks = "".join(
        f'<li class="sw-ask"><strong>{dot_html(name)} {look.label}</strong>'
        f'<span class="sw-quiet">{look.question}</span></li>'
        for name, look in LOOKS.items()
    )
    return f'<ul class="sw-asks">{asks}</ul>'


def list_html(cards: Sequence[ProductCard], label: str) -> str:
    """The whole ranked list as one piece of HTML; bars share one scale, so that cards can be compared."""
    low = max((_extent(card.components)[0] for card in cards), default=0.0)
    high = max((_extent(card.components)[1] for card in cards), default=0.0)
    items = "".join(_card(card, low, high) for card in cards)
    return f'<ol class="sw-list" aria-label="{esc(label)}">{items}</ol>'


def _card(card: ProductCard, low: float, high: float) -> str:
    whole = f' title="{esc(card.title)}"' if len(card.title) > 90 else ""  # it is cut after three lines
    why = ""
    if card.why:
        why = f'<a class="sw-why" href="{esc(card.why)}" aria-label="Why this? {esc(card.title)}">Why this?</a>'
    return (
        f'<li class="sw-card" data-item="{esc(card.item_id)}" tabindex="0">'
        f'<div class="sw-place"><span class="sw-rank"><span class="sw-sr">Rank </span>{card.rank}</span>'
        f"{move_html(card.move)}</div>"
        f"{picture_html(card)}"
        f'<div class="sw-body"><h2 class="sw-title"{whole}>{isolated(card.title)}</h2>'
        f"{facts_html(card)}{_quote(card.quote)}</div>"
        f'<div class="sw-score">{score_html(card.score, card.components, low, high)}{why}</div>'
        "</li>"
    )


def move_html(move: int | str | None, since: str = " since the last change") -> str:
    """Places moved as a badge: positive is up, "new" was not listed before, "gone" is listed no more, None is unknown.

    `since` follows the number of places, for screen readers and in the tooltip.
    """
    if move is None:
        return ""
    if move in ("new", "gone"):
        text = "Was not listed before" if move == "new" else "Is not listed any more"
        return f'<span class="sw-move sw-move-{"new" if move == "new" else "down"}" title="{text}">{move}</span>'
    if not isinstance(move, int) or move == 0:
        return '<span class="sw-move sw-move-same" title="Same place as before">=</span>'
    way, arrow = ("up", "▲") if move > 0 else ("down", "▼")
    text = f"{way} {words.count(abs(move), 'place')}{since}"
    return (
        f'<span class="sw-move sw-move-{way}" title="{text}"><span class="sw-sr">{text}</span>'
        f'<span aria-hidden="true">{arrow}{abs(move)}</span></span>'
    )


def picture_html(card: ProductCard) -> str:
    """The product's photograph, or a drawing of its category."""
    url = safe_image_url(card.image_url)
    if url:
        picture = f'<img src="{esc(url)}" alt="" loading="lazy" referrerpolicy="no-referrer">'
        return f'<div class="sw-art sw-photo">{picture}</div>'
    return illustrations.tile_html(card.category, card.item_id)


def safe_image_url(url: str | None) -> str | None:
    """The address of a picture if a browser may load it: http or https with a host; anything else is None."""
    if not isinstance(url, str) or len(url) > 2000:
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else None


def facts_html(card: ProductCard) -> str:
    """Category, brand, price and rating of a product in one line."""
    facts = [f'<span class="sw-fact">{isolated(value)}</span>' for value in (card.category, card.brand) if value]
    if card.price is not None:
        facts.append(
            f'<span class="sw-fact sw-price"><span class="sw-sr">Price </span>{words.price(card.price)}</span>'
        )
    if card.mean_rating is not None and card.n_ratings:
        text = f"{card.mean_rating:.1f} of 5 stars from {words.count(card.n_ratings, 'rating')}"
        facts.append(
            f'<span class="sw-fact" title="{text}"><span class="sw-sr">{text}</span><span aria-hidden="true">'
            f'<span class="sw-star">★</span> {card.mean_rating:.1f} '
            f'<span class="sw-quiet">({card.n_ratings:,})</span></span></span>'
        )
    badges = ""
    if card.is_cold:
        badges += (
            '<span class="sw-badge" title="No shopper has chosen it yet; ranked by words and moment">new product</span>'
        )
    if not card.available:
        badges += '<span class="sw-badge sw-badge-off">not available</span>'
    if card.places_diversified:
        way = "up" if card.places_diversified > 0 else "down"
        n = abs(card.places_diversified)
        badges += (
            f'<span class="sw-badge" title="Variety moved it {way} {words.count(n, "place")}; its score is unchanged">'
            f"variety {'+' if n and way == 'up' else '−'}{n}</span>"
        )
    return f'<p class="sw-facts">{"".join(facts)}{badges}</p>'


def _quote(quote: Quote | None) -> str:
    if quote is None:
        return ""
    by = "From the description"
    if quote.document.kind == "review":
        by = f"{esc(pseudonym(quote.document.user_id) if quote.document.user_id else 'a shopper')}, review"
        if not math.isnan(quote.document.rating):
            by = f"{by} · {quote.document.rating:g}★"
        if quote.document.moment is not None:
            by = f"{by} · {words.day_short(quote.document.moment)}"
    return (
        f'<figure class="sw-quote"><blockquote dir="auto">{esc(mask_personal(quote.text))}</blockquote>'
        f"<figcaption>{by}</figcaption></figure>"
    )


def _extent(components: Mapping[str, float]) -> tuple[float, float]:
    return -sum(v for v in components.values() if v < 0), sum(v for v in components.values() if v > 0)


def score_html(score: float, components: Mapping[str, float], low: float, high: float) -> str:
    """Score with its bar: positive parts to the right of the line, negative ones to the left.

    `low` and `high` are the largest sums of either in the list, so that bars share one scale.
    """
    span = (low + high) or 1.0
    spoken = words.parts_in_words(components)
    against = [(n, v) for n, v in reversed(list(components.items())) if v < 0]
    speaking = [(n, v) for n, v in components.items() if v > 0]
    to_left, to_right = 100 * low / span, 100 * high / span
    bar = (
        f'<div class="sw-bar" role="img" aria-label="Score {score:.2f}: {spoken}">'
        f'<div class="sw-bar-side sw-bar-low" style="flex-basis:{to_left:.3f}%">{_segments(against, low)}</div>'
        f'<div class="sw-bar-side sw-bar-high" style="flex-basis:{to_right:.3f}%">{_segments(speaking, high)}</div>'
        "</div>"
    )
    rows = "".join(
        f'<span class="sw-part">{dot_html(name)}'
        f'<span class="sw-part-name">{LOOKS[name].label}</span>'
        f'<span class="sw-part-value">{words.signed(value)}</span></span>'
        for name, value in components.items()
    )
    rows += f'<span class="sw-part sw-part-sum"><span></span><span>Score</span><span>{score:.2f}</span></span>'
    most = max(components, key=lambda name: components[name])
    return (
        f'<span class="sw-score-number" aria-hidden="true" title="Score: weighted sum of the four components">'
        f"{score:.2f}</span>{bar}"
        f'<p class="sw-most" aria-hidden="true">most from <span class="sw-dot sw-c-{most}">{LOOKS[most].glyph}</span>'
        f" {LOOKS[most].label}</p>"
        f'<div class="sw-parts" aria-hidden="true">{rows}</div>'
    )


def _segments(parts: Sequence[tuple[str, float]], whole: float) -> str:
    return "".join(
        f'<span class="sw-seg sw-c-{name}" style="flex-basis:{100 * abs(value) / whole:.3f}%"></span>'
        for name, value in parts
        if whole > 0
    )


def weights_html(
    weights: Mapping[str, float], caption: str = "", influence: Mapping[str, float] | None = None, decided: str = ""
) -> str:
    """One full bar of the effective weights, and under it a legend with the shares; `caption` names the bar.

    `influence`: what share of some lists each component decides, `decided` what those lists are; it is a second bar,
    both are then named, and it stands in the legend beside every weight above 0.
    """
    bars = f'<div class="sw-bar sw-bar-weights" {_spoken("Effective weights", weights)}>{_shares(weights)}</div>'
    if influence:
        bars, caption = beside_influence(bars, influence, decided), ""
    parts = []
    for name, share in weights.items():
        decides = f" decides {words.share(influence[name])}" if influence and share else ""
        title = f' title="{share:.0%} of the weight,{decides} of {esc(decided)}"' if decides else ""
        parts.append(
            f'<span class="sw-legend-part"{title}>{dot_html(name)} {LOOKS[name].label} <strong>{share:.0%}</strong>'
            f"{decides}</span>"
        )
    captioned = f"<span>{esc(caption)}</span>" if caption else ""
    return f'{bars}<p class="sw-legend" aria-hidden="true">{captioned}{"".join(parts)}</p>'


def beside_influence(bar: str, influence: Mapping[str, float], decided: str) -> str:
    """A bar of weights, and below it one of what share of some lists, in words `decided`, each component decides."""
    about = f"What decides {decided}"
    return (
        f'<div class="sw-mix-bars"><span aria-hidden="true">Weight</span>{bar}'
        f'<span aria-hidden="true" title="{esc(about)}">Decides</span>'
        f'<div class="sw-bar sw-bar-influence" {_spoken(about, influence)}>{_shares(influence)}</div></div>'
    )


def _spoken(about: str, shares: Mapping[str, float]) -> str:
    spoken = ", ".join(f"{LOOKS[name].label} {share:.0%}" for name, share in shares.items())
    return f'role="img" aria-label="{esc(about)}: {spoken}"'


def _shares(shares: Mapping[str, float]) -> str:
    return "".join(
        f'<span class="sw-seg sw-c-{name}" style="flex-basis:{100 * share:.3f}%" '
        f'title="{LOOKS[name].label} {share:.0%}"></span>'
        for name, share in shares.items()
        if share > 0
    )
