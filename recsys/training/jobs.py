"""Long work in a process of its own, so that no page ever freezes: start it, watch it, stop it.

A job writes its state to one small JSON file, replaced in one rename, that any number of pages and sessions may read.
Run as a module (`python -m recsys.training.jobs HOME`), this file is the job.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from recsys.errors import Cancelled, RecsysError
from recsys.training.home import Home

State = Literal["waiting", "running", "done", "failed", "cancelled"]

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
"""Place in STAGES of what the work reports, by its whole name or its first word."""

_WRITE_EVERY_S = 0.2
_STALE_S = 5.0


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How far a job is.

    Parameters
    ----------
    state : "running", or how it ended
    stage : the stage it is in, in words; `done` of `total` steps of it (0 of 0 when unknown)
    stages : every stage with its state ("done", "running" or "waiting"), in order
    message : why it failed, or ""
    elapsed_s : seconds since the start, up to the end if it has ended
    """

    state: State
    stage: str
    done: int
    total: int
    stages: tuple[tuple[str, State], ...]
    message: str
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Job:
    """A job of one home folder, running or ended."""

    home: Home

    def status(self) -> JobStatus:
        """Where it stands; a job whose process died without a word counts as failed."""
        facts = _read(self.home)
        state: State = facts["state"]
        message: str = facts["message"]
        if state == "running" and not _lives(self.home) and time.time() - facts["updated_at"] > _STALE_S:
            state, message = "failed", "the work ended without a word (was it killed?); start it again"
        now = time.time() if state == "running" else facts["updated_at"]
        current = facts["stage"]
        stages: list[tuple[str, State]] = []
        for place, name in enumerate(STAGES):
            ended = place < current or state == "done"
            stages.append((name, "done" if ended else state if place == current else "waiting"))
        return JobStatus(
            state, STAGES[current], facts["done"], facts["total"], tuple(stages), message, now - facts["started_at"]
        )

    def cancel(self) -> None:
        """Ask the job to stop; what was there before it stays."""
        facts = _read(self.home)
        # A job that has not yet written its own process id has 0, which would stop the whole group of the caller.
        if facts["state"] == "running" and facts["pid"] > 0 and _lives(self.home):
            os.kill(facts["pid"], signal.SIGTERM)


def find_job(home: Home) -> Job | None:
    """The latest job of a home folder, if there ever was one."""
    return Job(home) if home.job.is_file() else None


def start_demo_job(home: Home) -> Job:
    """Make the demo shop and train on it, in another process; if that is already under way, join it."""
    home.path.mkdir(parents=True, exist_ok=True)
    running = find_job(home)
    if running is not None and running.status().state == "running":
        return running
    _write(home, _facts(0, 0, 0, time.time(), pid=0))
    log = (home.path / "job.log").open("wb")
    with log:
        subprocess.Popen(
            [sys.executable, "-m", "recsys.training.jobs", str(home.path)],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Job(home)


class _Reporter:
    """Writes progress to the job's file, and stops the work when a signal asked for it."""

    def __init__(self, home: Home, started_at: float) -> None:
        self._home, self._started_at = home, started_at
        self._stage, self._written, self._stopping = 0, 0.0, False

    def stop(self, *_: object) -> None:
        self._stopping = True

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        if self._stopping:
            raise Cancelled(stage)
        place = max(self._stage, _STAGE_OF.get(stage, _STAGE_OF.get(stage.split(" ", 1)[0], 0)))
        now = time.time()
        if place != self._stage or now - self._written >= _WRITE_EVERY_S:
            self._stage, self._written = place, now
            _write(self._home, _facts(place, done, total, self._started_at))

    def end(self, state: State, message: str = "") -> None:
        _write(self._home, _facts(self._stage, 0, 0, self._started_at, state=state, message=message))


def run_demo_job(home: Home) -> int:
    """Make the demo shop if there is none, and train on it, in this process; returns the exit status."""
    with (home.path / "job.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        reporter = _Reporter(home, time.time())
        signal.signal(signal.SIGTERM, reporter.stop)
        try:
            _make_and_train(home, reporter)
        except Cancelled as error:
            reporter.end("cancelled", str(error))
            return error.exit_code
        except RecsysError as error:
            reporter.end("failed", str(error))
            return error.exit_code
        except Exception as error:
            reporter.end(
                "failed", f"something unexpected went wrong ({type(error).__name__}: {error}); the log has more"
            )
            raise
        reporter.end("done")
    return 0


def _make_and_train(home: Home, reporter: _Reporter) -> None:
    reporter(STAGES[0])  # before the slow imports: from now on it can be stopped
    from recsys.data.demo import generate_demo

    if not (home.data / "items.parquet").exists():
        generate_demo(home.data, progress=reporter)
    reporter("reading the shop")
    from recsys.training.fit import train

    train(home.data, home.own_model, progress=reporter)


def _facts(
    stage: int,
    done: int,
    total: int,
    started_at: float,
    *,
    state: State = "running",
    message: str = "",
    pid: int | None = None,
) -> dict[str, Any]:
    return {
        "state": state,
        "stage": stage,
        "done": done,
        "total": total,
        "message": message,
        "pid": os.getpid() if pid is None else pid,
        "started_at": started_at,
        "updated_at": time.time(),
    }


def _read(home: Home) -> dict[str, Any]:
    """What the job last wrote; a file that something else damaged counts as a failed job."""
    try:
        facts = json.loads(home.job.read_text())
        known = _facts(0, 0, 0, 0.0)
        fits = isinstance(facts, dict) and all(type(facts.get(name)) is type(value) for name, value in known.items())
        if fits and facts["state"] in get_args(State) and 0 <= facts["stage"] < len(STAGES):
            return {name: facts[name] for name in known}
    except (OSError, ValueError, RecursionError):
        pass
    return _facts(0, 0, 0, time.time(), state="failed", message="the record of this work is damaged; start it again")


def _write(home: Home, facts: Mapping[str, Any]) -> None:
    partial = home.path / f".job.{os.getpid()}"
    partial.write_text(json.dumps(facts))
    os.replace(partial, home.job)


def _lives(home: Home) -> bool:
    """Whether some process holds the job's lock; unlike a process id, a lock cannot be somebody else's."""
    try:
        with (home.path / "job.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


if __name__ == "__main__":
    sys.exit(run_demo_job(Home(Path(sys.argv[1]))))
