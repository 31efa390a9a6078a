"""Preparing the logged evaluation set of the shop in use, in a process of its own."""

from pathlib import Path

from recsys.errors import InputError
from recsys.jobs import POLITE, Job, JobKind, Reporter, Stage
from recsys.jobs.paths import AppPaths
from recsys.schema import IMPRESSIONS


def has_log(home: AppPaths) -> bool:
    """Whether the shop in use has logged impressions; False, too, where nobody said where its data lie."""
    return home.shop_data is not None and (home.shop_data / IMPRESSIONS.file).is_file()


def log_job_at(home: AppPaths) -> Job:
    """The job that judges the log of the shop in use, running, ended or never started."""
    folder = home.judged_log.absolute()
    return Job(folder.parent, folder.name)


def start_log_job(home: AppPaths) -> Job:
    """Judge the log of the shop in use in another process, or join it where that is under way.

    Raises
    ------
    InputError : the data of the chosen model are not known, or hold no log
    DataError : the log can say nothing of any other policy
    """
    data = home.shop_data
    if data is None or not has_log(home):
        raise InputError(f"the data of this shop hold no {IMPRESSIONS.file}, so there is no log to ask")
    from recsys.offpolicy.logs import require_usable_log

    require_usable_log(data)
    return JOB.start(log_job_at(home), {"out": home.judged_log.absolute(), "data": data.absolute()})


def _judge(reporter: Reporter, out: str, data: str) -> None:
    from recsys.offpolicy.logged_set import build_logged_set

    build_logged_set(Path(data), Path(out), progress=reporter)


JOB = JobKind(
    "recsys.jobs.log_job",
    _judge,
    # Shares as on the demo shop, whose phrases are already in the cache.
    (
        Stage("Reading the shop", ("reading", "checking"), 0.5),
        Stage("Finding phrases", ("reading texts",)),
        Stage("Understanding words", ("encoding",)),
        Stage("Choosing weights on earlier choices", ("choosing",), 6.0),
        Stage("Judging logged pages", ("scoring logged pages",), 4.0),
        Stage("Saving", ("saving",), 0.5),
    ),
    POLITE,
)

if __name__ == "__main__":
    JOB.main()
