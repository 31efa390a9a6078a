"""A work for tests, run as its own process: `tests._work.JOB` counts until it is let go.

Every step adds to what it publishes; every start adds a line to the file `starts`. It ends when there is a file `end`,
falls silent when there is a file `hush`, and goes on from the steps in the file `steps`, as a search would.
"""

import os
import time
from pathlib import Path

from recsys.jobs import JobKind, Reporter, Stage


def _count(reporter: Reporter, where: str) -> None:
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


JOB = JobKind("tests._work", _count, (Stage("Setting up"), Stage("Counting")))
STAGES = JOB.titles

if __name__ == "__main__":
    print("hello from the work")
    JOB.main()
