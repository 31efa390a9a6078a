"""`recsys evaluate`: figures as the contract names them."""

import json
from pathlib import Path
from typing import NoReturn

import pytest

from tests.cli._run import run

MODELS = ["popularity", "recent_popularity", "item_knn", "ease"]
MODELS += ["collaborative", "content", "semantic", "context", "traditional", "full"]
METRICS = ["precision", "recall", "f1", "ndcg", "map", "mrr", "hit_rate", "ild", "novelty", "coverage"]


def _no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is no JSON")


@pytest.mark.parametrize("split", ["last", "temporal"])
@pytest.mark.parametrize("k", [1, 5])
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
    recall = told["models"]["recent_popularity"]["recall"]
    assert 0 <= recall["low"] <= recall["mean"] <= recall["high"] <= 1
    assert (told["models"]["full"]["ild"]["mean"] is None) == (k == 1)  # one product has no pairs


def test_the_table_has_a_row_for_every_model(place: Path) -> None:
    said = run("evaluate", "--data", place / "shop", "--split", "last", "-k", 5)
    assert said.status == 0, said.err
    rows = [line.split()[0] for line in said.out.splitlines() if line.strip()]
    assert [row for row in rows if row in MODELS] == MODELS
    assert "95% interval" in said.out
