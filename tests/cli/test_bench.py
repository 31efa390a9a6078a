"""Every benchmark runs, small, and says what it measured."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recsys.cli.shop import BENCHMARKS
from recsys.scorers.collaborative import ENGINE_CLASSES
from recsys.studies.benchmarks.encode import sample_phrases
from tests.cli._run import run

SAID: dict[str, set[str]] = {
    "live-metrics": {"n_users", "n_items", "n_components", "ours_ms", "torch_ms", "numpy_ms", "read_ms"},
    "encode": {"n_phrases", "ours_per_s", "baseline_per_s", "ratio", "min_cosine"},
    "recommend": {"300"},
    "explain": {"explain_ms_p50", "read_ms_p50", "strike_to_list_ms_p95"},
    "collaborative": {"200"},
    "train": {"demo_s", "first_s", "cached_s", "first_stages_s"},
}
OF_A_LIST = {"load_s", "list_ms_p50", "list_ms_p95", "rank_only_ms_p50", "rank_diverse_ms_p50", "memory_mb"}


def figures(told: Any) -> Iterator[float]:
    """Every number, however deep it stands."""
    if isinstance(told, dict):
        for each in told.values():
            yield from figures(each)
    elif isinstance(told, int | float):
        yield told


def test_all_benchmarks_are_tried() -> None:
    assert SAID.keys() == set(BENCHMARKS)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_small(name: str, place: Path) -> None:
    said = run("bench", name, "--small", "--json", *(["--data", place / "shop"] if name == "encode" else []))
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told.keys() >= SAID[name]
    assert all(figure >= 0 for figure in figures(told))
    if name == "recommend":
        assert told["300"].keys() >= OF_A_LIST
    if name == "collaborative":
        assert told["200"].keys() == {f"{each}_{unit}" for each in ENGINE_CLASSES for unit in ("s", "mb")}
    if name == "encode":
        assert told["source"] == "shop"
        assert told["min_cosine"] > 0.99


def test_phrases_are_made_up_where_no_data_are_named() -> None:
    phrases, source = sample_phrases(50, seed=0)
    assert (len(set(phrases)), source) == (50, "made-up sentences")


def test_without_json_every_figure_has_a_line() -> None:
    lines = run("bench", "recommend", "--small").out.splitlines()
    assert [line.split()[0] for line in lines] == ["300"]


@pytest.mark.parametrize(("name", "problem"), [("train", "makes its own data"), ("encode", "no reviews.parquet")])
def test_data_that_cannot_be_used_are_refused_before_work(name: str, problem: str, tmp_path: Path) -> None:
    said = run("bench", name, "--data", tmp_path)
    assert (said.status, said.out) == (2, "")
    assert problem in said.err
