"""Preparing the test shoppers of the shop in use, in a process of its own; then its presets are tuned in another."""

import logging

from recsys.documents import from_json, to_json
from recsys.errors import RecsysError
from recsys.jobs import Job, JobKind, Reporter, Stage
from recsys.jobs.paths import AppPaths
from recsys.jobs.presets_job import SPLIT, ShopFolders, start_presets_job

logger = logging.getLogger(__name__)


def panel_job_at(home: AppPaths, split: str) -> Job:
    """The job that prepares one split of the shop in use, running, ended or never started."""
    folder = home.panel(split)
    return Job(folder.parent, folder.name)


def start_panel_job(home: AppPaths, split: str, shop: str) -> Job:
    """Prepare the test shoppers of the shop in use in another process, or join it where that is under way.

    `shop` is the name under which its presets are stored; errors are those of `AppPaths.require_data`.
    """
    folders = ShopFolders.of(home, split, shop)
    return JOB.start(panel_job_at(home, split), {"split": split, "folders": to_json(folders)})


def _prepare(reporter: Reporter, split: str, folders: object) -> None:
    """Prepare, and have the presets that come with the app tuned where that is their way of holding out."""
    from recsys.artifacts.folder import open_artifact
    from recsys.panel.build import PanelSettings, build_panel
    from recsys.panel.engine import LiveEngine
    from recsys.panel.panel import Panel
    from recsys.serving.results import ModelInfo

    shop = from_json(ShopFolders, folders)
    hemisphere = ModelInfo.of(open_artifact(shop.model).manifest).hemisphere
    build_panel(shop.data, shop.panel, PanelSettings.of(split, hemisphere=hemisphere), reporter)
    reporter("warming up")
    LiveEngine(Panel.open(shop.panel)[1]).warm_up()
    if split == SPLIT:
        try:
            start_presets_job(shop)
        except RecsysError:
            # What was prepared is whole, and the presets section has a button that starts it.
            logger.exception("the presets that come with the app are not being tuned")


JOB = JobKind(
    "recsys.jobs.panel_job",
    _prepare,
    # Shares as on the demo shop, whose phrases are already in the cache.
    (
        Stage("Reading the shop", ("reading", "checking"), 0.5),
        Stage("Finding phrases", ("reading texts",)),
        Stage("Understanding words", ("encoding",), 4.0),
        Stage("Scoring validation shoppers", ("validation:",), 6.0),
        Stage("Scoring test shoppers", ("test:",), 6.0),
        Stage("Modelling clicks", ("clicks:",), 0.5),
        Stage("Saving", ("saving",), 0.5),
        Stage("Warming up", ("warming",), 2.0),
    ),
)

if __name__ == "__main__":
    JOB.main()
