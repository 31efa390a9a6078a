"""Start a work in another process, once: who comes second joins the first."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from recsys.errors import RecsysError
from recsys.jobs import record
from recsys.jobs.lock import HANDED_OVER, take
from recsys.jobs.watch import Work

_LETTING_GO_S = 2.0
"""How long a process that has said its last word may take to let go of the lock."""


def start_work(
    folder: Path,
    name: str,
    module: str,
    stages: Sequence[str],
    request: Mapping[str, Any] | None = None,
    prepare: Callable[[], None] | None = None,
) -> Work:
    """Run `python -m module folder name` in a process that outlives this one; if the work is under way, join it.

    Parameters
    ----------
    folder, name : of the work; the module has to call `run_work` with the same
    stages : what a person sees, in order
    request : what the process is to do, as JSON values or paths; it comes through standard input, which nobody else
        reads, so that it may hold a password. Paths are absolute, because the process starts in another folder
    prepare : called before the process starts, by who starts it and never by who joins, while nobody else can start;
        what it raises ends the start

    Raises
    ------
    RecsysError : the folder cannot be written to, or the system starts no process
    """
    work = Work(folder.absolute(), name)
    if record.is_foreign(work.path("json")):
        raise RecsysError(
            f"{work.path('json')} was written by another program, and the work {name!r} would replace it; move it "
            "away, or choose another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with work.path("lock").open("a") as lock:
            end = time.monotonic() + _LETTING_GO_S
            while True:
                if work.status().state == "running":
                    return work
                if take(lock):
                    break
                if time.monotonic() > end:
                    return work
                time.sleep(0.05)
            if prepare is not None:
                prepare()
            work.path("stop").unlink(missing_ok=True)
            is_ours = work.path("json").exists()
            record.write(work.path("json"), record.facts(stages, 0, 0, 0, time.time(), pid=0))
            command = [sys.executable, "-m", module, str(work.folder), name]
            _start_process(work, command, json.dumps(request or {}, default=str), lock.fileno(), append=not is_ours)
    except OSError as error:
        with suppress(OSError):
            work.forget()
        raise RecsysError(
            f"the work {name!r} cannot be started in the folder {str(folder)!r} ({error.strerror or error}); "
            "check that the folder can be written to and that the disk has room"
        ) from error
    return work


def _start_process(work: Work, command: list[str], request: str, lock: int, *, append: bool) -> None:
    """The process inherits the lock, so that there is no moment in which nobody holds it.

    Parameters
    ----------
    append : whether what the log holds stays, since nothing says that it is that of an earlier start
    """
    with work.path("log").open("ab" if append else "wb") as log:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, HANDED_OVER: str(lock)},
            pass_fds=[lock],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # it may have ended already, which its status will say
        process.stdin.write(request.encode())
