"""What the semantic component reads: the texts of both sides, and the themes that it believes in."""

import streamlit as st

from pages._shared import resources, words
from pages._shared.cards import esc, isolated
from pages._shared.notices import empty_html
from pages._shared.widgets import button
from pages.explanations import ablation, naming, reader
from pages.explanations.product import ExplanationContext
from recsys.errors import RecsysError
from recsys.explanations.reading import N_TEXTS
from recsys.explanations.themes import Profile, Theme
from recsys.text.masking import mask_personal

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
    reader.show_reader(
        reading,
        user_id=case.user.user_id,
        key="reader",
        inside=_inside(case),
        on_strike=lambda name: ablation.write(reader.toggled(ablation.addressed(), name, reading)),
        on_look_inside=_toggle_inside,
    )
    n_more = max(reading.n_shopper_texts - len(reading.shopper), reading.n_product_texts - len(reading.product))
    if n_more > 0:
        label, more = f"Read {min(n_more, N_TEXTS):,} more texts of a side", {_N_TEXTS: n_texts + N_TEXTS}
        button(label, "more_texts", "expand_more", st.session_state.update, more)


def _toggle_inside(name: str) -> None:
    st.session_state[_LOOKED_INTO] = None if st.session_state.get(_LOOKED_INTO) == name else name


def _inside(case: ExplanationContext) -> reader.Inside | None:
    """The words of the phrase that was asked for last, while it is part of what is shown."""
    name = st.session_state.get(_LOOKED_INTO)
    if not name:
        return None
    try:
        with st.spinner("Reading the phrase without each of its words …", show_time=True):
            effects = resources.word_effects(case.model, case.now, case.item_id, name, case.settings)
    except RecsysError:  # it was of another product, or is struck now
        st.session_state[_LOOKED_INTO] = None
        return None
    return name, effects


def beliefs(case: ExplanationContext) -> None:
    """Both profiles side by side."""
    st.html(
        '<p class="sw-note">To the semantic component a shopper, like a product, is a weighted sum of phrases. Here is '
        "what those phrases are about, grouped by meaning, with their exact shares of the profile.</p>"
    )
    shopper, product = st.columns(2, gap="medium")
    user_id = case.user.user_id
    with st.spinner("Grouping phrases …", show_time=True):
        theirs = case.model.explainer.shopper_profile(case.now)
        its = resources.product_profile(case.model, case.item_id)
    with shopper, st.container(key="belief_shopper"):
        title = "What the system believes of this shopper"
        st.html(_profile(title, theirs, "Nothing written, nothing chosen yet", user_id))
    with product, st.container(key="belief_product"):
        st.html(_profile("What the system believes of this product", its, "Nothing is written about it", user_id))


def _profile(title: str, profile: Profile, empty: str, user_id: str | None) -> str:
    head = f'<h3 class="sw-chart-title">{title}</h3>'
    if not profile.themes:
        return head + empty_html(empty, "there are no phrases to group, so meaning says nothing here")
    most = max(abs(theme.share) for theme in profile.themes) or 1.0
    themes = "".join(_theme(theme, most, user_id) for theme in profile.themes)
    rest = f", {words.signed(profile.rest, 2)} from smaller ones" if abs(profile.rest) >= 0.005 else ""
    return (
        f'{head}<ol class="sw-themes">{themes}</ol>'
        f'<p class="sw-note">{words.count(profile.n_phrases, "phrase")} in all{rest}; shares sum to 1.</p>'
    )


def _theme(theme: Theme, most: float, user_id: str | None) -> str:
    quotes = "".join(
        f"<li><q>{isolated(mask_personal(phrase.text))}</q>"
        f'<span class="sw-by">{esc(naming.origin_of(phrase.source, user_id))}</span></li>'
        for phrase in [each for each in theme.phrases if each.text != theme.title][:3]
    )
    name = f"<q>{isolated(mask_personal(theme.title))}</q>"
    about = f'<p class="sw-theme-words">{isolated(" · ".join(theme.words))}</p>' if theme.words else ""
    width = max(100 * abs(theme.share) / most, 1)
    return (
        f'<li><p class="sw-theme-name"><strong>{name}</strong><span>{theme.share:.0%}</span></p>'
        f'<div class="sw-meter-track" aria-hidden="true"><span class="sw-theme-fill" style="width:{width:.1f}%"></span>'
        f'</div>{about}<ul class="sw-theme-quotes">{quotes}</ul></li>'
    )
