"""Experiments on the shop in use, in a process of their own; stopping it loses only the experiment under way."""

from collections.abc import Sequence
from pathlib import Path

from recsys.errors import DataError, SettingsError
from recsys.jobs import POLITE, Job, JobKind, Reporter, Stage
from recsys.jobs.paths import AppPaths
from recsys.studies.registry import EXPERIMENTS


def results_folder(home: AppPaths, split: str) -> Path:
    """Folder of the results on the shop in use."""
    panel = home.panel(split)
    return panel.parent.with_name("experiments") / panel.name


def experiments_job_at(folder: Path) -> Job:
    """The job of a folder of results, running, ended or never started."""
    return Job(folder.absolute(), "experiments")


def start_experiments(home: AppPaths, split: str, names: Sequence[str]) -> Job:
    """Run some experiments in another process, or join it where some are under way; errors as `require_data`."""
    folder = results_folder(home, split).absolute()
    panels = home.panel(split).parent.absolute()
    request = {"folder": folder, "data": home.require_data(), "panels": panels, "split": split, "names": list(names)}
    return JOB.start(experiments_job_at(folder), request)


def _stages(names: Sequence[str], **_: object) -> tuple[Stage, ...]:
    return tuple(Stage(EXPERIMENTS[name].title) for name in names)


def _run(reporter: Reporter, folder: str, data: str, panels: str, split: str, names: Sequence[str]) -> None:
    """Run and keep them; published is, under "not_available", why some cannot be run on this shop, by name."""
    from recsys.studies.report import read_results, write_results
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
