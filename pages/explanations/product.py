"""The product that is explained: its request as it is and as it is argued about, the picker, and its head."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._shared import cards, listing, resources
from pages._shared.cards import esc, isolated, notice_html
from pages._shared.controls import button
from pages._shared.shopper import MAX_LISTED, TargetUser
from pages._shared.view import Choices
from pages.explanations import naming
from recsys.explanations.decompose import Explanation, RankPosition
from recsys.ranking.rank import Recommendation, ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import Context, RankingSettings


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationContext:
    """One product for one request, as it is and as it is argued about.

    `before` and `original` are request and explanation as they are; `now` and `explanation` without exclusions and
    with words added, the same objects where there are none.
    """

    model: Recommender
    choices: Choices
    user: TargetUser
    context: Context
    settings: RankingSettings
    item_id: str
    before: ScoredRequest
    now: ScoredRequest
    explanation: Explanation
    original: Explanation

    @property
    def is_argued(self) -> bool:
        """Whether anything is left out or added."""
        return self.now is not self.before

    @property
    def supposed(self) -> str:
        """Words that were added for the sake of argument, "" for none; the shopper did not write them."""
        return self.explanation.words.removeprefix(self.original.words).strip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Score and rank of one product, which are known long before the parts of the score."""

    score: float
    position: RankPosition

    @classmethod
    def of(cls, model: Recommender, request: ScoredRequest, item_id: str, settings: RankingSettings) -> Self:
        """Score and rank a product for a request."""
        row, explainer = model.item_row(item_id), model.explainer
        return cls(explainer.score_of(request, row, settings.fusion), explainer.rank_position(request, row, settings))


PARAMETER = "item"


def choose(model: Recommender, ranked: Recommendation, pointing: DeltaGenerator) -> str | None:
    """Draw the picker and return the product of the address, else the first of the list; None in an empty shop."""
    on_list = [item.item_id for item in ranked.items]
    titles = resources.titles(model)
    options = list(dict.fromkeys([*on_list, *titles]))
    title = "No such product in this shop, so the first of the list stands in:"
    item_id = requested(PARAMETER, options, titles, title)
    rank = {listed: n for n, listed in enumerate(on_list, 1)}
    with pointing:
        picker(
            "Product",
            [*on_list, *filter(None, [item_id]), *titles],
            item_id,
            PARAMETER,
            key="product",
            format_func=lambda each: f"{rank[each]}. {titles[each]}" if each in rank else titles.get(each, str(each)),
            placeholder="Type a title or an id",
            label_visibility="collapsed",
        )
        _steps(on_list, item_id)
    return item_id


def requested(parameter: str, options: Sequence[str], titles: dict[str, str], complaint: str) -> str | None:
    """The product that a parameter names, or the first option; `complaint` heads the notice of an unknown one."""
    typed = st.query_params.get(parameter, "").strip()
    item_id = find(typed, titles) if typed else None
    if typed and item_id is None:
        known = f"{parameter} = {typed[:60]!r}: not a title or id among {len(titles):,} products"
        st.html(notice_html(complaint, [known]))
    return item_id if item_id in options else next(iter(options), None)


def picker(label: str, options: Sequence[str], chosen: str | None, parameter: str, *, key: str, **more: Any) -> None:
    """A box to pick a product from, or to type another, which the address then names.

    A box shows something else for what is no option of its, so what is chosen must be among the first.
    """
    st.session_state[key] = chosen
    listed = list(dict.fromkeys(options))[:MAX_LISTED]
    more["on_change"] = lambda: _point_at(st.session_state.get(key), parameter)
    st.selectbox(label, listed, key=key, accept_new_options=True, width="stretch", **more)


def _steps(on_list: list[str], item_id: str | None) -> None:
    """To the product above and below on the list; from one that is not listed, to the first."""
    at = on_list.index(item_id) if item_id in on_list else None
    above = on_list[at - 1] if at else None
    rest = on_list if at is None else on_list[at + 1 :]
    for name, icon, to in (("above", "up", above), ("below", "down", rest[0] if rest else None)):
        more = {"help": f"The product {name} it on the list", "disabled": to is None}
        button(name.capitalize(), f"step_{name}", f"keyboard_arrow_{icon}", _point_at, to, **more)


def _point_at(item_id: str | None, parameter: str = PARAMETER) -> None:
    if item_id:
        st.query_params[parameter] = item_id


def find(typed: str, titles: dict[str, str]) -> str | None:
    """The product of an id or a title, or None.

    >>> find("p2", {"p1": "Tent", "p2": "Lamp"}), find("tent", {"p1": "Tent"}), find("x", {"p1": "Tent"})
    ('p2', 'p1', None)
    """
    if typed in titles:
        return typed
    whole = typed.casefold()
    wanted = (whole, whole.split(". ", 1)[-1]) if typed[:1].isdigit() else (whole,)
    return next((item_id for item_id, title in titles.items() if title.casefold() in wanted), None)


def head_html(model: Recommender, item_id: str, outcomes: tuple[Outcome, Outcome], *, is_argued: bool) -> str:
    """The product with its score and rank, as it is and as it is argued about."""
    before, now = outcomes
    card = listing.product_card(model, item_id, now.score)
    off = " sw-standing-off" if now.position.not_eligible else ""
    was = ""
    if is_argued:
        was = f'<span class="sw-quiet">was {before.score:.2f}: {esc(naming.place_in_words(before.position))}</span>'
    return (
        '<section class="sw-product" aria-label="The product and its score">'
        f"{cards.picture_html(card)}"
        f'<div><h2 class="sw-product-title">{isolated(card.title)}</h2>{cards.facts_html(card)}'
        f'<p class="sw-product-id sw-quiet">{isolated(item_id)}</p></div>'
        f'<div class="sw-product-score"><span class="sw-eyebrow">Score</span>'
        f'<span class="sw-product-number">{now.score:.2f}</span></div>'
        f'<p class="sw-standing{off}" role="status">{esc(naming.place_in_words(now.position))}{was}</p>'
        "</section>"
    )
