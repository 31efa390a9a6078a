"""One shopper at a time: a table to choose from, and both lists of whoever is chosen; choosing runs nothing else."""

from dataclasses import dataclass

import streamlit as st

from pages._shared import frame, resources
from pages._shared.notices import empty_html, notice_html
from pages._shared.view import ANY
from pages.tuning.context import TuningCase
from pages.tuning.side import links, lists, shoppers
from recsys.errors import RecsysError
from recsys.tuning.comparison import Comparison
from recsys.tuning.moves import moves

PARAMETER = "tested"
MAX_LISTED = 2000
_CHOICE, _TABLE = "tested_choice", "changed_table"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose lists are shown, and who was asked for instead where that is nobody here."""

    user_id: str
    unknown: str = ""


@st.fragment
def single(case: TuningCase, found: Comparison) -> None:
    """The table, the picker, and both lists."""
    try:
        _single(case, found)
    except RecsysError as problem:
        st.html(empty_html("These lists cannot be taken apart", str(problem)))
    finally:
        frame.remember_view(frame.TUNE_PAGE)


def _single(case: TuningCase, found: Comparison) -> None:
    st.html('<h2 class="sw-chart-title">Whose lists change most</h2>')
    if not found.changed:
        st.html('<p class="sw-note">No list changes, so there is nothing to take apart.</p>')
        return
    panel = case.room.test.panel
    inside = [str(user_id) for user_id in panel.shoppers["user_id"].to_numpy(object)[case.mask]]
    chosen = choose(st.query_params.get(PARAMETER, "").strip(), found, inside)
    _table(found, chosen.user_id)
    with st.container(horizontal=True, vertical_alignment="bottom", key="tested_row"):
        _picker(found, inside, chosen.user_id)
        _pages(case, found, chosen.user_id)
    if chosen.unknown:
        st.html(
            notice_html(
                "That shopper is not among those looked at, so the first stands in:",
                [f"{chosen.unknown[:60]!r} is none of {len(inside):,} test shoppers. The ids are those of your data."],
            )
        )
    place = panel.user_place(chosen.user_id)
    if place is None:  # ids of a segment are always of the panel
        return
    found_moves = moves(case.room.test, found, place)
    why = {move.product.item_id: links.why_link(found.b, chosen.user_id, move.product.item_id) for move in found_moves}
    st.html(lists.lists_html(found, found_moves, lists.Person.of(panel, place), why))


def choose(asked: str, found: Comparison, inside: list[str]) -> Chosen:
    """The shopper that is asked for, or the one whose list changes most; at least one list must change."""
    first = found.changed[0].user_id
    if not asked:
        return Chosen(first)
    if asked in inside:
        return Chosen(asked)
    alike = next((user_id for user_id in inside if user_id.casefold() == asked.casefold()), None)
    return Chosen(alike) if alike else Chosen(first, asked)


def _table(found: Comparison, user_id: str) -> None:
    ids = [each.user_id for each in found.changed]
    selection = {"selection": {"rows": [ids.index(user_id)] if user_id in ids else [], "columns": [], "cells": []}}
    if _rows(st.session_state.get(_TABLE)) != selection["selection"]["rows"]:
        st.session_state[_TABLE] = selection
    st.dataframe(
        shoppers.table(found),
        key=_TABLE,
        height=248,
        hide_index=True,
        column_config=shoppers.columns(),
        on_select=lambda: _select(ids),
        selection_mode="single-row",
        alt="Shoppers whose lists change most; the field below chooses one, too",
    )


def _rows(state: object) -> list[int]:
    selection = state.get("selection", {}) if hasattr(state, "get") else {}
    return list(selection.get("rows", []))


def _select(ids: list[str]) -> None:
    point_at(ids, _rows(st.session_state.get(_TABLE)))


def point_at(ids: list[str], rows: list[int]) -> None:
    """Choose the shopper of a row; a row that is let go of leaves who was chosen."""
    if rows and 0 <= rows[0] < len(ids):
        st.query_params[PARAMETER] = ids[rows[0]]


def _picker(found: Comparison, inside: list[str], user_id: str) -> None:
    changed = [each.user_id for each in found.changed]
    st.session_state[_CHOICE] = user_id
    st.selectbox(
        "Shopper",
        list(dict.fromkeys([user_id, *changed, *inside]))[:MAX_LISTED],
        key=_CHOICE,
        placeholder="Type a shopper's id",
        accept_new_options=True,
        on_change=_picked,
        help="Anybody looked at; those whose lists change most come first.",
        width=260,
    )


def _picked() -> None:
    if said := st.session_state.get(_CHOICE):
        st.query_params[PARAMETER] = str(said)


def _pages(case: TuningCase, found: Comparison, user_id: str) -> None:
    """The way to the other pages; they show the model in use, which may not know a shopper of an older panel."""
    model = case.room.model
    is_known = user_id in resources.matching_shoppers(model, ANY, ANY, ANY)
    st.html(links.ways_html(found.b, user_id, is_known=is_known), width="content")
