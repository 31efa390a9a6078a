"""The explanation below the pickers: settings and product in one fragment, and within it another for the argument.

Leaving something out draws the inner one alone, so that neither the settings nor the thousands of products to pick from
are sent again.
"""

from typing import Any

import streamlit as st

from pages._shared import cards, charts, controls, frame, resources
from pages._shared.notices import empty_html, notes_html
from pages._shared.shopper import TargetUser, nobody_yet
from pages._shared.view import KNOWN, MAX_WORDS, NEW, Choices
from pages.explanations import ablation, effect, parts, product, sections, sheet, waterfall
from pages.explanations.context import ExplanationContext, Outcome
from recsys.errors import RecsysError
from recsys.serving.recommender import Recommender
from recsys.settings import Context, RankingSettings

_REFUSED = "Nothing to explain with these settings"


@st.fragment
def show(model: Recommender, choices: Choices, user: TargetUser) -> None:
    """Settings, product, and everything about it."""
    pointing = st.container(horizontal=True, vertical_alignment="center", gap="small", key="product_picker")
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        context, settings, problem = _settings(choices, NEW if user.is_new else KNOWN)
    with frame.remembered(frame.WHY_PAGE, _REFUSED):
        if problem:
            raise problem
        if not user.is_somebody:
            nobody_yet(model, choices, user, "What puts each product on their list is then shown here.")
            return
        with st.skeleton(height=420):
            request = resources.scored(model, user.user_id, user.words, context)
            ranked = model.rank(request, settings)
            item_id = product.choose(model, ranked, pointing)
            if item_id is None:
                st.html(empty_html("No products", "This shop's catalogue is empty."))
                return
            _argue(model, choices, user, context, settings, item_id)


def _settings(choices: Choices, who: str) -> tuple[Context, RankingSettings, RecsysError | None]:
    """The same controls as on the list, bound to the same parameters."""
    with st.popover("Mix", icon=":material/tune:", key="mix_popover"), st.container(key="mixer"):
        positions = controls.weights(choices, who)
        effective = st.container()
    context, chosen, n, strength, method = controls.toolbar(choices)
    try:
        settings = controls.settings(positions, chosen, n, strength, method)
        effective.html(cards.weights_html(settings.fusion.normalised()))
        return context, settings, None
    except RecsysError as problem:
        return context, RankingSettings(), problem


@st.fragment
def _argue(*about: Any) -> None:
    """Score, parts and effect; leaving out a part, or adding words, runs this alone."""
    with frame.remembered(frame.WHY_PAGE, _REFUSED):
        _draw(*about)


def _draw(
    model: Recommender, choices: Choices, user: TargetUser, context: Context, settings: RankingSettings, item_id: str
) -> None:
    before = resources.scored(model, user.user_id, user.words, context)
    excluded = ablation.read(model)
    ablation.complain(excluded)
    head, notes = st.container(key="product_head"), st.container()
    with st.container(key="two_sides"):
        beside, details = st.columns([1, 1], gap="medium")
    with beside:
        chart = st.container(key="chart_waterfall")
        with st.container(key="argument"):
            st.html(
                '<h2 class="sw-chart-title">Argue with it</h2><p class="sw-note">Untick any part beside this, or add '
                "words of theirs. Everything is scored again as if it had always been so; when one phrase goes, the "
                "others take up some of its part.</p>"
            )
            added = st.text_input(
                "What if they had written …",
                key="added",
                max_chars=MAX_WORDS,
                placeholder="for example: it has to be quiet",
                icon=":material/edit:",
                bind="query-params",
            )
            chips, changed = st.container(), st.container()
    now, said = before, user.words
    if added and added.strip():
        said = "\n".join(filter(None, (user.words.strip(), added.strip())))
        with st.spinner("Reading what was written …", show_time=True):
            now = resources.scored(model, user.user_id, said, context, excluded.names)
    elif excluded.names:
        now = resources.scored(model, user.user_id, said, context, excluded.names)
    # What a person who leaves something out is waiting for comes first, since it needs no parts.
    outcomes = (Outcome.of(model, before, item_id, settings), Outcome.of(model, now, item_id, settings))
    with head:
        st.html(product.head_html(model, item_id, outcomes, is_argued=now is not before))
        evidence = st.container(key="evidence_place")
    if now.notes:
        notes.html(notes_html(now.notes))
    with changed:
        effect.show(model, before, now, settings, item_id, outcomes)
    original, explanation = (resources.explained(model, each, item_id, settings) for each in (before, now))
    case = ExplanationContext(model, choices, user, context, settings, item_id, before, now, explanation, original)
    with chips:
        ablation.bar(model, excluded, original)
    with evidence:
        sheet.popover(case)
    with details:
        opened = parts.show(case)
    with chart:
        waterfall.show(explanation, opened, charts.theme())
        st.html(waterfall.sum_html(explanation))
    sections.show(case)
