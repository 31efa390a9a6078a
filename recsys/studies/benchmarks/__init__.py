"""What `recsys bench` measures: each module has `run`, and in `SMALL` the options of a run that takes seconds."""

import gc
import time
from collections.abc import Callable, Mapping

import numpy as np
import psutil
from numpy.typing import NDArray

Times = Mapping[str, NDArray[np.float64]]


def times_ms(calls: Mapping[str, Callable[[int], object]], n_rounds: int, n_warm: int = 1) -> Times:
    """Milliseconds of every round by name, float64 of shape (n_rounds,).

    All are called by turns, with the number of the round, so that whatever else the machine does hits them alike.

    `n_warm`: rounds before those that count, in which code is compiled and files are read.
    """
    taken = np.zeros((n_warm + n_rounds, len(calls)))
    for turn, row in enumerate(taken):
        for column, call in enumerate(calls.values()):
            start = time.perf_counter()
            call(turn)
            row[column] = 1e3 * (time.perf_counter() - start)
    return dict(zip(calls, taken[n_warm:].T, strict=True))


def medians(times: Times) -> dict[str, float]:
    return {name: round(float(np.median(each)), 2) for name, each in times.items()}


def percentiles(times: Times) -> dict[str, float]:
    """50th and 95th percentile of every call.

    >>> percentiles({"list": np.arange(101.0)})
    {'list_ms_p50': 50.0, 'list_ms_p95': 95.0}
    """
    return {
        f"{name}_ms_p{q}": round(float(np.percentile(each, q)), 2) for name, each in times.items() for q in (50, 95)
    }


def memory_mb() -> float:
    """Memory that this process holds now, in MiB, pages of mapped files that were read included."""
    gc.collect()
    return float(psutil.Process().memory_info().rss / 2**20)
