"""What leaving out and adding did: to the score, to the rank, and to the whole list."""

from collections.abc import Mapping

import streamlit as st

from pages._shared import words
from pages._shared.cards import esc, isolated, move_html
from pages._shared.moves import Moves
from pages.explanations.context import Outcome
from recsys.ranking.results import Recommendation, ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import RankingSettings


def show(
    model: Recommender,
    before: ScoredRequest,
    now: ScoredRequest,
    settings: RankingSettings,
    item_id: str,
    outcomes: tuple[Outcome, Outcome],
) -> None:
    """The panel; where nothing is argued, the list as it stands."""
    was = model.rank(before, settings)
    if now is before:
        st.html(_list(was, {}, item_id, "The list as it stands", "The list"))
    else:
        after = model.rank(now, settings)
        st.html(_figures(*outcomes, was, after) + _two_lists(was, after, item_id))


def _figures(original: Outcome, now: Outcome, before: Recommendation, after: Recommendation) -> str:
    were, are = ([item.item_id for item in ranked.items] for ranked in (before, after))
    n_new = len(set(are) - set(were))
    same = "list unchanged" if were == are else "list in other order"
    ranks = [(each.position.rank_by_score, each.position.rank) for each in (original, now)]
    (was_by_score, was), (by_score, rank) = ranks
    tiles = (
        ("Score", f"{original.score:.2f}", f"{now.score:.2f}", words.signed(now.score - original.score)),
        ("Place by score", _rank(was_by_score, "none"), _rank(by_score, "none"), _moved(was_by_score, by_score)),
        ("Place on list", _rank(was, "off"), _rank(rank, "off"), f"{_products(n_new)} new on it" if n_new else same),
    )
    return (
        '<dl class="sw-effect" role="status" aria-label="Effect">'
        + "".join(
            f'<div><dt>{name}</dt><dd><span class="sw-quiet">{esc(was)}</span> <span aria-hidden="true">→</span>'
            f'<span class="sw-sr"> becomes </span> <strong>{esc(is_now)}</strong></dd>'
            f'<dd class="sw-effect-change">{esc(how)}</dd></div>'
            for name, was, is_now, how in tiles
        )
        + "</dl>"
    )


def _products(n: int) -> str:
    return words.count(n, "product")


def _rank(rank: int | None, without: str) -> str:
    return without if rank is None else words.ordinal(rank)


def _moved(was: int | None, now: int | None) -> str:
    if was is None or now is None:
        return "cannot be listed" if now is None else "can be listed now"
    if was == now:
        return "same place"
    return f"{'▲' if now < was else '▼'} {words.count(abs(was - now), 'place')}"


def _two_lists(before: Recommendation, now: Recommendation, item_id: str) -> str:
    were, are = (tuple(item.item_id for item in ranked.items) for ranked in (before, now))
    gone = dict.fromkeys(set(were) - set(are), "gone")
    moves = Moves("", are, were).by_item()
    return (
        f'<div class="sw-two-lists"><div>{_list(before, gone, item_id, "Before", "The list before")}</div>'
        f"<div>{_list(now, moves, item_id, 'Now', 'The list now')}</div></div>"
    )


def _list(ranked: Recommendation, moves: Mapping[str, int | str], item_id: str, title: str, label: str) -> str:
    head = f'<p class="sw-eyebrow sw-list-name">{title}</p>'
    if not ranked.items:
        return f'{head}<p class="sw-note">No product passes the filters.</p>'
    rows = "".join(
        f'<li data-listed="{esc(item.item_id)}"{" aria-current=true" if item.item_id == item_id else ""}>'
        f'<span>{n}</span><span class="sw-mini-title" title="{esc(item.title)}">{isolated(item.title)}</span>'
        f"{move_html(moves.get(item.item_id) or None, '') or '<span></span>'}<span>{item.score:.2f}</span></li>"
        for n, item in enumerate(ranked.items, 1)
    )
    return f'{head}<ol class="sw-mini" aria-label="{esc(label)}" tabindex="0">{rows}</ol>'
