"""What a work says of itself: one small JSON file, replaced in one rename, and read with distrust."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from recsys.files import replace_file

State = Literal["waiting", "running", "done", "failed", "cancelled"]

DAMAGED = "the record of this work is damaged; start it again"

_MAX_BYTES = 1_000_000
_MAX_NUMBER = 2**53
_MAX_PID = 2**31


def facts(
    stages: Sequence[str],
    stage: int,
    done: int,
    total: int,
    started_at: float,
    *,
    state: State = "running",
    message: str = "",
    pid: int | None = None,
    result: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """All that a record holds; `stage` is a place in `stages`, `pid` this process's unless given."""
    return {
        "state": state,
        "stages": list(stages),
        "stage": stage,
        "done": done,
        "total": total,
        "message": message[:2000],
        "result": dict(result or {}),
        "pid": os.getpid() if pid is None else pid,
        "started_at": started_at,
        "updated_at": time.time(),
    }


def write(path: Path, known: Mapping[str, Any]) -> None:
    """Replace the record; only who holds the work's lock may."""
    replace_file(path, json.dumps(known, ensure_ascii=False).encode("utf-8", "replace"))


def is_foreign(path: Path) -> bool:
    """Whether a file of the record's name was written by another program; a damaged record was not."""
    try:
        found = json.loads(path.read_bytes()[:_MAX_BYTES])
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and bool(found) and not found.keys() & {"state", "stages", "started_at"}


def read(path: Path) -> dict[str, Any] | None:
    """What the work last wrote, None if nothing; a file that something else damaged counts as a failed work."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MAX_BYTES))
        json.dumps(found, ensure_ascii=False).encode()  # half a character could not be shown
        known = facts((), 0, 0, 0, 0.0)
        fits = isinstance(found, dict) and all(type(found.get(name)) is type(value) for name, value in known.items())
        if fits and _makes_sense(found):
            return {name: found[name] for name in known}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        pass
    return facts((), 0, 0, 0, time.time(), state="failed", message=DAMAGED)


def _makes_sense(found: Mapping[str, Any]) -> bool:
    return (
        found["state"] in get_args(State)
        and found["state"] != "waiting"  # that is a work without a record
        and all(isinstance(name, str) for name in found["stages"])
        and 0 <= found["stage"] < len(found["stages"])
        and all(0 <= found[name] < _MAX_NUMBER for name in ("done", "total", "started_at", "updated_at"))
        and 0 <= found["pid"] < _MAX_PID
    )
