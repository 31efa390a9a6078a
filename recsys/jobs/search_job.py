"""A search for good weights in a process of its own, so that no page waits for it.

Run as a module (`python -m recsys.jobs.search_job FOLDER PANEL`), this file is the work; what is asked
comes through the file that `start_search` writes, because it may hold a password, which no list of processes may show.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from recsys.errors import RecsysError
from recsys.files import replace_file
from recsys.jobs import Reporter, Work, run_work, start_work
from recsys.settings import COMPONENTS, FusionSettings
from recsys.tuning.goals import Goal, describe_goal
from recsys.tuning.search_result import SearchResult

NAME = "search"

_What = Literal["asked", "wanted", "found"]

STAGES = ("Getting ready", "Mapping weights", "Trying variety", "Choosing", "Measuring on test shoppers")
"""What a person sees, in order."""

STAGE_OF = {"opening": 0, "mapping": 1, "trying": 2, "choosing": 3, "measuring": 4}


def search_work(folder: Path) -> Work:
    """The search of a folder, running, ended or never started."""
    return Work(folder, NAME)


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
    asked = {
        "goal": goal.as_json(),
        "n_trials": n_trials,
        "seed": seed,
        "database_url": database_url,
        "default": None if default is None else default.as_dict(),
    }
    is_ours = False

    def hand_over() -> None:
        nonlocal is_ours
        is_ours = True
        _write(work, "wanted", {"goal": asked["goal"], "n_trials": n_trials})
        _write(work, "asked", asked)

    args = [str(folder.absolute()), str(panel_folder.absolute())]
    try:
        start_work(work.folder, NAME, "recsys.jobs.search_job", args, STAGES, prepare=hand_over)
    except RecsysError:
        if is_ours:
            _path(work, "asked").unlink(missing_ok=True)  # no process will read it, and it may hold a password
        raise
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


def main(args: Sequence[str]) -> int:
    """Search in this process; returns the exit status."""
    folder, panel_folder = Path(args[0]), Path(args[1])

    def search(reporter: Reporter) -> None:
        from recsys.panel.engine import LiveEngine
        from recsys.panel.panel import Panel
        from recsys.tuning.search import SearchSettings, SoFar, find_weights

        asked = _read(search_work(folder))
        reporter("opening the panel")
        validation, test = (LiveEngine(panel) for panel in Panel.open(panel_folder))
        goal = Goal.from_json(asked["goal"])
        panel_ids = {engine.panel.role: engine.panel.panel_id for engine in (validation, test)}

        def watch(so_far: SoFar) -> None:
            reporter.publish({"words": describe_goal(goal), "so_far": {**_so_far_json(so_far), "panel_ids": panel_ids}})

        found = find_weights(
            validation,
            test,
            goal,
            SearchSettings(int(asked["n_trials"]), int(asked["seed"])),
            database_url=asked["database_url"],
            default=None if asked["default"] is None else FusionSettings(**asked["default"]),
            progress=reporter,
            watch=watch,
        )
        _write(search_work(folder), "found", found.as_json())
        reporter.publish({"words": describe_goal(goal)})

    return run_work(folder, NAME, STAGES, STAGE_OF, search)


def _so_far_json(so_far: Any) -> dict[str, Any]:
    best = so_far.best
    return {
        "n_trials": so_far.n_trials,
        "wanted": so_far.wanted,
        "best": best
        and {
            "weights": {name: best.settings.fusion.as_dict()[name] for name in COMPONENTS},
            "diversity": best.settings.diversity,
            "method": best.settings.method,
            "metrics": {name: value if value == value else None for name, value in best.metrics.items()},
        },
        "front_metrics": list(so_far.front_metrics),
        "front": [[each.first, each.second] for each in so_far.front],
    }


def _path(work: Work, what: _What) -> Path:
    """A file beside the record: what the process is asked, which only it reads; what is wanted, for all who watch and
    without any secret; or what the last search that finished has found.
    """
    return work.folder / f"{work.name}.{what}.json"


def _write(work: Work, what: _What, known: Mapping[str, Any]) -> None:
    path = _path(work, what)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(known).encode(), private=True)
    except OSError as error:
        cannot = "what the search found cannot be kept" if what == "found" else "the search cannot be started"
        raise RecsysError(
            f"{cannot} in the folder {str(work.folder)!r} ({error.strerror or error}); check that the folder can be "
            "written to and that the disk has room"
        ) from error


def _read(work: Work) -> dict[str, Any]:
    """What is asked; it goes once it is read, as there may be a password in it."""
    path = _path(work, "asked")
    asked: dict[str, Any] = json.loads(path.read_text())
    path.unlink(missing_ok=True)
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
