"""What would change it: the fewest phrases without which the product is off the list."""

import streamlit as st

from pages._shared import naming, words
from pages._shared.notices import empty_html
from pages.explanations import ablation
from pages.explanations.questions.bars import Bar, bars_html
from pages.explanations.questions.context import ExplanationContext
from recsys.explanations.counterfactual import Counterfactual, SideName, smallest_removal

N_FIRST = 6
"""So many phrases of an answer are shown at once, the others on a click."""

_SIDES: tuple[tuple[SideName, str, str], ...] = (
    ("product", "In what is said of the product", "about it"),
    ("shopper", "In what the shopper wrote and chose", "of theirs and of what they chose"),
)


def turning(case: ExplanationContext) -> None:
    """Both sides, each with its answer and a button that strikes it."""
    standing = case.explanation.standing
    if standing.rank is None:
        why = "choose a listed product" + (", or restore what is struck" if case.is_argued else "")
        reason = naming.place_in_words(case.explanation.standing)
        st.html(empty_html(f"Not among the first {case.settings.n}", f"{reason}; {why}"))
        return
    st.html(
        f'<p class="sw-note">The fewest phrases that would have to go before it drops out of the first '
        f"{case.settings.n}. Each answer was checked by ranking the whole list again.</p>"
    )
    columns = st.columns(2, gap="medium")
    for column, (side, title, whose) in zip(columns, _SIDES, strict=True):
        with column, st.container(key=f"turning_{side}"):
            with st.spinner("Striking phrases …", show_time=True):
                found = smallest_removal(case.model, case.now, case.item_id, case.settings, side)
            st.html(
                f'<h3 class="sw-chart-title">{title}</h3>' + _said(found, whose, case.settings.n, case.asker.user_id)
            )
            if found.phrases:
                st.button(
                    f"Strike {words.count(len(found.phrases), 'phrase')}",
                    key=f"strike_turning_{side}",
                    icon=":material/format_strikethrough:",
                    on_click=ablation.strike_all,
                    args=([str(phrase.source["strike"]) for phrase in found.phrases],),
                )


def _said(found: Counterfactual, whose: str, n: int, asker: str | None) -> str:
    if not found.phrases:
        return f'<p class="sw-hint" dir="auto">{words.sentence(found.reason)}</p>'
    size = words.count(len(found.phrases), "phrase")
    sure = "No smaller set does it." if found.is_smallest else "The smallest set found; a smaller one may exist."
    head = f'<p class="sw-lede">Without {size} {whose}, it leaves the first {n}.</p><p class="sw-note">{sure}</p>'
    bars = [
        Bar(naming.label_of(part), part.value, naming.phrase_facts(part.source, asker), quote=True)
        for part in sorted(found.phrases, key=lambda part: -part.value)
    ]
    return head + bars_html(bars, "Phrases that hold it on the list", n_first=N_FIRST)
