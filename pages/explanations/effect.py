"""What striking and adding did: to the score, to the place, and to the whole list."""

from dataclasses import dataclass

import streamlit as st

from pages._shared import naming, words
from pages._shared.cards import esc, isolated, move_html
from pages._shared.moves import Moves
from recsys.explanations.records import RankPosition
from recsys.ranking.results import Recommendation, ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import RankingSettings


@dataclass(frozen=True, slots=True)
class Outcome:
    """The score of one product and where it stands: what a person waits for, long before its parts are known."""

    score: float
    standing: RankPosition

    @classmethod
    def of(cls, model: Recommender, request: ScoredRequest, item_id: str, settings: RankingSettings) -> "Outcome":
        """Ask the model."""
        row = model.item_row(item_id)
        score = model.explainer.score_of(request, row, settings.fusion)
        return cls(score, model.explainer.standing(request, row, settings))


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
        st.html(_one_list(was, item_id))
        return
    listed = model.rank(now, settings)
    st.html(_figures(*outcomes, was, listed) + _two_lists(was, listed, item_id))


def _figures(original: Outcome, now: Outcome, before: Recommendation, after: Recommendation) -> str:
    change = now.score - original.score
    kept = {item.item_id for item in before.items}
    n_new = sum(item.item_id not in kept for item in after.items)
    same = [item.item_id for item in before.items] == [item.item_id for item in after.items]
    listed = (
        "list unchanged" if same else f"{words.count(n_new, 'product')} new on it" if n_new else "list in other order"
    )
    tiles = (
        ("Score", f"{original.score:.2f}", f"{now.score:.2f}", words.signed(change)),
        ("Place by score", _place(original), _place(now), _moved(original, now)),
        ("Place on list", _listed(original), _listed(now), listed),
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


def _listed(outcome: Outcome) -> str:
    return "off" if outcome.standing.rank is None else naming.ordinal(outcome.standing.rank)


def _place(outcome: Outcome) -> str:
    place = outcome.standing.rank_by_score
    return "none" if place is None else naming.ordinal(place)


def _moved(original: Outcome, now: Outcome) -> str:
    was, is_now = original.standing.rank_by_score, now.standing.rank_by_score
    if was is None or is_now is None:
        return "cannot be listed" if is_now is None else "can be listed now"
    if was == is_now:
        return "same place"
    return f"{'▲' if is_now < was else '▼'} {words.count(abs(was - is_now), 'place')}"


def _one_list(ranked: Recommendation, item_id: str) -> str:
    return '<p class="sw-eyebrow sw-list-name">The list as it stands</p>' + _ranked(
        [(item.item_id, item.title, item.score, "") for item in ranked.items], item_id, "The list"
    )


def _two_lists(before: Recommendation, now: Recommendation, item_id: str) -> str:
    shown, were = ([item.item_id for item in ranked.items] for ranked in (now, before))
    moves = Moves("", tuple(shown), tuple(were)).by_item()
    gone = set(were) - set(shown)
    old = [
        (item.item_id, item.title, item.score, _badge("gone") if item.item_id in gone else "") for item in before.items
    ]
    new = [(item.item_id, item.title, item.score, _badge(moves[item.item_id])) for item in now.items]
    return (
        '<div class="sw-two-lists">'
        f'<div><p class="sw-eyebrow sw-list-name">Before</p>{_ranked(old, item_id, "The list before")}</div>'
        f'<div><p class="sw-eyebrow sw-list-name">Now</p>{_ranked(new, item_id, "The list now")}</div></div>'
    )


def _badge(move: int | str) -> str:
    return move_html(move, "") if move else ""


def _ranked(places: list[tuple[str, str, float, str]], item_id: str, label: str) -> str:
    if not places:
        return '<p class="sw-note">No product passes the filters.</p>'
    rows = "".join(
        f'<li data-listed="{esc(each)}"{" aria-current=true" if each == item_id else ""}><span>{n}</span>'
        f'<span class="sw-mini-title" title="{esc(title)}">{isolated(title)}</span>{badge or "<span></span>"}'
        f"<span>{score:.2f}</span></li>"
        for n, (each, title, score, badge) in enumerate(places, 1)
    )
    return f'<ol class="sw-mini" aria-label="{esc(label)}" tabindex="0">{rows}</ol>'
