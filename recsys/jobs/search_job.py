"""Searching for good weights, in a process of its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recsys.documents import from_json, to_json
from recsys.errors import RecsysError
from recsys.files import replace_file
from recsys.jobs import Job, JobKind, Reporter, Stage
from recsys.settings import FusionSettings

if TYPE_CHECKING:
    from recsys.tuning.goals import Goal
    from recsys.tuning.search import SearchResult

_NOT_READABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecsysError)
"""Errors of a file that is not there, or that another version wrote."""


def search_job_at(folder: Path) -> Job:
    """The search job of a folder, running, ended or never started."""
    return Job(folder, "search")


def start_search(
    folder: Path,
    panel_folder: Path,
    goal: "Goal",
    n_trials: int,
    database_url: str | None,
    *,
    seed: int = 0,
    default: FusionSettings | None = None,
) -> Job:
    """Search for a goal in another process; if the same search of this folder is already under way, join it.

    Of several that start at once, one does, with its own request. A search for the same goal on the same panel goes on
    where the last one stopped; with more trials it goes further. The result of the last search that finished stays
    until this one finishes, see `read_result`.

    `folder`: of the job; one search at a time.
    `database_url`: where trials are stored, as `RECSYS_DATABASE_URL` holds it; None stores none.
    `default`: the shop's own weights, which the result is compared with.
    Raises RecsysError: a search for another goal, or of another length, is under way, or as for `JobKind.start`.
    """
    job = search_job_at(folder.absolute())
    wanted = {"goal": goal.as_json(), "n_trials": n_trials}
    request = {"panel": panel_folder.absolute(), "seed": seed, "database_url": database_url}
    is_ours = False

    def save_request() -> None:
        nonlocal is_ours
        is_ours = True
        replace_file(_path(job, "wanted"), json.dumps(wanted).encode(), private=True)

    JOB.start(job, {**wanted, **request, "default": default and to_json(default)}, save_request)
    if not is_ours and read_request(job) != (goal, n_trials):
        raise RecsysError("another search of this shop is under way; wait for it, or cancel it first")
    return job


def read_result(job: Job) -> "SearchResult | None":
    """The result of the last search that finished, whatever became of later ones; None before, or if not readable."""
    from recsys.tuning.search import SearchResult

    try:
        return SearchResult.from_json(json.loads(_path(job, "found").read_text()))
    except _NOT_READABLE:
        return None


def read_request(job: Job) -> "tuple[Goal, int] | None":
    """The goal and the number of trials of the last search, so that it can go on; None where there was none."""
    from recsys.tuning.goals import Goal

    try:
        asked = json.loads(_path(job, "wanted").read_text())
        return Goal.from_json(asked["goal"]), int(asked["n_trials"])
    except _NOT_READABLE:
        return None


def _search(
    reporter: Reporter,
    panel: str,
    goal: Mapping[str, Any],
    n_trials: int,
    seed: int,
    database_url: str | None,
    default: Mapping[str, float] | None,
) -> None:
    from recsys.panel.panel import Panel

    reporter("opening the panel")
    panels = Panel.open(Path(panel))
    from recsys.panel.engine import LiveEngine
    from recsys.tuning.goals import Goal
    from recsys.tuning.search import SearchSettings, SearchState, find_weights

    validation, test = map(LiveEngine, panels)
    aim = Goal.from_json(goal)
    panel_ids = {engine.panel.role: engine.panel.panel_id for engine in (validation, test)}

    def watch(so_far: SearchState) -> None:
        reporter.publish({"so_far": {**_so_far_json(so_far), "panel_ids": panel_ids}})

    result = find_weights(
        validation,
        test,
        aim,
        SearchSettings(n_trials, seed),
        database_url=database_url,
        default=None if default is None else from_json(FusionSettings, default),
        progress=reporter,
        watch=watch,
    )
    job = reporter.job
    try:
        replace_file(_path(job, "found"), json.dumps(result.as_json()).encode(), private=True)
    except OSError as error:
        raise RecsysError(
            f"what the search found cannot be kept in the folder {str(job.folder)!r} ({error.strerror or error}); "
            "check that the folder can be written to and that the disk has room"
        ) from error
    reporter.publish({})


def _so_far_json(so_far: Any) -> dict[str, Any]:
    best = so_far.best
    return {
        "n_trials": so_far.n_trials,
        "best": best
        and {
            "weights": to_json(best.settings.fusion),
            "diversity": best.settings.diversity,
            "method": best.settings.method,
            "metrics": {name: value if value == value else None for name, value in best.metrics.items()},
        },
        "front_metrics": list(so_far.front_metrics),
        "front": [[each.first, each.second] for each in so_far.front],
    }


def _path(job: Job, what: Literal["wanted", "found"]) -> Path:
    """A file beside the record: the request, or the result of the last search that finished."""
    return job.folder / f"{job.name}.{what}.json"


JOB = JobKind(
    __name__,
    _search,
    (
        Stage("Getting ready", ("opening",)),
        Stage("Mapping weights", ("mapping",)),
        Stage("Trying variety", ("trying",)),
        Stage("Choosing", ("choosing",)),
        Stage("Measuring on test shoppers", ("measuring",)),
    ),
)
