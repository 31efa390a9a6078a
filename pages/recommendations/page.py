"""The Recommendations page below its title: the list, and beside it what is known of the shopper."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from pages._shared import cards, controls, frame, illustrations, listing, resources, words
from pages._shared.address import addressed
from pages._shared.cards import empty_html, esc, isolated, notes_html
from pages._shared.controls import switch
from pages._shared.listing import Moves
from pages._shared.shopper import PARAMETER, TargetUser, show_start
from pages._shared.view import CARDS, KNOWN, NEW, TABLE, Choices
from recsys.ranking.rank import Recommendation, ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.serving.results import to_csv
from recsys.settings import Context
from recsys.text.masking import mask_personal

_MOVES = "moves_of_the_list"


@st.fragment
def show_list(model: Recommender, choices: Choices, user: TargetUser) -> None:
    """Controls and list for one shopper, in a fragment, so that moving a control draws nothing else again."""
    with st.container(key="mixer"):
        positions = controls.weights(choices, NEW if user.is_new else KNOWN)
        effective = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        context, settings_of = controls.toolbar(choices)
    with frame.remembered(frame.LIST_PAGE, "Nothing to show with these settings"):
        settings = settings_of(positions)
        if not user.is_somebody:
            effective.html(cards.weights_html(settings.fusion.normalised(), "Effective weights"))
            show_start(model, choices, user, "The list then rests on what the words mean.")
            return
        with st.skeleton(height=420):
            request = resources.scored(model, user.user_id, user.words, context)
            ranked = model.rank(request, settings)
            effective.html(cards.weights_html(ranked.weights, "Effective weights", ranked.influence, "this list"))
            _list(model, request, ranked, context, words.limits_in_words(settings))


def _list(
    model: Recommender, request: ScoredRequest, ranked: Recommendation, context: Context, limits: Sequence[str]
) -> None:
    moves = _moves(request, ranked)
    with st.container(horizontal=True, vertical_alignment="center", key="list_head"):
        st.html(_headline(request, ranked, context, limits), width="stretch")
        table = switch("View", [CARDS, TABLE], "view", label_visibility="collapsed") == TABLE
        _share(model, ranked, request.user_id)
    if ranked.notes:
        st.html(notes_html(ranked.notes))
    if not ranked.items:
        remedy = "Widen the price range or the categories, or include what they already have."
        st.html(empty_html("No product passes the filters", remedy))
    elif table:
        listing.show_table(model, ranked, moves)
    else:
        shown = listing.list_cards(model, request, ranked, moves, partial(why_link, request.user_id))
        st.html(cards.list_html(shown, "Recommended products, best first"))


def _moves(request: ScoredRequest, ranked: Recommendation) -> Mapping[str, int | str]:
    earlier: Moves = st.session_state.get(_MOVES, Moves())
    item_ids = [item.item_id for item in ranked.items]
    st.session_state[_MOVES] = now = earlier.after(f"{request.user_id}\n{request.words}", item_ids)
    return now.by_item()


def _headline(request: ScoredRequest, ranked: Recommendation, context: Context, limits: Sequence[str]) -> str:
    whom = isolated(request.user_id) if request.user_id is not None else "a new shopper"
    count = (
        f"Top {len(ranked.items)} of {words.count(ranked.n_candidates, 'product')}" if ranked.items else "No product"
    )
    details = " · ".join([esc(controls.moment_line(context)), *map(isolated, limits)])
    return (
        f'<p class="sw-headline" role="status"><strong>{count}</strong> '
        f'<span class="sw-quiet">for {whom} · {details}</span></p>'
    )


def _share(model: Recommender, ranked: Recommendation, user_id: str | None) -> None:
    with st.popover("Share", icon=":material/ios_share:", key="share"):
        st.html('<p class="sw-note">This exact view, for whoever has access to this server:</p>')
        st.code(share_link(user_id), language=None, wrap_lines=True)
        files = {
            "csv": ("CSV", "text/csv", lambda: to_csv(listing.rows_of(model, ranked), listing.COLUMNS)),
            "json": ("JSON", "application/json", lambda: json.dumps(ranked.as_json(), ensure_ascii=False, indent=1)),
        }
        listing.downloads(files, "recommendations", "download")


def share_link(user_id: str | None) -> str:
    """The address of the page with everything that is set on it, and the shopper even where nobody chose one."""
    query = _query(user_id)
    address = (st.context.url or "").split("?")[0]
    return f"{address}?{urlencode(query)}" if query else address


def why_link(user_id: str | None, item_id: str) -> str:
    """Address, beside this page, that takes the score of one product of this list apart under these settings."""
    query = [pair for pair in _query(user_id) if pair[0] != "view"]
    return f"Explanations?{urlencode([*query, ('item', item_id)])}"


def _query(user_id: str | None) -> list[tuple[str, str]]:
    query = [(name, value) for name, values in addressed().items() for value in values]
    if user_id is not None and PARAMETER not in st.query_params:
        query = [(PARAMETER, user_id), *query]
    return query


MAX_LISTED_ACTS, LONG_REVIEW = 60, 240
"""Most acts that are listed, newest first, and characters above which a review is cut until it is opened."""

CHOICES_OF_KIND = ("review", "purchase", "recommend")
"""Acts that say what somebody wants; views and carts are listed only where there is nothing else."""


def show_shopper(model: Recommender, user: TargetUser) -> None:
    """Draw what is known of a shopper, or the words of a new one."""
    with st.container(key="shopper_panel"):
        if user.is_new:
            st.html(_newcomer(user))
            return
        if user.user_id is None:
            st.html('<p class="sw-eyebrow">Shopper</p><p class="sw-note">Nobody is chosen.</p>')
            return
        st.html(_facts(model.users.iloc[model.user_row(user.user_id)]))
        st.html(_history(resources.history(model, user.user_id)))


def _newcomer(user: TargetUser) -> str:
    typed = '<p class="sw-note">Nothing said yet.</p>'
    if user.words.strip():
        typed = f'<p class="sw-history-text" dir="auto">“{esc(user.words)}”</p>'
    return (
        f'<p class="sw-eyebrow">New shopper</p>{typed}<p class="sw-note" style="margin-top:.8rem">There are no '
        "purchases and no reviews to learn from. The words are matched, by meaning, with what is written of each "
        "product.</p>"
    )


def _facts(shopper: pd.Series) -> str:
    facts = [
        str(shopper["activity"]).capitalize(),
        f"{words.count(int(shopper['n_interactions']), 'product')} chosen",
        f"{words.count(int(shopper['n_reviews']), 'review')} written",
    ]
    for name, before in (("top_category", "mostly "), ("region", ""), ("device", "")):
        if isinstance(shopper[name], str) and shopper[name]:
            facts.append(f"{before}{shopper[name]}")
    if pd.notna(shopper["last_active"]):
        facts.append(f"last seen {words.day_short(shopper['last_active'])}")
    chips = "".join(f'<li class="sw-chip">{isolated(fact)}</li>' for fact in facts)
    return (
        '<p class="sw-eyebrow">Shopper</p>'
        f'<h2 class="sw-title" style="margin:.1rem 0 .6rem">{isolated(shopper["user_id"])}</h2>'
        f'<ul class="sw-person" aria-label="What is known of this shopper">{chips}</ul>'
    )


def _history(acts: pd.DataFrame) -> str:
    """What they wrote, then what they chose without a word; where there is neither, what they looked at."""
    written = acts[acts["text"] != ""]
    chosen = acts[(acts["text"] == "") & acts["kind"].isin(CHOICES_OF_KIND)]
    listed = _listed("In their words", written, 5) + _listed("What they chose", chosen, 4 if len(written) else 9)
    return (
        listed
        or _listed("What they looked at", acts, 9)
        or '<p class="sw-note" style="margin-top:.9rem">No history on record.</p>'
    )


def _listed(title: str, acts: pd.DataFrame, n_first: int) -> str:
    if not len(acts):
        return ""
    rows = [_act(act) for act in acts.head(MAX_LISTED_ACTS).itertuples(index=False)]
    first, more = "".join(rows[:n_first]), "".join(rows[n_first:])
    listed = f'<ol class="sw-history" aria-label="{title}, newest first">{first}</ol>'
    if more:
        whole = f" (the latest {len(rows)} of {len(acts):,})" if len(acts) > len(rows) else ""
        listed += f'<details class="sw-more"><summary>{len(rows) - n_first} earlier{whole}</summary>'
        listed += f'<ol class="sw-history">{more}</ol></details>'
    return f'<p class="sw-eyebrow" style="margin-top:1.1rem">{title}</p>{listed}'


def _act(act: Any) -> str:
    kind, rating, text = act.kind, act.rating, act.text
    what = stars_html(rating) if kind == "review" and not np.isnan(rating) else esc(kind.replace("_", " "))
    review = _review_html(text) if text else ""
    tile = illustrations.tile_html(act.category, act.item_id)
    return (
        f'<li>{tile}<div><p class="sw-history-title">{isolated(act.title)}</p>'
        f'<p class="sw-history-meta">{what} · {words.day_short(act.timestamp)}</p>{review}</div></li>'
    )


def _review_html(text: str) -> str:
    """A review as it was written; a long one opens on a click, so that it does not push the others off the screen."""
    shown = f'<p class="sw-history-text" dir="auto">{esc(mask_personal(text))}</p>'
    if len(text) <= LONG_REVIEW and text.count("\n") < 6:
        return shown
    return f'<details class="sw-long"><summary>{shown}</summary></details>'


def stars_html(rating: float) -> str:
    """Five stars, so many of them filled, to the nearest half; the number itself for screen readers."""
    full, half = divmod(max(0, min(10, math.floor(2 * rating + 0.5))), 2)
    return (
        f'<span class="sw-stars" role="img" aria-label="{rating:g} of 5 stars">{"★" * full}{"½" * half}'
        f'<span class="sw-stars-off">{"★" * (5 - full - half)}</span></span>'
    )
