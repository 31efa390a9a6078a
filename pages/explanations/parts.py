"""The parts of one component beside the chart: each with its signed bar, its amount, and a tick that strikes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from pages._shared import address, naming, resources, words
from pages._shared.cards import esc
from pages._shared.palette import LOOKS
from pages.explanations import ablation
from pages.explanations.questions.context import ExplanationContext
from pages.explanations.scale import Scale
from pages.explanations.waterfall import OPENED
from recsys.explanations.records import Contribution
from recsys.settings import COMPONENTS

N_FIRST, N_MORE = 12, 200
_ALONE = "Struck alone, the score changes by so much: the other phrases take up the rest"
PRODUCT_SIDE, SHOPPER_SIDE = "What is said of the product", "What the shopper chose"


@dataclass(frozen=True, slots=True)
class Row:
    """One part as it is shown.

    Parameters
    ----------
    value : its signed share of the score now, 0 while it is struck
    before : the same before anything was struck or added
    strike : name to strike it by, "" for what cannot be
    is_struck : it is left out
    is_quote : the label is somebody's words
    loss : what the score loses without it alone, None where that is its value
    """

    label: str
    origin: str
    value: float
    before: float
    strike: str
    is_struck: bool
    is_quote: bool = False
    loss: float | None = None


def show(case: ExplanationContext) -> str:
    """The panel; gives the component that is open."""
    with st.container(key="parts"):
        opened = _choose(case)
        rows = _rows(case, opened)
        st.html(head_html(case, opened))
        if not rows:
            st.html(silence_html(case.explanation.weights[opened]))
            return opened
        first, rest = rows[:N_FIRST], rows[N_FIRST:]
        # Before and now, so that bars keep their length while a person strikes.
        scale = Scale.of([value for row in rows for value in (row.value, row.before)])
        with st.container(gap=None, key="part_rows"):
            for n, row in enumerate(first):
                _row(opened, n, row, scale)
        if rest:
            _more(opened, rest, scale)
        st.html(sum_html(case, opened, rows))
    return opened


def silence_html(weight: float) -> str:
    """Why a component has no parts."""
    why = (
        "nothing it knows tells products apart for this request, so its worth is 0."
        if weight
        else "its weight is 0. Raise it under Mix."
    )
    return f'<p class="sw-hint">It says nothing here: {why}</p>'


def _choose(case: ExplanationContext) -> str:
    labels = {naming.component_name(name): name for name in COMPONENTS}
    by_label = {LOOKS[name].label: label for label, name in labels.items()}
    most = max(COMPONENTS, key=lambda name: abs(case.original.against_average[name]))
    asked = st.query_params.get(OPENED)
    opened = asked if asked in by_label else LOOKS[most].label
    st.session_state[OPENED] = opened
    st.segmented_control(
        "Open",
        list(by_label),
        format_func=lambda label: by_label[label],
        required=True,
        key=OPENED,
        label_visibility="collapsed",
        on_change=_keep,
    )
    return labels[by_label[opened]]


def _keep() -> None:
    address.put(OPENED, st.session_state[OPENED])


def _rows(case: ExplanationContext, component: str) -> list[Row]:
    if component != "semantic" or not case.original.of("semantic"):
        return _now_and_before(case, component)
    side = st.segmented_control(
        "Split by",
        [PRODUCT_SIDE, SHOPPER_SIDE],
        default=PRODUCT_SIDE,
        required=True,
        key="side",
        bind="query-params",
        help="The same number split two ways: over the phrases about this product, or over what the shopper's side of "
        "it comes from. Either sums to the component.",
    )
    if side == SHOPPER_SIDE:
        titles = resources.titles(case.model, case.model_id)
        return history_rows(case.original.shopper_phrases, case.explanation.shopper_phrases, case.now.struck, titles)
    return _now_and_before(case, component)


def _now_and_before(case: ExplanationContext, component: str) -> list[Row]:
    parts = case.original.of(component), case.explanation.of(component)
    return rows_of(*parts, case.now.struck, by_now=bool(case.supposed))


def rows_of(
    before: Sequence[Contribution], now: Sequence[Contribution], names: Sequence[str], *, by_now: bool = False
) -> list[Row]:
    """Parts in the order of their size before anything was struck, so that nothing jumps while a person strikes.

    Parameters
    ----------
    by_now : in the order of their size now, for words that were added change everything at once
    """
    were, are = ({_key(part): part for part in parts} for parts in (before, now))
    rows = [
        _row_of(are.get(key, part), are[key].value if key in are else 0.0, part.value if key in were else 0.0, names)
        for key, part in {**are, **were}.items()
    ]
    return sorted(rows, key=lambda row: -abs(row.value if by_now else row.before or row.value))


def _key(part: Contribution) -> tuple[object, ...]:
    source = part.source
    return (part.label, source.get("strike"), source.get("with"), source.get("start"))


def _row_of(part: Contribution, value: float, before: float, names: Sequence[str]) -> Row:
    strike = str(part.source.get("strike", ""))
    out = bool(set(ablation.names_over(strike)) & set(names)) if strike else False
    quote = part.component == "semantic"
    origin = naming.origin_of(part.source)
    if quote and naming.opinion_of(part.source) == "complaint":
        origin += " · complaint"
    return Row(naming.label_of(part), origin, value, before, strike, out, quote, part.source.get("loss"))


def history_rows(
    before: Iterable[Contribution], now: Iterable[Contribution], names: Sequence[str], titles: Mapping[str, str]
) -> list[Row]:
    """The shopper's side of the semantic component, summed over the phrases of each product of their history."""
    values, were = _by_product(now), _by_product(before)
    rows = [
        Row(
            titles.get(item_id, item_id) if item_id else "Words typed now",
            "",
            values.get(item_id, 0.0),
            were.get(item_id, 0.0),
            f"h:{item_id}" if item_id else "",
            f"h:{item_id}" in names,
        )
        for item_id in dict.fromkeys((*were, *values))
    ]
    return sorted(rows, key=lambda row: -abs(row.before or row.value))


def _by_product(phrases: Iterable[Contribution]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for phrase in phrases:
        item_id = str(phrase.source.get("item_id") or "")
        sums[item_id] = sums.get(item_id, 0.0) + phrase.value
    return sums


def _row(component: str, n: int, row: Row, scale: Scale) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"part_{n}"):
        key = f"tick_{component}_{n}"
        st.session_state[key] = not row.is_struck
        st.checkbox(
            f"Counts: {row.label}",  # collapsed, so it is never drawn: read out as it is
            key=key,
            label_visibility="collapsed",
            disabled=not row.strike,
            on_change=ablation.toggle,
            args=(row.strike,),
        )
        st.html(row_html(component, row, scale))


def _more(component: str, rest: Sequence[Row], scale: Scale) -> None:
    total = sum(row.value for row in rest)
    opened = st.expander(
        ablation.plain(f"{len(rest):,} more add {words.signed(total, 4)}"),
        key=f"more_{component}",
        on_change="rerun",
        type="compact",
    )
    if not opened.open:
        return
    with opened, st.container(gap=None):
        for n, row in enumerate(rest[:N_MORE], N_FIRST):
            _row(component, n, row, scale)
        if len(rest) > N_MORE:
            left = sum(row.value for row in rest[N_MORE:])
            st.html(
                f'<p class="sw-note">and {len(rest) - N_MORE:,} smaller ones, {words.signed(left, 4)} together; '
                "the downloads hold all of them</p>"
            )


def row_html(component: str, row: Row, scale: Scale) -> str:
    """Label, origin, signed bar and amount of one part."""
    said = f'<bdi dir="auto">{esc(row.label)}</bdi>'
    said = f"<q>{said}</q>" if row.is_quote else said
    said = f"<s>{said}</s>" if row.is_struck else said
    by = f'<span class="sw-by">{esc(row.origin)}</span>' if row.origin else ""
    if row.is_struck:
        amount = (
            f'<span class="sw-amount sw-quiet">out <span class="sw-was">{words.signed(row.before, 3)}</span></span>'
        )
    else:
        alone = ""
        if row.loss is not None:
            alone = f'<span class="sw-alone" title="{_ALONE}">if struck {words.signed(-row.loss, 3)}</span>'
        amount = f'<span class="sw-amount">{words.signed(row.value, 4)}{alone}</span>'
    return (
        f'<div class="sw-row{" sw-row-out" if row.is_struck else ""}"><p class="sw-row-label">{said}{by}</p>'
        f'<span class="sw-row-bar" style="--zero:{scale.zero:.2f}%" aria-hidden="true">'
        f'<span class="sw-fill sw-c-{component}" style="{scale.style(row.value)}"></span></span>'
        f"{amount}</div>"
    )


def head_html(case: ExplanationContext, component: str) -> str:
    """What the component asks, and its amount beside the average product's."""
    look, found = LOOKS[component], case.explanation
    value, average = found.components[component], found.averages[component]
    return (
        f'<div class="sw-component"><p class="sw-component-asks"><span class="sw-dot sw-c-{component}" '
        f'aria-hidden="true">{look.glyph}</span> {look.question}</p>'
        f"<dl><div><dt>This product</dt><dd>{words.signed(value, 4)}</dd></div>"
        f"<div><dt>The average product</dt><dd>{words.signed(average, 4)}</dd></div>"
        f'<div><dt title="The number on the cards of the list">Difference, as on cards</dt>'
        f"<dd><strong>{words.signed(value - average, 4)}</strong></dd></div></dl></div>"
    )


def sum_html(case: ExplanationContext, component: str, rows: Sequence[Row]) -> str:
    """The line under the parts, which is the component."""
    count = words.count(sum(not row.is_struck for row in rows), "part")
    return (
        f'<p class="sw-sum"><span>{LOOKS[component].label}, sum of {count}</span>'
        f"<strong>{words.signed(case.explanation.components[component], 4)}</strong></p>"
    )
