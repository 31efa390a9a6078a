"""Fixtures that tests of panels share: the panels of `tests._panels`."""

from tests._panels import (
    candidate_engine,
    engine,
    new_product_folder,
    newcomer_folder,
    panel,
    panel_folders,
    temporal_folder,
)

__all__ = [
    "candidate_engine",
    "engine",
    "new_product_folder",
    "newcomer_folder",
    "panel",
    "panel_folders",
    "temporal_folder",
]
