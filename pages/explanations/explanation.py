"""The explanation below the pickers: settings and product in one fragment, and within it another for the argument.

Leaving something out draws the inner one alone, so that neither the settings nor the thousands of products to pick from
are sent again. A new question below the explanation is a function of an `ExplanationContext`, and a line in `SECTIONS`.
"""

from collections.abc import Callable

import streamlit as st

from pages._shared import cards, charts, controls, frame, resources
from pages._shared.cards import empty_html, notes_html, notice_html
from pages._shared.controls import switch
from pages._shared.shopper import TargetUser, show_start, words_input
from pages._shared.view import KNOWN, NEW, Choices
from pages.explanations import ablation, bars, parts, product, sheet
from pages.explanations.comparisons import beliefs, other_moment, rival, whose_words
from pages.explanations.product import ExplanationContext, Outcome
from pages.explanations.removals import counterfactual, history, trust
from recsys.errors import RecsysError
from recsys.serving.recommender import Recommender
from recsys.settings import Context, RankingSettings

SECTIONS: dict[str, Callable[[ExplanationContext], None]] = {
    "Whose words": whose_words,
    "Their history": history,
    "What would change it": counterfactual,
    "Against another": rival,
    "Another moment": other_moment,
    "Who they are": beliefs,
    "How far to trust it": trust,
}
"""By the name on the control, in its order; the name is also the value of `section` in an address."""

_REFUSED = "Nothing to explain with these settings"


@st.fragment
def show_explanation(model: Recommender, choices: Choices, user: TargetUser) -> None:
    """Settings, product, and everything about it."""
    pointing = st.container(horizontal=True, vertical_alignment="center", gap="small", key="product_picker")
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        with st.popover("Mix", icon=":material/tune:", key="weights_popover"), st.container(key="mixer"):
            positions = controls.weights(choices, NEW if user.is_new else KNOWN)
            effective = st.container()
        context, settings_of = controls.toolbar(choices)
    with frame.remembered(frame.WHY_PAGE, _REFUSED):
        settings = settings_of(positions)
        effective.html(cards.weights_html(settings.fusion.normalised()))
        if not user.is_somebody:
            show_start(model, choices, user, "What puts each product on their list is then shown here.")
            return
        with st.skeleton(height=420):
            request = resources.scored(model, user.user_id, user.words, context)
            ranked = model.rank(request, settings)
            item_id = product.choose(model, ranked, pointing)
            if item_id is None:
                st.html(empty_html("No products", "This shop's catalogue is empty."))
                return
            _argue(model, choices, user, context, settings, item_id)


@st.fragment
@frame.remembered(frame.WHY_PAGE, _REFUSED)
def _argue(
    model: Recommender, choices: Choices, user: TargetUser, context: Context, settings: RankingSettings, item_id: str
) -> None:
    """Score, parts and effect; leaving out a part, or adding words, runs this alone."""
    before = resources.scored(model, user.user_id, user.words, context)
    excluded = ablation.read(model)
    head, notes = st.container(key="product_head"), st.container()
    with st.container(key="two_sides"):
        left, right = st.columns([1, 1], gap="medium")
    with left:
        chart = st.container(key="chart_waterfall")
        with st.container(key="argument"):
            st.html(
                '<h2 class="sw-chart-title">Argue with it</h2><p class="sw-note">Untick any part beside this, or add '
                "words of theirs. Everything is scored again as if it had always been so; when one phrase goes, the "
                "others take up some of its part.</p>"
            )
            added = words_input("What if they had written …", "added", "for example: it has to be quiet").strip()
            chips, changed = st.container(), st.container()
    now = before
    if added:
        supposed = "\n".join(filter(None, (user.words.strip(), added)))
        with st.spinner("Reading what was written …", show_time=True):
            now = resources.scored(model, user.user_id, supposed, context, excluded)
    elif excluded:
        now = resources.scored(model, user.user_id, user.words, context, excluded)
    # What a person who leaves something out is waiting for comes first, since it needs no parts.
    outcomes = (Outcome.of(model, before, item_id, settings), Outcome.of(model, now, item_id, settings))
    with head:
        st.html(product.head_html(model, item_id, outcomes, is_argued=now is not before))
        evidence = st.container(key="evidence_place")
    if now.notes:
        notes.html(notes_html(now.notes))
    with changed:
        ablation.show_effect(model, before, now, settings, item_id, outcomes)
    frame.head_start("argument", (item_id, added, excluded))
    original, explanation = (resources.explained(model, each, item_id, settings) for each in (before, now))
    case = ExplanationContext(model, choices, user, context, settings, item_id, before, now, explanation, original)
    with chips:
        ablation.show_chips(model, excluded, original)
    with evidence:
        sheet.popover(case)
    with right:
        opened = parts.show_parts(case)
    with chart:
        bars.show_waterfall(explanation, opened, charts.theme())
        st.html(bars.sum_html(explanation))
    _look_closer(case)


def _look_closer(case: ExplanationContext) -> None:
    with st.container(key="sections"):
        names = list(SECTIONS)
        requested = st.query_params.get("section")
        if requested and requested not in SECTIONS:  # the control takes it out of the address, silently
            title = "This link opens a section that is not there, so the first stands in:"
            st.html(notice_html(title, [f"section = {requested[:60]!r}: not one of {', '.join(names)}"]))
        chosen = switch("Look closer", names, "section", label_visibility="collapsed")
        try:
            SECTIONS[chosen](case)
        except RecsysError as error:
            st.html(empty_html("This cannot be shown", str(error)))
