"""Preparing the test shoppers of the shop in use, in a process of its own, so that no page waits for it.

Run as a module (`python -m recsys.jobs.panel_job SPLIT PANEL DATA MODEL HOME SHOP`), this file is the work.
When it is done, the presets that come with the app are tuned, which is a work of its own: see `presets_work`.
"""

import logging
import sys

from recsys.errors import RecsysError
from recsys.jobs import Reporter, Work, run_work, start_work
from recsys.jobs.paths import AppPaths
from recsys.jobs.presets_job import SPLIT, ShopFolders, start_presets_work

logger = logging.getLogger(__name__)

STAGES = (
    "Reading the shop",
    "Finding phrases",
    "Understanding words",
    "Scoring validation shoppers",
    "Scoring test shoppers",
    "Modelling clicks",
    "Saving",
    "Warming up",
)
"""What a person sees, in order."""

STAGE_OF = {
    "reading": 0,
    "checking": 0,
    "reading texts": 1,
    "encoding": 2,
    "validation:": 3,
    "test:": 4,
    "clicks:": 5,
    "saving": 6,
    "warming": 7,
}

USUAL_SHARES = {
    "Reading the shop": 0.5,
    "Understanding words": 4.0,
    "Scoring validation shoppers": 6.0,
    "Scoring test shoppers": 6.0,
    "Modelling clicks": 0.5,
    "Saving": 0.5,
    "Warming up": 2.0,
}
"""How long each stage takes beside the others on the demo shop, whose phrases are already in the cache."""


def panel_work(home: AppPaths, split: str) -> Work:
    """The work that prepares one split of the shop in use, running, ended or never started."""
    folder = home.panel(split)
    return Work(folder.parent, folder.name)


def start_panel_work(home: AppPaths, split: str, shop: str) -> Work:
    """Prepare the test shoppers of the shop in use; if that is already under way, join it.

    Parameters
    ----------
    shop : under what name its presets are kept

    Raises
    ------
    InputError : nobody said where the data of the chosen model lies, or it is not there
    """
    folders = ShopFolders.of(home, split, shop)
    where, args = folders.panel, [split, *folders.as_args()]
    return start_work(where.parent, where.name, "recsys.jobs.panel_job", args, STAGES)


def run_panel_work(split: str, folders: ShopFolders) -> int:
    """Prepare in this process, and have the presets that come with the app tuned; returns the exit status.

    No other way of holding out than theirs has them tuned.
    """

    def prepare(reporter: Reporter) -> None:
        from recsys.artifacts.folder import open_artifact
        from recsys.panel.build import PanelSettings, build_panel
        from recsys.panel.engine import LiveEngine
        from recsys.panel.panel import Panel
        from recsys.serving.results import ModelInfo

        hemisphere = ModelInfo.of(open_artifact(folders.model).manifest).hemisphere
        build_panel(folders.data, folders.panel, PanelSettings.of(split, hemisphere=hemisphere), reporter)
        reporter("warming up")
        LiveEngine(Panel.open(folders.panel)[1]).warm_up()
        if split == SPLIT:
            _have_presets_tuned(folders)

    return run_work(folders.panel.parent, folders.panel.name, STAGES, STAGE_OF, prepare)


def _have_presets_tuned(folders: ShopFolders) -> None:
    try:
        start_presets_work(folders)
    except RecsysError:
        # What was prepared is whole, and the presets section has a button that starts it.
        logger.exception("the presets that come with the app are not being tuned")


if __name__ == "__main__":
    sys.exit(run_panel_work(sys.argv[1], ShopFolders.from_args(sys.argv[2:])))
