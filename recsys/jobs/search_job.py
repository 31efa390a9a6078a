"""A search for good weights in a process of its own, so that no page waits for it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from recsys.documents import from_json, to_json
from recsys.errors import RecsysError
from recsys.files import replace_file
from recsys.jobs import JobKind, Reporter, Stage, Work
from recsys.settings import FusionSettings
from recsys.tuning.goals import Goal, describe_goal
from recsys.tuning.search_result import SearchResult


def search_work(folder: Path) -> Work:
    """The search of a folder, running, ended or never started."""
    return Work(folder, "search")


def start_search(
    folder: Path,
    panel_folder: Path,
    goal: Goal,
    n_trials: int,
    database_url: str | None,
    *,
    seed: int = 0,
    default: FusionSettings | None = None,
) -> Work:
    """Search for a goal in another process; if the same search of this folder is already under way, join it.

    Of several that start at once, one does, and what the process is asked is what that one asked. A search for the same
    goal on the same panel goes on where the last one stopped; with more trials it goes further. What the last search
    that finished has found stays until this one finishes, see `read_found`.

    Parameters
    ----------
    folder : of the work; one search at a time
    database_url : where trials are kept, as `RECSYS_DATABASE_URL` holds it; None keeps none
    default : the shop's own weights, which the result is held against

    Raises
    ------
    RecsysError : a search for another goal, or of another length, is under way; the folder cannot be written to; or the
        system starts no process
    """
    work = search_work(folder.absolute())
    wanted = {"goal": goal.as_json(), "n_trials": n_trials}
    request = {"panel": panel_folder.absolute(), "seed": seed, "database_url": database_url}
    is_ours = False

    def note_wanted() -> None:
        nonlocal is_ours
        is_ours = True
        replace_file(_path(work, "wanted"), json.dumps(wanted).encode(), private=True)

    JOB.start(work, {**wanted, **request, "default": default and to_json(default)}, note_wanted)
    if not is_ours and read_asked(work) != (goal, n_trials):
        raise RecsysError("another search of this shop is under way; wait for it, or cancel it first")
    return work


def read_found(work: Work) -> SearchResult | None:
    """What the last search of a folder that finished has found, whatever became of later ones; None before the first.

    None also where another version wrote it.
    """
    try:
        return SearchResult.from_json(json.loads(_path(work, "found").read_text()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecsysError):
        return None


def read_asked(work: Work) -> tuple[Goal, int] | None:
    """The goal and the number of trials of a folder's last search, so that it can go on; None where there was none."""
    try:
        asked = json.loads(_path(work, "wanted").read_text())
        return Goal.from_json(asked["goal"]), int(asked["n_trials"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecsysError):
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
    from recsys.panel.engine import LiveEngine
    from recsys.panel.panel import Panel
    from recsys.tuning.search_result import SearchSettings, SoFar, find_weights

    reporter("opening the panel")
    validation, test = (LiveEngine(each) for each in Panel.open(Path(panel)))
    aim = Goal.from_json(goal)
    panel_ids = {engine.panel.role: engine.panel.panel_id for engine in (validation, test)}

    def watch(so_far: SoFar) -> None:
        reporter.publish({"words": describe_goal(aim), "so_far": {**_so_far_json(so_far), "panel_ids": panel_ids}})

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
    work = reporter.work
    try:
        replace_file(_path(work, "found"), json.dumps(result.as_json()).encode(), private=True)
    except OSError as error:
        raise RecsysError(
            f"what the search found cannot be kept in the folder {str(work.folder)!r} ({error.strerror or error}); "
            "check that the folder can be written to and that the disk has room"
        ) from error
    reporter.publish({"words": describe_goal(aim)})


def _so_far_json(so_far: Any) -> dict[str, Any]:
    best = so_far.best
    return {
        "n_trials": so_far.n_trials,
        "wanted": so_far.wanted,
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


def _path(work: Work, what: Literal["wanted", "found"]) -> Path:
    """A file beside the record: what is wanted, or what the last search that finished has found."""
    return work.folder / f"{work.name}.{what}.json"


JOB = JobKind(
    "recsys.jobs.search_job",
    _search,
    (
        Stage("Getting ready", ("opening",)),
        Stage("Mapping weights", ("mapping",)),
        Stage("Trying variety", ("trying",)),
        Stage("Choosing", ("choosing",)),
        Stage("Measuring on test shoppers", ("measuring",)),
    ),
)

if __name__ == "__main__":
    JOB.main()
