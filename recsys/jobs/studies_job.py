"""Experiments on the shop in use, in a process of their own, so that no page waits for them.

Every experiment that finishes is kept at once, so stopping loses only the one under way, and going on runs what
is missing.
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.errors import DataError, SettingsError
from recsys.jobs import POLITE, JobKind, Reporter, Stage, Work
from recsys.jobs.paths import AppPaths
from recsys.studies.registry import EXPERIMENTS


def results_folder(home: AppPaths, split: str) -> Path:
    """Where results on the shop in use are kept."""
    panel = home.panel(split)
    return panel.parent.with_name("experiments") / panel.name


def experiments_work(folder: Path) -> Work:
    """The work of a folder of results, running, ended or never started."""
    return Work(folder.absolute(), "experiments")


def start_experiments(home: AppPaths, split: str, names: Sequence[str]) -> Work:
    """Run some experiments in another process; if some are already under way here, join them.

    Raises
    ------
    InputError : nobody said where the data of the chosen model lies, or it is not there
    RecsysError : the folder cannot be written to, or the system starts no process
    """
    folder = results_folder(home, split).absolute()
    request = {
        "folder": folder,
        "data": home.require_data(),
        "panels": home.panel(split).parent.absolute(),
        "split": split,
    }
    return JOB.start(experiments_work(folder), {**request, "names": list(names)})


def _stages(names: Sequence[str], **_: object) -> tuple[Stage, ...]:
    return tuple(Stage(EXPERIMENTS[name].title) for name in names)


def _run(reporter: Reporter, folder: str, data: str, panels: str, split: str, names: Sequence[str]) -> None:
    """Run and keep them; published is, under "not_available", why some cannot be run on this shop, by name."""
    from recsys.studies.results_folder import read_results, write_results
    from recsys.studies.workspace import ExperimentSettings, Workspace

    refused: dict[str, str] = {}
    settings = ExperimentSettings(split=split)  # type: ignore[arg-type]
    with Workspace(Path(data), Path(panels) / "experiments") as workspace:
        for name in names:
            experiment = EXPERIMENTS[name]
            reporter(experiment.title)

            def report(stage: str, done: int = 0, total: int = 0, title: str = experiment.title) -> None:
                reporter(title, done, total)

            try:
                result = experiment.run(workspace, settings, report)
            except (DataError, SettingsError) as problem:
                refused[name] = str(problem)
                reporter.publish({"not_available": refused})
                continue
            results = read_results(Path(folder)) | {name: result}
            write_results(Path(folder), [results[each] for each in EXPERIMENTS if each in results], refused)


JOB = JobKind("recsys.jobs.studies_job", _run, _stages, POLITE)

if __name__ == "__main__":
    JOB.main()
