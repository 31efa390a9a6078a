"""Tuning the presets that come with the app for the shop in use, in a process of its own, so that no page waits for it.

Run as a module (`python -m recsys.jobs.presets_job PANEL DATA MODEL HOME SHOP`), this file is the work.
They are tuned on what shoppers chose last, and on the replays that their goals are about.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from recsys.errors import ArtifactError, InputError
from recsys.jobs import Reporter, Work, run_work, start_work
from recsys.jobs.paths import AppPaths
from recsys.progress import Progress

if TYPE_CHECKING:
    from recsys.panel.panel import Panel
    from recsys.tuning.shipped import Engines

STAGES = ("Opening the test shoppers", "Tuning the presets", "Keeping them")
"""What a person sees, in order."""

STAGE_OF = {"tuning": 1, "keeping": 2}

USUAL_SHARES = {"Opening the test shoppers": 2.0, "Tuning the presets": 40.0, "Keeping them": 0.2}
"""How long each stage takes beside the others on the demo shop."""

SPLIT = "last"
"""Way of holding out that the presets are tuned on, but for those with a replay."""

_POLITELY = 5
"""How much the process lets others go first, so that the room stays quick on a machine with few cores."""


@dataclass(frozen=True, slots=True)
class ShopFolders:
    """The shop in use, for a process that knows nothing else of it; all folders are absolute.

    Parameters
    ----------
    panel : of its test shoppers, held out in some way
    data : that its model was trained on
    model, home : that is in use, and the app's own
    shop : under what name its presets are kept
    """

    panel: Path
    data: Path
    model: Path
    home: Path
    shop: str

    @classmethod
    def of(cls, home: AppPaths, split: str, shop: str) -> Self:
        """Those of the shop in use.

        Raises
        ------
        InputError : nobody said where the data of the chosen model lies, or it is not there
        """
        data = home.shop_data
        if data is None:
            raise InputError(
                "nobody said which data folder this model was trained on; start the dashboard with RECSYS_DATA=DIR"
            )
        if not (data / "items.parquet").is_file():
            raise InputError(f"{data} holds no items.parquet; set RECSYS_DATA to the data folder of this shop")
        return cls(home.panel(split).absolute(), data.absolute(), home.model.absolute(), home.path.absolute(), shop)

    @classmethod
    def from_args(cls, args: Sequence[str]) -> Self:
        """What `as_args` made."""
        panel, data, model, home, shop = args
        return cls(Path(panel), Path(data), Path(model), Path(home), shop)

    def as_args(self) -> list[str]:
        """The arguments of a process."""
        return list(map(str, astuple(self)))


def presets_work(panel: Path) -> Work:
    """The work that tunes the presets of a shop, running, ended or never started.

    Parameters
    ----------
    panel : folder of the shop's test shoppers, held out as `SPLIT` says
    """
    return Work(panel.parent, panel.name.removesuffix(SPLIT) + "presets")


def start_presets_work(folders: ShopFolders) -> Work:
    """Tune the presets of a shop in another process; if that is already under way, join it.

    Raises
    ------
    RecsysError : the folder cannot be written to, or the system starts no process
    """
    work = presets_work(folders.panel)
    return start_work(work.folder, work.name, "recsys.jobs.presets_job", folders.as_args(), STAGES)


def run_presets_work(folders: ShopFolders) -> int:
    """Tune and keep them in this process; returns the exit status.

    Published is, under "not_available", why the shop cannot have some of them, by name.
    """

    def tune(reporter: Reporter) -> None:
        from recsys.artifacts.folder import open_artifact
        from recsys.panel.engine import LiveEngine
        from recsys.serving.results import ModelInfo
        from recsys.store.database import Database
        from recsys.store.presets import PresetStore
        from recsys.tuning.shipped import NotAvailable, to_store, tune_shipped

        store = PresetStore(Database.default(Path(folders.home)), folders.shop)
        store.state()  # a database that is away is told now, not after all the work
        default = ModelInfo.of(open_artifact(folders.model).manifest).default_weights
        validation, test = (LiveEngine(panel) for panel in _opened(folders, reporter))

        def replayed(name: str, report: Progress) -> "Engines":
            fingerprint = str(test.panel.data["fingerprint"])
            found = _replayed(folders, name, fingerprint, report)
            return LiveEngine(found[0]), LiveEngine(found[1])

        tuned = tune_shipped(validation, test, reporter, replayed=replayed, default=default)
        reporter("keeping the presets")
        store.ship(to_store(tuned))
        reasons = {each.intention.name: each.reason for each in tuned if isinstance(each, NotAvailable)}
        reporter.publish({"not_available": reasons})

    work = presets_work(folders.panel)
    return run_work(work.folder, work.name, STAGES, STAGE_OF, tune)


def _opened(folders: ShopFolders, progress: Progress) -> "tuple[Panel, Panel]":
    """The validation and the test shoppers, prepared now where they never were."""
    from recsys.panel.build import PanelSettings, build_panel
    from recsys.panel.panel import Panel

    try:
        return Panel.open(folders.panel)
    except ArtifactError:
        build_panel(folders.data, folders.panel, PanelSettings.of(SPLIT), progress)
        return Panel.open(folders.panel)


def _replayed(folders: ShopFolders, name: str, fingerprint: str, progress: Progress) -> "tuple[Panel, Panel]":
    """The shoppers of a replay, beside the others, where the room finds them, too."""
    from recsys.panel.build import PanelSettings, open_or_build

    beside = folders.panel.with_name(folders.panel.name.removesuffix(SPLIT) + name)
    return open_or_build(folders.data, beside, PanelSettings.of(name), fingerprint, progress)


if __name__ == "__main__":
    os.nice(_POLITELY)
    sys.exit(run_presets_work(ShopFolders.from_args(sys.argv[1:])))
