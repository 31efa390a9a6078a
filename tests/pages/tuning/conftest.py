"""Fixtures of the tuning room's tests: the small demo shop with its test shoppers prepared."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from streamlit.testing.v1 import AppTest

from recsys.evaluation.protocols.hold_out import EvaluationSettings
from recsys.jobs.paths import AppPaths
from recsys.panel import build
from recsys.panel.panel import Panel
from recsys.text.phrasebook import build_phrasebook
from tests._demo import shared_folder
from tests._encoder import WordEncoder
from tests.pages.conftest import OpenPage

OpenRoom = Callable[..., AppTest]


@pytest.fixture(scope="session")
def tuning_panel(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test shoppers of the small demo shop, prepared once for all workers; their words by the quick encoder."""
    made = shared_folder(tmp_path_factory) / "tuning_panel"
    with FileLock(f"{made}.lock"):
        if not (made / "manifest.json").exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(build, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
                settings = build.PanelSettings(EvaluationSettings(split="last"))
                build.build_panel(AppPaths(demo_home).data, made, settings)
    return made


@pytest.fixture(scope="session")
def tuning_home(page_home: Path, tuning_panel: Path) -> Path:
    """`page_home` with its test shoppers prepared."""
    shutil.copytree(tuning_panel, AppPaths(page_home).panel("last"), dirs_exist_ok=True)
    return page_home


@pytest.fixture
def open_room(tuning_home: Path, open_page: OpenPage) -> OpenRoom:
    """Open a section of the tuning room: `open_room("Live metrics", against="Equal weights")`."""

    def opened(section: str, timeout_s: float = 60, **query: str) -> AppTest:
        return open_page("Tuning", query={"room": section, **query}, timeout_s=timeout_s)

    return opened


@pytest.fixture(scope="session")
def panels(tuning_home: Path) -> tuple[Panel, Panel]:
    """The validation and the test shoppers that the room serves, opened beside it."""
    return Panel.open(AppPaths(tuning_home).panel("last"))
