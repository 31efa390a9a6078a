"""`recsys evaluate` and `recsys bench`: figures as the contract names them."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from recsys.cli import bench
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
    for report in told["models"].values():
        for name in ("recall", "ndcg", "coverage"):
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


def test_a_benchmark_is_printed_as_lines_or_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        bench.importlib, "import_module", lambda name: SimpleNamespace(run=lambda: {"name": name, "p50_ms": 1.5})
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    said = run("bench", "recommend", "--json")
    assert json.loads(said.out) == {"name": "tests.benchmarks.recommend", "p50_ms": 1.5}
    assert "p50_ms  1.5" in run("bench", "recommend").out


def test_an_installed_package_without_benchmarks_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench, "__file__", str(tmp_path / "recsys" / "cli" / "bench.py"))
    said = run("bench", "encode")
    assert (said.status, said.out) == (2, "")
    assert said.err == "recsys bench: benchmark 'encode' lies in tests/benchmarks of a checkout, and this is none\n"
