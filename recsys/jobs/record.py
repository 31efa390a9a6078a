"""The files of a job, and the job as those see it who watch it, from whichever page, session or process."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, get_args

from recsys.files import replace_file

State = Literal["waiting", "running", "done", "failed", "cancelled"]

LOCK_VARIABLE = "RECSYS_WORK_LOCK"
"""Environment variable that names, to a process just started, the open lock that its starter acquired for it."""

_STALE_S = 5.0
_MAX_BYTES = 1_000_000
_MAX_NUMBER = 2**53
_MAX_PID = 2**31


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How far a job is.

    Parameters
    ----------
    state : "waiting" if it never was started, "running", or how it ended
    stage : title of the stage it is in; `done` of `total` steps of it (0 of 0 when unknown)
    stages : every stage with its state ("done", "waiting", or that of the job), in order; none when unknown
    message : why it failed, or ""
    elapsed_s : seconds since the start, up to the end if it has ended
    result : what the job published last; it stays when the job ends, and goes when it is started again
    is_stopping : whether it still runs, but was asked to stop
    """

    state: State
    stage: str
    done: int
    total: int
    stages: tuple[tuple[str, State], ...]
    message: str
    elapsed_s: float
    result: Mapping[str, Any] = field(default_factory=dict)
    is_stopping: bool = False


NEVER_STARTED = JobStatus("waiting", "", 0, 0, (), "", 0.0)


@dataclass(frozen=True, slots=True)
class Job:
    """A job of one folder, whether it runs, has ended or never was started.

    `name`: what its files are called; jobs of one folder have different names.
    """

    folder: Path
    name: str

    def path(self, kind: Literal["json", "lock", "log", "stop"]) -> Path:
        """Its record, its lock, what it printed, or the request that it stop."""
        return self.folder / f"{self.name}.work.{kind}"

    def status(self) -> JobStatus:
        """How far it is; a job whose process died without reporting it counts as failed."""
        known = read(self.path("json"))
        if known is None:
            return NEVER_STARTED
        state: State = known["state"]
        message: str = known["message"]
        now = time.time()
        is_silent = abs(now - known["updated_at"]) > _STALE_S  # in the future, too: clocks are set back
        if state == "running" and is_silent and not is_locked(self.path("lock")):
            state, message = "failed", "the job ended without a word (was it killed?); start it again"
        end = now if state == "running" else known["updated_at"]
        current, titles = known["stage"], known["stages"]
        stages: list[tuple[str, State]] = []
        for position, title in enumerate(titles):
            ended = position < current or state == "done"
            stages.append((title, "done" if ended else state if position == current else "waiting"))
        return JobStatus(
            state,
            titles[current] if titles else "",
            known["done"],
            known["total"],
            tuple(stages),
            message,
            max(0.0, end - known["started_at"]),
            known["result"],
            is_stopping=state == "running" and self.path("stop").exists(),
        )

    def cancel(self) -> None:
        """Ask it to stop at the next step that it reports; what was there before it stays."""
        known = read(self.path("json"))
        if known is None or known["state"] != "running" or not is_locked(self.path("lock")):
            return
        self.path("stop").touch()
        # A process that has not yet written its own id has 0, which would signal the whole group of the caller.
        if known["pid"] > 0:
            with suppress(ProcessLookupError):
                os.kill(known["pid"], signal.SIGTERM)

    def forget(self) -> None:
        """Delete its record, as if it never had been started; a running job keeps its own, and the log stays."""
        if not self.path("json").exists():
            return
        with self.path("lock").open("a") as lock:
            if acquire(lock, patience_s=0.3):
                self.path("json").unlink(missing_ok=True)
                self.path("stop").unlink(missing_ok=True)


def acquire(lock: IO[str], patience_s: float = 0.0) -> bool:
    """Acquire a lock; whoever only looks whether it is free has it for an instant, too, hence the patience."""
    end = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


def is_locked(path: Path) -> bool:
    """Whether some process has the lock; unlike a process id, it cannot be that of another program."""
    try:
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def inherited_lock(path: Path) -> IO[str] | None:
    """The lock that this process's starter acquired for it, if it did and it is that of this path."""
    try:
        number = int(os.environ.pop(LOCK_VARIABLE, ""))
        if not os.path.samestat(os.fstat(number), path.stat()):
            return None
        os.set_inheritable(number, False)
    except (ValueError, OverflowError, OSError):
        return None
    return os.fdopen(number, "a")


def facts(
    stages: Sequence[str] = (), stage: int = 0, done: int = 0, total: int = 0, started_at: float = 0.0, **others: Any
) -> dict[str, Any]:
    """All that a record holds, of a job that this process runs unless `others` say so; `stage` is a position."""
    return {
        "state": "running",
        "stages": list(stages),
        "stage": stage,
        "done": done,
        "total": total,
        "message": "",
        "result": {},
        "pid": os.getpid(),
        "started_at": started_at,
        "updated_at": time.time(),
        **others,
    }


def write(path: Path, known: Mapping[str, Any]) -> None:
    """Replace the record in one rename; only whoever has the job's lock may."""
    replace_file(path, json.dumps(known, ensure_ascii=False).encode("utf-8", "replace"))


def is_foreign(path: Path) -> bool:
    """Whether a file of the record's name was written by another program; a damaged record was not."""
    try:
        document = json.loads(path.read_bytes()[:_MAX_BYTES])
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and bool(document) and not document.keys() & {"state", "stages", "started_at"}


def read(path: Path) -> dict[str, Any] | None:
    """The record as last written, None if there is none; one that something else damaged is that of a failed job."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MAX_BYTES))
        json.dumps(document, ensure_ascii=False).encode()  # half a character could not be shown
        if _is_record(document):
            return {name: document[name] for name in facts()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        pass
    damaged = "the record of this job is damaged; start it again"
    return facts(started_at=time.time(), state="failed", message=damaged)


def _is_record(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and all(type(document.get(name)) is type(value) for name, value in facts().items())
        and document["state"] in get_args(State)
        and document["state"] != "waiting"  # that is a job without a record
        and all(isinstance(title, str) for title in document["stages"])
        and 0 <= document["stage"] < len(document["stages"])
        and all(0 <= document[name] < _MAX_NUMBER for name in ("done", "total", "started_at", "updated_at"))
        and 0 <= document["pid"] < _MAX_PID
    )
