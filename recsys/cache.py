"""A cache bounded by bytes, and how much memory a value takes."""

import dataclasses
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from itertools import islice
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST_SAMPLED = 200
"""Of longer collections so many members are measured, and the others are taken to be like them."""


class ByteCache(Generic[K, V]):
    """A least-recently-used cache that is bounded by bytes; safe to share between threads.

    `most_bytes`: above it the least recently used values are dropped, but never the newest one.
    `bytes_of`: what one value takes, measured once.
    """

    def __init__(self, most_bytes: int, bytes_of: Callable[[V], int]) -> None:
        self.n_bytes = 0
        self._most, self._bytes_of = most_bytes, bytes_of
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._turns: dict[K, threading.Lock] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def of(self, key: K, make: Callable[[], V]) -> V:
        """Look a value up, or make it now; other threads that need it meanwhile wait instead of making it again.

        What `make` raises is raised for its caller alone, and the next one tries again.
        """
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            try:
                with self._lock:
                    if key in self._values:
                        self._values.move_to_end(key)
                        return self._values[key][0]
                value = make()
                size = self._bytes_of(value)
                with self._lock:
                    if key not in self._values:  # else another thread was faster, after a failure
                        self._values[key] = value, size
                        self.n_bytes += size
                    while self.n_bytes > self._most and len(self._values) > 1:
                        self.n_bytes -= self._values.popitem(last=False)[1][1]
                    return self._values[key][0]
            finally:
                with self._lock:
                    self._turns.pop(key, None)


def n_bytes(value: object) -> int:
    """Estimate the memory of arrays, tables and texts, in records and collections of any depth.

    What occurs twice counts once, an array counts with all that it is a view of, and anything else, such as an opened
    model that a value points at, counts by its own few bytes.

    >>> n_bytes(np.zeros(1000)) >= 8000
    True
    """
    return _n_bytes(value, set())


def _n_bytes(value: object, seen: set[int]) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        base = value
        while isinstance(base.base, np.ndarray):
            base = base.base
        if base is not value and id(base) in seen:
            return 0
        seen.add(id(base))
        return int(base.nbytes) + (_of_members(base.flat, base.size, seen) if base.dtype == object else 0)
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        return int(np.sum(value.memory_usage(deep=True)))
    own = sys.getsizeof(value, 0)
    if isinstance(value, Mapping):
        return own + _of_members((part for item in value.items() for part in item), 2 * len(value), seen)
    if isinstance(value, list | tuple | Set):
        return own + _of_members(value, len(value), seen)
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return own + _of_members((getattr(value, each.name, None) for each in fields), len(fields), seen)
    return own


def _of_members(members: Iterable[object], n: int, seen: set[int]) -> int:
    sampled = sum(_n_bytes(each, seen) for each in islice(members, MOST_SAMPLED))
    return sampled if n <= MOST_SAMPLED else sampled * n // MOST_SAMPLED
