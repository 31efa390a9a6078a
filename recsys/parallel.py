"""How compiled loops share the processor.

Pages run in threads of their own, and a numba loop that runs on all cores gains nothing from a second one beside it;
where numba has neither OpenMP nor TBB, two at once would even end the process. So one runs at a time. Small loops run
on one core: waking the others costs more than they save, most of all on a machine that is busy with other work.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numba

SMALL = 100_000
"""Places of lists up to which a loop over lists stays on one core; that is a few milliseconds of work."""

_lock = threading.RLock()


@contextmanager
def cores_for(n_places: int | None = None) -> Iterator[None]:
    """Run compiled loops alone, on all cores, or on one where there is little to do.

    Parameters
    ----------
    n_places : size of the work, or None for all cores
    """
    with _lock:
        before = numba.get_num_threads()
        if n_places is not None and n_places <= SMALL:
            numba.set_num_threads(1)
        try:
            yield
        finally:
            numba.set_num_threads(before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run small matrix operations on one thread: threads that meet after each of them took 30 times as long."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
