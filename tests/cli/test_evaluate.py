"""`recsys evaluate`: figures as the contract names them."""

import json
import math
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pytest

from recsys.cli import shop
from recsys.evaluation.statistics.significance import Interval
from tests._data import write_folder
from tests.cli._run import run

MODELS = ["popularity", "recent_popularity", "item_knn", "ease"]
MODELS += ["collaborative", "content", "semantic", "context", "traditional", "full"]
METRICS = [
    "precision",
    "recall",
    "f1",
    "ndcg",
    "map",
    "mrr",
    "hit_rate",
    "ild",
    "novelty",
    "coverage",
    "personalisation",
]


def _no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize(("split", "k"), [("last", 5), ("temporal", 1)])
def test_evaluate_tells_every_model_by_every_metric(place: Path, split: str, k: int) -> None:
    said = run("evaluate", "--data", place / "shop", "--split", split, "-k", k, "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out, parse_constant=_no_constant)
    assert {"protocol", "k", "n_users", "models"} <= set(told)
    assert told["k"] == k
    assert told["n_users"] > 5
    assert set(told["models"]) == set(MODELS)
    for report in told["models"].values():
        assert set(report) == set(METRICS)
        assert all(set(interval) == {"mean", "low", "high"} for interval in report.values())
    for report in told["models"].values():
        for name in ("recall", "ndcg", "coverage", "personalisation"):
            low, mean, high = (report[name][end] for end in ("low", "mean", "high"))
            assert (low is None) == (high is None)
            assert 0 <= mean <= 1
            assert low is None or 0 <= low <= mean <= high <= 1
    assert (told["models"]["full"]["ild"]["mean"] is None) == (k == 1)  # one product has no pairs


def test_the_table_has_a_row_for_every_model(place: Path) -> None:
    said = run("evaluate", "--data", place / "shop", "--split", "last", "-k", 5)
    assert said.status == 0, said.err
    rows = [line.split()[0] for line in said.out.splitlines() if line.strip()]
    assert [row for row in rows if row in MODELS] == MODELS
    assert "95% interval" in said.out


@pytest.mark.parametrize(("n_products", "says_so"), [(12, True), (60, False)])
def test_a_shop_with_hardly_anything_left_to_list_says_so(tmp_path: Path, n_products: int, says_so: bool) -> None:
    """Every shopper has the first 12 products."""
    had = [(f"u{user}", f"p{item}") for item in range(12) for user in range(8)]
    moments = pd.date_range("2024-01-01", periods=len(had), freq="h", tz="UTC")
    events = pd.DataFrame(had, columns=["user_id", "item_id"]).assign(event="purchase", timestamp=moments)
    items = pd.DataFrame({"item_id": [f"p{n}" for n in range(n_products)], "title": "Item"})
    write_folder(tmp_path / "shop", items=items, events=events)
    said = run("evaluate", "--data", tmp_path / "shop", "--split", "last")
    assert said.status == 0, said.err
    told = "8 of 8 test shoppers have fewer than 10 products left that could be listed (1.0 on average)"
    assert (told in said.out) == says_so
    assert "nan" not in said.out
    heads = next(line.split()[1:] for line in said.out.splitlines() if line.startswith("model "))
    rows = [line.replace(" ±", "±").split() for line in said.out.splitlines() if line.startswith(tuple(MODELS))]
    assert [row[0] for row in rows] == MODELS
    assert {dict(zip(heads, row[1:], strict=True))["ild@10"] == "–" for row in rows} == {says_so}
    assert ("– ild@10: no list holds two products to compare" in said.out) == says_so


def test_a_shop_that_cannot_be_tested_gets_advice_that_does_not_lead_in_circles(tmp_path: Path) -> None:
    items = pd.DataFrame({"item_id": [f"p{n}" for n in range(5)], "title": "Item"})
    moments = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"], utc=True)
    users = ["ann", "ann", "bob", "cat"]
    reviews = pd.DataFrame({"user_id": users, "item_id": items["item_id"][:4], "rating": [5.0, 4.0, 5.0, 2.0]})
    write_folder(tmp_path / "shop", items=items, reviews=reviews.assign(timestamp=moments, text="good"))
    for split in ("temporal", "last"):
        said = run("evaluate", "--data", tmp_path / "shop", "--split", split)
        assert (said.status, said.out) == (2, "")
        assert "bring more data" in said.err
        assert "--split" not in said.err
        assert "shares" not in said.err
    said = run("evaluate", "--data", tmp_path / "shop", "--min-interactions", 4)
    assert "lower --min-interactions" in said.err


@pytest.mark.parametrize(
    ("ends", "cell"),
    [
        ((0.25, 0.2, 0.3), "0.2500 ±0.0500"),
        ((0.25, math.nan, math.nan), "0.2500 ±–"),
        ((math.nan, math.nan, math.nan), "–"),
    ],
)
def test_a_number_that_is_not_there_is_a_dash(ends: tuple[float, float, float], cell: str) -> None:
    assert shop._cell(Interval(*ends, n=9)) == cell
