"""The first job of all: make the demo shop and train on it, in a process of its own.

Run as a module (`python -m recsys.jobs.demo_job HOME`), this file is the job.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from recsys.jobs import Reporter, Work, WorkStatus, run_work, start_work
from recsys.jobs.paths import AppPaths

STAGES = (
    "Making the demo shop",
    "Reading the shop",
    "Finding phrases",
    "Understanding words",
    "Learning tastes",
    "Saving",
)
"""What a person sees, in order."""

_STAGE_OF = {
    "reading": 1,
    "checking": 1,
    "reading texts": 2,
    "encoding": 3,
    "weighing": 4,
    "fitting": 4,
    "learning": 4,
    "saving": 5,
}

JobStatus = WorkStatus


@dataclass(frozen=True, slots=True)
class Job:
    """The job of a home folder, running or ended."""

    home: AppPaths

    @property
    def work(self) -> Work:
        """The job as any other work."""
        return Work(self.home.path, self.home.job.stem, suffix="")

    def status(self) -> JobStatus:
        """Where it stands; a job whose process died without a word counts as failed."""
        return self.work.status()

    def cancel(self) -> None:
        """Ask the job to stop; what was there before it stays."""
        self.work.cancel()


def find_job(home: AppPaths) -> Job | None:
    """The latest job of a home folder, if there ever was one."""
    return Job(home) if home.job.is_file() else None


def start_demo_job(home: AppPaths) -> Job:
    """Make the demo shop and train on it, in another process; if that is already under way, join it."""
    start_work(home.path, home.job.stem, "recsys.jobs.demo_job", [str(home.path.absolute())], STAGES, suffix="")
    return Job(home)


def run_demo_job(home: AppPaths) -> int:
    """Make the demo shop if there is none, and train on it, in this process; returns the exit status."""

    def make_and_train(reporter: Reporter) -> None:
        from recsys.demo import generate_demo

        if not (home.data / "items.parquet").exists():
            generate_demo(home.data, progress=reporter)
        reporter("reading the shop")
        from recsys.training.fit import train

        train(home.data, home.own_model, progress=reporter)

    return run_work(home.path, home.job.stem, STAGES, _STAGE_OF, make_and_train, suffix="")


if __name__ == "__main__":
    sys.exit(run_demo_job(AppPaths(Path(sys.argv[1]))))
