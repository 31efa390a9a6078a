"""`recsys experiment presets`: from a folder to what each preset reaches on test shoppers."""

import json
from functools import partial
from pathlib import Path

import pytest

from recsys.tuning import shipped
from recsys.tuning.goals import Goal, describe_goal
from tests.cli._run import run


@pytest.fixture(scope="module")
def panel(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("panel") / "panel"
    made = run("panel", "--data", place / "shop", "--out", folder)
    assert made.status == 0, made.err
    return folder


def test_presets_are_one_json_document(place: Path) -> None:
    said = run("experiment", "presets", "--data", place / "shop", "--trials", 2, "--json")
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert "held out" in told["protocol"]
    presets = {each["name"]: each for each in told["presets"]}
    assert list(presets) == ["Balanced", "Accuracy first", "Discovery", "New shoppers", "Evening mobile"]
    accuracy = presets["Accuracy first"]
    assert accuracy["available"]
    assert accuracy["words"] == describe_goal(Goal("ndcg"))
    change = next(each for each in accuracy["against_equal"] if each["metric"] == "ndcg")
    assert set(change["change"]) == {"mean", "low", "high", "n", "n_skipped"}
    assert [each["answer"] for each in presets["Balanced"]["kept"]]
    assert "tuning presets" in said.err


def test_the_text_says_the_same_in_words(place: Path, panel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One that can be tuned and one that cannot; the JSON document has them all.
    some = [each for each in shipped.INTENTIONS if each.name in ("Accuracy first", "Evening mobile")]
    monkeypatch.setattr(shipped, "tune_shipped", partial(shipped.tune_shipped, intentions=some))
    said = run("experiment", "presets", "--data", place / "shop", "--panel", panel, "--trials", 2)
    assert said.status == 0, said.err
    assert f"Accuracy first: {describe_goal(Goal('ndcg'))}\n" in said.out
    assert "with equal weights" in said.out
    assert "not in this shop" in said.out  # so few shoppers that no segment is large enough
    assert "fewer than 20 are too few" in said.out


def test_bad_options_are_one_line(place: Path) -> None:
    said = run("experiment", "presets", "--data", place / "shop", "--trials", 0)
    assert (said.status, said.out) == (2, "")
    assert "n_trials=0 is not usable" in said.err.splitlines()[-1]
