"""A job for tests, run as its own process: `tests._job.JOB` counts until it is let go.

Every step adds to what it publishes; every start adds a line to the file `starts`. It ends when there is a file `end`,
falls silent when there is a file `hush`, and goes on from the steps in the file `steps`, as a search would.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.jobs import Job, JobKind, Reporter, Stage, kind

if TYPE_CHECKING:
    import pytest


def _count(reporter: Reporter, where: str) -> None:
    print("hello from the job")
    folder = Path(where)
    with (folder / "starts").open("a") as starts:
        starts.write(f"{os.getpid()}\n")
    kept = folder / "steps"
    steps = int(kept.read_text()) if kept.exists() else 0
    while not (folder / "end").exists():
        reporter("Counting", steps, 10_000)
        steps += 1
        kept.write_text(str(steps))
        reporter.publish({"steps": steps, "names": ["tent", "stove"]})
        while (folder / "hush").exists():
            time.sleep(0.01)
        time.sleep(0.01)


JOB = JobKind("tests._job", _count, (Stage("Setting up"), Stage("Counting")))
STAGES = tuple(JOB.usual_shares)


def requests_instead_of_processes(monkeypatch: "pytest.MonkeyPatch") -> list[dict[str, Any]]:
    """Let jobs start no process; the list grows by what each would have been asked."""
    requests: list[dict[str, Any]] = []
    monkeypatch.setattr(
        kind, "_start_process", lambda job, command, request, *_, **__: requests.append(json.loads(request))
    )
    return requests


def done_here(monkeypatch: "pytest.MonkeyPatch", kind: JobKind, start: Callable[[], Job]) -> Job:
    """Start a job and do it in this process, which spares loading everything again."""
    with monkeypatch.context() as patch:
        requests = requests_instead_of_processes(patch)
        job = start()
    assert kind.run(job, requests[0]) == 0, job.status().message
    return job
