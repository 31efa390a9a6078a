"""The rows of a comparison, for spreadsheets: numbers unrounded, text made safe by `recsys.serving.exports`."""

import math
from collections.abc import Sequence

from recsys.evaluation.statistics.paired import why_open
from recsys.panel.segments import DIMENSIONS
from recsys.serving.exports import to_csv
from recsys.tuning.comparison import Comparison
from recsys.tuning.exposure import Product

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


def metrics_csv(found: Comparison) -> str:
    """Every metric of both settings with its intervals, and the change; a row a metric, empty where no number is."""
    rows = []
    for name, each in found.differences.items():
        intervals = (found.means_a[name], found.means_b[name], each.change)
        numbers = [number for one in intervals for number in (one.mean, one.low, one.high)]
        verdict = why_open(each, is_observed=not found.n_imagined) or each.verdict
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
