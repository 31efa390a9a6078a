"""A comparison in a few sentences that claim no more than the intervals do, and as tables for spreadsheets."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from recsys.evaluation.statistics.paired import Difference, why_no_verdict
from recsys.panel.segments import DIMENSIONS
from recsys.serving.results import to_csv
from recsys.tuning.comparison import Comparison
from recsys.tuning.list_changes import Product, ProductShown

FEW_SHOPPERS = 30
"""Fewer shoppers than this are called few."""

HARDLY, A_LITTLE, MUCH = 0.01, 0.05, 0.25
"""A relative change below the first is called very slight, below the second little, above the third much."""

_LONGEST_NAME = 60

METRIC_COLUMNS = (
    *("metric", "value_a", "low_a", "high_a", "value_b", "low_b", "high_b"),
    *("change", "change_low", "change_high", "verdict", "n_shoppers", "n_changed"),
)
PRODUCT_COLUMNS = (
    *("item_id", "title", "category", "in_long_tail", "lists_a", "lists_b", "change"),
    *("share_of_shoppers_a", "share_of_shoppers_b"),
)
SHOPPER_COLUMNS = (
    *("user_id", "n_train", *DIMENSIONS),
    *("likeness", "n_common", "fate", "ndcg_a", "ndcg_b", "held_out", "new_on_list", "gone_from_list"),
)


def summary(comparison: Comparison) -> list[str]:
    """Up to six sentences of plain text, most important first; two suffice where nothing differs.

    Names of settings and categories are as people typed them, in one line: to be escaped like any other text.
    """
    if comparison.is_same:
        return _nothing(comparison)
    clear = [*_finding(comparison), _overlap(comparison), _variety(comparison), _catalogue(comparison)]
    clear += [_bestsellers(comparison), _unclear(comparison)]
    return [sentence for sentence in clear if sentence][:6]


def _nothing(found: Comparison) -> list[str]:
    first, second = _name(found.a.name), _name(found.b.name)
    everyone = "The one shopper gets" if found.n_shoppers == 1 else f"All {found.n_shoppers:,} shoppers get"
    if found.a.ranks_like == found.b.ranks_like:
        return [
            f"There is no difference: {first} and {second} are the same setting.",
            f"{everyone} the same list with both, and every figure is the same.",
        ]
    return [
        f"That {first} and {second} are set differently makes no difference here: "
        f"{everyone[0].lower()}{everyone[1:]} the same list with both.",
        "So every figure is the same, and there is nothing to decide between them on these shoppers.",
    ]


def _finding(found: Comparison) -> list[str]:
    hits, ndcg, counted = found.differences["hit_rate"], found.differences["ndcg"], found.outcomes
    first, second = _name(found.a.name), _name(found.b.name)
    if found.n_imagined:
        are = _are(found.n_imagined)
        return [
            f"{found.n_imagined:,} of {_count(found.n_shoppers, 'shopper')} {are} imagined in other circumstances "
            "than they were in, so nothing says who would find what they want there."
        ]
    if not counted.n:
        return ["For none of these shoppers is it known what they went on to choose, so nothing says who finds it."]
    few = f"Only {_count(counted.n, 'shopper')} compared, too few to tell much. " if counted.n < FEW_SHOPPERS else ""
    net, what = counted.gained - counted.lost, "find what they went on to choose"
    gained, lost = (
        "nobody finds" if n == 0 else f"{n:,} find{'s' if n == 1 else ''}" for n in (counted.gained, counted.lost)
    )
    swapped = f"{gained} it only with {second}, {lost} it only with {first}"
    if hits.verdict != "unclear":
        more = "more" if net > 0 else "fewer"
        # Ends as shoppers, the smaller first; never 0, which the interval leaves out.
        low, high = sorted(round(abs(end) * counted.n) for end in (hits.change.low, hits.change.high))
        ends = f"at most {max(high, 1):,}" if low < 1 else f"between {low:,} and {high:,}"
        said = [f"With {second}, {abs(net):,} {more} of {_count(counted.n, 'shopper')} {what} ({ends}): {swapped}."]
    elif counted.gained or counted.lost:
        known = "too few to tell from chance"
        if hits.change.is_given:
            low, high = round(-hits.change.low * counted.n), round(hits.change.high * counted.n)
            known = f"anything from {low:,} fewer to {high:,} more is possible"
        said = [f"No difference we can tell in how many of {_count(counted.n, 'shopper')} {what}: {swapped} ({known})."]
    elif counted.both:
        said = [f"Exactly the same shoppers {what}, {counted.both:,} of {counted.n:,}."]
    else:
        said = ["Nobody finds what they went on to choose, with either."]
    if ndcg.verdict not in ("unclear", hits.verdict):
        higher = "higher" if ndcg.verdict == "better" else "lower"
        said.append(f"Where it stands counted as well, it is {higher} up the lists with {second} on the whole.")
    return [few + said[0], *said[1:]]


def _overlap(found: Comparison) -> str:
    k, common, same = found.b.settings.n, found.overlap.common, found.overlap.identical
    kept = common * k
    told = f"{kept:.0f}" if abs(kept - round(kept)) < 0.05 or kept >= 10 else f"{kept:.1f}"
    unchanged = f"; {same:,} of {_count(found.n_shoppers, 'shopper')} see no change" if same else ""
    if k == 1:
        return f"The one product on a list stays for {common:.0%} of {_count(found.n_shoppers, 'shopper')}."
    return f"On average {told} of a list’s {k} products stay on it{unchanged}."


def _variety(found: Comparison) -> str:
    ild, personal = found.differences["ild"], found.differences["personalisation"]
    clauses = []
    if ild.verdict != "unclear":
        clauses.append(f"are {_much(ild.change.mean, ild.old)}{'more' if ild.verdict == 'better' else 'less'} varied")
    if personal.verdict != "unclear":
        shared = replace(personal, new=1 - personal.new, old=1 - personal.old)
        differ = "more" if personal.verdict == "better" else "less"
        clauses.append(f"differ {differ} from shopper to shopper (two share {_from_to(shared)})")
    return f"Lists {' and '.join(clauses)}." if clauses else ""


def _catalogue(found: Comparison) -> str:
    new, gone, coverage = found.newly_shown, found.no_longer_shown, found.differences["coverage"]
    if not new and not gone:
        return ""
    n_new, n_gone = _count(len(new), "product"), _count(len(gone), "product")
    clauses = [f"{n_new} that nobody was shown now {_are(len(new))}{_mostly(new)}"] if new else []
    clauses += [f"{n_gone} {_are(len(gone))} no longer shown to anybody{_mostly(gone)}"] if gone else []
    said = "; ".join(clauses)
    if coverage.verdict == "unclear":
        return f"{said}; no difference we can tell in how much of the catalogue is shown."
    more = "more" if coverage.verdict == "better" else "less"
    return f"{said}: {more} of the catalogue is shown ({_from_to(coverage)})."


def _bestsellers(found: Comparison) -> str:
    lift, tail = found.differences["popularity_lift"], found.differences["long_tail"]
    clauses = []
    if lift.verdict != "unclear":
        # A lift of 0.5 says 1.5 times as popular as what shoppers chose.
        much = _much(lift.new - lift.old, 1 + lift.old)
        clauses.append(f"bestsellers are shown {much}{'less' if lift.verdict == 'better' else 'more'}")
    if tail.verdict != "unclear":
        shown = "rarely chosen products" if clauses else "rarely chosen products are shown"
        clauses.append(f"{shown} {'more' if tail.verdict == 'better' else 'less'} ({_from_to(tail)})")
    said = " and ".join(clauses)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _unclear(found: Comparison) -> str:
    """What else cannot be told, so that silence is not read as sameness."""
    names = {
        "ild": "variety",
        "personalisation": "how much shoppers’ lists differ",
        "popularity_lift": "how much bestsellers are shown",
        "gini": "how evenly products are shown",
        "novelty": "how surprising products are",
    }
    unclear = [said for name, said in names.items() if found.differences[name].verdict == "unclear"]
    listed = " or ".join(filter(None, (", ".join(unclear[:-1]), *unclear[-1:])))
    return f"No difference we can tell in {listed}." if unclear else ""


def _much(change: float, old: float) -> str:
    relative = abs(change / old) if old else math.inf
    if relative < HARDLY:
        return "very slightly "
    return "a little " if relative < A_LITTLE else "much " if relative > MUCH else ""


def _count(n: int, noun: str) -> str:
    """
    >>> _count(1, 'product'), _count(1200, 'shopper')
    ('1 product', '1,200 shoppers')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _mostly(products: Sequence[ProductShown]) -> str:
    """The category that more than half of at least three products are of."""
    name, n = Counter(each.product.category for each in products).most_common(1)[0]
    return f", mostly {_name(name)}" if name and len(products) >= 3 and 2 * n > len(products) else ""


def _from_to(found: Difference) -> str:
    """Both shares in percent, with as few decimals as tell them apart, and one where both are small."""
    for digits in range(1 if max(found.new, found.old) < 0.1 else 0, 4):
        new, old = f"{found.new:.{digits}%}", f"{found.old:.{digits}%}"
        if new != old:
            break
    return f"{new}, was {old}"


def _name(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"


def metrics_csv(found: Comparison) -> str:
    """Every metric of both settings with its intervals, and the change; a row a metric, empty where no number is."""
    rows = []
    for name, each in found.differences.items():
        intervals = (found.means_a[name], found.means_b[name], each.change)
        numbers = [number for one in intervals for number in (one.mean, one.low, one.high)]
        verdict = why_no_verdict(each, is_observed=not found.n_imagined) or each.verdict
        rows.append((name, *map(_number, numbers), verdict, each.change.n, each.n_changed))
    return _csv(METRIC_COLUMNS, rows)


def products_csv(found: Comparison) -> str:
    """Every product whose number of lists changes; a row a product, the greatest winner first."""
    rows = [
        (
            *(each.product.item_id, each.product.title, each.product.category, "yes" if each.in_long_tail else "no"),
            *(each.lists_a, each.lists_b, each.change),
            *(each.lists_a / found.n_shoppers, each.lists_b / found.n_shoppers),
        )
        for each in found.products
    ]
    return _csv(PRODUCT_COLUMNS, rows)


def shoppers_csv(found: Comparison) -> str:
    """The shoppers whose lists change most; a row a shopper, products by id, separated by spaces."""
    rows = [
        (
            *(each.user_id, each.n_train, *(dict(each.facts).get(name) for name in DIMENSIONS)),
            *(each.likeness, each.n_common, each.fate, _number(each.ndcg_a), _number(each.ndcg_b)),
            *map(_ids, ([wanted.product for wanted in each.wanted], each.entered, each.gone)),
        )
        for each in found.changed
    ]
    return _csv(SHOPPER_COLUMNS, rows)


def _csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return to_csv([dict(zip(columns, row, strict=True)) for row in rows], columns)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _ids(products: Sequence[Product]) -> str:
    return " ".join(product.item_id for product in products)
