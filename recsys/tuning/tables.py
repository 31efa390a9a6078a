"""The rows of a comparison, for spreadsheets: numbers unrounded, text made safe by `recsys.serving.exports`."""

import math
from collections.abc import Sequence

from recsys.evaluation.statistics.paired import why_open
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
    *("user_id", "n_train", "activity", "top_category", "home", "daypart", "weekday", "season", "device", "region"),
    *("likeness", "n_common", "fate", "ndcg_a", "ndcg_b", "held_out", "new_on_list", "gone_from_list"),
)


def metrics_csv(found: Comparison) -> str:
    """Every metric of both settings with its intervals, and the change; a row a metric."""
    return to_csv(metric_rows(found), METRIC_COLUMNS)


def products_csv(found: Comparison) -> str:
    """Every product whose number of lists changes; a row a product, the greatest winner first."""
    return to_csv(product_rows(found), PRODUCT_COLUMNS)


def shoppers_csv(found: Comparison) -> str:
    """The shoppers whose lists change most; a row a shopper."""
    return to_csv(shopper_rows(found), SHOPPER_COLUMNS)


def metric_rows(found: Comparison) -> list[dict[str, object]]:
    """Rows of `METRIC_COLUMNS`; None where there is no number."""
    rows: list[dict[str, object]] = []
    for name, each in found.differences.items():
        a, b = found.means_a[name], found.means_b[name]
        numbers = (a.mean, a.low, a.high, b.mean, b.low, b.high, each.change.mean, each.change.low, each.change.high)
        told = [None if math.isnan(number) else number for number in numbers]
        verdict = why_open(each, is_observed=not found.n_imagined) or each.verdict
        cells = (name, *told, verdict, each.change.n, each.n_changed)
        rows.append(dict(zip(METRIC_COLUMNS, cells, strict=True)))
    return rows


def product_rows(found: Comparison) -> list[dict[str, object]]:
    """Rows of `PRODUCT_COLUMNS`."""
    return [
        {
            "item_id": each.product.item_id,
            "title": each.product.title,
            "category": each.product.category,
            "in_long_tail": "yes" if each.in_long_tail else "no",
            "lists_a": each.lists_a,
            "lists_b": each.lists_b,
            "change": each.change,
            "share_of_shoppers_a": each.lists_a / found.n_shoppers,
            "share_of_shoppers_b": each.lists_b / found.n_shoppers,
        }
        for each in found.products
    ]


def shopper_rows(found: Comparison) -> list[dict[str, object]]:
    """Rows of `SHOPPER_COLUMNS`; products by id, separated by spaces."""
    return [
        {
            **dict(each.facts),
            "user_id": each.user_id,
            "n_train": each.n_train,
            "likeness": each.likeness,
            "n_common": each.n_common,
            "fate": each.fate,
            "ndcg_a": None if math.isnan(each.ndcg_a) else each.ndcg_a,
            "ndcg_b": None if math.isnan(each.ndcg_b) else each.ndcg_b,
            "held_out": _ids([wanted.product for wanted in each.wanted]),
            "new_on_list": _ids(each.entered),
            "gone_from_list": _ids(each.gone),
        }
        for each in found.changed
    ]


def _ids(products: Sequence[Product]) -> str:
    return " ".join(product.item_id for product in products)
