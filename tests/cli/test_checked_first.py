"""What is asked for is checked before any work starts: before data are read, and before a model is opened."""

import json
import shutil
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pytest

from recsys.serving.recommender import Recommender
from tests._foreign import standing
from tests.cli._run import Said, run

SENTENCES = {"review_id": [1, 2], "sentence_id": [1, 2], "sentence": ["good", "bad"], "aspect": ["use", "use"]}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with everything that an option must not be."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "other").mkdir()
    for name in ("thesis.doc", "paper.json", "items.parquet"):
        (tmp_path / "other" / name).write_text("mine")
    signs = {"odd": ["Positive", "maybe"], "gaps": ["Positive", None], "fine": ["Positive", "Negative"]}
    for name, sign in signs.items():
        pd.DataFrame({**SENTENCES, "polarity": sign}).to_parquet(tmp_path / f"{name}.parquet")
    fine = pd.DataFrame({**SENTENCES, "polarity": signs["fine"]})
    fine.drop(columns="aspect").to_parquet(tmp_path / "columns.parquet")
    fine.assign(sentence=[1, 2]).to_parquet(tmp_path / "numbers.parquet")
    fine.assign(sentence=["good", None]).to_parquet(tmp_path / "nothing.parquet")
    fine.iloc[:0].to_parquet(tmp_path / "empty.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train --data nowhere --out file", "is a file; give a folder for the model"),
        ("train --data nowhere --out file/model", "is a file; give a folder for the model"),
        ("train --data nowhere --out other", "holds other files"),
        ("train --data nowhere --out model --seed -1", "seed=-1 is not usable"),
        ("panel --data nowhere --out file", "is a file; give a folder for the panel"),
        ("panel --data nowhere --out panel --budget-mb 0", "holds nobody"),
        ("panel --data nowhere --out panel --min-interactions 0", "must both be at least 1"),
        ("evaluate --data nowhere -k 0", "must both be at least 1"),
        ("evaluate --data nowhere --seed 4294967296", "seed=4294967296 is not usable"),
        ("experiment paper --data nowhere -k 0", "must both be at least 1"),
        ("experiment paper --data nowhere --out file", "is a file; give a folder for the results"),
        ("experiment paper --data nowhere --out other", "holds paper.json, which no experiment wrote"),
        ("experiment all --data nowhere --out other", "holds paper.json, which no experiment wrote"),
        ("experiment paper --data nowhere --work file", "is a file; give a folder for what is prepared"),
        ("experiment clicks --data nowhere --weights semantic", "is not of the form name=value"),
        ("experiment clicks --data nowhere --weights semantic=nan", "is not usable"),
        ("experiment faithfulness --data nowhere -n 0", "n=0"),
        ("experiment faithfulness --data nowhere --seed 4294967295", "seed=4294967296 is not usable"),
        ("experiment faithfulness --data nowhere --sentences gone.parquet", "cannot be read"),
        ("experiment faithfulness --data nowhere --sentences file", "cannot be read"),
        ("experiment faithfulness --data nowhere --sentences odd.parquet", "column 'polarity' holds 'maybe'"),
        ("experiment faithfulness --data nowhere --sentences gaps.parquet", "column 'polarity' holds"),
        ("experiment faithfulness --data nowhere --sentences columns.parquet", "have no column 'aspect'"),
        ("experiment faithfulness --data nowhere --sentences numbers.parquet", "column 'sentence' holds no texts"),
        ("experiment faithfulness --data nowhere --sentences nothing.parquet", "column 'sentence' has gaps; fill"),
        ("experiment faithfulness --data nowhere --sentences empty.parquet", "no labelled sentence has aspects"),
        ("experiment presets --data nowhere --trials 0", "n_trials=0 is not usable"),
        ("experiment presets --data nowhere --min-interactions 0", "must both be at least 1"),
        ("experiment presets --data nowhere --panel nowhere", "there is no prepared panel"),
        ("demo --out shop --items 3", "--items 3 is too few"),
        ("demo --out file", "is a file; give a folder for the data"),
        ("demo --out other", "there is a shop here that is no demo shop"),
        ("recommend --model nowhere", "nobody was asked about"),
        ("recommend --model nowhere --text ' '", "nobody was asked about"),
        ("recommend --model nowhere --user u -n 0", "list length n=0"),
        ("recommend --model nowhere --user u --diversity nan", "diversity=nan is not usable"),
        ("recommend --model nowhere --user u --weights price=1", "'price' is not a component"),
        ("recommend --model nowhere --user u --weights ''", "all weights are 0"),
        ("recommend --model nowhere --user u --context hour=25", "hour=25 is not an hour"),
        ("explain --model nowhere --user u --item i --diversity 2", "diversity=2.0 is not usable"),
        ("explain --model nowhere --user u --item i --weights semantic=-1", "is not usable"),
        ("explain --model nowhere --item i", "nobody was asked about"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    here: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, message: str
) -> None:
    monkeypatch.chdir(here)
    before = standing(here)
    said = run(*(word.strip("'").strip() for word in arguments.replace("' '", "''").split(" ")))
    assert (said.status, said.out) == (2, "")
    assert message in said.err
    assert said.err.count("\n") == 1  # no stage was begun
    assert standing(here) == before


@pytest.mark.parametrize("option", ["--data", "--out"])
def test_an_empty_name_is_not_the_folder_that_we_run_in(option: str) -> None:
    other = {"--data": "--out", "--out": "--data"}[option]
    said = run("train", option, "", other, "x")
    assert (said.status, said.out) == (2, "")
    assert f"argument {option}: an empty name; give a path" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("recommend", "--user", "zoe"), "shopper 'zoe' is not among"),
        (("recommend", "--context", "device=toaster"), "device='toaster' is not among the known ones"),
        (("explain", "--item", "boat"), "product 'boat' is not among"),
        (("explain", "--user", "zoe"), "shopper 'zoe' is not among"),
        (("explain", "--without", "junk"), "'junk' names nothing that can be struck"),
        (("explain", "--without", "r999999"), "'r999999' is not a text or phrase"),
    ],
)
def test_what_the_model_does_not_know_is_refused_before_words_are_understood(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    def loaded(model: Recommender) -> NoReturn:
        raise AssertionError("the encoder, which takes seconds, was loaded for nothing")

    monkeypatch.setattr(Recommender, "_encoder", property(loaded))
    command, *options = arguments
    item = pd.read_parquet(place / "shop" / "items.parquet")["item_id"][0]
    known = ["--item", item] if command == "explain" else []
    said = run(command, "--model", place / "model", "--text", "a warm tent", *known, *options)
    assert (said.status, said.out) == (2, "")
    assert message in said.err


def test_a_panel_of_other_data_is_refused_before_anything_is_tuned(panel: tuple[Path, Said], tmp_path: Path) -> None:
    run("demo", "--out", tmp_path / "shop", "--items", 60, "--shoppers", 20)
    said = run("experiment", "presets", "--data", tmp_path / "shop", "--panel", panel[0], "--json")
    assert (said.status, said.out) == (2, "")
    assert "was prepared from other data than" in said.err
    assert "tuning" not in said.err


def test_training_beside_other_files_takes_none_away(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "model", tmp_path / "m")
    trained = standing(tmp_path / "m").keys()
    (tmp_path / "m" / ".git").mkdir()
    for name in (".env", "export.arrow", "notes.safetensors", ".git/HEAD"):
        (tmp_path / "m" / name).write_text("mine")
    before = {name: content for name, content in standing(tmp_path / "m").items() if name not in trained}
    said = run("train", "--data", place / "shop", "--out", tmp_path / "m", "--seed", 1)
    assert said.status == 0, said.err
    after = standing(tmp_path / "m")
    assert {name: after[name] for name in before} == before
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
    assert after.keys() - before.keys() == {"manifest.json", *(each["file"] for each in manifest["files"].values())}
