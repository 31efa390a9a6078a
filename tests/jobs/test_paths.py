"""The app keeps everything in one folder, wherever that is."""

from pathlib import Path

import pytest

from recsys.jobs import paths as places
from recsys.jobs.paths import AppPaths


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    monkeypatch.delenv("RECSYS_MODEL", raising=False)
    home = AppPaths.default()
    assert (home.data, home.model) == (tmp_path / "data", tmp_path / "model")


def test_another_model_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    monkeypatch.setenv("RECSYS_MODEL", str(tmp_path / "elsewhere"))
    home = AppPaths.default()
    assert home.model == tmp_path / "elsewhere"
    assert home.data == tmp_path / "data"
    assert not home.is_demo


def test_jobs_never_write_into_a_model_trained_elsewhere(tmp_path: Path) -> None:
    assert AppPaths(tmp_path, chosen_model=tmp_path / "elsewhere").own_model == tmp_path / "model"


def test_the_demo_shop_is_known_by_its_hidden_truth_and_only_while_its_model_is_in_use(tmp_path: Path) -> None:
    assert not AppPaths(tmp_path).is_demo
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hidden_truth.safetensors").touch()
    assert AppPaths(tmp_path).is_demo
    assert not AppPaths(tmp_path, chosen_model=tmp_path / "elsewhere").is_demo


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", "given/shelfwise"),
        ("linux", None, "me/.local/share/shelfwise"),
        ("darwin", None, "me/Library/Application Support/shelfwise"),
    ],
)
def test_otherwise_it_is_the_platforms_place_for_user_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str | None, expected: str
) -> None:
    for name in ("RECSYS_HOME", "RECSYS_MODEL", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "given"))
    monkeypatch.setattr(places.sys, "platform", platform)
    monkeypatch.setattr(places.Path, "home", lambda: tmp_path / "me")
    assert AppPaths.default().path == tmp_path / expected
