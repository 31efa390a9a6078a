"""Who is at a work: the process that holds its lock, from the moment it is started until it ends or is killed."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

HANDED_OVER = "RECSYS_WORK_LOCK"
"""Names, in the environment of a process just started, the open lock that its starter took for it."""


def take(lock: IO[str], patience_s: float = 0.0) -> bool:
    """Whether the lock is now this process's; who only looks whether it is free has it for an instant, too."""
    end = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        else:
            return True


def is_held(path: Path) -> bool:
    """Whether some process holds the lock; unlike a process id, a lock cannot be somebody else's."""
    try:
        with path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def handed_over(path: Path) -> IO[str] | None:
    """The lock that was taken for this process by its starter, if it was and is that of this path."""
    try:
        number = int(os.environ.pop(HANDED_OVER, ""))
        if not os.path.samestat(os.fstat(number), path.stat()):
            return None
        os.set_inheritable(number, False)
    except (ValueError, OverflowError, OSError):
        return None
    return os.fdopen(number, "a")
