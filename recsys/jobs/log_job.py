"""Judging the log of the shop in use, in a process of its own, so that no page waits for it.

Run as a module (`python -m recsys.jobs.log_job OUT DATA`), this file is the work.
"""

import os
import sys
from pathlib import Path

from recsys.errors import InputError
from recsys.jobs import Reporter, Work, run_work, start_work
from recsys.jobs.paths import AppPaths
from recsys.schema import IMPRESSIONS

STAGES = (
    "Reading the shop",
    "Finding phrases",
    "Understanding words",
    "Choosing weights on earlier choices",
    "Judging logged pages",
    "Saving",
)
"""What a person sees, in order."""

STAGE_OF = {
    "reading": 0,
    "checking": 0,
    "reading texts": 1,
    "encoding": 2,
    "choosing": 3,
    "scoring logged pages": 4,
    "saving": 5,
}

USUAL_SHARES = {
    "Reading the shop": 0.5,
    "Finding phrases": 1.0,
    "Understanding words": 1.0,
    "Choosing weights on earlier choices": 6.0,
    "Judging logged pages": 4.0,
    "Saving": 0.5,
}
"""How long each stage takes beside the others on the demo shop, whose phrases are already in the cache."""

_POLITELY = 5
"""How much the process lets others go first, so that the room stays quick on a machine with few cores."""


def has_log(home: AppPaths) -> bool:
    """Whether the shop in use has logged impressions; False, too, where nobody said where its data lie."""
    return home.shop_data is not None and (home.shop_data / IMPRESSIONS.file).is_file()


def log_work(home: AppPaths) -> Work:
    """The work that judges the log of the shop in use, running, ended or never started."""
    folder = home.judged_log.absolute()
    return Work(folder.parent, folder.name)


def start_log_work(home: AppPaths) -> Work:
    """Judge the log of the shop in use; if that is already under way, join it.

    Raises
    ------
    InputError : nobody said where the data of the chosen model lies, or they hold no log
    DataError : the log can say nothing of any other policy
    RecsysError : the folder cannot be written to, or the system starts no process
    """
    data = home.shop_data
    if data is None or not has_log(home):
        raise InputError(f"the data of this shop hold no {IMPRESSIONS.file}, so there is no log to ask")
    from recsys.offpolicy.support import refuse_useless_file  # here, since the process begins without pandas

    refuse_useless_file(data)
    out = home.judged_log.absolute()
    args = [str(out), str(data.absolute())]
    return start_work(out.parent, out.name, "recsys.jobs.log_job", args, STAGES)


def run_log_work(out: Path, data: Path) -> int:
    """Judge and keep in this process; returns the exit status."""

    def judge(reporter: Reporter) -> None:
        from recsys.offpolicy.logged_set import build_logged_set

        build_logged_set(data, out, progress=reporter)

    return run_work(out.parent, out.name, STAGES, STAGE_OF, judge)


if __name__ == "__main__":
    os.nice(_POLITELY)
    sys.exit(run_log_work(*map(Path, sys.argv[1:])))
