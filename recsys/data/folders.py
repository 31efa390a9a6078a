"""A finished folder put in the place of an older one, so that readers see one or the other and never a mixture."""

import ctypes
import os
import secrets
import shutil
import sys
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2


def beside(target: Path) -> Path:
    """A new empty folder next to `target`, on the same disk, hidden, for building what will replace it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.parent / f".{target.name}.{secrets.token_hex(4)}.partial"
    made.mkdir()
    return made


def put_in_place(finished: Path, target: Path) -> None:
    """Rename `finished` to `target`; an older `target` is removed afterwards.

    On Linux the two change names in one step, so that killing the process at any moment leaves a whole folder at
    `target`. Elsewhere an older folder first steps aside, and a kill in the instant between leaves both whole folders
    beside each other, neither of them at `target`.
    """
    for path in finished.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    if not target.exists():
        finished.rename(target)
    elif _exchange(finished, target):
        shutil.rmtree(finished)
    else:
        aside = target.with_name(f"{finished.name}.old")
        target.rename(aside)
        finished.rename(target)
        shutil.rmtree(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0
