"""Two things side by side: two products, two moments, and the texts and themes of shopper and product."""

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, resources, words
from pages._shared.cards import dot_html, empty_html, esc, isolated, move_html
from pages._shared.charts import LOOKS
from pages._shared.controls import button
from pages._shared.view import ANY
from pages.explanations import ablation, bars, naming, product, reader
from pages.explanations.bars import Bar, bars_html
from pages.explanations.product import ExplanationContext
from recsys.errors import RecsysError
from recsys.explanations.comparisons import (
    ExplanationDifference,
    MovedProduct,
    compare_contexts,
    difference,
)
from recsys.explanations.decompose import Explanation
from recsys.explanations.reading import N_TEXTS
from recsys.explanations.themes import Profile, Theme
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, Context
from recsys.text.masking import mask_personal

PARAMETER = "rival"
N_PARTS = 7


def rival(case: ExplanationContext) -> None:
    """Pick the other product, then a difference waterfall and the parts that make it."""
    other = _choose(case)
    if other is None:
        st.html(empty_html("Nothing to compare with", "no other product is listed; type a title or an id"))
        return
    second = resources.explained(case.model, case.now, other, case.settings)
    compared = difference(case.explanation, second)
    st.html(_verdict(case.explanation, second, compared))
    chart, parts = st.columns([1, 1], gap="medium")
    with chart, st.container(key="rival_chart"):
        alt = f"Difference of the scores {words.signed(compared.score)}: {words.parts_in_words(compared.components)}"
        charts.show_chart(_figure(compared, charts.theme()), alt, key="rival_waterfall")
    with parts, st.container(key="rival_parts"):
        for name in COMPONENTS:
            st.html(_parts(name, compared))


def _choose(case: ExplanationContext) -> str | None:
    titles = resources.titles(case.model)
    listed = [item.item_id for item in case.model.rank(case.now, case.settings).items]
    options = [item_id for item_id in dict.fromkeys([*listed, *titles]) if item_id != case.item_id]
    title = "No such product to compare with, so another stands in:"
    chosen = product.requested(PARAMETER, options, titles, title)
    product.picker(
        "Compare with",
        [*filter(None, [chosen]), *options],
        chosen,
        PARAMETER,
        key="rival_choice",
        format_func=lambda item_id: f"{'On the list: ' if item_id in listed else ''}{titles.get(item_id, item_id)}",
        placeholder="Another product, by title or id",
    )
    return chosen


def _verdict(first: Explanation, second: Explanation, compared: ExplanationDifference) -> str:
    way = "above" if compared.score >= 0 else "below"
    most = max(COMPONENTS, key=lambda name: compared.components[name] * (1 if compared.score >= 0 else -1))
    places = (esc(naming.place_in_words(each.position)) for each in (first, second))
    return (
        f'<p class="sw-lede">{isolated(first.title)} stands <strong>{abs(compared.score):.2f}</strong> {way} '
        f"{isolated(second.title)}, most of all by {LOOKS[most].label.lower()} "
        f"({words.signed(compared.components[most])}).</p>"
        f'<p class="sw-note">{" against ".join(places)}.</p>'
    )


def _figure(compared: ExplanationDifference, tone: str) -> go.Figure:
    names = [*(LOOKS[name].name for name in COMPONENTS), "Difference"]
    title = f"How far it stands {'above' if compared.score >= 0 else 'below'} the other"
    return bars.floating([*bars.stacked(compared.components), ("score", 0.0, compared.score)], names, title, tone)


def _parts(component: str, compared: ExplanationDifference) -> str:
    parts, total = compared.of(component), compared.components[component]
    rest = parts[N_PARTS:]
    bars = [
        Bar(
            naming.label_of(part.example._replace(value=1.0)),  # named without a verdict: the bar says whose it is
            part.value,
            f"{words.signed(part.first, 3)} here, {words.signed(part.second, 3)} there",
            quote=component == "semantic",
        )
        for part in parts[:N_PARTS]
    ]
    if rest:
        bars.append(Bar(f"{len(rest):,} more", sum(part.value for part in rest)))
    head = (
        f'<h3 class="sw-chart-title sw-part-head">{dot_html(component)} '
        f"{LOOKS[component].label} <strong>{words.signed(total, 3)}</strong></h3>"
    )
    if not bars:
        return f'{head}<p class="sw-note">Says nothing of either.</p>'
    return head + bars_html(bars, f"Differences in {LOOKS[component].label}")


def other_moment(case: ExplanationContext) -> None:
    """Choose the other circumstances, then both lists side by side."""
    options = {name: case.choices.options[name] for name in CONTEXT_DIMENSIONS}
    usable = [name for name in CONTEXT_DIMENSIONS if not options[name].unavailable]
    if not usable:
        st.html(empty_html("One moment is like another here", "this shop's data cannot tell circumstances apart"))
        return
    st.html('<p class="sw-note">The same shopper, the same weights, in other circumstances:</p>')
    with st.grid(len(usable), min_column_width=130, gap="small"):
        chosen = {
            name: st.selectbox(
                naming.circumstance_name(name), (ANY, *options[name].values), key=f"other_{name}", bind="query-params"
            )
            for name in usable
        }
    stated = {name: value for name, value in chosen.items() if value and value != ANY}
    other = Context(**stated, moment=case.context.moment)
    if other == case.context:
        here = words.moment_in_words(case.context).lower()
        why = f"the list above is for {here}; set another time or device here"
        st.html(empty_html("Choose other circumstances", why))
        return
    there = resources.scored(case.model, case.user.user_id, case.now.words, other, case.now.ablated)
    moved = compare_contexts(case.model, case.now, there, case.settings)
    with st.container(key="other_moment"):
        st.html(_table(moved, case.context, other, case.item_id))


def _table(moved: tuple[MovedProduct, ...], here: Context, there: Context, item_id: str) -> str:
    names = [words.sentence(words.moment_in_words(context))[:-1] for context in (here, there)]
    n_new = sum(one.rank_first is None for one in moved)
    still = sum(one.rank_first is not None and one.rank_second is not None for one in moved)
    head = (
        f'<p class="sw-lede"><strong>{esc(names[1])}</strong> instead of {esc(names[0].lower())}: '
        f"{words.count(n_new, 'product')} new on the list, {still} on both.</p>"
    )
    rows = "".join(_row(one, here, there, item_id) for one in moved)
    return (
        f'{head}<div class="sw-scroll" tabindex="0"><table class="sw-table"><thead><tr><th>Product</th>'
        f'<th class="sw-num">{esc(names[0])}</th><th class="sw-num">{esc(names[1])}</th><th>Moved</th>'
        f'<th class="sw-num">Score</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(one: MovedProduct, here: Context, there: Context, item_id: str) -> str:
    ranks = [str(rank) if rank is not None else words.NO_VALUE for rank in (one.rank_first, one.rank_second)]
    move: int | str = "new" if one.rank_first is None else "gone"
    if one.rank_first is not None and one.rank_second is not None:
        move = one.rank_first - one.rank_second
    this = ' aria-current="true"' if one.item_id == item_id else ""
    return (
        f'<tr{this}><th scope="row">{isolated(one.title)}'
        f'<span class="sw-by">{_why(one.circumstances, here, there)}</span></th><td class="sw-num">{ranks[0]}</td>'
        f'<td class="sw-num">{ranks[1]}</td><td>{move_html(move, "")}</td>'
        f'<td class="sw-num">{words.signed(one.score_second - one.score_first)}</td></tr>'
    )


def _why(changes: Mapping[str, float], here: Context, there: Context) -> str:
    stated = [context.stated() for context in (here, there)]
    amounts = []
    for name, change in sorted(changes.items(), key=lambda entry: -abs(entry[1]))[:2]:
        if abs(change) >= 0.005:
            value = stated[1].get(name) or stated[0].get(name, "")
            amounts.append(f"{naming.circumstance_name(name, value)} {words.signed(change)}")
    return esc(" · ".join(amounts)) or '<span class="sw-quiet">nothing of note</span>'


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
