"""Which product is asked about: picking one, and its head with score and place."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages._shared import cards, listing, naming, resources, words
from pages._shared.cards import esc, isolated
from pages._shared.notices import notice_html
from pages.explanations.effect import Outcome
from recsys.ranking.results import Recommendation
from recsys.serving.recommender import Recommender

PARAMETER = "item"
MAX_LISTED = 2000
"""So many products at most are sent to the browser; any other can be typed, by title or id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A product, and what was asked for instead where that is none of this shop."""

    item_id: str | None
    unknown: str = ""


def complain(model: Recommender, asked: Asked) -> None:
    """Say that the address asks for a product which is none of this shop."""
    if asked.unknown:
        st.html(
            notice_html(
                "No such product in this shop, so the first of the list stands in:",
                [f"{PARAMETER} = {asked.unknown[:60]!r}: not a title or id among {len(model.items):,} products"],
            )
        )


def choose(model: Recommender, ranked: Recommendation, asked: Asked) -> str | None:
    """The product picker: the list's products first, then the catalogue; None for an empty shop."""
    on_list = [item.item_id for item in ranked.items]
    titles = resources.titles(model, model.model_id)
    place = {item_id: n for n, item_id in enumerate(on_list, 1)}
    first = [*on_list, *filter(None, [asked.item_id])]  # a picker shows something else for what is no option of its
    options = list(dict.fromkeys([*first, *titles]))[:MAX_LISTED]
    st.session_state["product"] = asked.item_id
    st.selectbox(
        "Product",
        options,
        key="product",
        format_func=lambda item_id: (
            f"{place[item_id]}. {titles[item_id]}" if item_id in place else titles.get(item_id, str(item_id))
        ),
        placeholder="Type a title or an id",
        accept_new_options=True,
        label_visibility="collapsed",
        on_change=_point_at,
        width="stretch",
    )
    return asked.item_id


def steps(ranked: Recommendation, item_id: str | None) -> None:
    """To the product above and below on the list."""
    on_list = [item.item_id for item in ranked.items]
    at = on_list.index(item_id) if item_id in on_list else None
    above = None if not at else on_list[at - 1]
    below = (
        on_list[0] if at is None and on_list else on_list[at + 1] if at is not None and at + 1 < len(on_list) else None
    )
    for key, icon, to, said in (
        ("above", ":material/keyboard_arrow_up:", above, "The product above it on the list"),
        ("below", ":material/keyboard_arrow_down:", below, "The product below it on the list"),
    ):
        st.button(
            key.capitalize(),
            key=f"step_{key}",
            icon=icon,
            help=said,
            disabled=to is None,
            on_click=point_at,
            args=(to,),
        )


def point_at(item_id: str | None) -> None:
    """Ask about another product."""
    if item_id:
        st.query_params[PARAMETER] = item_id


def _point_at() -> None:
    point_at(st.session_state.get("product"))


def asked(model: Recommender, ranked: Recommendation) -> Asked:
    """The product that the address names, or the first of the list."""
    said = st.query_params.get(PARAMETER, "").strip()
    titles = resources.titles(model, model.model_id)
    first = ranked.items[0].item_id if ranked.items else next(iter(titles), None)
    if not said:
        return Asked(first)
    found = found_by(said, titles)
    return Asked(found) if found else Asked(first, said)


def found_by(said: str, titles: dict[str, str]) -> str | None:
    """The product of an id or a title, or None.

    >>> found_by("p2", {"p1": "Tent", "p2": "Lamp"}), found_by("tent", {"p1": "Tent"}), found_by("x", {"p1": "Tent"})
    ('p2', 'p1', None)
    """
    if said in titles:
        return said
    wanted = said.casefold().split(". ", 1)[-1] if said[:1].isdigit() else said.casefold()
    return next((item_id for item_id, title in titles.items() if title.casefold() in (said.casefold(), wanted)), None)


def head_html(model: Recommender, item_id: str, outcomes: tuple[Outcome, Outcome], *, is_argued: bool) -> str:
    """The product, its score, and where it stands.

    Parameters
    ----------
    outcomes : as it is, and as it is argued about
    """
    before, now = outcomes
    card = listing.product_card(model, item_id, now.score)
    off = " sw-standing-off" if now.standing.not_eligible else ""
    was = ""
    if is_argued:
        was = f'<span class="sw-quiet">was {before.score:.2f}: {esc(naming.place_in_words(before.standing))}</span>'
    return (
        '<section class="sw-product" aria-label="The product and its score">'
        f"{cards.picture_html(card)}"
        f'<div><h2 class="sw-product-title">{isolated(card.title)}</h2>{cards.facts_html(card)}'
        f'<p class="sw-product-id sw-quiet">{isolated(item_id)}</p></div>'
        f'<div class="sw-product-score"><span class="sw-eyebrow">Score</span>'
        f'<span class="sw-product-number">{now.score:.2f}</span></div>'
        f'<p class="sw-standing{off}" role="status">{esc(naming.place_in_words(now.standing))}{was}</p>'
        "</section>"
    )


def notes_html(notes: Sequence[str]) -> str:
    """What a person should know about the request."""
    return f'<p class="sw-hint" dir="auto">{esc(" ".join(map(words.sentence, notes)))}</p>' if notes else ""
