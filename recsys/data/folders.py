"""A finished folder put in the place of an older one, so that readers see one or the other and never a mixture."""

import ctypes
import os
import secrets
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2


def beside(target: Path) -> Path:
    """A new empty folder next to `target`, on the same disk, hidden, for building what will replace it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.parent / f".{target.name}.{secrets.token_hex(4)}.partial"
    made.mkdir()
    return made


def put_in_place(finished: Path, target: Path, own: Collection[str] = ()) -> None:
    """Rename `finished` to `target`; an older `target` is removed afterwards.

    What stands in the older one under a name that is not among `own` is moved into the new one, where it was not
    there when the work began.

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
        _remove(finished, target, own)
    else:
        aside = target.with_name(f"{finished.name}.old")
        target.rename(aside)
        finished.rename(target)
        _remove(aside, target, own)


def _remove(older: Path, newer: Path, own: Collection[str]) -> None:
    for path in older.iterdir():
        if path.name in own and path.is_file() and not path.is_symlink():
            path.unlink()
        elif not os.path.lexists(newer / path.name):
            path.rename(newer / path.name)
    with suppress(OSError):  # something of a name that is taken came in meanwhile; it stays where it is
        older.rmdir()


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; False where the system or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0
