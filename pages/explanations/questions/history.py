"""Their history: what each product that a shopper had does to this score, by leaving it out."""

from collections.abc import Sequence

import streamlit as st

from pages._shared import resources, words
from pages._shared.notices import empty_html
from pages.explanations.bars import Bar, bars_html
from pages.explanations.context import ExplanationContext
from recsys.explanations.comparisons import MAX_PRODUCTS, HistoryEffect, history_attribution
from recsys.settings import COMPONENTS

_KINDS = ("review", "purchase", "recommend", "not_recommend")
_WORKING = "Leaving out products of the history …"


def history(case: ExplanationContext) -> None:
    """Leave out each product of the history in turn, and say what that does to score and place."""
    if case.user.user_id is None:
        st.html(empty_html("No history", "a new shopper has none: the words typed above are all that is known"))
        return
    acts = resources.history(case.model, case.user.user_id)
    had = _most_telling_first(case, list(dict.fromkeys(acts.loc[acts["kind"].isin(_KINDS), "item_id"])))
    if not had:
        st.html(empty_html("No history", "nothing was bought or reviewed, so nothing can be left out"))
        return
    bar = st.progress(0.0, _WORKING)
    try:
        effects = history_attribution(
            case.model,
            case.now,
            case.item_id,
            case.settings,
            had,
            lambda _, done=0, total=0: bar.progress(done / total if total else 0.0, _WORKING),
        )
    finally:
        bar.empty()
    st.container(key="history_effects").html(_panel(case, effects, len(had)))


def _panel(case: ExplanationContext, effects: Sequence[HistoryEffect], n_had: int) -> str:
    titles, rank = resources.titles(case.model), case.explanation.position.rank_by_score
    bars = bars_html([_bar(effect, titles, rank) for effect in effects], "Effect of each product of the history")
    rest = (
        f'<p class="sw-note">The {MAX_PRODUCTS} of {n_had:,} products whose words matter most here were left out in '
        "turn.</p>"
        if n_had > MAX_PRODUCTS
        else ""
    )
    return (
        '<h3 class="sw-chart-title">What each product of their history does to this score</h3>'
        '<p class="sw-note">Each is left out in turn, with what they wrote of it, and everything is scored again. '
        "Meaning, content and moment follow exactly; for the collaborative part only the shopper is learnt anew, from "
        f"the products as they are, so that part is an estimate. Effects of several products do not add up.</p>{bars}"
        f"{rest}"
    )


def _most_telling_first(case: ExplanationContext, had: list[str]) -> list[str]:
    """Products by how much their words matter for this score, then as they were, latest first."""
    moved = dict.fromkeys(had, 0.0)
    for part in case.explanation.shopper_phrases:
        item_id = str(part.source.get("item_id") or "")
        if item_id in moved:
            moved[item_id] += abs(part.value)
    return sorted(had, key=lambda item_id: -moved[item_id])


def _bar(effect: HistoryEffect, titles: dict[str, str], rank: int | None) -> Bar:
    shares = {name: effect.components[name] for name in COMPONENTS if abs(effect.components[name]) >= 0.0005}
    said = words.parts_in_words(shares, 3).replace(", ", " · ") or "no component notices"
    if rank is not None and effect.rank_without is not None and effect.rank_without != rank:
        said += f" · without it place {effect.rank_without:,} instead of {rank:,}"
        if (effect.value < 0) == (effect.rank_without > rank):
            said += ", because others gain more"
    return Bar(titles.get(effect.item_id, effect.item_id), effect.value, said)
