"""The encoder that commands read texts with: an option, a variable, and what is said of what it does not read."""

import json
from pathlib import Path

import pandas as pd
import pytest

from recsys.artifacts.folder import open_artifact
from recsys.text.model_folder import FolderModel
from tests._data import write_folder
from tests._model_folder import make_model_folder
from tests.cli._run import run

GERMAN = "Das Zelt ist leider viel zu schwer und wird nass. Ich kann es nicht empfehlen!"


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model_folder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def shop(tiny: dict[str, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECSYS_CACHE_DIR", str(tmp_path / "cache"))
    reviews = tiny["reviews"].copy()
    reviews.loc[0, "text"] = GERMAN
    write_folder(tmp_path / "shop", **{**tiny, "reviews": reviews})
    return tmp_path / "shop"


@pytest.mark.parametrize(
    "command",
    [
        ("train", "--out", "model"),
        ("panel", "--out", "panel"),
        ("evaluate",),
        ("experiment", "paper"),
        ("experiment", "faithfulness"),
    ],
)
def test_a_bad_folder_is_refused_in_one_line_before_work_starts(
    command: tuple[str, ...], shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECSYS_ENCODER", str(shop))
    before = sorted(tmp_path.rglob("*"))
    said = run(*command, "--data", shop)
    assert (said.status, said.out) == (2, "")
    assert f"RECSYS_ENCODER: {shop} holds no modules.json" in said.err
    assert said.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_the_option_of_train_is_checked_too(shop: Path, tmp_path: Path) -> None:
    said = run("train", "--data", shop, "--out", tmp_path / "model", "--encoder", tmp_path / "no")
    assert (said.status, said.out) == (2, "")
    assert f"--encoder: {tmp_path / 'no'} is not a folder; give the folder of a sentence-transformers" in said.err
    assert said.err.count("\n") == 1


def test_a_model_of_ones_own_reads_everything_that_its_card_does_not_limit(
    shop: Path,
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    out = tmp_path / "model"
    trained = run("train", "--data", shop, "--out", out, "--encoder", model_folder)
    assert trained.status == 0, trained.err
    assert "does not read" not in caplog.text
    data = open_artifact(out).manifest["data"]
    assert data["encoder_id"].startswith(FolderModel(model_folder).identity)
    assert "which reads every language" in trained.out
    assert data["reads"] is None
    assert data["unread"] == {"reviews": {}, "own": {}}
    listed = run("recommend", "--model", out, "--user", "ann", "--json")
    assert listed.status == 0, listed.err
    typed = run("recommend", "--model", out, "--text", "a warm tent")
    assert (typed.status, typed.out) == (2, "")
    assert "set RECSYS_ENCODER to the folder of tiny whose hash begins" in typed.err
    monkeypatch.setenv("RECSYS_ENCODER", str(model_folder))
    typed = run("recommend", "--model", out, "--text", "Ich suche ein warm tent", "--json")
    assert typed.status == 0, typed.err
    assert len(json.loads(typed.out)["items"]) > 3


def test_train_tells_how_much_is_not_read_and_how_to_read_it(
    shop: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "model"
    trained = run("train", "--data", shop, "--out", out)
    assert trained.status == 0, trained.err
    unread = open_artifact(out).manifest["data"]["unread"]
    assert list(unread["reviews"]) == ["de"]
    share = f"{unread['reviews']['de']:.0%}"
    said = f"{share} of the phrases in reviews are in languages that the encoder does not read (German {share})"
    assert said in caplog.text
    assert "RECSYS_ENCODER=FOLDER" in caplog.text
    assert "which reads English\n" in trained.out
    typed = run("recommend", "--model", out, "--text", "Ich suche ein leichtes Zelt")
    assert typed.status == 0
    assert "looks German, which this model does not read, so it has no influence" in typed.err
    explained = run("explain", "--model", out, "--user", "ann", "--item", "tent-2", "--json")
    assert "leider" not in explained.out
