"""The process of a work: it reports, publishes, stops when asked to, and always has a last word."""

import json
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys.errors import Cancelled, RecsysError
from recsys.jobs import record
from recsys.jobs.lock import handed_over, take
from recsys.jobs.record import State
from recsys.jobs.watch import Work

_WRITE_EVERY_S = 0.2
_MAX_RESULT_BYTES = 500_000


class Reporter:
    """Progress of a work, written to its record; raises `Cancelled` where somebody asked it to stop.

    Parameters
    ----------
    work : whose record is written
    stages : what a person sees, in order
    stage_of : place in `stages` of what the work reports, by its whole name or its first word; a stage's own name needs
        no entry, what is not known belongs to the stage reached so far, and no report leads back to an earlier one
    """

    def __init__(self, work: Work, stages: Sequence[str], stage_of: Mapping[str, int]) -> None:
        self.work, self._stages = work, tuple(stages)
        self._stage_of = {**{name: place for place, name in enumerate(stages)}, **stage_of}
        self._started_at = time.time()
        self._stage, self._done, self._total = 0, 0, 0
        self._result: dict[str, Any] = {}
        self._reported, self._published = -math.inf, -math.inf
        self._stopping = False

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        now = time.monotonic()
        due = now - self._reported >= _WRITE_EVERY_S
        if self._stopping or (due and self.work.path("stop").exists()):
            raise Cancelled(stage)
        place = max(self._stage, self._stage_of.get(stage, self._stage_of.get(stage.split(" ", 1)[0], 0)))
        due = due or place != self._stage
        self._stage, self._done, self._total = place, int(done), int(total)
        if due:
            self._reported = now
            self._write()

    def publish(self, result: Mapping[str, Any]) -> None:
        """Let all who watch read this, in place of what was published before.

        Parameters
        ----------
        result : names and values that JSON knows, no more than half a megabyte; large things belong in a file
        """
        text = json.dumps(dict(result), ensure_ascii=False).encode("utf-8", "replace")
        if len(text) > _MAX_RESULT_BYTES:
            raise ValueError(
                f"{len(text):,} bytes are too many to publish (at most {_MAX_RESULT_BYTES:,}); write a file"
            )
        self._result = json.loads(text)
        # A clock of its own: a report just before must not hold this back until the next, which may be long in coming.
        now = time.monotonic()
        if now - self._published >= _WRITE_EVERY_S:
            self._published = now
            self._write()

    def stop(self, *_: object) -> None:
        """End the work at its next report; fits as the handler of a signal."""
        self._stopping = True

    def end(self, state: State, message: str = "") -> None:
        """Write the last word."""
        self._done, self._total = 0, 0
        self._write(state, message)
        self.work.path("stop").unlink(missing_ok=True)

    def _write(self, state: State = "running", message: str = "") -> None:
        facts = record.facts(
            self._stages,
            self._stage,
            self._done,
            self._total,
            self._started_at,
            state=state,
            message=message,
            result=self._result,
        )
        record.write(self.work.path("json"), facts)


def run_work(
    folder: Path,
    name: str,
    stages: Sequence[str],
    stage_of: Mapping[str, int],
    work: Callable[[Reporter], None],
) -> int:
    """Do a work in this process, in its main thread; returns the exit status.

    While another process is at it, nothing happens. SIGTERM, SIGINT and `Work.cancel` make the reporter raise
    `Cancelled`; slow modules should be imported inside `work`, so that it can be stopped from the first moment.
    """
    this = Work(folder, name)
    folder.mkdir(parents=True, exist_ok=True)
    given = handed_over(this.path("lock"))
    with given or this.path("lock").open("a") as lock:
        if not take(lock, patience_s=0.3):
            return 0
        if given is None:
            this.path("stop").unlink(missing_ok=True)  # it was meant for a process that was killed
        reporter = Reporter(this, stages, stage_of)
        with _signals_call(reporter.stop):
            return _run(reporter, stages[0], work)


def _run(reporter: Reporter, first_stage: str, work: Callable[[Reporter], None]) -> int:
    try:
        reporter(first_stage)
        work(reporter)
    except Cancelled as error:
        reporter.end("cancelled", str(error))
        return error.exit_code
    except RecsysError as error:
        reporter.end("failed", str(error))
        return error.exit_code
    except Exception as error:
        reporter.end("failed", f"something unexpected went wrong ({type(error).__name__}: {error}); the log has more")
        raise
    reporter.end("done")
    return 0


@contextmanager
def _signals_call(stop: Callable[..., None]) -> Iterator[None]:
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
