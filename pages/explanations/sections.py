"""What can be asked about one explanation below its arithmetic; only the section that is open is computed.

A new section is a function of a `ExplanationContext` that draws it, and a line in `SECTIONS`.
"""

from collections.abc import Callable

import streamlit as st

from pages._shared import resources
from pages._shared.notices import empty_html, notice_html
from pages.explanations import ablation, reader
from pages.explanations.context import ExplanationContext
from pages.explanations.questions.beliefs import beliefs
from pages.explanations.questions.counterfactual import counterfactual
from pages.explanations.questions.history import history
from pages.explanations.questions.moment import other_moment
from pages.explanations.questions.rival import rival
from pages.explanations.questions.trust import trust
from recsys.errors import RecsysError
from recsys.explanations.reading import N_TEXTS, Reading

_LOOKED_INTO = "phrase_looked_into"
_N_TEXTS = "texts_read"


def whose_words(case: ExplanationContext) -> None:
    """The texts of both sides with their phrases shaded; phrases and texts can be left out, and looked into."""
    if not case.explanation.shopper_phrases:
        why = "this shopper has written nothing and chosen nothing with words; add some above"
        if not case.explanation.weights["semantic"]:
            why = "they have no weight in the mix; raise Semantic above 0"
        st.html(empty_html("Words say nothing here", why))
        return
    n_texts = st.session_state.get(_N_TEXTS, N_TEXTS)
    reading = case.model.read(case.now, case.item_id, case.settings, n_texts)
    reader.show(
        reading,
        user_id=case.user.user_id,
        key="reader",
        inside=_inside(case),
        on_answer=lambda answer: _answered(answer, reading),
    )
    n_more = max(reading.n_shopper_texts - len(reading.shopper), reading.n_product_texts - len(reading.product))
    if n_more > 0:
        st.button(
            f"Read {min(n_more, N_TEXTS):,} more texts of a side",
            key="more_texts",
            icon=":material/expand_more:",
            on_click=st.session_state.update,
            args=({_N_TEXTS: n_texts + N_TEXTS},),
        )


def _answered(answer: reader.ReaderAnswer, reading: Reading) -> None:
    if answer.struck_toggled:
        ablation.write(reader.toggled(ablation.addressed(), answer.struck_toggled, reading))
    if name := answer.look_inside:
        st.session_state[_LOOKED_INTO] = None if st.session_state.get(_LOOKED_INTO) == name else name


def _inside(case: ExplanationContext) -> reader.Inside | None:
    """The words of the phrase that was asked for last, while it is part of what is shown."""
    name = st.session_state.get(_LOOKED_INTO)
    if not name:
        return None
    try:
        with st.spinner("Reading the phrase without each of its words …", show_time=True):
            effects = resources.looked_inside(case.model, case.now, case.item_id, case.settings, name)
    except RecsysError:  # it was of another product, or is struck now
        st.session_state[_LOOKED_INTO] = None
        return None
    return name, effects


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


def show(case: ExplanationContext) -> None:
    """The control and the section that is open."""
    with st.container(key="sections"):
        names = list(SECTIONS)
        requested = st.query_params.get("section")
        if requested and requested not in SECTIONS:  # the control takes it out of the address, silently
            title = "This link opens a section that is not there, so the first stands in:"
            st.html(notice_html(title, [f"section = {requested[:60]!r}: not one of {', '.join(names)}"]))
        chosen = st.segmented_control(
            "Look closer",
            names,
            default=names[0],
            required=True,
            key="section",
            label_visibility="collapsed",
            bind="query-params",
        )
        try:
            SECTIONS[chosen or names[0]](case)
        except RecsysError as error:
            st.html(empty_html("This cannot be shown", str(error)))
