"""Benchmarks that are scripts of the checkout run, small."""

import re
from pathlib import Path

import pytest

from recsys.evaluation.metrics.registry import LIVE_METRICS
from tests.benchmarks import intervals, learned_fusion, lists_alike, what_is_written


def test_intervals_are_simulated_for_every_population_size_and_metric(capsys: pytest.CaptureFixture[str]) -> None:
    found = intervals.run(n_repetitions=4, sizes=(20, 40), n_population=400)
    for kind in ("changes", "levels"):
        assert len(found[kind]) == len(intervals.SETTINGS) * 2 * len(LIVE_METRICS)
        assert all(0 <= row["given"] <= 1 for row in found[kind])
    intervals._print(found)
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines() if line} >= set(LIVE_METRICS)


@pytest.mark.slow
def test_learned_fusion_tells_what_was_tried_on_test(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learned_fusion.main(["--data", str(place / "shop"), str(place / "shop")])
    said = capsys.readouterr().out
    assert said.count(f"on test, {learned_fusion.TAKEN}: ") == 3
    assert "all 2 shops" in said


@pytest.mark.slow
def test_what_is_written_tells_every_way(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    what_is_written.main(["--data", str(place / "shop")])
    said = capsys.readouterr().out
    assert all(f"  {way}: 0." in said for way in what_is_written.WAYS)


def test_how_alike_lists_are_is_told_beside_weight_and_influence(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists_alike.main([str(place / "model"), "-n", "20"])
    *components, last = capsys.readouterr().out.splitlines()
    weights, shares = zip(*(map(float, re.findall(r"\d\.\d\d", line)) for line in components), strict=True)
    assert sum(weights) == pytest.approx(1, abs=0.02)
    assert sum(shares) == pytest.approx(1, abs=0.02)
    assert re.fullmatch(r"two of \d+ shoppers share \d+\.\d% of their lists; \d+ products are on them", last)
