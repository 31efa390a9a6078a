"""A small demo shop whose test shoppers are prepared, once a session: with all products, and by candidates."""

from pathlib import Path

import pytest
from filelock import FileLock

from recsys.demo.generate import generate_demo
from recsys.panel import build
from recsys.panel import panel as panel_module
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.text.phrasebook import build_phrasebook
from tests._demo import shared_folder
from tests._encoder import WordEncoder

__all__ = [
    "candidate_engine",
    "engine",
    "new_product_folder",
    "newcomer_folder",
    "panel",
    "panel_folders",
    "temporal_folder",
]

FEW_CANDIDATES, SMALL_BUDGET = 60, 1_000_000
"""So many candidates at least, and so many bytes at most, where a panel is to hold a part of the catalogue."""


@pytest.fixture(scope="session")
def panel_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of two panels of one shop: of all products, and of candidates. Read only."""
    made = shared_folder(tmp_path_factory) / "live_panels"
    shop, whole, part = made / "shop", made / "whole", made / "part"
    with FileLock(f"{made}.lock"):
        if not (made / "done").exists():
            made.mkdir(exist_ok=True)
            generate_demo(shop, n_items=300, n_shoppers=400)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(build, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
                build.build_panel(shop, whole)
                patch.setattr(panel_module, "LEAST_CANDIDATES", FEW_CANDIDATES)
                build.build_panel(shop, part, build.PanelSettings(budget_bytes=SMALL_BUDGET))
            (made / "done").touch()
    return whole, part


@pytest.fixture(scope="session")
def newcomer_folder(panel_folders: tuple[Path, Path]) -> Path:
    """A panel of the same shop whose shoppers are known by two products each. Read only."""
    return _held_out_by(panel_folders[0].parent, "newcomers")


@pytest.fixture(scope="session")
def temporal_folder(panel_folders: tuple[Path, Path]) -> Path:
    """A panel of the same shop, held out by time. Read only."""
    return _held_out_by(panel_folders[0].parent, "temporal")


@pytest.fixture(scope="session")
def new_product_folder(panel_folders: tuple[Path, Path]) -> Path:
    """A panel of the same shop whose shoppers are asked about new products. Read only."""
    return _held_out_by(panel_folders[0].parent, "new_products")


def _held_out_by(folder: Path, split: str) -> Path:
    made = folder / split
    with FileLock(f"{made}.lock"):
        if not (made / "manifest.json").exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(build, "make_phrasebook", lambda data, *rest: build_phrasebook(data, WordEncoder()))
                build.build_panel(folder / "shop", made, build.PanelSettings.of(split))
    return made


@pytest.fixture(scope="session")
def panel(panel_folders: tuple[Path, Path]) -> Panel:
    """Test shoppers with the scores of all products."""
    return Panel.open(panel_folders[0])[1]


@pytest.fixture(scope="session")
def engine(panel: Panel) -> LiveEngine:
    """An engine on them."""
    return LiveEngine(panel)


@pytest.fixture(scope="session")
def candidate_engine(panel_folders: tuple[Path, Path]) -> LiveEngine:
    """An engine on the same test shoppers, of whom only candidates are held."""
    return LiveEngine(Panel.open(panel_folders[1])[1])
