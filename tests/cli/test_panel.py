"""`recsys panel`, and the same as work beside the page."""

import time
from pathlib import Path

import pytest

from recsys.errors import ArtifactError, InputError
from recsys.evaluation.live.panel import Panel
from recsys.evaluation.live.panel_work import STAGES, panel_work, start_panel_work
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.training.home import Home
from tests.cli._run import run


def test_a_panel_is_written_and_told(place: Path, tmp_path: Path) -> None:
    done = run("panel", "--data", place / "shop", "--out", tmp_path / "panel", "--split", "last")
    assert done.status == 0, done.err
    validation, test = Panel.open(tmp_path / "panel")
    assert f"{len(validation):,} validation and {len(test):,} test shoppers, all products" in done.out
    assert "Leak check: none of" in done.out


def test_a_split_by_time_is_held_out_from_everybody(place: Path, tmp_path: Path) -> None:
    done = run("panel", "--data", place / "shop", "--out", tmp_path / "panel", "--split", "temporal")
    assert done.status == 0, done.err
    test = Panel.open(tmp_path / "panel")[1]
    assert test.protocol.startswith("split by time")
    assert test.shoppers["moment_s"].nunique() == 1


def test_a_model_folder_is_no_panel_and_no_place_for_one(place: Path) -> None:
    with pytest.raises(ArtifactError, match="this is not a Shelfwise panel of test shoppers"):
        Panel.open(place / "model")
    done = run("panel", "--data", place / "shop", "--out", place / "shop")
    assert done.status == 2
    assert "holds other files" in done.err


def test_a_damaged_panel_says_what_to_do(place: Path, tmp_path: Path) -> None:
    assert run("panel", "--data", place / "shop", "--out", tmp_path / "panel").status == 0
    part = next((tmp_path / "panel").glob("test-*.safetensors"))
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactError, match=r"is damaged .* prepare the panel of test shoppers again"):
        Panel.open(tmp_path / "panel")


def test_a_budget_that_holds_nobody_is_refused(place: Path, tmp_path: Path) -> None:
    done = run("panel", "--data", place / "shop", "--out", tmp_path / "panel", "--budget-mb", "0")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "holds nobody" in done.err


def test_the_shop_in_use_is_prepared_in_a_process_of_its_own(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECSYS_DATABASE_URL", raising=False)
    home = Home(tmp_path / "home", place / "model", place / "shop")
    work = start_panel_work(home, "last", "shop")
    assert work == panel_work(home, "last")
    assert [name for name, _ in work.status().stages] == list(STAGES)
    waited = time.monotonic()
    while work.status().state == "running" and time.monotonic() - waited < 240:
        time.sleep(0.2)
    assert work.status().state == "done", work.status().message
    assert Panel.open(home.panel("last"))[1].data["name"] == "shop"
    kept = PresetStore(Database.default(home), "shop").presets()
    assert kept, "no preset that comes with the app was tuned and kept"
    assert all(preset.is_shipped and preset.measured and not preset.is_default for preset in kept)


def test_without_the_data_nothing_can_be_prepared(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="start the dashboard with RECSYS_DATA=DIR"):
        start_panel_work(Home(tmp_path, place / "model"), "last", "shop")
    with pytest.raises(InputError, match="set RECSYS_DATA to the data folder of this shop"):
        start_panel_work(Home(tmp_path, place / "model", tmp_path / "nowhere"), "last", "shop")
