"""A workspace on the small demo shop of the live tests, whose panel is prepared already."""

from pathlib import Path

import pytest

from recsys.data.dataset import Dataset
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.studies.workspace import Workspace
from tests._panels import new_product_folder, panel_folders, temporal_folder

__all__ = ["new_product_folder", "panel_folders", "temporal_folder"]  # fixtures


class PreparedWorkspace(Workspace):
    """Whatever way of holding out is asked for, the panel that was prepared with the quick encoder."""

    def engines(self, *asked: object, **more: object) -> tuple[LiveEngine, LiveEngine]:
        validation, test = Panel.open(self.data_folder.parent / "whole")
        return LiveEngine(validation), LiveEngine(test)


@pytest.fixture(scope="session")
def workspace(panel_folders: tuple[Path, Path]) -> Workspace:
    """Read only."""
    workspace = PreparedWorkspace(panel_folders[0].parent / "shop", panel_folders[0].parent)
    assert isinstance(workspace.data, Dataset)
    return workspace
