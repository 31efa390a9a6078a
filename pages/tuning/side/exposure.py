"""Products that win and lose exposure."""

from collections.abc import Sequence

from pages._shared import words
from pages._shared.cards import esc, isolated
from recsys.tuning.exposure import ProductShown

N_FIRST, N_MORE = 6, 24


def products_html(title: str, products: Sequence[ProductShown], n_shoppers: int) -> str:
    """A ranked list, of which more opens on a click.

    Parameters
    ----------
    products : the one that changes most first
    n_shoppers : how many shoppers have a list
    """
    head = (
        f'<h2 class="sw-chart-title">{esc(title)} <span class="sw-quiet">{words.count(len(products), "product")}</span>'
        "</h2>"
    )
    if not products:
        return f'{head}<p class="sw-note">None.</p>'
    rows = [_product(place, each, n_shoppers) for place, each in enumerate(products[: N_FIRST + N_MORE], 1)]
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


def _product(place: int, each: ProductShown, n: int) -> str:
    facts = [isolated(each.product.category or "no category")]
    if each.in_long_tail:
        facts.append('<span title="Outside the bestsellers that hold 80% of all choices">rarely chosen</span>')
    return (
        f'<li data-item="{esc(each.product.item_id)}"><span class="sw-shown-place">{place}</span>'
        f'<span class="sw-shown-title" title="{esc(each.product.title)}">{isolated(each.product.title)}'
        f'<span class="sw-by">{" · ".join(facts)}</span></span>'
        f'<span class="sw-shown-lists">{each.lists_a:,} → <strong>{each.lists_b:,}</strong> lists'
        f'<span class="sw-by">{esc(words.share(each.lists_a / n))} → {esc(words.share(each.lists_b / n))} of shoppers'
        "</span></span></li>"
    )
