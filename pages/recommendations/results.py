"""Mixer, toolbar and list in one fragment, so that moving a control draws nothing else again."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st

from pages._shared import cards, controls, frame, listing, resources, words
from pages._shared.address import addressed
from pages._shared.cards import esc, isolated
from pages._shared.listing import Moves
from pages._shared.notices import empty_html, notes_html
from pages._shared.shopper import PARAMETER, TargetUser, show_start
from pages._shared.view import CARDS, KNOWN, NEW, TABLE, Choices
from pages._shared.widgets import switch
from recsys.ranking.rank import Recommendation, ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.serving.results import to_csv
from recsys.settings import Context

_MOVES = "moves_of_the_list"


@st.fragment
def show_list(model: Recommender, choices: Choices, user: TargetUser) -> None:
    """Controls and list for one shopper."""
    with st.container(key="mixer"):
        positions = controls.weights(choices, NEW if user.is_new else KNOWN)
        effective = st.container()
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        context, settings_of = controls.toolbar(choices)
    with frame.remembered(frame.LIST_PAGE, "Nothing to show with these settings"):
        settings = settings_of(positions)
        effective.html(cards.weights_html(settings.fusion.normalised(), "Effective weights"))
        if not user.is_somebody:
            show_start(model, choices, user, "The list then rests on what the words mean.")
            return
        with st.skeleton(height=420):
            request = resources.scored(model, user.user_id, user.words, context)
            ranked = model.rank(request, settings)
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
        shown = [
            listing.card(model, request, place, ranked, moves, why_link(request.user_id, item.item_id))
            for place, item in enumerate(ranked.items)
        ]
        st.html(cards.list_html(shown, "Recommended products, best first"))


def _moves(request: ScoredRequest, ranked: Recommendation) -> Mapping[str, int | str]:
    earlier: Moves = st.session_state.get(_MOVES, Moves())
    item_ids = [item.item_id for item in ranked.items]
    st.session_state[_MOVES] = now = earlier.after(f"{request.user_id}\n{request.words}", item_ids)
    return now.by_item()


def _headline(request: ScoredRequest, ranked: Recommendation, context: Context, limits: Sequence[str]) -> str:
    """What this list is, in one line: how many of how many, for whom, when, and what narrows it."""
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
