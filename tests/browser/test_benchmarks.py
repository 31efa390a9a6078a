"""The benchmarks that drive the app run, small."""

import shutil
from pathlib import Path

from playwright.sync_api import Browser

from tests import _demo
from tests._demo import demo_home  # noqa: F401  (a fixture)
from tests.benchmarks import app, tuning


def test_starts_moves_and_ticks_are_timed(chromium: Browser, demo_home: Path, tmp_path: Path) -> None:  # noqa: F811
    found = app.start(chromium, "later_start", tmp_path, _demo.environment(demo_home), n_moves=2)
    assert 0 < found["later_start_server_s"] < found["later_start_something_on_screen_s"]
    assert found["later_start_something_on_screen_s"] <= found["later_start_first_list_s"]
    assert found["n_moves"] == found["n_strikes"] == 2
    assert found["strike_to_new_list_ms_max"] > 0


def test_moves_in_the_tuning_room_are_timed(chromium: Browser, demo_home: Path, tmp_path: Path) -> None:  # noqa: F811
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    found = tuning.measure(chromium, home, tmp_path / "user", (60, 300), n_moves=2)
    assert (found["n_users"], found["n_items"], found["n_moves"]) == (60, 300, 2)
    assert min(found[f"{name}_p50"] for name in ("slider_to_new_tiles_ms", "with_variety_ms")) > 0
