"""A kind of long work, described once: its stages, what its process is called with, and what it does."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from recsys.jobs.process import run_work
from recsys.jobs.start import start_work
from recsys.jobs.watch import Work

POLITE = 5
"""Niceness of a process that lets others go first, so that the dashboard stays quick on a machine with few cores."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a person sees of a part of the work.

    Parameters
    ----------
    reports : what the work reports in it, by whole names or first words; its own title needs no entry
    usual_share : how long it usually takes beside the others
    """

    title: str
    reports: tuple[str, ...] = ()
    usual_share: float = 1.0


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of long work. Its module ends with `if __name__ == "__main__": JOB.main()`.

    Parameters
    ----------
    module : what `python -m` runs
    do : does the work, called with a reporter and what was requested, as keywords
    stages : in order, or what gives them for a request
    niceness : of the process
    """

    module: str
    do: Callable[..., None]
    stages: tuple[Stage, ...] | Callable[..., tuple[Stage, ...]]
    niceness: int = 0

    def stages_of(self, request: Mapping[str, Any] | None = None) -> tuple[Stage, ...]:
        """The stages of one request."""
        return self.stages if isinstance(self.stages, tuple) else self.stages(**(request or {}))

    @property
    def titles(self) -> tuple[str, ...]:
        """Titles of its stages, where they are always the same."""
        return tuple(stage.title for stage in self.stages_of())

    @property
    def usual_shares(self) -> dict[str, float]:
        """How long each stage usually takes beside the others, by title."""
        return {stage.title: stage.usual_share for stage in self.stages_of()}

    def start(self, work: Work, request: Mapping[str, Any], prepare: Callable[[], None] | None = None) -> Work:
        """Do it in another process; if that is already under way, join it. See `start_work`."""
        titles = [stage.title for stage in self.stages_of(request)]
        return start_work(work.folder, work.name, self.module, titles, request, prepare)

    def run(self, work: Work, request: Mapping[str, Any]) -> int:
        """Do it in this process; returns the exit status. See `run_work`."""
        stages = self.stages_of(request)
        stage_of = {report: position for position, stage in enumerate(stages) for report in stage.reports}
        titles = [stage.title for stage in stages]
        return run_work(work.folder, work.name, titles, stage_of, lambda reporter: self.do(reporter, **request))

    def main(self) -> NoReturn:
        """Be the process that `start` starts."""
        os.nice(self.niceness)
        folder, name = sys.argv[1:]
        sys.exit(self.run(Work(Path(folder), name), json.load(sys.stdin)))
