"""The small demo shop of the live tests, with less and less known of its clicks."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.artifacts.folder import open_artifact
from recsys.data.dataset import Dataset
from recsys.demo.truth import TRUTH_FILE
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.offpolicy.click_models.sources import best_clicks
from recsys.panel.panel import PANEL, ROLES
from recsys.schema import IMPRESSIONS
from recsys.text.phrasebook import build_phrasebook
from tests._encoder import WordEncoder
from tests._panels import panel_folders

__all__ = ["panel_folders"]  # a fixture

ClicksOf = Callable[..., dict[str, ClickProbabilities]]


@pytest.fixture(scope="session")
def shop_folder(panel_folders: tuple[Path, Path]) -> Path:
    """With its hidden truth. Read only."""
    return panel_folders[0].parent / "shop"


@pytest.fixture(scope="session")
def logged_folder(shop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without the truth. Read only."""
    made = tmp_path_factory.mktemp("clicks") / "logged"
    shutil.copytree(shop_folder, made)
    (made / TRUTH_FILE).unlink()
    return made


@pytest.fixture(scope="session")
def reviewed_folder(logged_folder: Path) -> Path:
    """Without the truth and without impressions. Read only."""
    made = logged_folder.parent / "reviewed"
    shutil.copytree(logged_folder, made)
    (made / IMPRESSIONS.file).unlink()
    return made


@pytest.fixture(scope="session")
def clicks_of(panel_folders: tuple[Path, Path]) -> ClicksOf:
    """The best clicks of a folder for the shoppers of a prepared panel: whole, or of candidates."""

    def found(folder: Path, *, whole: bool = True, is_temporal: bool = False) -> dict[str, ClickProbabilities]:
        artifact = open_artifact(panel_folders[0 if whole else 1], PANEL)
        data = Dataset.read(folder)
        arrays = {role: artifact.arrays(role) for role in ROLES}
        shoppers = {role: artifact.table(f"shoppers_{role}").to_pandas() for role in ROLES}
        return best_clicks(folder, data, build_phrasebook(data, WordEncoder()), arrays, shoppers, is_temporal)

    return found


@pytest.fixture(scope="session")
def logged(clicks_of: ClicksOf, logged_folder: Path) -> dict[str, ClickProbabilities]:
    """Clicks modelled from the log."""
    return clicks_of(logged_folder)


@pytest.fixture(scope="session")
def reviewed(clicks_of: ClicksOf, reviewed_folder: Path) -> dict[str, ClickProbabilities]:
    """Clicks simulated from choices."""
    return clicks_of(reviewed_folder)
