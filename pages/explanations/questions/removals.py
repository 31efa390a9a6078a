"""What leaving out does: each product of the history, and the fewest phrases that take the product off the list."""

from collections.abc import Sequence

import streamlit as st

from pages._shared import resources, words
from pages._shared.notices import empty_html
from pages._shared.widgets import button
from pages.explanations import ablation, naming
from pages.explanations.bars import Bar, bars_html
from pages.explanations.product import ExplanationContext
from recsys.explanations.comparisons import MAX_PRODUCTS, HistoryEffect, history_attribution
from recsys.explanations.counterfactual import Counterfactual, SideName, smallest_removal
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

    def progress(stage: str, done: int = 0, total: int = 0) -> None:
        bar.progress(done / total if total else 0.0, _WORKING)

    try:
        effects = history_attribution(case.model, case.now, case.item_id, case.settings, had, progress)
    finally:
        bar.empty()
    st.container(key="history_effects").html(_panel(case, effects, len(had)))


def _panel(case: ExplanationContext, effects: Sequence[HistoryEffect], n_had: int) -> str:
    titles, rank = resources.titles(case.model), case.explanation.position.rank_by_score
    bars = bars_html([_bar(effect, titles, rank) for effect in effects], "Effect of each product of the history")
    rest = f"The {MAX_PRODUCTS} of {n_had:,} products whose words matter most here were left out in turn."
    rest = f'<p class="sw-note">{rest}</p>' if n_had > MAX_PRODUCTS else ""
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
    note = words.parts_in_words(shares, 3).replace(", ", " · ") or "no component notices"
    if rank is not None and effect.rank_without is not None and effect.rank_without != rank:
        note += f" · without it place {effect.rank_without:,} instead of {rank:,}"
        if (effect.value < 0) == (effect.rank_without > rank):
            note += ", because others gain more"
    return Bar(titles.get(effect.item_id, effect.item_id), effect.value, note)


N_FIRST = 6
"""So many phrases of an answer are shown at once, the others on a click."""

_SIDES: tuple[tuple[SideName, str, str], ...] = (
    ("product", "In what is said of the product", "about it"),
    ("shopper", "In what the shopper wrote and chose", "of theirs and of what they chose"),
)


def counterfactual(case: ExplanationContext) -> None:
    """Both sides, each with its answer and a button that leaves it out."""
    position, n = case.explanation.position, case.settings.n
    if position.rank is None:
        why = "choose a listed product" + (", or restore what is struck" if case.is_argued else "")
        st.html(empty_html(f"Not among the first {n}", f"{naming.place_in_words(position)}; {why}"))
        return
    st.html(
        f'<p class="sw-note">The fewest phrases that would have to go before it drops out of the first {n}. Each '
        "answer was checked by ranking the whole list again.</p>"
    )
    for column, (side, title, whose) in zip(st.columns(2, gap="medium"), _SIDES, strict=True):
        with column, st.container(key=f"turning_{side}"):
            with st.spinner("Striking phrases …", show_time=True):
                removal = smallest_removal(case.model, case.now, case.item_id, case.settings, side)
            st.html(f'<h3 class="sw-chart-title">{title}</h3>{_answer(removal, whose, n, case.user.user_id)}')
            if removal.phrases:
                label = f"Strike {words.count(len(removal.phrases), 'phrase')}"
                names = [str(phrase.source["strike"]) for phrase in removal.phrases]
                button(label, f"strike_turning_{side}", "format_strikethrough", ablation.exclude_all, names)


def _answer(removal: Counterfactual, whose: str, n: int, user_id: str | None) -> str:
    if not removal.phrases:
        return f'<p class="sw-hint" dir="auto">{words.sentence(removal.reason)}</p>'
    size = words.count(len(removal.phrases), "phrase")
    sure = "No smaller set does it." if removal.is_smallest else "The smallest set found; a smaller one may exist."
    bars = [
        Bar(naming.label_of(part), part.value, naming.phrase_facts(part.source, user_id), quote=True)
        for part in sorted(removal.phrases, key=lambda part: -part.value)
    ]
    return (
        f'<p class="sw-lede">Without {size} {whose}, it leaves the first {n}.</p><p class="sw-note">{sure}</p>'
        + bars_html(bars, "Phrases that hold it on the list", N_FIRST)
    )
