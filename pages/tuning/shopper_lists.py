"""One shopper at a time: a table to choose from, and both lists of whoever is chosen; choosing runs nothing else."""

from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from pages._shared import resources
from pages._shared.cards import esc, notice_html
from pages._shared.frame import TUNE_PAGE, remembered
from pages._shared.view import ANY, positions
from pages.tuning import list_moves
from pages.tuning.context import TuningCase
from recsys.panel.segments import EvaluationConfig
from recsys.tuning.comparison import Comparison
from recsys.tuning.moves import moves

PARAMETER = "tested"
MAX_LISTED = 2000
_CHOICE, _TABLE = "tested_choice", "changed_table"


@st.fragment
def one_shopper(case: TuningCase, found: Comparison) -> None:
    """The table, the picker, and both lists."""
    with remembered(TUNE_PAGE, "These lists cannot be taken apart"):
        _one_shopper(case, found)


def _one_shopper(case: TuningCase, found: Comparison) -> None:
    st.html('<h2 class="sw-chart-title">Whose lists change most</h2>')
    if not found.changed:
        st.html('<p class="sw-note">No list changes, so there is nothing to take apart.</p>')
        return
    panel, model = case.room.test.panel, case.room.model
    inside = [str(user_id) for user_id in panel.shoppers["user_id"].to_numpy(object)[case.mask]]
    user_id, unknown = choose(st.query_params.get(PARAMETER, "").strip(), found, inside)
    _table(found, user_id)
    with st.container(horizontal=True, vertical_alignment="bottom", key="tested_row"):
        _picker(found, inside, user_id)
        is_known = user_id in resources.matching_shoppers(model, ANY, ANY, ANY)
        st.html(links_html(found.b, user_id, is_known=is_known), width="content")
    if unknown:
        about = f"{unknown[:60]!r} is none of {len(inside):,} test shoppers. The ids are those of your data."
        st.html(notice_html("That shopper is not among those looked at, so the first stands in:", [about]))
    column = panel.position(user_id)
    if column is None:  # ids of a segment are always of the panel
        return
    found_moves = moves(case.room.test, found, column)
    ids = [move.product.item_id for move in found_moves]
    why = {item_id: page_address("Explanations", found.b, user_id, item_id) for item_id in ids}
    st.html(list_moves.lists_html(found, found_moves, list_moves.ShopperFacts.of(panel, column), why))


def choose(wanted: str, found: Comparison, inside: list[str]) -> tuple[str, str]:
    """The shopper of an address, or the one whose list changes most and who is not known here, "" where all are."""
    first = found.changed[0].user_id
    if not wanted or wanted in inside:
        return wanted or first, ""
    alike = next((user_id for user_id in inside if user_id.casefold() == wanted.casefold()), "")
    return alike or first, "" if alike else wanted


def table(found: Comparison) -> pd.DataFrame:
    """One row a shopper, the one whose list changes most first."""
    rows = [
        {
            "Shopper": each.user_id,
            "Alike": each.likeness,
            "On both lists": f"{each.n_common} of {found.b.settings.n}",
            "What they chose": each.fate,
            "Products known": each.n_train,
            "Mostly buys": dict(each.facts).get("top_category", ""),
            "Home region": dict(each.facts).get("home", ""),
        }
        for each in found.changed
    ]
    return pd.DataFrame(rows)


def _columns() -> dict[str, Any]:
    config = st.column_config
    return {
        "Shopper": config.TextColumn(pinned=True),
        "Alike": config.ProgressColumn(
            help="How alike both lists are: 1 is the same list, 0 nothing in common; the top counts most.",
            format="%.2f",
            min_value=0,
            max_value=1,
            width="small",
        ),
        "On both lists": config.TextColumn(help="How many products stand on both lists, at any place.", width="small"),
        "What they chose": config.TextColumn(
            help="Whether a list holds what the shopper went on to choose, which no model was told."
        ),
        "Products known": config.NumberColumn(
            help="How many products of theirs the models learnt from.", format="%d", width="small"
        ),
    }


def _table(found: Comparison, user_id: str) -> None:
    ids = [each.user_id for each in found.changed]
    rows = [ids.index(user_id)] if user_id in ids else []
    if _selected_rows() != rows:
        st.session_state[_TABLE] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    st.dataframe(
        table(found),
        key=_TABLE,
        height=248,
        hide_index=True,
        column_config=_columns(),
        on_select=lambda: select(ids, _selected_rows()),
        selection_mode="single-row",
        alt="Shoppers whose lists change most; the field below chooses one, too",
    )


def _selected_rows() -> list[int]:
    state: Any = st.session_state.get(_TABLE)
    selection = state.get("selection", {}) if hasattr(state, "get") else {}
    return list(selection.get("rows", []))


def select(ids: list[str], rows: list[int]) -> None:
    """Choose the shopper of a row; a row that is let go of leaves who was chosen."""
    if rows and 0 <= rows[0] < len(ids):
        st.query_params[PARAMETER] = ids[rows[0]]


def _picker(found: Comparison, inside: list[str], user_id: str) -> None:
    def picked() -> None:
        if chosen := st.session_state.get(_CHOICE):
            st.query_params[PARAMETER] = str(chosen)

    changed = [each.user_id for each in found.changed]
    st.session_state[_CHOICE] = user_id
    st.selectbox(
        "Shopper",
        list(dict.fromkeys([user_id, *changed, *inside]))[:MAX_LISTED],
        key=_CHOICE,
        placeholder="Type a shopper's id",
        accept_new_options=True,
        on_change=picked,
        help="Anybody looked at; those whose lists change most come first.",
        width=260,
    )


def query(setting: EvaluationConfig, user_id: str, item_id: str = "") -> dict[str, list[str]]:
    """The parameters that put a setting and a shopper on another page; all weights, so that no default stands in.

    A live list always leaves out what cannot be bought, however the setting was measured.

    >>> from recsys.settings import FusionSettings, RankingSettings
    >>> found = query(EvaluationConfig("x", RankingSettings(FusionSettings(0.8, 0, 0.2, 0), n=20)), "u1")
    >>> found["shopper"], found["collaborative"], found["content"], found["n"], "diversity" in found
    (['u1'], ['80'], ['0'], ['20'], False)
    """
    ranking = setting.settings
    found = {"shopper": [user_id], **{name: [str(at)] for name, at in positions(ranking.fusion).items()}}
    found["n"] = [str(ranking.n)]
    if ranking.diversity:
        found |= {"diversity": [f"{ranking.diversity:g}"], "method": [ranking.method.upper()]}
    found |= {name: [value] for name, value in setting.scenario.stated if value}
    if ranking.filters.categories:
        found["category"] = sorted(ranking.filters.categories)
    return found | ({"item": [item_id]} if item_id else {})


def page_address(page: str, setting: EvaluationConfig, user_id: str, item_id: str = "") -> str:
    """The address of another page with a setting, a shopper and maybe a product, beside the address of this page."""
    return f"{page}?{urlencode(query(setting, user_id, item_id), doseq=True)}"


def links_html(setting: EvaluationConfig, user_id: str, *, is_known: bool) -> str:
    """Links to the list and its explanations, in a tab of their own; `is_known` by the model in use.

    They are addresses, not links within the session: Streamlit takes away from those what widgets here are bound to.
    """
    if not is_known:
        return '<p class="sw-note">The model in use does not know this shopper, so no other page can show them.</p>'
    title = "Set as B is. The model in use there has learnt what is hidden from the models here, so lists can differ."
    links = "".join(
        f'<a class="sw-why" href="{esc(page_address(page, setting, user_id))}" target="_blank" '
        f'rel="noopener" title="{title}">{page} with B</a>'
        for page in ("Recommendations", "Explanations")
    )
    return f'<p class="sw-ways">{links}</p>'
