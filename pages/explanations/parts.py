"""The parts of one component beside the chart: each with its signed bar, its amount, and a tick that leaves it out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from pages._shared import address, cards, resources, words
from pages._shared.charts import LOOKS
from pages._shared.controls import switch
from pages.explanations import ablation, naming
from pages.explanations.bars import OPENED, Scale, label_html, note_html
from pages.explanations.product import ExplanationContext
from recsys.explanations.decompose import Contribution
from recsys.explanations.documents import names_over
from recsys.settings import COMPONENTS

N_FIRST, N_MORE = 12, 200
_ALONE = "Struck alone, the score changes by so much: the other phrases take up the rest"
PRODUCT_SIDE, SHOPPER_SIDE = "What is said of the product", "What the shopper chose"


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part as it is shown.

    `value` is its share of the score now, 0 while it is left out, and `before` without any exclusion; `name` leaves
    it out, "" where nothing can; `loss` is what the score loses without it alone, None where that is its value.
    """

    label: str
    origin: str
    value: float
    before: float
    name: str
    is_ablated: bool
    is_quote: bool = False
    loss: float | None = None


def show_parts(case: ExplanationContext) -> str:
    """The panel; gives the component that is open."""
    with st.container(key="parts"):
        opened = _choose(case)
        rows = _rows(case, opened)
        st.html(head_html(case, opened))
        if not rows:
            st.html(silence_html(case.explanation.weights[opened]))
            return opened
        # Before and now, so that bars keep their length while a person leaves parts out.
        scale = Scale.of([value for row in rows for value in (row.value, row.before)])
        with st.container(gap=None, key="part_rows"):
            for n, row in enumerate(rows[:N_FIRST]):
                _row(opened, n, row, scale)
        if len(rows) > N_FIRST:
            _more(opened, rows[N_FIRST:], scale)
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
    by_label = {LOOKS[name].label: name for name in COMPONENTS}
    most = max(COMPONENTS, key=lambda name: abs(case.original.against_average[name]))
    requested = st.query_params.get(OPENED)
    st.session_state[OPENED] = label = requested if requested in by_label else LOOKS[most].label
    st.segmented_control(
        "Open",
        list(by_label),
        format_func=lambda label: LOOKS[by_label[label]].name,
        required=True,
        key=OPENED,
        label_visibility="collapsed",
        on_change=lambda: address.put(OPENED, st.session_state[OPENED]),
    )
    return by_label[label]


def _rows(case: ExplanationContext, component: str) -> list[PartRow]:
    names = case.now.ablated
    if component == "semantic" and case.original.of("semantic"):
        side = switch(
            "Split by",
            [PRODUCT_SIDE, SHOPPER_SIDE],
            "side",
            help="The same number split two ways: over the phrases about this product, or over what the shopper's side "
            "of it comes from. Either sums to the component.",
        )
        if side == SHOPPER_SIDE:
            phrases = case.original.shopper_phrases, case.explanation.shopper_phrases
            return history_rows(*phrases, names, resources.titles(case.model))
    return rows_of(case.original.of(component), case.explanation.of(component), names, by_now=bool(case.supposed))


def rows_of(
    before: Sequence[Contribution], now: Sequence[Contribution], names: Sequence[str], *, by_now: bool = False
) -> list[PartRow]:
    """Parts by size before anything was left out, so that nothing jumps, or by size now (`by_now`)."""
    were, are = ({_key(part): part for part in parts} for parts in (before, now))

    def row(key: tuple[object, ...], part: Contribution) -> PartRow:
        value, was = (parts[key].value if key in parts else 0.0 for parts in (are, were))
        part, quote = are.get(key, part), part.component == "semantic"
        name = str(part.source.get("strike", ""))
        origin = naming.origin_of(part.source)
        if quote and naming.is_complaint(part.source):
            origin += " · complaint"
        ablated = bool(name) and not set(names_over(name)).isdisjoint(names)
        return PartRow(naming.label_of(part), origin, value, was, name, ablated, quote, part.source.get("loss"))

    rows = [row(key, part) for key, part in {**are, **were}.items()]
    return sorted(rows, key=lambda row: -abs(row.value if by_now else row.before or row.value))


def _key(part: Contribution) -> tuple[object, ...]:
    return (part.label, *map(part.source.get, ("strike", "with", "start")))


def history_rows(
    before: Iterable[Contribution], now: Iterable[Contribution], names: Sequence[str], titles: Mapping[str, str]
) -> list[PartRow]:
    """The shopper's side of the semantic component, summed over the phrases of each product of their history."""
    sums: dict[str, list[float]] = {}
    disliked: dict[str, str] = {}
    for column, phrases in enumerate((before, now)):
        for phrase in phrases:
            if phrase.source.get("disliked"):
                disliked[str(phrase.source["item_id"])] = "complained of, so it counts against its like"
            sums.setdefault(str(phrase.source.get("item_id") or ""), [0.0, 0.0])[column] += phrase.value
    rows = [
        PartRow(titles.get(item_id, item_id), disliked.get(item_id, ""), value, was, name, name in names)
        if item_id
        else PartRow("Words typed now", "", value, was, "", is_ablated=False)
        for item_id, (was, value) in sums.items()
        for name in (f"h:{item_id}",)
    ]
    return sorted(rows, key=lambda row: -abs(row.before or row.value))


def _row(component: str, n: int, row: PartRow, scale: Scale) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"part_{n}"):
        key = f"tick_{component}_{n}"
        st.session_state[key] = not row.is_ablated
        st.checkbox(
            f"Counts: {row.label}",  # collapsed, so it is never drawn: read out as it is
            key=key,
            label_visibility="collapsed",
            disabled=not row.name,
            on_change=ablation.toggle,
            args=(row.name,),
        )
        st.html(row_html(component, row, scale))


def _more(component: str, rest: Sequence[PartRow], scale: Scale) -> None:
    label = ablation.plain(f"{len(rest):,} more add {words.signed(sum(row.value for row in rest), 4)}")
    opened = st.expander(label, key=f"more_{component}", on_change="rerun", type="compact")
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


def row_html(component: str, row: PartRow, scale: Scale) -> str:
    """Label, origin, signed bar and amount of one part."""
    label = label_html(row.label, quote=row.is_quote)
    out, amount = "", f'<span class="sw-amount">{words.signed(row.value, 4)}'
    if row.is_ablated:
        out, label = " sw-row-out", f"<s>{label}</s>"
        amount = f'<span class="sw-amount sw-quiet">out <span class="sw-was">{words.signed(row.before, 3)}</span>'
    elif row.loss is not None:
        amount += f'<span class="sw-alone" title="{_ALONE}">if struck {words.signed(-row.loss, 3)}</span>'
    return (
        f'<div class="sw-row{out}"><p class="sw-row-label">{label}{note_html(row.origin)}</p>'
        f'<span class="sw-row-bar" style="--zero:{scale.zero:.2f}%" aria-hidden="true">'
        f'<span class="sw-fill sw-c-{component}" style="{scale.style(0, row.value)}"></span></span>'
        f"{amount}</span></div>"
    )


def head_html(case: ExplanationContext, component: str) -> str:
    """What the component asks, and its amount beside the average product's."""
    explanation = case.explanation
    value, average = explanation.components[component], explanation.averages[component]
    return (
        f'<div class="sw-component"><p class="sw-component-asks">{cards.dot_html(component)} '
        f"{LOOKS[component].question}</p>"
        f"<dl><div><dt>This product</dt><dd>{words.signed(value, 4)}</dd></div>"
        f"<div><dt>The average product</dt><dd>{words.signed(average, 4)}</dd></div>"
        f'<div><dt title="The number on the cards of the list">Difference, as on cards</dt>'
        f"<dd><strong>{words.signed(value - average, 4)}</strong></dd></div></dl></div>"
    )


def sum_html(case: ExplanationContext, component: str, rows: Sequence[PartRow]) -> str:
    """The line under the parts, which is the component."""
    count = words.count(sum(not row.is_ablated for row in rows), "part")
    return (
        f'<p class="sw-sum"><span>{LOOKS[component].label}, sum of {count}</span>'
        f"<strong>{words.signed(case.explanation.components[component], 4)}</strong></p>"
    )
