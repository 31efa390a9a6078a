"""Comparisons: with another product, as the difference of two explanations, and with another moment, as two lists."""

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, resources, words
from pages._shared.cards import dot_html, esc, isolated, move_html
from pages._shared.notices import empty_html
from pages._shared.palette import LOOKS
from pages._shared.view import ANY
from pages.explanations import bars, naming, product
from pages.explanations.bars import Bar, bars_html
from pages.explanations.product import ExplanationContext
from recsys.explanations.comparisons import (
    DifferencePart,
    ExplanationDifference,
    MovedProduct,
    compare_contexts,
    difference,
)
from recsys.explanations.decompose import Explanation
from recsys.settings import COMPONENTS, CONTEXT_DIMENSIONS, Context

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
            st.html(_parts(name, compared.of(name), compared.components[name]))


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


def _parts(component: str, parts: tuple[DifferencePart, ...], total: float) -> str:
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
    other = Context(
        **{name: value for name, value in chosen.items() if value and value != ANY},  # type: ignore[arg-type]
        moment=case.context.moment,
    )
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
    """The circumstances that moved the score, largest first."""
    stated = [context.stated() for context in (here, there)]
    amounts = []
    for name, change in sorted(changes.items(), key=lambda entry: -abs(entry[1]))[:2]:
        if abs(change) >= 0.005:
            value = stated[1].get(name) or stated[0].get(name, "")
            amounts.append(f"{naming.circumstance_name(name, value)} {words.signed(change)}")
    return esc(" · ".join(amounts)) or '<span class="sw-quiet">nothing of note</span>'
