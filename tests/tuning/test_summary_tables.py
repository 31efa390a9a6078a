"""Spreadsheets get every number as it is, and nothing that they would run."""

import csv
import io
from dataclasses import replace

import pytest

from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.evaluation.statistics.paired import why_no_verdict
from recsys.panel.engine import LiveEngine
from recsys.tuning.comparison import compare
from recsys.tuning.list_changes import Product, ProductShown
from recsys.tuning.summary import metrics_csv, products_csv, shoppers_csv
from tests.panel._settings import setting
from tests.tuning._comparisons import comparison, difference


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_every_row_is_there_with_its_numbers(engine: LiveEngine) -> None:
    found = compare(engine, setting("A", 1, 0, 0, 0), setting("B", 0, 0, 1, 0))
    metrics, products, shoppers = (read(make(found)) for make in (metrics_csv, products_csv, shoppers_csv))
    assert [row["metric"] for row in metrics] == list(LIVE_METRICS)
    for row in metrics:
        assert float(row["change"]) == found.differences[row["metric"]].change.mean
        each = found.differences[row["metric"]]
        assert row["verdict"] == (why_no_verdict(each) or each.verdict)
    assert [(row["item_id"], int(row["change"])) for row in products] == [
        (each.product.item_id, each.change) for each in found.products
    ]
    for row, shown in zip(products, found.products, strict=True):
        assert float(row["share_of_shoppers_b"]) == pytest.approx(shown.lists_b / found.n_shoppers)
    assert [row["user_id"] for row in shoppers] == [each.user_id for each in found.changed]
    for row, changed in zip(shoppers, found.changed, strict=True):
        assert row["new_on_list"].split() == [product.item_id for product in changed.entered]
        assert row["fate"] == changed.fate
        assert row["season"] == dict(changed.facts)["season"]


def test_what_is_not_known_is_an_empty_cell() -> None:
    row = read(metrics_csv(comparison(difference("map", float("nan"), 0.5, float("nan"), float("nan")))))[4]
    assert (row["metric"], row["change"], row["change_low"], row["value_a"]) == ("map", "", "", "0.5")


def test_a_title_that_a_spreadsheet_would_run_is_made_plain() -> None:
    hostile = Product(0, "=1+1", '=HYPERLINK("http://x","y")', "@SUM(A1)")
    row = read(products_csv(replace(comparison(), products=(ProductShown(hostile, True, 1, 2),))))[0]
    assert row["item_id"] == "'=1+1"
    assert row["title"].startswith("'=HYPERLINK")
    assert row["category"] == "'@SUM(A1)"
    assert row["in_long_tail"] == "yes"
