"""What would change it: the fewest phrases without which the product is off the list."""

import streamlit as st

from pages._shared import words
from pages._shared.notices import empty_html
from pages.explanations import ablation, naming
from pages.explanations.bars import Bar, bars_html
from pages.explanations.context import ExplanationContext
from recsys.explanations.counterfactual import Counterfactual, SideName, smallest_removal

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
                found = smallest_removal(case.model, case.now, case.item_id, case.settings, side)
            st.html(f'<h3 class="sw-chart-title">{title}</h3>{_answer(found, whose, n, case.user.user_id)}')
            if found.phrases:
                st.button(
                    f"Strike {words.count(len(found.phrases), 'phrase')}",
                    key=f"strike_turning_{side}",
                    icon=":material/format_strikethrough:",
                    on_click=ablation.exclude_all,
                    args=([str(phrase.source["strike"]) for phrase in found.phrases],),
                )


def _answer(found: Counterfactual, whose: str, n: int, user_id: str | None) -> str:
    if not found.phrases:
        return f'<p class="sw-hint" dir="auto">{words.sentence(found.reason)}</p>'
    size = words.count(len(found.phrases), "phrase")
    sure = "No smaller set does it." if found.is_smallest else "The smallest set found; a smaller one may exist."
    bars = [
        Bar(naming.label_of(part), part.value, naming.phrase_facts(part.source, user_id), quote=True)
        for part in sorted(found.phrases, key=lambda part: -part.value)
    ]
    return (
        f'<p class="sw-lede">Without {size} {whose}, it leaves the first {n}.</p><p class="sw-note">{sure}</p>'
        + bars_html(bars, "Phrases that hold it on the list", N_FIRST)
    )
