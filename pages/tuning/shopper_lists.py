"""One shopper at a time: a table to choose from, and both lists of whoever is chosen with what moved each product."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from pages._shared import resources
from pages._shared.cards import dot_html, esc, isolated, move_html, notice_html
from pages._shared.charts import LOOKS
from pages._shared.frame import TUNE_PAGE, remembered
from pages._shared.view import ANY
from pages._shared.words import count, ordinal, signed
from pages.tuning import controls, labels
from pages.tuning.context import TuningCase
from recsys.panel.panel import Panel
from recsys.panel.segments import EvaluationConfig
from recsys.settings import CONTEXT_DIMENSIONS
from recsys.tuning.comparison import Comparison
from recsys.tuning.list_changes import Names, Product
from recsys.tuning.moves import ComponentChange, Move, ProductRank, cause_text, leading, moves, position_text

PARAMETER = "tested"
MAX_LISTED = 2000
_CHOICE, _TABLE = "tested_choice", "changed_table"

_CHOSEN = '<span class="sw-badge sw-wanted" title="No model was told">went on to choose it</span>'


@st.fragment
def one_shopper(case: TuningCase, found: Comparison) -> None:
    """The table, the picker, and both lists; choosing runs nothing else."""
    st.html('<h2 class="sw-chart-title">Whose lists change most</h2>')
    if not found.changed:
        st.html('<p class="sw-note">No list changes, so there is nothing to take apart.</p>')
        return
    with remembered(TUNE_PAGE, "These lists cannot be taken apart"):
        _chosen(case, found)


def _chosen(case: TuningCase, found: Comparison) -> None:
    panel, model = case.tuning.test.panel, case.tuning.model
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
    assert column is not None  # ids of a segment are always of the panel
    moved = moves(case.tuning.test, found, column)
    ids = [move.product.item_id for move in moved]
    why = {item_id: controls.page_address("Explanations", found.b, user_id, item_id) for item_id in ids}
    st.html(lists_html(found, moved, ShopperFacts.of(panel, column), why))


def choose(wanted: str, found: Comparison, inside: list[str]) -> tuple[str, str]:
    """The shopper of an address, or the one whose list changes most and who is not known here, "" where all are."""
    first = found.changed[0].user_id
    if not wanted or wanted in inside:
        return wanted or first, ""
    alike = next((user_id for user_id in inside if user_id.casefold() == wanted.casefold()), "")
    return alike or first, "" if alike else wanted


def table(found: Comparison) -> pd.DataFrame:
    """One row a shopper, the one whose list changes most first."""
    return pd.DataFrame(
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
    )


def _columns() -> dict[str, Any]:
    config = st.column_config
    alike = "How alike both lists are: 1 is the same list, 0 nothing in common; the top counts most."
    common = "How many products stand on both lists, at any place."
    chose = "Whether a list holds what the shopper went on to choose, which no model was told."
    known = "How many products of theirs the models learnt from."
    return {
        "Shopper": config.TextColumn(pinned=True),
        "Alike": config.ProgressColumn(help=alike, format="%.2f", min_value=0, max_value=1, width="small"),
        "On both lists": config.TextColumn(help=common, width="small"),
        "What they chose": config.TextColumn(help=chose),
        "Products known": config.NumberColumn(help=known, format="%d", width="small"),
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


def links_html(setting: EvaluationConfig, user_id: str, *, is_known: bool) -> str:
    """Links to the list and its explanations, in a tab of their own; `is_known` by the model in use.

    They are addresses, not links within the session: Streamlit takes away from those what widgets here are bound to.
    """
    if not is_known:
        return '<p class="sw-note">The model in use does not know this shopper, so no other page can show them.</p>'
    title = "Set as B is. The model in use there has learnt what is hidden from the models here, so lists can differ."
    links = "".join(
        f'<a class="sw-why" href="{esc(controls.page_address(page, setting, user_id))}" target="_blank" '
        f'rel="noopener" title="{title}">{page} with B</a>'
        for page in ("Recommendations", "Explanations")
    )
    return f'<p class="sw-ways">{links}</p>'


class ShopperFacts(NamedTuple):
    """Whose lists these are, what is known of them in a few words each, and what they went on to choose."""

    user_id: str
    facts: tuple[str, ...]
    wanted: tuple[Product, ...]

    @classmethod
    def of(cls, panel: Panel, column: int) -> "ShopperFacts":
        """A shopper of a panel."""
        known = {name: value for name, value in panel.shoppers.iloc[column].items() if value}
        texts = {name: str(value) for name, value in known.items() if isinstance(value, str)}
        facts = [f"{count(int(known.get('n_train', 0)), 'product')} known"]
        if "top_category" in texts:
            facts.append(f"mostly {texts['top_category']}")
        if "home" in texts:
            facts.append(f"lives in {texts['home']}")
        came = labels.moment({name: texts[name] for name in CONTEXT_DIMENSIONS if name in texts})
        facts.append(f"came on {came[:1].upper()}{came[1:]}" if came else "came at any moment")
        held_out = panel.relevant.values[panel.relevant.starts[column] : panel.relevant.starts[column + 1]]
        return cls(texts["user_id"], tuple(facts), Names(panel.items).of(held_out.tolist()))


def lists_html(found: Comparison, moves: Sequence[Move], shopper: ShopperFacts, links: Mapping[str, str]) -> str:
    """The shopper, what they went on to choose, and both lists; `links` take a score apart, by item id."""
    on_a = sorted((move for move in moves if move.a.rank), key=lambda move: move.a.rank or 0)
    on_b = sorted((move for move in moves if move.b.rank), key=lambda move: move.b.rank or 0)
    facts = " · ".join(map(isolated, shopper.facts))
    nothing = '<p class="sw-note">Nothing may be listed.</p>'
    lists = "".join(
        f'<div><p class="sw-ab-name">{letter_html(letter)} {isolated(name)}</p>'
        + (f'<ol aria-label="The list of {letter}">{rows}</ol>' if rows else nothing)
        + "</div>"
        for letter, name, rows in (
            ("A", found.a.name, "".join(_on_a(move, links) for move in on_a)),
            ("B", found.b.name, "".join(_on_b(move, links) for move in on_b)),
        )
    )
    legend = (
        "A cause such as “semantic +0.80” says how much more the product’s score rises, by that component, than the "
        "scores of those it passes; on the way down, than of those that pass it. Click a cause to see all of it."
    )
    if any(move.by_variety for move in moves):
        legend += " Variety moves products without changing their scores."
    return (
        f'<p class="sw-headline sw-tested"><strong>{isolated(shopper.user_id)}</strong> '
        f'<span class="sw-quiet">· {facts}</span></p>{_held_out(shopper, moves, links)}'
        f'<div class="sw-ab">{lists}</div><p class="sw-note sw-ab-legend">{legend}</p>'
    )


def letter_html(letter: str) -> str:
    """ "A" or "B" as a badge."""
    return f'<b class="sw-letter sw-letter-{letter.lower()}">{letter}</b>'


def _held_out(shopper: ShopperFacts, moves: Sequence[Move], links: Mapping[str, str]) -> str:
    if not shopper.wanted:
        return '<p class="sw-hint">It is not known what they went on to choose.</p>'
    by_row = {move.product.item_row: move for move in moves}
    rows = "".join(_wanted(product, by_row.get(product.item_row), links) for product in shopper.wanted)
    return f'<div class="sw-held"><h3 class="sw-eyebrow">What they went on to choose</h3><ul>{rows}</ul></div>'


def _wanted(product: Product, move: Move | None, links: Mapping[str, str]) -> str:
    title = f"<strong>{isolated(product.title)}</strong>"
    if move is None:
        return f"<li>{title}<span>too far down with both settings to be held here</span></li>"
    ranks = "".join(
        f"<span>{letter_html(letter)} {esc(_rank(side))}</span>" for letter, side in (("A", move.a), ("B", move.b))
    )
    apart = ""
    if move.a.rank is None and move.b.rank is None:  # what is on a list is taken apart there
        cause = _score_cause_html(move)
        apart = _details(f"Why: {cause}" if cause else "What its score is made of", move, links)
    return f"<li>{title}{ranks}{apart}</li>"


def _rank(side: ProductRank) -> str:
    if side.rank is not None:
        return f"place {side.rank}"
    if side.rank_by_score is None:
        return f"may not be listed: {side.barred}"
    return f"not listed, {ordinal(side.rank_by_score)} by score{'' if side.is_proven else ' at best'}"


def _on_a(move: Move, links: Mapping[str, str]) -> str:
    if move.b.rank is None:
        return _item(move, move.a.rank, move_html("gone", ""), _details(cause_html(move), move, links))
    to = "stays here" if move.places == 0 else f"place {move.b.rank} in B"
    return _item(move, move.a.rank, "", f'<p class="sw-cause sw-quiet">{to}</p>')


def _on_b(move: Move, links: Mapping[str, str]) -> str:
    badge = move_html("new" if move.places is None else move.places, " against A")
    return _item(move, move.b.rank, badge, _details(cause_html(move), move, links))


def _item(move: Move, rank: int | None, badge: str, about: str) -> str:
    product, chosen = move.product, _CHOSEN if move.is_wanted else ""
    return (
        f'<li data-listed="{esc(product.item_id)}"{" data-wanted" if move.is_wanted else ""}>'
        f'<div class="sw-place"><span class="sw-rank">{rank}</span>{badge}</div><div class="sw-ab-about">'
        f'<p class="sw-ab-title" title="{esc(product.title)}">{isolated(product.title)}</p>'
        f'<p class="sw-by">{isolated(product.category or "no category")}{chosen}</p>{about}</div></li>'
    )


def _details(cause: str, move: Move, links: Mapping[str, str]) -> str:
    link = links.get(move.product.item_id, "")
    apart = f'<a class="sw-why" href="{esc(link)}" target="_blank" rel="noopener">Take its score apart</a>'
    return f'<details class="sw-cause"><summary>{cause}</summary>{split_html(move)}{apart if link else ""}</details>'


def cause_html(move: Move) -> str:
    """What happened to a rank and why, in words; components with their glyphs."""
    cause, happened = _score_cause_html(move), position_text(move)
    if happened.startswith(("new, ", "gone, ")):  # the badge says so
        happened = happened.split(", ", 1)[1]
    return f"{esc(happened)}{': ' if cause else ''}{cause}"


def _score_cause_html(move: Move) -> str:
    """The cause as `moves.cause_text` says it, its components with their glyphs."""
    if move.cause != "score":
        return esc(cause_text(move))
    return ", ".join(
        f'<span class="sw-named">{dot_html("context" if name == "circumstances" else name)}{esc(name)} '
        f"{signed(value)}</span>"
        for name, value in leading(move.lead)
    )


def split_html(move: Move) -> str:
    """A table of its score and its lead by component, and how scores, rules and variety move its rank."""
    rows = [*_lines(move), ("", "Together", sum(part.value for part in move.parts), sum(p.value for p in move.lead))]
    cells = [
        f'<tr><th scope="row">{dot_html(component) if component else ""}{esc(label)}</th>'
        + "".join(f'<td class="sw-num">{signed(value)}</td>' for value in ((own, lead) if move.lead else (own,)))
        + "</tr>"
        for component, label, own, lead in rows
    ]
    heads = {"By": "", "Its score#": ""}
    if move.lead:
        crossed = "it passes" if move.by_score > 0 else "that pass it"
        heads[f"Against the {move.n_crossed:,} {crossed}#"] = "How much more its score rises than theirs, on average"
    body = f"<tbody>{''.join(cells[:-1])}</tbody><tfoot>{cells[-1]}</tfoot>"
    a, b = (signed(side.score).removeprefix("+") for side in (move.a, move.b))
    note = f'<p class="sw-note">Score {a} → {b}. {esc(ranks_in_words(move))}</p>'
    return labels.table_html("sw-split", heads, body) + note


def _lines(move: Move) -> list[tuple[str, str, float, float]]:
    """Component, label, change of its own score, and lead; other circumstances stand apart from the weight."""
    leads = move.lead or [ComponentChange(part.component, 0.0, 0.0) for part in move.parts]
    lines = []
    for own, lead in zip(move.parts, leads, strict=True):
        name, label = own.component, LOOKS[own.component].label
        if own.by_moment or lead.by_moment:
            lines.append((name, f"{label}, by its weight", own.by_weight, lead.by_weight))
            lines.append((name, f"{label}, by other circumstances", own.by_moment, lead.by_moment))
        else:
            lines.append((name, label, own.value, lead.value))
    return lines


def ranks_in_words(move: Move) -> str:
    """How many places scores, rules and variety move it; they add up."""
    a, b = move.a.rank_by_score, move.b.rank_by_score
    if a is None or b is None:
        return "It may not be listed under one of the settings, so places cannot be counted."
    moved = ", ".join(
        f"{count(abs(n), 'place')} {'up' if n > 0 else 'down'} by {name}"
        for n, name in ((move.by_score, "scores"), (move.by_rules, "what may be listed"), (move.by_variety, "variety"))
        if n
    )
    return f"By score {ordinal(a)} → {ordinal(b)}{': ' if moved else ''}{moved}."
