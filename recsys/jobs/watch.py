"""A work as those see it who watch it, from whichever page, session or process."""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from recsys.jobs import record
from recsys.jobs.lock import is_held, take
from recsys.jobs.record import State

_STALE_S = 5.0


@dataclass(frozen=True, slots=True)
class WorkStatus:
    """How far a work is.

    Parameters
    ----------
    state : "waiting" if it never was started, "running", or how it ended
    stage : the stage it is in, in words; `done` of `total` steps of it (0 of 0 when unknown)
    stages : every stage with its state ("done", "waiting", or that of the work), in order; none when unknown
    message : why it failed, or ""
    elapsed_s : seconds since the start, up to the end if it has ended
    result : what the work published last; it stays when the work ends, and goes when it is started again
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


NEVER_STARTED = WorkStatus("waiting", "", 0, 0, (), "", 0.0)


@dataclass(frozen=True, slots=True)
class Work:
    """A work of one folder, whether it runs, has ended or never was started.

    Parameters
    ----------
    folder : where its files lie
    name : what they are called; works of one folder have different names
    """

    folder: Path
    name: str

    def path(self, kind: Literal["json", "lock", "log", "stop"]) -> Path:
        """Its record, its lock, what it printed, or the wish that it stop."""
        return self.folder / f"{self.name}.work.{kind}"

    def status(self) -> WorkStatus:
        """Where it stands; a work whose process died without a word counts as failed."""
        facts = record.read(self.path("json"))
        if facts is None:
            return NEVER_STARTED
        state: State = facts["state"]
        message: str = facts["message"]
        now = time.time()
        is_silent = abs(now - facts["updated_at"]) > _STALE_S  # in the future, too: clocks are set back
        if state == "running" and is_silent and not is_held(self.path("lock")):
            state, message = "failed", "the work ended without a word (was it killed?); start it again"
        end = now if state == "running" else facts["updated_at"]
        current, names = facts["stage"], facts["stages"]
        stages: list[tuple[str, State]] = []
        for place, name in enumerate(names):
            ended = place < current or state == "done"
            stages.append((name, "done" if ended else state if place == current else "waiting"))
        return WorkStatus(
            state,
            names[current] if names else "",
            facts["done"],
            facts["total"],
            tuple(stages),
            message,
            max(0.0, end - facts["started_at"]),
            facts["result"],
            is_stopping=state == "running" and self.path("stop").exists(),
        )

    def cancel(self) -> None:
        """Ask it to stop at the next step that it reports; what was there before it stays."""
        facts = record.read(self.path("json"))
        if facts is None or facts["state"] != "running" or not is_held(self.path("lock")):
            return
        self.path("stop").touch()
        # A process that has not yet written its own id has 0, which would signal the whole group of the caller.
        if facts["pid"] > 0:
            with suppress(ProcessLookupError):
                os.kill(facts["pid"], signal.SIGTERM)

    def forget(self) -> None:
        """Drop its record, as if it never had been started; a running work keeps its own, and the log stays."""
        if not self.path("json").exists():
            return
        with self.path("lock").open("a") as lock:
            if take(lock, patience_s=0.3):
                self.path("json").unlink(missing_ok=True)
                self.path("stop").unlink(missing_ok=True)
