"""`recsys experiment`: the faithfulness study from a folder to its figures."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recsys.settings import FusionSettings
from recsys.studies import clicks, faithfulness, paper, sparsity
from recsys.studies.registry import EXPERIMENTS
from recsys.training.components import ComponentChoice
from tests.cli._run import run


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few sentences in the form of the human-labelled ones."""
    said = [("It is great and works perfectly", "Positive"), ("Terrible, it broke at once", "Negative")]
    rows = [
        {"sentence_id": n, "review_id": n // 2, "sentence": text, "aspect": "use", "polarity": sign}
        for n, (text, sign) in enumerate(said * 4)
    ]
    path = tmp_path_factory.mktemp("labelled") / "sentences.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return path


@pytest.fixture
def few_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer simulated logs and settings, and of the levels of text those that the tests of the study leave out."""
    monkeypatch.setattr(paper, "N_BASES", 2)
    monkeypatch.setattr(paper, "MOST_MOVES", 1)
    monkeypatch.setattr(clicks, "N_LOGS", 5)
    monkeypatch.setattr(sparsity, "SHARES", (0.0, 0.1, 1.0))
    monkeypatch.setattr(sparsity, "DOSES", (0.25,))


def test_faithfulness_is_one_json_document(place: Path, sentences: Path) -> None:
    options = ("-n", 12, "--explanations", 15, "--sentences", sentences, "--json")
    said = run("experiment", "faithfulness", "--data", place / "shop", *options)
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told["exactness"]["n"] == 15
    assert told["exactness"]["residual"] < 1e-4
    assert told["exactness"]["n_verbatim"] == told["exactness"]["n_quotes"] > 0
    assert set(told["faithfulness"]) == {"product", "shopper"}
    assert told["faithfulness"]["shopper"]["measures"]["comprehensiveness"]["difference"]["mean"] > 0
    assert 0 <= told["stability"]["same_top"]["mean"] <= 1
    assert set(told["planted_aspects"]) == {"leading", "two_leading", "fifth"}
    assert told["polarity"]["auc"]["mean"] == 1.0
    assert "leaving" not in said.out
    assert "taking away phrases of the product" in said.err


def test_the_text_says_the_same_in_words(place: Path) -> None:
    said = run("experiment", "faithfulness", "--data", place / "shop", "-n", 8, "--explanations", 5)
    assert said.status == 0, said.err
    assert "5 random explanations: parts and score differ by" in said.out
    assert "quotes stand word for word in the review they name" in said.out
    assert all(measure in said.out for measure in ("comprehensiveness", "tau_collaborative", "the leading aspect"))


def test_where_words_have_no_weight_they_are_tested_by_the_weights_before_any_choice(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = faithfulness.choose_for_all

    def wordless(*asked: Any) -> ComponentChoice:
        chosen = choose(*asked)
        return replace(chosen, weights={**chosen.weights, "full": FusionSettings(1, 0, 0, 0)})

    monkeypatch.setattr(faithfulness, "choose_for_all", wordless)
    said = run("experiment", "faithfulness", "--data", place / "shop", "-n", 8, "--explanations", 2, "--json")
    told = json.loads(said.out)
    assert told["protocol"].endswith("gave words no weight, so weights are those before any choice.")
    assert told["faithfulness"]["shopper"]["n"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-n", 0), "n=0 and n_exact=2000 are not usable; give at least 1 and at least 0"),
        (("--sentences", "nowhere.parquet"), "nowhere.parquet: the labelled sentences cannot be read"),
    ],
)
def test_bad_options_are_one_line(place: Path, options: tuple[object, ...], message: str) -> None:
    said = run("experiment", "faithfulness", "--data", place / "shop", *options)
    assert said.status == 2
    assert message in said.err.splitlines()[-1]
    assert said.out == ""


@pytest.mark.usefixtures("few_repeats")
def test_the_log_is_asked_about_a_setting_of_the_sliders(place: Path, tmp_path: Path) -> None:
    options = ("--data", place / "shop", "--work", tmp_path, "--weights", "semantic=1,context=3", "--json")
    said = run("experiment", "clicks", *options)
    assert said.status == 0, said.err
    told = json.loads(said.out)
    assert told["settings"]["weights"] == "semantic=0.25,context=0.75"
    named = {each["policy"]: each for each in told["clicks"]["policies"]}
    asked = named["as asked at temperature 1"]
    assert asked["support"]["n_effective"] > 0
    assert asked["known"]["mean"] > 0
    assert asked["estimates"] or asked["refusal"]
    assert {each["mix"] for each in told["clicks"]["lifts"]} == {"full", "as asked"}
    assert "fitting" not in run("experiment", "clicks", *options).err.replace("fitting EASE", "")


@pytest.mark.parametrize(
    ("name", "weights", "message"),
    [
        ("clicks", "colour=1", "--weights: 'colour' is not a component"),
        ("clicks", "semantic=0", "all weights are 0"),
        ("clicks", "", "all weights are 0"),
        ("paper", "semantic=1", "experiment paper: unrecognized arguments: --weights semantic=1; see `python -m"),
        ("faithfulness", "semantic=1", "experiment faithfulness: unrecognized arguments: --weights semantic=1; see"),
    ],
)
def test_a_setting_that_cannot_be_asked_about_is_one_line(place: Path, name: str, weights: str, message: str) -> None:
    said = run("experiment", name, "--data", place / "shop", "--weights", weights)
    assert said.status == 2
    assert message in said.err.splitlines()[-1]
    assert said.out == ""


@pytest.mark.usefixtures("few_repeats")
def test_experiments_share_what_is_prepared_and_are_kept(place: Path, tmp_path: Path) -> None:
    options = ("--data", place / "shop", "--work", tmp_path / "work", "--out", tmp_path / "out", "-k", 10, "--json")
    said = run("experiment", "all", *options)
    assert said.status == 0, said.err
    told = json.loads(said.out)
    found = {each["experiment"]: each for each in told["results"]}
    assert set(found) | set(told["failed"]) == set(EXPERIMENTS)
    assert {"protocol", "traditional", "full", "lifts"} <= set(found["paper"])
    assert found["ablation"]["models"]["full"]["ndcg"].keys() == {"mean", "low", "high"}
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "out" / "paper-lifts.csv").exists()
    again = run("experiment", "weights", *options)
    assert json.loads(again.out)["tables"] == found["weights"]["tables"]
    assert "fitting" not in again.err  # the test shoppers were prepared


@pytest.mark.usefixtures("few_repeats")
def test_an_experiment_in_words_says_what_was_done_and_found(place: Path, tmp_path: Path) -> None:
    said = run("experiment", "paper", "--data", place / "shop", "--work", tmp_path)
    assert said.status == 0, said.err
    assert "Traditional is the collaborative component and content" in said.out
    assert "of the paper" in said.out


OWN_OPTIONS = {
    "clicks": {"--split", "--min-interactions", "-k", "--seed", "--out", "--work", "--weights"},
    "all": {"--split", "--min-interactions", "-k", "--seed", "--out", "--work", "--weights"},
    "faithfulness": {"-n", "--explanations", "--sentences", "--seed"},
    "presets": {"--split", "--min-interactions", "--trials", "--panel", "--seed"},
}
USUAL_OPTIONS = {"--split", "--min-interactions", "-k", "--seed", "--out", "--work"}


@pytest.mark.parametrize("name", [*EXPERIMENTS, "faithfulness", "presets", "all"])
def test_every_study_has_its_own_options_and_a_short_help(name: str) -> None:
    said = run("experiment", name, "--help")
    assert (said.status, said.err) == (0, "")
    options = set(re.findall(r"^  (?:-h, )?(--?[a-z-]+)", said.out, re.MULTILINE))
    assert options == {"--help", "--data", "--json"} | OWN_OPTIONS.get(name, USUAL_OPTIONS)
    about = said.out.split("\n\n")[1]
    assert 1 <= about.count("\n") + 1 <= 6
    assert f"python -m recsys experiment {name} --data" in said.out.split("example", 1)[1]


def test_the_help_lists_every_study_in_a_line() -> None:
    lines = run("experiment", "--help").out.splitlines()
    for name in (*EXPERIMENTS, "faithfulness", "presets", "all"):
        (line,) = (line for line in lines if line.startswith(f"  {name} "))
        assert 20 < len(line) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "experiment: the following arguments are required: NAME"),
        (("speed", "--data", "x"), "argument NAME: invalid choice: 'speed'"),
        (("paper",), "experiment paper: the following arguments are required: --data"),
        (("paper", "--data", "x", "--trials", "3"), "experiment paper: unrecognized arguments: --trials 3"),
        (("presets", "--data", "x", "-k", "3"), "experiment presets: unrecognized arguments: -k 3"),
        (("faithfulness", "--data", "x", "--out", "y"), "experiment faithfulness: unrecognized arguments: --out y"),
        (("cold", "--data", ""), "experiment cold: argument --data: an empty name; give a path"),
    ],
)
def test_a_mistyped_study_is_answered_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    said = run("experiment", *arguments)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert message in said.err


def test_quotes_are_drawn_for_a_person_to_judge(place: Path) -> None:
    options = ("--data", place / "shop", "--model", place / "model", "-n", 2, "-k", 3)
    said = run("experiment", "quotes", *options)
    assert said.status == 0, said.err
    assert "A customer speaks on" in said.out
    told = json.loads(run("experiment", "quotes", *options, "--json").out)
    assert len(told["cards"]) == told["n_cards"] == 6
    assert all(card["quote"] in said.out for card in told["cards"])
