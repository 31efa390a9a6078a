"""A work for tests, run as its own process: `python -m tests._work FOLDER NAME` counts until it is let go.

Every step adds to what it publishes; every start adds a line to the file `starts`. It ends when there is a file `end`,
falls silent when there is a file `hush`, and goes on from the steps in the file `steps`, as a search would.
"""

import os
import sys
import time
from pathlib import Path

from recsys.jobs import Reporter, run_work

STAGES = ("Setting up", "Counting")


def main(folder: Path, name: str) -> int:
    """Do the work."""

    def count(reporter: Reporter) -> None:
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

    return run_work(folder, name, STAGES, {}, count)


if __name__ == "__main__":
    print("hello from the work")
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
