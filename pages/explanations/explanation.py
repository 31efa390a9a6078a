"""The explanation below the pickers: settings and product in one fragment, and within it another for the argument.

A strike draws the inner one alone, so that neither the settings nor the thousands of products to pick from are sent
again.
"""

import streamlit as st

from pages._shared import cards, charts, controls, frame, resources
from pages._shared.notices import empty_html
from pages._shared.shopper import TargetUser, nobody_yet
from pages._shared.view import KNOWN, MAX_WORDS, NEW, Choices
from pages.explanations import ablation, effect, parts, product, sections, sheet, waterfall
from pages.explanations.effect import Outcome
from pages.explanations.questions.context import ExplanationContext
from recsys.errors import RecsysError
from recsys.ranking.results import ScoredRequest
from recsys.serving.recommender import Recommender
from recsys.settings import Context, RankingSettings


@st.fragment
def show(model: Recommender, choices: Choices, asker: TargetUser) -> None:
    """Settings, product, and everything about it."""
    pointing = st.container(horizontal=True, vertical_alignment="center", gap="small", key="product_picker")
    with st.container(horizontal=True, vertical_alignment="center", key="toolbar"):
        context, settings, problem = _settings(choices, NEW if asker.is_new else KNOWN)
    try:
        if problem:
            raise problem
        if not asker.is_somebody:
            nobody_yet(model, choices, asker, "What puts each product on their list is then shown here.")
            return
        with st.skeleton(height=420):
            request = resources.scored(model, model.model_id, asker.user_id, asker.words, context)
            ranked = model.rank(request, settings)
            asked = product.asked(model, ranked)
            product.complain(model, asked)
            with pointing:
                item_id = product.choose(model, ranked, asked)
                product.steps(ranked, item_id)
            if item_id is None:
                st.html(empty_html("No products", "This shop's catalogue is empty."))
                return
            _argue(model, choices, asker, context, settings, item_id)
    except RecsysError as error:
        st.html(empty_html("Nothing to explain with these settings", str(error)))
    finally:
        frame.remember_view(frame.WHY_PAGE)


def _settings(choices: Choices, who: str) -> tuple[Context, RankingSettings, RecsysError | None]:
    """The same controls as on the list, bound to the same parameters."""
    with st.popover("Mix", icon=":material/tune:", key="mix_popover"), st.container(key="mixer"):
        positions = controls.weights(choices, who)
        effective = st.container()
    context, chosen, n, strength, method = controls.toolbar(choices)
    try:
        settings = controls.settings(positions, chosen, n, strength, method)
        with effective:
            st.html(cards.weights_html(settings.fusion.normalised()))
        return context, settings, None
    except RecsysError as problem:
        return context, RankingSettings(), problem


@st.fragment
def _argue(
    model: Recommender, choices: Choices, asker: TargetUser, context: Context, settings: RankingSettings, item_id: str
) -> None:
    """Score, parts and effect; striking a part, or adding words, runs this alone."""
    try:
        _about(model, choices, asker, context, settings, item_id)
    except RecsysError as error:
        st.html(empty_html("Nothing to explain with these settings", str(error)))
    finally:
        frame.remember_view(frame.WHY_PAGE)


def _about(
    model: Recommender, choices: Choices, asker: TargetUser, context: Context, settings: RankingSettings, item_id: str
) -> None:
    before = resources.scored(model, model.model_id, asker.user_id, asker.words, context)
    left_out = ablation.read(model)
    ablation.complain(left_out)
    head, notes = st.container(key="product_head"), st.container()
    with st.container(key="two_sides"):
        beside, about = st.columns([1, 1], gap="medium")
    with beside:
        chart = st.container(key="chart_waterfall")
        with st.container(key="argument"):
            st.html(
                '<h2 class="sw-chart-title">Argue with it</h2><p class="sw-note">Untick any part beside this, or add '
                "words of theirs. Everything is scored again as if it had always been so; when one phrase goes, the "
                "others take up some of its part.</p>"
            )
            added = _added()
            chips, changed = st.container(), st.container()
    said = "\n".join(filter(None, (asker.words.strip(), added)))
    now = _now(model, before, asker, said, context, left_out.names)
    # What a person who strikes is waiting for comes first, since it needs no parts.
    outcomes = (Outcome.of(model, before, item_id, settings), Outcome.of(model, now, item_id, settings))
    with head:
        st.html(product.head_html(model, item_id, outcomes, is_argued=now is not before))
        evidence = st.container(key="evidence_place")
    with notes:
        if now.notes:
            st.html(product.notes_html(now.notes))
    with changed:
        effect.show(model, before, now, settings, item_id, outcomes)
    case = _case(model, choices, asker, context, settings, item_id, before, now)
    with chips:
        ablation.bar(model, left_out, case.original)
    with evidence:
        sheet.popover(case)
    with about:
        opened = parts.show(case)
    with chart:
        waterfall.show(case.explanation, opened, charts.theme())
        st.html(waterfall.sum_html(case.explanation))
    sections.show(case)


def _case(
    model: Recommender,
    choices: Choices,
    asker: TargetUser,
    context: Context,
    settings: RankingSettings,
    item_id: str,
    before: ScoredRequest,
    now: ScoredRequest,
) -> ExplanationContext:
    original, explanation = (
        resources.explained(
            model, each, model.model_id, each.user_id, each.words, context, each.struck, item_id, settings
        )
        for each in (before, now)
    )
    return ExplanationContext(
        model, model.model_id, choices, asker, context, settings, item_id, before, now, explanation, original
    )


def _added() -> str:
    return (
        st.text_input(
            "What if they had written …",
            key="added",
            max_chars=MAX_WORDS,
            placeholder="for example: it has to be quiet",
            icon=":material/edit:",
            bind="query-params",
        )
        or ""
    ).strip()


def _now(
    model: Recommender,
    before: ScoredRequest,
    asker: TargetUser,
    said: str,
    context: Context,
    names: tuple[str, ...],
) -> ScoredRequest:
    """The request as it is argued about."""
    if said == asker.words.strip():
        if not names:
            return before
        return resources.scored(model, model.model_id, asker.user_id, asker.words, context, names)
    with st.spinner("Reading what was written …", show_time=True):
        return resources.scored(model, model.model_id, asker.user_id, said, context, names)
