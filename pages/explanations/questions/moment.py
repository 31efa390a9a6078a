"""Another moment: the same shopper at two moments or devices, what moved between the lists, and why."""

from collections.abc import Mapping

import streamlit as st

from pages._shared import resources, words
from pages._shared.cards import esc, isolated, move_html
from pages._shared.notices import empty_html
from pages._shared.view import ANY
from pages.explanations import naming
from pages.explanations.context import ExplanationContext
from recsys.explanations.comparisons import MovedProduct, compare_moments
from recsys.settings import CONTEXT_DIMENSIONS, Context


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
    moved = compare_moments(case.model, case.now, there, case.settings)
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
    said = []
    for name, change in sorted(changes.items(), key=lambda entry: -abs(entry[1]))[:2]:
        if abs(change) >= 0.005:
            value = stated[1].get(name) or stated[0].get(name, "")
            said.append(f"{naming.circumstance_name(name, value)} {words.signed(change)}")
    return esc(" · ".join(said)) or '<span class="sw-quiet">nothing of note</span>'
