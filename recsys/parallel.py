"""Cores: how many there are, and one compiled loop at a time on as many as it is worth.

Pages run in threads of their own, and where numba has neither OpenMP nor TBB, two parallel loops at once would end the
process. Small loops run on one core: waking the others costs more than they save.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
from numpy.typing import NDArray

SMALL = 100_000
"""Positions in lists up to which a loop stays on one core: a few milliseconds of work."""

_lock = threading.RLock()


def usable_cores() -> int:
    """Count the cores that this process may use, each hardware thread as one."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def physical_cores() -> int:
    """Count the cores that this process may use, hardware threads not counted twice."""
    import psutil

    usable = usable_cores()
    return max(1, min(usable, psutil.cpu_count(logical=False) or usable))


@contextmanager
def cores_for(n_positions: int | None = None) -> Iterator[None]:
    """Run compiled loops alone, on one core up to SMALL positions, else (or for None) on all."""
    with _lock:
        before = numba.get_num_threads()
        if n_positions is not None and n_positions <= SMALL:
            numba.set_num_threads(1)
        try:
            yield
        finally:
            numba.set_num_threads(before)


def read_only(*arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """The same arrays in views that cannot be written to, as those are that a panel maps from its files.

    A loop is compiled once for each kind of array, which takes seconds: so its inputs are all of one kind.
    """
    views = tuple(array.view() if array.flags.writeable else array for array in arrays)
    for view in views:
        view.flags.writeable = False
    return views


@contextmanager
def one_thread() -> Iterator[None]:
    """Run small matrix operations on one thread: threads that meet after each of them took 30 times as long.

    Torch has threads of its own, if it is loaded.
    """
    from threadpoolctl import threadpool_limits

    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 1
    if torch:
        torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        if torch:
            torch.set_num_threads(before)
