"""Experiments on the shop in use, in a process of their own, so that no page waits for them.

Run as a module (`python -m recsys.jobs.studies_job FOLDER DATA PANELS SPLIT NAME...`), this file is the
work. Every experiment that finishes is kept at once, so stopping loses only the one under way, and going on runs what
is missing.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from recsys.errors import DataError, InputError, SettingsError
from recsys.jobs import Reporter, Work, run_work, start_work
from recsys.jobs.paths import AppPaths
from recsys.studies.registry import EXPERIMENTS

NAME = "experiments"
_POLITELY = 5
"""How much the process lets others go first, so that the dashboard stays quick on a machine with few cores."""


def results_folder(home: AppPaths, split: str) -> Path:
    """Where results on the shop in use are kept."""
    panel = home.panel(split)
    return panel.parent.with_name("experiments") / panel.name


def experiments_work(folder: Path) -> Work:
    """The work of a folder of results, running, ended or never started."""
    return Work(folder.absolute(), NAME)


def start_experiments(home: AppPaths, split: str, names: Sequence[str]) -> Work:
    """Run some experiments in another process; if some are already under way here, join them.

    Raises
    ------
    InputError : nobody said where the data of the chosen model lies, or it is not there
    RecsysError : the folder cannot be written to, or the system starts no process
    """
    data = home.shop_data
    if data is None or not (data / "items.parquet").is_file():
        raise InputError(
            "the data that this model was trained on are not at hand; start the dashboard with RECSYS_DATA=DIR"
        )
    folder = results_folder(home, split).absolute()
    args = [str(folder), str(data.absolute()), str(home.panel(split).parent.absolute()), split, *names]
    stages = [EXPERIMENTS[name].title for name in names]
    return start_work(folder, NAME, "recsys.jobs.studies_job", args, stages)


def run_experiments(folder: Path, data: Path, panels: Path, split: str, names: Sequence[str]) -> int:
    """Run and keep them in this process; returns the exit status.

    Published is, under "not_available", why some cannot be run on this shop, by name.
    """

    def run(reporter: Reporter) -> None:
        from recsys.studies.registry import ExperimentSettings
        from recsys.studies.results_folder import read_results, write_results
        from recsys.studies.workspace import Workspace

        refused: dict[str, str] = {}
        settings = ExperimentSettings(split=split)  # type: ignore[arg-type]
        with Workspace(data, panels / "experiments") as workspace:
            for name in names:
                experiment = EXPERIMENTS[name]
                reporter(experiment.title)

                def told(stage: str, done: int = 0, total: int = 0, title: str = experiment.title) -> None:
                    reporter(title, done, total)

                try:
                    result = experiment.run(workspace, settings, told)
                except (DataError, SettingsError) as problem:
                    refused[name] = str(problem)
                    reporter.publish({"not_available": refused})
                    continue
                kept = read_results(folder) | {name: result}
                write_results(folder, [kept[each] for each in EXPERIMENTS if each in kept], refused)

    stages = [EXPERIMENTS[name].title for name in names]
    return run_work(folder, NAME, stages, {}, run)


if __name__ == "__main__":
    os.nice(_POLITELY)
    out, shop, prepared, way, *wanted = sys.argv[1:]
    sys.exit(run_experiments(Path(out), Path(shop), Path(prepared), way, wanted))
