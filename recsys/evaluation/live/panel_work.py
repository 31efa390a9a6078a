"""Preparing the test shoppers of the shop in use, in a process of its own, so that no page waits for it.

Run as a module (`python -m recsys.evaluation.live.panel_work PANEL DATA SPLIT HOME SHOP`), this file is the work.
"""

import logging
import sys
from pathlib import Path

from recsys.errors import InputError, StoreError
from recsys.progress import Progress
from recsys.training.home import Home
from recsys.work import Reporter, Work, run_work, start_work

logger = logging.getLogger(__name__)

STAGES = (
    "Reading the shop",
    "Finding phrases",
    "Understanding words",
    "Scoring validation shoppers",
    "Scoring test shoppers",
    "Saving",
    "Warming up",
    "Tuning the presets",
)
"""What a person sees, in order."""

STAGE_OF = {
    "reading": 0,
    "checking": 0,
    "reading texts": 1,
    "encoding": 2,
    "validation:": 3,
    "test:": 4,
    "saving": 5,
    "warming": 6,
    "tuning": 7,
}

USUAL_SHARES = {
    "Reading the shop": 0.5,
    "Understanding words": 4.0,
    "Scoring validation shoppers": 6.0,
    "Scoring test shoppers": 6.0,
    "Saving": 0.5,
    "Warming up": 2.0,
    "Tuning the presets": 15.0,
}
"""How long each stage takes beside the others on the demo shop, whose phrases are already in the cache."""


def panel_work(home: Home, split: str) -> Work:
    """The work that prepares one split of the shop in use, running, ended or never started."""
    folder = home.panel(split)
    return Work(folder.parent, folder.name)


def start_panel_work(home: Home, split: str, shop: str) -> Work:
    """Prepare the test shoppers of the shop in use; if that is already under way, join it.

    Parameters
    ----------
    shop : under what name its presets are kept

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
    folder = home.panel(split)
    folder.parent.mkdir(parents=True, exist_ok=True)
    args = [str(folder.absolute()), str(data.absolute()), split, str(home.path.absolute()), shop]
    return start_work(folder.parent.absolute(), folder.name, "recsys.evaluation.live.panel_work", args, STAGES)


def run_panel_work(folder: Path, data: Path, split: str, home: Path, shop: str) -> int:
    """Prepare in this process, and tune the presets that come with the app; returns the exit status."""

    def prepare(reporter: Reporter) -> None:
        from recsys.evaluation.live.build import PanelSettings, build_panel

        build_panel(data, folder, PanelSettings.of(split), reporter)
        try:
            tune_presets(folder, data, split, home, shop, reporter)
        except StoreError:
            # What was prepared is whole; the presets section can tune them again when the database is back.
            logger.exception("the presets that come with the app could not be kept")

    return run_work(folder.parent, folder.name, STAGES, STAGE_OF, prepare)


def tune_presets(folder: Path, data: Path, split: str, home: Path, shop: str, progress: Progress) -> None:
    """Tune the presets that come with the app on prepared test shoppers, and keep them.

    They are those of the shoppers' last choices; another way of holding out only fills in where there are none yet.
    The shoppers of replays are prepared beside `folder`, where the room finds them, too.

    Raises
    ------
    StoreError : they cannot be kept
    """
    from recsys.evaluation.live.build import PanelSettings, open_or_build
    from recsys.evaluation.live.engine import LiveEngine
    from recsys.evaluation.live.panel import Panel
    from recsys.evaluation.live.shipped import Engines, to_store, tune_shipped
    from recsys.store.database import Database
    from recsys.store.presets import PresetStore

    def replayed(name: str, report: Progress) -> Engines:
        beside = folder.with_name(folder.name.removesuffix(split) + name)
        validation, test = open_or_build(data, beside, PanelSettings.of(name), own.panel.data["fingerprint"], report)
        return LiveEngine(validation), LiveEngine(test)

    progress("warming up")
    validation, own = (LiveEngine(panel) for panel in Panel.open(folder))
    own.warm_up()
    store = PresetStore(Database.default(Home(home)), shop)
    if split == "last" or not any(preset.is_shipped for preset in store.presets()):
        store.ship(to_store(tune_shipped(validation, own, progress, replayed=replayed)))


if __name__ == "__main__":
    sys.exit(run_panel_work(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), sys.argv[5]))
