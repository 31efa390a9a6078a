"""Tuning the presets that come with the app for the shop in use, in a process of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from recsys.documents import from_json, to_json
from recsys.errors import ArtifactError
from recsys.jobs import POLITE, Job, JobKind, Reporter, Stage
from recsys.jobs.paths import AppPaths
from recsys.progress import Progress

if TYPE_CHECKING:
    from recsys.tuning.shipped import Engines

SPLIT = "last"
"""Split that the presets are tuned on, but for those whose goal is about a replay."""


@dataclass(frozen=True, slots=True)
class ShopFolders:
    """Absolute folders of the shop in use, and the name under which its presets are stored.

    Parameters
    ----------
    panel : of its test shoppers, under one split
    data : that its model was trained on
    home : the app's own
    """

    panel: Path
    data: Path
    model: Path
    home: Path
    shop: str

    @classmethod
    def of(cls, home: AppPaths, split: str, shop: str) -> Self:
        """The folders of the shop in use; errors are those of `AppPaths.require_data`."""
        data = home.require_data()
        return cls(home.panel(split).absolute(), data, home.model.absolute(), home.path.absolute(), shop)


def presets_job_at(panel: Path) -> Job:
    """The job that tunes the presets of a shop, whose test shoppers under `SPLIT` are in the folder `panel`."""
    return Job(panel.parent, panel.name.removesuffix(SPLIT) + "presets")


def start_presets_job(folders: ShopFolders) -> Job:
    """Tune the presets of a shop in another process, or join it where that is under way."""
    return JOB.start(presets_job_at(folders.panel), to_json(folders))


def _tune(reporter: Reporter, **shop: str) -> None:
    """Tune and store them; published is, under "not_available", why the shop cannot have some of them, by name."""
    from recsys.artifacts.folder import open_artifact
    from recsys.panel.build import PanelSettings, build_panel, open_or_build
    from recsys.panel.engine import LiveEngine
    from recsys.panel.panel import Panel
    from recsys.serving.results import ModelInfo
    from recsys.store.database import Database
    from recsys.store.presets import PresetStore
    from recsys.tuning.shipped import NotAvailable, to_store, tune_shipped

    folders = from_json(ShopFolders, shop)
    store = PresetStore(Database.default(folders.home), folders.shop)
    store.state()  # a database that cannot be reached is an error now, not after all the work
    default = ModelInfo.of(open_artifact(folders.model).manifest).default_weights
    try:
        validation, test = Panel.open(folders.panel)
    except ArtifactError:
        build_panel(folders.data, folders.panel, PanelSettings.of(SPLIT), reporter)
        validation, test = Panel.open(folders.panel)

    def replayed(name: str, report: Progress) -> "Engines":
        """The shoppers of a replay, prepared beside the others, where the page looks for them, too."""
        beside = folders.panel.with_name(folders.panel.name.removesuffix(SPLIT) + name)
        fingerprint = str(test.data["fingerprint"])
        panels = open_or_build(folders.data, beside, PanelSettings.of(name), fingerprint, report)
        return LiveEngine(panels[0]), LiveEngine(panels[1])

    tuned = tune_shipped(LiveEngine(validation), LiveEngine(test), reporter, replayed=replayed, default=default)
    reporter("keeping the presets")
    store.ship(to_store(tuned))
    reasons = {each.intention.name: each.reason for each in tuned if isinstance(each, NotAvailable)}
    reporter.publish({"not_available": reasons})


JOB = JobKind(
    "recsys.jobs.presets_job",
    _tune,
    # Shares as on the demo shop.
    (
        Stage("Opening the test shoppers", usual_share=2.0),
        Stage("Tuning the presets", ("tuning",), 40.0),
        Stage("Keeping them", ("keeping",), 0.2),
    ),
    POLITE,
)

if __name__ == "__main__":
    JOB.main()
