"""The section "Side by side": settings A and B on the same test shoppers, from the summary down to one product."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from pages._shared import address, charts, words
from pages._shared.cards import beside_influence, empty_html, esc, isolated
from pages._shared.charts import INK, LOOKS, SURFACE
from pages._shared.controls import button
from pages.tuning import context, labels, metric_charts, report, report_tables, shopper_lists
from pages.tuning.context import TuningCase
from pages.tuning.labels import ChangeCell, grouped_rows, metric_of, question_of
from pages.tuning.live_metrics import FEW, shoppers_text
from pages.tuning.shopper_lists import letter_html
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.tuning.comparison import Comparison
from recsys.tuning.list_changes import CategoryShown, Outcomes, ProductShown
from recsys.tuning.summary import summary

SWAPPED = "swapped"


def side_by_side(case: TuningCase) -> None:
    """What changes for the same shoppers when B takes the place of A."""
    if _is_swapped():
        case = replace(case, reference=case.now, now=case.reference)
    if case.is_same:
        st.html(
            empty_html(
                "A and B are the same setting",
                "Move a slider, or choose something else under “Compare with”. “Pin this setting” keeps what is on the "
                "sliders now, to compare with while you go on.",
            )
        )
        return
    test = case.tuning.test
    with st.skeleton(height=420):
        found = context.comparison(test, test.panel.panel_id, case.reference, case.now, case.segment)
        _show(case, found)


def _show(case: TuningCase, found: Comparison) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="side_head"):
        st.html(headline_html(found))
        with st.container(horizontal=True, width="content", key="side_tools"):
            swap_help = "Looks at every change from the other side. The sliders stay where they are."
            button("Swap A and B", "swap", "swap_horiz", _swap, help=swap_help)
            report.downloads(case, found)
    with st.container(key="side_top"):
        beside, about = st.columns([1.35, 1], gap="small")
    beside.container(key="chart_comes_to", height="stretch").html(summary_html(found))
    about.container(key="chart_two_mixes", height="stretch").html(mixes_html(found))
    with st.container(key="side_middle"):
        beside, about = st.columns([1.5, 1], gap="small")
    beside.container(key="chart_figures", height="stretch").html(figures_html(found))
    about.container(key="chart_people").html(outcomes_html(found))
    with about.container(key="chart_categories", height="stretch"):
        _categories(report_tables.most_changed(found.categories))
    with st.container(key="side_exposure"):
        beside, about = st.columns(2, gap="small")
    for column, way, products in ((beside, "more", found.winners), (about, "fewer", found.losers)):
        markup = products_html(f"Shown to {way} shoppers", products, found.n_shoppers)
        column.container(key=f"chart_{way}", height="stretch").html(markup)
    with st.container(key="chart_single"):
        shopper_lists.one_shopper(case, found)


def _is_swapped() -> bool:
    return st.query_params.get(SWAPPED) == "true"


def _swap() -> None:
    address.put(SWAPPED, None if _is_swapped() else "true")


def _categories(categories: Sequence[CategoryShown]) -> None:
    if categories:
        changes = ", ".join(f"{each.category or 'no category'} {words.signed(each.change, 0)}" for each in categories)
        alt = f"Places on all lists that categories win or lose with B: {changes}"
        charts.show_chart(category_figure(categories, charts.theme()), alt, key="categories_shown")
        return
    st.html(
        '<h2 class="sw-chart-title">Categories: places won and lost</h2>'
        '<p class="sw-note">Every category has as many places with A as with B.</p>'
    )


def headline_html(found: Comparison) -> str:
    """Whose lists are compared, and what could not be proven, in one line."""
    n = found.n_shoppers
    facts = [f"lists of {found.b.settings.n} out of {words.count(found.n_items, 'product')}"]
    if n < FEW:
        facts.append("so few that little can be told")
    if found.n_unproven:
        facts.append(f"{words.count(found.n_unproven, 'list')} could differ with all products")
    return (
        f'<p class="sw-headline" role="status"><strong>{shoppers_text(n, found.n_panel)}</strong> '
        f'<span class="sw-quiet">· {" · ".join(facts)}</span></p>'
    )


def summary_html(found: Comparison) -> str:
    """What it comes to, the first sentence before all else."""
    first, *rest = summary(found)
    points = "".join(f"<li>{isolated(sentence)}</li>" for sentence in rest)
    listed = f'<ul class="sw-points">{points}</ul>' if points else ""
    return (
        f'<h2 class="sw-eyebrow">What it comes to</h2><p class="sw-finding" role="status">{isolated(first)}</p>{listed}'
    )


def mixes_html(found: Comparison) -> str:
    """Both mixes under each other, and whatever else differs."""
    a, b = (each.settings.fusion.normalised() for each in (found.a, found.b))

    def mix(letter: str, name: str, weights: Mapping[str, float], influence: Mapping[str, float] | None) -> str:
        bar = labels.weights_bar_html(weights, f"Weights of {letter}")
        both = beside_influence(bar, influence, f"the lists of {letter}") if influence else bar
        return f'<div class="sw-side-mix"><p>{letter_html(letter)} {isolated(name)}</p>{both}</div>'

    bars = mix("A", found.a.name, a, found.influence_a) + mix("B", found.b.name, b, found.influence_b)
    changes = "".join(
        f'<li><span class="sw-dot sw-c-{name}" aria-hidden="true">{look.glyph}</span> {look.label}'
        f"<span>{_from_to(f'{a[name]:.0%}', f'{b[name]:.0%}')}</span></li>"
        for name, look in LOOKS.items()
    )
    others = "".join(
        f"<dt>{label}</dt><dd>{letter_html('A')} {isolated(of_a)}</dd><dd>{letter_html('B')} {isolated(of_b)}</dd>"
        for label, of_a, of_b in labels.differences(found.a, found.b)
        if of_a != of_b
    )
    return (
        f'<h2 class="sw-eyebrow">The two settings</h2>{bars}'
        f'<ul class="sw-mix-changes" aria-label="Shares in A and in B">{changes}</ul>'
        + (f'<dl class="sw-differs">{others}</dl>' if others else "")
    )


def _from_to(a: str, b: str) -> str:
    if a == b:
        return f'<span class="sw-quiet">{a} in both</span>'
    return f'{a} <span aria-hidden="true">→</span><span class="sw-sr"> in A, </span> <strong>{b}</strong>'


def figures_html(found: Comparison) -> str:
    """Every metric of both settings, the change with its interval, and what can be told from it, in groups."""

    def row(name: str) -> str:
        cell, metric = ChangeCell(found.differences[name], not found.n_imagined), metric_of(name, found.clicks)
        asks = esc(question_of(metric))
        ends = "" if cell.ends == cell.words else f'<span class="sw-metric-ends">{esc(cell.ends)}</span>'
        return (
            f'<tr class="sw-metric-{cell.kind}" data-metric="{name}"><th scope="row" title="{asks}">'
            f'{esc(metric.at(found.b.settings.n))}<span class="sw-sr"> {asks}</span></th>'
            f'<td class="sw-num" data-label="A">{esc(fmt.value(name, cell.found.old))}</td>'
            f'<td class="sw-num" data-label="B">{esc(fmt.value(name, cell.found.new))}</td>'
            f'<td class="sw-num"><strong>{esc(cell.amount)}</strong></td>'
            f'<td class="sw-figure-sure">{cell.bar_html}{ends}</td>'
            f'<td class="sw-figure-verdict">{cell.mark_html}{esc(cell.words)}</td></tr>'
        )

    sure = "95% interval of the change, each on a scale of its own; the line in the middle is no change"
    heads = {"Figure": "", "A#": "", "B#": "", "Change#": "", "How sure": sure, "So B is": ""}
    return (
        '<h2 class="sw-chart-title">Every figure</h2>'
        f"{labels.table_html('sw-figures', heads, grouped_rows(row, 6, 'sw-figure-group'))}"
        '<p class="sw-note">Bars are 95% intervals of the change, each on its own scale, with no change at the line in '
        f"the middle. Every figure is judged by itself: of {len(METRICS)}, one may look different by "
        "chance.</p>"
    )


def outcomes_html(found: Comparison) -> str:
    """A bar of shoppers who are better and worse served, and how alike lists are."""
    alike, n, k = found.overlap, found.n_shoppers, found.b.settings.n
    facts = (
        (words.share(alike.common), f"of a list’s products stay on it, {alike.common * k:.1f} of {k} on average"),
        (f"{alike.same_products:,}", f"of {n:,} lists hold the same products, in whatever order"),
        (f"{alike.identical:,}", f"of {n:,} lists are the same, place by place"),
        (f"{alike.likeness:.2f}", "is how alike they are, where 1 is the same list; the top counts most"),
    )
    rows = "".join(f"<div><dt>{esc(number)}</dt><dd>{text}</dd></div>" for number, text in facts)
    unknown = '<p class="sw-hint">It was not observed what they choose in the circumstances they are imagined in.</p>'
    return (
        '<h2 class="sw-chart-title">How shoppers fare with B</h2>'
        f"{unknown if found.n_imagined else _fares_html(found.outcomes)}"
        '<h2 class="sw-chart-title sw-second-title">How alike the lists are</h2>'
        f'<dl class="sw-alike">{rows}</dl>'
    )


def _fares_html(counted: Outcomes) -> str:
    if not counted.n:
        return '<p class="sw-hint">It is not known what any of these shoppers went on to choose.</p>'
    parts = (
        ("better", "▲", "better served", counted.win),
        ("unclear", "=", "the same", counted.tie),
        ("worse", "▼", "worse served", counted.lose),
    )
    text = ", ".join(f"{n:,} {label}" for _, _, label, n in parts)
    bar = "".join(f'<i class="sw-fares-{kind}" style="flex-grow:{n}"></i>' for kind, _, _, n in parts if n)
    legend = "".join(
        f'<li class="sw-metric-{kind}"><span class="sw-verdict" aria-hidden="true">{mark}</span> '
        f"<strong>{n:,}</strong> {label}</li>"
        for kind, mark, label, n in parts
    )
    return (
        f'<div class="sw-fares" role="img" aria-label="Of {counted.n:,}: {esc(text)}">{bar}</div>'
        f'<ul class="sw-fares-legend" aria-hidden="true">{legend}</ul>'
        '<p class="sw-note">Better served: what they went on to choose stands higher on their list. '
        f"{counted.both:,} find it with both settings, {counted.gained:,} only with B, {counted.lost:,} only with A, "
        f"{counted.neither:,} with neither.</p>"
    )


N_FIRST, N_MORE = 6, 24
_LONGEST = 22
MORE, LESS = {"light": "#2C5AA0", "dark": "#7FA8E8"}, {"light": "#B3591E", "dark": "#E59A62"}
"""Told apart by those who see few colours; what loses is hatched as well."""


def category_figure(categories: Sequence[CategoryShown], tone: str) -> go.Figure:
    """The chart; categories stand by number, because two of them may be cut to the same name."""
    rows = list(range(len(categories)))[::-1]
    changes = [each.change for each in categories]
    shapes = ["" if change > 0 else "/" for change in changes]
    hatching = {"shape": shapes, "fgcolor": SURFACE[tone], "fgopacity": 0.45, "size": 5, "fillmode": "overlay"}
    bars = go.Bar(
        x=changes,
        y=rows,
        orientation="h",
        marker={"color": [(MORE if change > 0 else LESS)[tone] for change in changes], "pattern": hatching},
        text=[words.signed(change, 0) for change in changes],
        textposition="outside",
        textfont={"size": 12, "color": INK[tone]},
        cliponaxis=False,
        hovertext=list(map(_hover, categories)),
        hovertemplate="%{hovertext}<extra></extra>",
    )
    low, high = min(0, *changes), max(0, *changes)
    margin = 0.24 * (high - low)  # for the numbers at the ends of the bars
    return go.Figure(bars).update_layout(
        **charts.framed("Categories: places won and lost", tone),
        xaxis=metric_charts.axis(
            tone,
            title_text="Places on all lists together, B less A",
            range=[low - (margin if low else 0), high + (margin if high else 0)],
            zeroline=True,
            zerolinecolor=INK[tone],
            tickformat=",d",
            nticks=5,
        ),
        yaxis=metric_charts.axis(
            tone,
            showgrid=False,
            tickvals=rows,
            ticktext=[_plain(each.category) for each in categories],
            ticksuffix=" ",
            range=[-0.6, len(categories) - 0.4],
        ),
        height=96 + 26 * max(len(categories), 3),
        margin={"l": 4, "r": 8, "t": 48, "b": 8},
        bargap=0.3,
        showlegend=False,
    )


def _hover(each: CategoryShown) -> str:
    return (
        f"{_plain(each.category, 999)}<br>{each.places_a:,} → {each.places_b:,} places<br>"
        f"on the lists of {each.lists_a:,} → {each.lists_b:,} shoppers<br>"
        f"{each.products_a:,} → {each.products_b:,} of its {each.n_items:,} products shown"
    )


def _plain(category: str, longest: int = _LONGEST) -> str:
    return metric_charts.plain(category, longest) or "no category"


def products_html(title: str, products: Sequence[ProductShown], n_shoppers: int) -> str:
    """A ranked list, the product that changes most first, of which more opens on a click."""
    head = (
        f'<h2 class="sw-chart-title">{esc(title)} <span class="sw-quiet">{words.count(len(products), "product")}</span>'
        "</h2>"
    )
    if not products:
        return f'{head}<p class="sw-note">None.</p>'
    rows = [_product(rank, each, n_shoppers) for rank, each in enumerate(products[: N_FIRST + N_MORE], 1)]
    listed = f'<ol class="sw-shown" aria-label="{esc(title)}">{"".join(rows[:N_FIRST])}</ol>'
    if more := rows[N_FIRST:]:
        rest = len(products) - len(rows)
        others = (
            f'<p class="sw-note">and {words.count(rest, "other")}; the tables to download hold all</p>' if rest else ""
        )
        listed += (
            f'<details class="sw-more"><summary>{len(more):,} more</summary>'
            f'<ol class="sw-shown" start="{N_FIRST + 1}">{"".join(more)}</ol>{others}</details>'
        )
    return head + listed


def _product(rank: int, each: ProductShown, n: int) -> str:
    facts = [isolated(each.product.category or "no category")]
    if each.in_long_tail:
        facts.append('<span title="Outside the bestsellers that hold 80% of all choices">rarely chosen</span>')
    return (
        f'<li data-item="{esc(each.product.item_id)}"><span class="sw-shown-place">{rank}</span>'
        f'<span class="sw-shown-title" title="{esc(each.product.title)}">{isolated(each.product.title)}'
        f'<span class="sw-by">{" · ".join(facts)}</span></span>'
        f'<span class="sw-shown-lists">{each.lists_a:,} → <strong>{each.lists_b:,}</strong> lists'
        f'<span class="sw-by">{esc(words.share(each.lists_a / n))} → {esc(words.share(each.lists_b / n))} of shoppers'
        "</span></span></li>"
    )
