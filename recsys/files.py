"""Write whole files beside those of others, and recognise what this product wrote."""

import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from recsys.errors import InputError

_TEMPORARY = re.compile(r"\.shelfwise-[0-9a-f]{16}\.partial")


def temporary_beside(path: Path) -> Path:
    """Make up a new name in the folder of `path`, for what will be renamed to it."""
    return path.with_name(f".shelfwise-{secrets.token_hex(8)}.partial")


def is_temporary(path: Path) -> bool:
    """Whether this is a file, and no link or folder, with a name of `temporary_beside`."""
    return _TEMPORARY.fullmatch(path.name) is not None and path.is_file() and not path.is_symlink()


def replace_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file in one step, so that even after a kill it is the earlier one or the new one.

    `private`: only the owner may read it.
    """
    beside = temporary_beside(path)
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def require_writable(folder: Path, what: str) -> None:
    """Raise InputError unless files can be written into a folder, which may have to be made first.

    It is tried, because permissions do not say what a full, a read-only or a special file system allows.

    `what`: what will be written, for the message.
    """
    try:
        existing = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
        if not existing.is_dir():
            kind = "file" if not existing.is_symlink() else "link" if existing.exists() else "link that leads nowhere"
            raise InputError(f"{existing} is a {kind}; give a folder for {what}")
        with suppress(FileNotFoundError):
            folder.lstat()  # a name that no folder can have
        with tempfile.TemporaryFile(dir=existing):  # without a name on Linux, so that a kill leaves nothing behind
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{folder} cannot be written ({reason}); give another folder for {what}") from None
