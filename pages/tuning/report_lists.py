"""Parts of a report about lists: how much they change, what they show, and whose change most."""

from collections.abc import Sequence

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages.tuning.report_marks import shares_svg
from recsys.tuning.comparison import Comparison
from recsys.tuning.exposure import CategoryShown, Product, ProductShown
from recsys.tuning.outcomes import PERSISTENCE, HeldOutProduct, ShopperChange

N_PRODUCTS, N_CATEGORIES, N_SHOPPERS, N_TITLES = 10, 8, 8, 3

_FATES = {
    "found in both": "found with both",
    "found only in A": "found only with A",
    "found only in B": "found only with B",
    "found in neither": "found with neither",
    "nothing held out": "not known",
}


def lists_html(found: Comparison) -> str:
    """Who wins and who loses, and how much of a list stays."""
    counted, alike, n = found.outcomes, found.overlap, found.n_shoppers
    who = [("win", counted.win), ("tie", counted.tie), ("lose", counted.lose)]
    said = f"{counted.win:,} better served, {counted.tie:,} the same, {counted.lose:,} worse served"
    facts = {
        "Better or worse": f"{shares_svg(who, said)}<b class='better'>{counted.win:,}</b> have what they went on to "
        f"choose higher up with B, <b class='worse'>{counted.lose:,}</b> lower; nothing changes for {counted.tie:,}.",
        "Found": f"{counted.both:,} find it with both, {counted.gained:,} only with B, {counted.lost:,} only with A, "
        f"{counted.neither:,} with neither.",
        "Lists": f"{esc(words.share(alike.common))} of a list’s products stay on it. {alike.identical:,} of {n:,} "
        f"lists are the same place by place, {alike.same_products:,} hold the same products in some order.",
        "Likeness": f"{alike.likeness:.2f}, where 1 is the same list and 0 nothing in common; the top counts most "
        f"(rank-biased overlap, persistence {PERSISTENCE}).",
    }
    rows = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in facts.items())
    return f"<section><h2>How lists change</h2><dl>{rows}</dl></section>"


def exposure_html(found: Comparison) -> str:
    """Products and categories that win and lose exposure."""
    if not found.products:
        return ""
    sides = "".join(
        _products(title, products, found.n_shoppers)
        for title, products in (("Products shown more", found.winners), ("Products shown less", found.losers))
    )
    return (
        f"<section><h2>What is shown</h2><p>{found.shown_a:,} of {found.n_items:,} products stand on a list with A, "
        f"{found.shown_b:,} with B: {len(found.newly_shown):,} come onto lists, {len(found.no_longer_shown):,} leave "
        f'them.</p><div class="two">{sides}</div>{_categories(found.categories)}</section>'
    )


def shoppers_html(found: Comparison) -> str:
    """The shoppers whose lists change most."""
    if not found.changed:
        return ""
    shown = found.changed[:N_SHOPPERS]
    return (
        f"<section><h2>Whose lists change most</h2><p class='quiet'>{words.count(len(shown), 'shopper')} whose lists "
        "are least alike, under the names that the shop’s data has for them.</p>"
        '<table class="shoppers"><thead><tr><th scope="col">Shopper</th><th scope="col">New on the list</th>'
        '<th scope="col">Gone from it</th><th scope="col">What they went on to choose</th></tr></thead>'
        f"<tbody>{''.join(map(_shopper, shown))}</tbody></table></section>"
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
    return (
        f'<div><h3>{title}</h3><table><thead><tr><th scope="col">Product</th>'
        f'<th scope="col" class="n">Lists, A → B</th></tr></thead><tbody>{rows}</tbody></table>{more}</div>'
    )


def _categories(found: Sequence[CategoryShown]) -> str:
    most = sorted((each for each in found if each.change), key=lambda each: -abs(each.change))[:N_CATEGORIES]
    if not most:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{isolated(each.category or "no category")}</th>'
        f'<td class="n" data-label="Places">{each.places_a:,} → <b>{each.places_b:,}</b></td>'
        f'<td class="n" data-label="Change">{words.signed(each.change, 0)}</td>'
        f'<td class="n" data-label="Shoppers">{each.lists_a:,} → {each.lists_b:,}</td>'
        f'<td class="n" data-label="Shown">{each.products_a:,} → {each.products_b:,} of {each.n_items:,}</td></tr>'
        for each in sorted(most, key=lambda each: -each.change)
    )
    return (
        '<h3>Categories whose places change most</h3><table class="categories"><thead><tr><th scope="col">Category</th>'
        '<th scope="col" class="n">Places, A → B</th><th scope="col" class="n">Change</th>'
        '<th scope="col" class="n">Shoppers</th><th scope="col" class="n">Products shown</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _shopper(each: ShopperChange) -> str:
    facts = dict(each.facts)
    known = [f"{words.count(each.n_train, 'product')} known"]
    known += [facts[name] for name in ("top_category", "home") if name in facts]
    wanted = "".join(f"<p>{isolated(one.product.title)}{_places(one)}</p>" for one in each.wanted)
    return (
        f'<tr><th scope="row">{isolated(each.user_id)}<span class="by">{isolated(" · ".join(known))}</span>'
        f'<span class="by">{words.count(each.n_common, "product")} on both lists</span></th>'
        f"<td data-label='New'>{_titles(each.entered)}</td><td data-label='Gone'>{_titles(each.gone)}</td>"
        f"<td data-label='Chose'>{wanted}<span class='by'>{esc(_FATES[each.fate])}</span></td></tr>"
    )


def _places(wanted: HeldOutProduct) -> str:
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
