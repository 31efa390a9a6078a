"""Making the demo shop and training on it, in a process of its own."""

from pathlib import Path

from recsys.jobs import Job, JobKind, Reporter, Stage
from recsys.jobs.paths import AppPaths


def demo_job_at(home: AppPaths) -> Job:
    """The job of a home folder, running, ended or never started."""
    return Job(home.path.absolute(), "demo")


def start_demo_job(home: AppPaths) -> Job:
    """Make the demo shop unless there is one, and train on it; if that is already under way, join it."""
    return JOB.start(demo_job_at(home), {"home": home.path.absolute()})


def _make_and_train(reporter: Reporter, home: str) -> None:
    paths = AppPaths(Path(home))
    if not (paths.data / "items.parquet").exists():
        from recsys.demo import generate_demo

        generate_demo(paths.data, progress=reporter)
    reporter("reading the shop")
    from recsys.training.fit import train

    train(paths.data, paths.own_model, progress=reporter)


JOB = JobKind(
    "recsys.jobs.demo_job",
    _make_and_train,
    # Shares as measured on two cores; reading the words is most of it.
    (
        Stage("Making the demo shop"),
        Stage("Reading the shop", ("reading", "checking"), 2.5),
        Stage("Finding phrases", ("reading texts",)),
        Stage("Understanding words", ("encoding",), 24.0),
        Stage("Learning tastes", ("weighing", "fitting", "learning"), 1.5),
        Stage("Saving", ("saving",), 0.3),
    ),
)

if __name__ == "__main__":
    JOB.main()
