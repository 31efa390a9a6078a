"""Tables of a report: both settings, every figure, simple models, how lists change, what they show, and to whom."""

import math
from collections.abc import Mapping, Sequence

from pages._shared import words
from pages._shared.cards import definitions_html, esc, isolated
from pages._shared.charts import LOOKS
from pages.tuning.labels import ChangeCell, differences, grouped_rows, metric_of, question_of, table_html
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval
from recsys.tuning.comparison import Comparison
from recsys.tuning.list_changes import (
    PERSISTENCE,
    CategoryShown,
    HeldOutProduct,
    Product,
    ProductShown,
    ShopperChange,
)

N_PRODUCTS, N_CATEGORIES, N_SHOPPERS, N_TITLES = 10, 8, 8, 3
N_CATEGORIES_SHOWN = 12


def settings_html(found: Comparison) -> str:
    """Both settings: weights as shares with the components' glyphs, and what else differs, in words."""
    weights = [each.settings.fusion.normalised() for each in (found.a, found.b)]
    influence = [found.influence_a or {}, found.influence_b or {}]
    same = '<span class="quiet">same</span>'
    rows = ""
    for name, look in LOOKS.items():
        points = 100 * (weights[1][name] - weights[0][name])
        cells = "".join(
            f'<td class="weight" data-label="{letter}"><b>{share[name]:.1%}</b><span class="track">'
            f'<i style="background:{look.light};width:{100 * share[name]:.2f}%"></i></span>'
            + (f'<span class="by">decides {decided[name]:.1%}</span></td>' if decided else "</td>")
            for letter, share, decided in zip("AB", weights, influence, strict=True)
        )
        rows += (
            f'<tr><th scope="row"><span style="color:{look.light}" aria-hidden="true">{look.glyph}</span> {look.label}'
            f'<span class="by">{esc(look.question)}</span></th>{cells}'
            f'<td class="n">{f"{words.signed(points, 1)} pp" if round(points, 1) else same}</td></tr>'
        )
    rows += "".join(
        f'<tr><th scope="row">{label}</th><td data-label="A">{isolated(a)}</td><td data-label="B">{isolated(b)}</td>'
        f'<td class="n">{"differs" if a != b else same}</td></tr>'
        for label, a, b in differences(found.a, found.b)
    )
    names = [
        f'{letter}<span class="by">{isolated(each.name)}</span>'
        for letter, each in zip("AB", (found.a, found.b), strict=True)
    ]
    body = f"<tbody>{rows}</tbody>"
    return f"<section><h2>The two settings</h2>{table_html('settings', ['', *names, 'Change#'], body)}</section>"


def metrics_html(found: Comparison) -> str:
    """Every metric of both settings with intervals, the change, and what can be told from it."""

    def row(name: str) -> str:
        cell, metric = ChangeCell(found.differences[name], not found.n_imagined), metric_of(name, found.clicks)
        return (
            f'<tr class="sw-metric-{cell.kind}"><th scope="row">{esc(metric.at(found.b.settings.n))}'
            f'<span class="by">{esc(question_of(metric))}</span></th>'
            f"{_value('A', name, found.means_a[name])}{_value('B', name, found.means_b[name])}"
            f"<td>{_change(cell)}</td><td>{_verdict(cell)}</td></tr>"
        )

    heads = ["Figure", "A#", "B#", "Change, B against A", "So B is"]
    return (
        '<section><h2>Every figure</h2><p class="quiet">Beside each value its 95% interval. The bar shows the interval '
        "of the change, each on its own scale, with no change at the line in the middle.</p>"
        f"{table_html('metrics', heads, grouped_rows(row, 5, 'group'))}</section>"
    )


def against_html(against: Mapping[str, Difference], found: Comparison) -> str:
    """B against simple models; "" where none is given."""
    if not against:
        return ""
    of_model, rows = {"better": "beats it", "worse": "loses to it"}, ""
    for name, each in against.items():
        cell, metric = ChangeCell(each, not found.n_imagined), metric_of(each.metric, found.clicks)
        rows += (
            f'<tr class="sw-metric-{cell.kind}"><th scope="row">{isolated(name)}'
            f'<span class="by">{esc(metric.at(found.b.settings.n))}</span></th>'
            f'<td class="n" data-label="Model">{esc(fmt.value(each.metric, each.old))}</td>'
            f'<td class="n" data-label="B">{esc(fmt.value(each.metric, each.new))}</td>'
            f"<td>{_change(cell)}</td><td>{_verdict(cell, of_model.get(cell.kind, ''))}</td></tr>"
        )
    heads = ["Simple model", "Its value#", "B#", "Change, B against model", "So B"]
    return (
        '<section><h2>Against simple models</h2><p class="quiet">A setting that loses to a model this simple is not '
        "worth its trouble. Same training data, same shoppers.</p>"
        f"{table_html('metrics', heads, f'<tbody>{rows}</tbody>')}</section>"
    )


def _value(letter: str, metric: str, interval: Interval) -> str:
    ends = ""
    if not math.isnan(interval.low):
        low, high = (fmt.value(metric, end).removesuffix(" bits") for end in (interval.low, interval.high))
        ends = f'<span class="by">{esc(low)} to {esc(high)}</span>'
    return f'<td class="n" data-label="{letter}">{esc(fmt.value(metric, interval.mean))}{ends}</td>'


def _change(cell: ChangeCell) -> str:
    change = cell.found.change
    ends = fmt.interval(cell.found.metric, change.low, change.high)
    return (
        f'<span class="change"><b>{esc(fmt.change(cell.found.metric, change.mean))}</b>{cell.bar_html}</span>'
        f'<span class="by">{esc(ends)}</span>'
    )


def _verdict(cell: ChangeCell, text: str = "") -> str:
    return f'<span class="verdict {cell.kind}">{cell.mark_html}{esc(text or cell.words)}</span>'


def lists_html(found: Comparison) -> str:
    """Who wins and who loses, and how much of a list stays."""
    counted, alike, n = found.outcomes, found.overlap, found.n_shoppers
    parts = (("win", counted.win), ("tie", counted.tie), ("lose", counted.lose))
    bar = "".join(f'<i class="{kind}" style="flex-grow:{size}"></i>' for kind, size in parts if size)
    text = f"{counted.win:,} better served, {counted.tie:,} the same, {counted.lose:,} worse served"
    facts = {
        "Better or worse": f'<div class="shares" role="img" aria-label="{text}">{bar}</div>'
        f"<b class='better'>{counted.win:,}</b> have what they went on to choose higher up with B, "
        f"<b class='worse'>{counted.lose:,}</b> lower; nothing changes for {counted.tie:,}.",
        "Found": f"{counted.both:,} find it with both, {counted.gained:,} only with B, {counted.lost:,} only with A, "
        f"{counted.neither:,} with neither.",
        "Lists": f"{esc(words.share(alike.common))} of a list’s products stay on it. {alike.identical:,} of {n:,} "
        f"lists are the same place by place, {alike.same_products:,} hold the same products in some order.",
        "Likeness": f"{alike.likeness:.2f}, where 1 is the same list and 0 nothing in common; the top counts most "
        f"(rank-biased overlap, persistence {PERSISTENCE}).",
    }
    return f"<section><h2>How lists change</h2><dl>{definitions_html(facts)}</dl></section>"


def most_changed(found: Sequence[CategoryShown], n: int = N_CATEGORIES_SHOWN) -> list[CategoryShown]:
    """The categories whose places change most, the greatest winner first."""
    changed = sorted((each for each in found if each.change), key=lambda each: -abs(each.change))
    return sorted(changed[:n], key=lambda each: -each.change)


def exposure_html(found: Comparison) -> str:
    """Products and categories that win and lose exposure."""
    if not found.products:
        return ""
    products = "".join(
        _products(title, products, found.n_shoppers)
        for title, products in (("Products shown more", found.winners), ("Products shown less", found.losers))
    )
    return (
        f"<section><h2>What is shown</h2><p>{found.shown_a:,} of {found.n_items:,} products stand on a list with A, "
        f"{found.shown_b:,} with B: {len(found.newly_shown):,} come onto lists, {len(found.no_longer_shown):,} leave "
        f'them.</p><div class="two">{products}</div>{_categories(found.categories)}</section>'
    )


def _products(title: str, products: Sequence[ProductShown], n: int) -> str:
    if not products:
        return f"<div><h3>{title}</h3><p class='quiet'>None.</p></div>"
    rows = "".join(
        f'<tr><td>{isolated(each.product.title)}<span class="by">{isolated(each.product.category or "no category")}'
        f"{' · rarely chosen' if each.in_long_tail else ''}</span></td>"
        f'<td class="n" data-label="Lists">{each.lists_a:,} → <b>{each.lists_b:,}</b>'
        f'<span class="by">{esc(words.share(each.lists_a / n))} → {esc(words.share(each.lists_b / n))}</span></td></tr>'
        for each in products[:N_PRODUCTS]
    )
    rest = len(products) - N_PRODUCTS
    more = f'<p class="quiet">and {words.count(rest, "other")}</p>' if rest > 0 else ""
    heads = ["Product", "Lists, A → B#"]
    return f"<div><h3>{title}</h3>{table_html('products', heads, f'<tbody>{rows}</tbody>')}{more}</div>"


def _categories(found: Sequence[CategoryShown]) -> str:
    changed = most_changed(found, N_CATEGORIES)
    if not changed:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{isolated(each.category or "no category")}</th>'
        f'<td class="n" data-label="Places">{each.places_a:,} → <b>{each.places_b:,}</b></td>'
        f'<td class="n" data-label="Change">{words.signed(each.change, 0)}</td>'
        f'<td class="n" data-label="Shoppers">{each.lists_a:,} → {each.lists_b:,}</td>'
        f'<td class="n" data-label="Shown">{each.products_a:,} → {each.products_b:,} of {each.n_items:,}</td></tr>'
        for each in changed
    )
    heads = ["Category", "Places, A → B#", "Change#", "Shoppers#", "Products shown#"]
    table = table_html("categories", heads, f"<tbody>{rows}</tbody>")
    return f"<h3>Categories whose places change most</h3>{table}"


def shoppers_html(found: Comparison) -> str:
    """The shoppers whose lists change most."""
    if not found.changed:
        return ""
    shoppers = found.changed[:N_SHOPPERS]
    heads = ["Shopper", "New on the list", "Gone from it", "What they went on to choose"]
    body = f"<tbody>{''.join(map(_shopper, shoppers))}</tbody>"
    return (
        f"<section><h2>Whose lists change most</h2><p class='quiet'>{words.count(len(shoppers), 'shopper')} whose "
        "lists are least alike, under the names that the shop’s data has for them.</p>"
        f"{table_html('shoppers', heads, body)}</section>"
    )


def _shopper(each: ShopperChange) -> str:
    facts = dict(each.facts)
    known = [f"{words.count(each.n_train, 'product')} known"]
    known += [facts[name] for name in ("top_category", "home") if name in facts]
    fate = "not known" if each.fate == "nothing held out" else each.fate.replace(" in ", " with ")
    wanted = "".join(f"<p>{isolated(one.product.title)}{_ranks(one)}</p>" for one in each.wanted)
    return (
        f'<tr><th scope="row">{isolated(each.user_id)}<span class="by">{isolated(" · ".join(known))}</span>'
        f'<span class="by">{words.count(each.n_common, "product")} on both lists</span></th>'
        f"<td data-label='New'>{_titles(each.entered)}</td><td data-label='Gone'>{_titles(each.gone)}</td>"
        f"<td data-label='Chose'>{wanted}<span class='by'>{esc(fate)}</span></td></tr>"
    )


def _ranks(wanted: HeldOutProduct) -> str:
    if wanted.rank_a is None and wanted.rank_b is None:
        return ""
    a, b = ("not listed" if rank is None else f"place {rank}" for rank in (wanted.rank_a, wanted.rank_b))
    return f"<span class='by'>{a} → {b}</span>"


def _titles(products: Sequence[Product]) -> str:
    if not products:
        return '<span class="quiet">nothing</span>'
    lines = "".join(f"<li>{isolated(each.title)}</li>" for each in products[:N_TITLES])
    rest = len(products) - N_TITLES
    return f"<ul>{lines}{f'<li class=quiet>and {rest:,} more</li>' if rest > 0 else ''}</ul>"
