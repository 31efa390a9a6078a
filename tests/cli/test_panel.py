"""`recsys panel`, and the jobs beside the page that prepare a shop for tuning."""

import shutil
import time
from functools import partial
from pathlib import Path

import pytest

from recsys.documents import to_json
from recsys.errors import ArtifactError, InputError
from recsys.jobs import Job, record
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import (
    LOG,
    PANEL,
    PRESETS,
    ShopFolders,
    has_log,
    log_job_at,
    panel_job_at,
    presets_job_at,
    start_log_job,
    start_panel_job,
    start_presets_job,
)
from recsys.offpolicy.logged_set import LoggedEvaluationSet, MixQuery
from recsys.panel.panel import Panel
from recsys.settings import FusionSettings
from recsys.store.database import Database
from recsys.store.presets import PresetStore
from recsys.tuning import shipped
from recsys.tuning.search import SearchSettings
from tests._job import done_here, requests_instead_of_processes
from tests.cli._run import Said, run


def test_a_panel_is_written_and_told(panel: tuple[Path, Said]) -> None:
    folder, done = panel
    assert done.status == 0, done.err
    validation, test = Panel.open(folder)
    assert f"{len(validation):,} validation and {len(test):,} test shoppers, all products" in done.out
    assert "Leak check: none of" in done.out


def test_a_split_by_time_is_held_out_from_everybody(temporal_panel: tuple[Path, Said]) -> None:
    folder, done = temporal_panel
    assert done.status == 0, done.err
    test = Panel.open(folder)[1]
    assert test.protocol.startswith("split by time")
    assert test.shoppers["moment_s"].nunique() == 1


def test_a_model_folder_is_no_panel_and_no_place_for_one(place: Path) -> None:
    with pytest.raises(ArtifactError, match="this is not a Shelfwise panel of test shoppers"):
        Panel.open(place / "model")
    done = run("panel", "--data", place / "shop", "--out", place / "shop")
    assert done.status == 2
    assert "holds other files" in done.err


def test_a_damaged_panel_says_what_to_do(panel: tuple[Path, Said], tmp_path: Path) -> None:
    shutil.copytree(panel[0], tmp_path / "panel")
    part = next((tmp_path / "panel").glob("test-*.safetensors"))
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactError, match=r"is damaged .* prepare the panel of test shoppers again"):
        Panel.open(tmp_path / "panel")


def test_a_budget_that_holds_nobody_is_refused(place: Path, tmp_path: Path) -> None:
    done = run("panel", "--data", place / "shop", "--out", tmp_path / "panel", "--budget-mb", "0")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "holds nobody" in done.err


def test_the_shop_in_use_is_prepared_and_then_its_presets_are_tuned(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = AppPaths(tmp_path / "home", place / "model", place / "shop")
    requests = requests_instead_of_processes(monkeypatch)
    work = start_panel_job(home, "last", "shop")
    assert work == panel_job_at(home, "last")
    assert [name for name, _ in work.status().stages] == list(tuple(PANEL.usual_shares))
    assert PANEL.run(work, requests.pop()) == 0
    assert work.status().state == "done"
    assert Panel.open(home.panel("last"))[1].data["name"] == "shop"
    assert presets_job_at(home.panel("last").absolute()).status().state == "running"
    assert requests == [to_json(ShopFolders.of(home, "last", "shop"))]


def test_the_log_of_the_shop_in_use_is_judged(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = AppPaths(tmp_path / "home", place / "model", place / "shop")
    assert has_log(home)
    work = done_here(monkeypatch, LOG, lambda: start_log_job(home))
    assert work == log_job_at(home)
    assert work.status().stages == tuple((name, "done") for name in tuple(LOG.usual_shares))
    answer = LoggedEvaluationSet.open(home.judged_log).answer(MixQuery(FusionSettings()))
    assert answer.found.estimates or answer.found.refusal


def test_a_shop_without_a_log_has_none_to_judge(place: Path, tmp_path: Path) -> None:
    for home in (AppPaths(tmp_path, place / "model"), AppPaths(tmp_path, place / "model", tmp_path / "nowhere")):
        assert not has_log(home)
        with pytest.raises(InputError, match=r"hold no impressions\.parquet, so there is no log to ask"):
            start_log_job(home)


def test_presets_are_tuned_for_a_shop_that_was_not_prepared(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECSYS_DATABASE_URL", raising=False)
    some = [each for each in shipped.INTENTIONS if each.name in ("Accuracy first", "New shoppers")]
    few = partial(shipped.tune_shipped, settings=SearchSettings(n_trials=4), intentions=some)
    monkeypatch.setattr(shipped, "tune_shipped", few)
    home = AppPaths(tmp_path / "home", place / "model", place / "shop")
    folders = ShopFolders.of(home, "last", "shop")
    folders.home.mkdir()
    work = done_here(monkeypatch, PRESETS, lambda: start_presets_job(folders))
    assert Panel.open(folders.panel)[1].protocol.startswith("last positive")
    kept = PresetStore(Database.default(home.path), "shop").presets()
    assert kept, "no preset that comes with the app was tuned and kept"
    assert all(preset.is_shipped and preset.measured and not preset.is_default for preset in kept)
    assert all("against the model's weights" in preset.measured.note for preset in kept if preset.measured)
    missing = {each.name for each in some} - {preset.name for preset in kept}
    assert set(work.status().result["not_available"]) == missing


def test_tuning_that_was_stopped_or_finds_no_database_changes_nothing_and_can_be_started_again(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = AppPaths(tmp_path / "home", place / "model", place / "shop")
    folders = ShopFolders.of(home, "last", "shop")
    folders.home.mkdir()
    monkeypatch.setenv("RECSYS_DATABASE_URL", "postgresql://ann:secret@127.0.0.1:9/shop?connect_timeout=1")
    work = start_presets_job(folders)
    waited_for(work)
    assert work.status().state == "failed"
    assert "cannot be reached" in work.status().message
    assert "secret" not in work.path("json").read_text()
    assert not folders.panel.exists()  # it is said at once, before any work
    monkeypatch.delenv("RECSYS_DATABASE_URL")
    again = start_presets_job(folders)
    while (pid := (record.read(again.path("json")) or {})["pid"]) == 0:
        time.sleep(0.05)
    assert start_presets_job(folders) == again == presets_job_at(folders.panel)  # who comes second joins
    assert (record.read(again.path("json")) or {})["pid"] == pid
    again.cancel()
    waited_for(again)
    assert again.status().state == "cancelled"
    assert PresetStore(Database.default(home.path), "shop").presets() == ()


def waited_for(work: Job) -> Job:
    waited = time.monotonic()
    while work.status().state == "running" and time.monotonic() - waited < 240:
        time.sleep(0.2)
    return work


def test_without_the_data_nothing_can_be_prepared(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="start the dashboard with RECSYS_DATA=DIR"):
        start_panel_job(AppPaths(tmp_path, place / "model"), "last", "shop")
    with pytest.raises(InputError, match="set RECSYS_DATA to the data folder of this shop"):
        start_panel_job(AppPaths(tmp_path, place / "model", tmp_path / "nowhere"), "last", "shop")
