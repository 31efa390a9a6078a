"""A kind of long job: its stages and what it does, how its process is started, and how that process reports."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from recsys.errors import Cancelled, RecsysError
from recsys.jobs import record
from recsys.jobs.record import LOCK_VARIABLE, Job, State, acquire, inherited_lock

POLITE = 5
"""Niceness of a process that lets others go first, so that the dashboard stays quick on a machine with few cores."""

_ENDING_S = 2.0
"""How long a process that has written how it ended may take to let go of the lock."""

_WRITE_EVERY_S = 0.2
_MAX_RESULT_BYTES = 500_000
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a job, as people see it.

    `reports`: what the job reports in it, by whole names or first words; its own title needs no entry.
    `usual_share`: how long it usually takes beside the others.
    """

    title: str
    reports: tuple[str, ...] = ()
    usual_share: float = 1.0


class Reporter:
    """Progress of a job, written to its record; raises `Cancelled` where somebody asked it to stop.

    A report that no stage names belongs to the stage reached so far, and none leads back to an earlier one.
    """

    def __init__(self, job: Job, stages: Sequence[Stage]) -> None:
        self.job = job
        self._stage_of = {
            report: position for position, stage in enumerate(stages) for report in (stage.title, *stage.reports)
        }
        self._known = record.facts([stage.title for stage in stages], started_at=time.time())
        self._reported, self._published = -math.inf, -math.inf
        self._stopping = False

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        now = time.monotonic()
        due = now - self._reported >= _WRITE_EVERY_S
        if self._stopping or (due and self.job.path("stop").exists()):
            raise Cancelled(stage)
        named = self._stage_of.get(stage, self._stage_of.get(stage.split(" ", 1)[0], 0))
        due = due or named > self._known["stage"]
        self._known |= {"stage": max(self._known["stage"], named), "done": int(done), "total": int(total)}
        if due:
            self._reported = now
            self._write()

    def publish(self, result: Mapping[str, Any]) -> None:
        """Show this to all who watch, in place of what was published before.

        `result`: names and values that JSON knows, no more than half a megabyte; large things belong in a file.
        """
        text = json.dumps(dict(result), ensure_ascii=False).encode("utf-8", "replace")
        if len(text) > _MAX_RESULT_BYTES:
            raise ValueError(
                f"{len(text):,} bytes are too many to publish (at most {_MAX_RESULT_BYTES:,}); write a file"
            )
        self._known["result"] = json.loads(text)
        # A clock of its own: a report just before must not hold this back until the next, which may be long in coming.
        now = time.monotonic()
        if now - self._published >= _WRITE_EVERY_S:
            self._published = now
            self._write()

    def stop(self, *_: object) -> None:
        """End the job at its next report; fits as the handler of a signal."""
        self._stopping = True

    def end(self, state: State, message: str = "") -> None:
        """Write how the job ended."""
        self._known |= {"done": 0, "total": 0, "state": state, "message": message[:_LONGEST_MESSAGE]}
        self._write()
        self.job.path("stop").unlink(missing_ok=True)

    def _write(self) -> None:
        record.write(self.job.path("json"), {**self._known, "updated_at": time.time()})


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of long job, whose process imports it and calls `main`.

    Parameters
    ----------
    module, name : where it is defined, and the variable that holds it
    do : does the job, called with a reporter and what was requested, as keywords; slow modules are imported inside, so
        that it can be stopped from the first moment
    stages : in order, or what gives them for a request
    niceness : of the process
    """

    module: str
    do: Callable[..., None]
    stages: tuple[Stage, ...] | Callable[..., tuple[Stage, ...]]
    niceness: int = 0
    name: str = "JOB"

    def stages_of(self, request: Mapping[str, Any] | None = None) -> tuple[Stage, ...]:
        """The stages of one request."""
        return self.stages if isinstance(self.stages, tuple) else self.stages(**(request or {}))

    @property
    def usual_shares(self) -> dict[str, float]:
        """How long each stage usually takes beside the others, by title."""
        return {stage.title: stage.usual_share for stage in self.stages_of()}

    def start(self, job: Job, request: Mapping[str, Any], prepare: Callable[[], None] | None = None) -> Job:
        """Do a job in a process that outlives this one, or join it where it is under way.

        `request`: what the process is to do, as JSON values or paths; it comes through standard input, which nobody
        else reads, so that it may hold a password. Paths are absolute, because the process starts in another folder.
        `prepare`: called before the process starts, by who starts it and never by who joins, while nobody else can
        start; what it raises ends the start.
        Raises RecsysError: the folder cannot be written to, or the system starts no process.
        """
        job = Job(job.folder.absolute(), job.name)
        known = job.path("json")
        if record.is_foreign(known):
            raise RecsysError(
                f"{known} was written by another program, and the job {job.name!r} would replace it; move it "
                "away, or choose another folder"
            )
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
            with job.path("lock").open("a") as lock:
                end = time.monotonic() + _ENDING_S
                while (is_running := job.status().state == "running") or not acquire(lock):
                    if is_running or time.monotonic() > end:
                        return job
                    time.sleep(0.05)
                if prepare is not None:
                    prepare()
                job.path("stop").unlink(missing_ok=True)
                is_ours = known.exists()
                titles = [stage.title for stage in self.stages_of(request)]
                record.write(known, record.facts(titles, started_at=time.time(), pid=0))
                code = f"from {self.module} import {self.name}; {self.name}.main()"
                command = [sys.executable, "-c", code, str(job.folder), job.name]
                _start_process(job, command, json.dumps(request, default=str), lock.fileno(), append=not is_ours)
        except OSError as error:
            with suppress(OSError):
                job.forget()
            raise RecsysError(
                f"the job {job.name!r} cannot be started in the folder {str(job.folder)!r} "
                f"({error.strerror or error}); check that the folder can be written to and that the disk has room"
            ) from error
        return job

    def run(self, job: Job, request: Mapping[str, Any]) -> int:
        """Do a job in this process, in its main thread; returns the exit status.

        While another process is at it, nothing happens. SIGTERM, SIGINT and `Job.cancel` make the reporter raise
        `Cancelled`.
        """
        job.folder.mkdir(parents=True, exist_ok=True)
        given = inherited_lock(job.path("lock"))
        with given or job.path("lock").open("a") as lock:
            if not acquire(lock, patience_s=0.3):
                return 0
            if given is None:
                job.path("stop").unlink(missing_ok=True)  # it was meant for a process that was killed
            reporter = Reporter(job, self.stages_of(request))
            with _on_signals(reporter.stop):
                try:
                    reporter(self.stages_of(request)[0].title)
                    self.do(reporter, **request)
                except RecsysError as error:
                    reporter.end("cancelled" if isinstance(error, Cancelled) else "failed", str(error))
                    return error.exit_code
                except Exception as error:
                    what = f"{type(error).__name__}: {error}"
                    reporter.end("failed", f"something unexpected went wrong ({what}); the log has more")
                    raise
                reporter.end("done")
                return 0

    def main(self) -> NoReturn:
        """Be the process that `start` starts."""
        os.nice(self.niceness)
        folder, name = sys.argv[1:]
        sys.exit(self.run(Job(Path(folder), name), json.load(sys.stdin)))


def _start_process(job: Job, command: list[str], request: str, lock: int, *, append: bool) -> None:
    """Start the process, which inherits the lock, so that there is no moment in which nobody has it.

    `append`: whether what the log holds stays, since nothing says that it is that of an earlier start.
    """
    with job.path("log").open("ab" if append else "wb") as log:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, LOCK_VARIABLE: str(lock)},
            pass_fds=[lock],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # it may have ended already, which its status will say
        process.stdin.write(request.encode())


@contextmanager
def _on_signals(stop: Callable[..., None]) -> Iterator[None]:
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
