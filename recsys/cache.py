"""Answers that are kept while there is room, the latest asked for longest."""

import dataclasses
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Set
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST_LOOKED_AT = 200
"""Of longer collections so many members are looked at; the others are taken to be like them."""


class ByteCache(Generic[K, V]):
    """A least-recently-used cache that is bounded by bytes; safe to share between threads.

    Parameters
    ----------
    most_bytes : above it the answers that were not asked for the longest are forgotten; the newest one never is
    bytes_of : what one answer takes, asked once
    """

    def __init__(self, most_bytes: int, bytes_of: Callable[[V], int]) -> None:
        self._most, self._bytes_of = most_bytes, bytes_of
        self._answers: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()
        self._turns: dict[K, threading.Lock] = {}

    def __len__(self) -> int:
        return len(self._answers)

    @property
    def n_bytes(self) -> int:
        """What is kept takes so much."""
        return self._n_bytes

    def get(self, key: K) -> V | None:
        """What is kept, or None."""
        known = self._known(key)
        return None if known is None else known[0]

    def put(self, key: K, answer: V) -> V:
        """Keep an answer and return it; where another thread was faster, return that one's."""
        size = self._bytes_of(answer)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key][0]
            self._answers[key] = answer, size
            self._n_bytes += size
            while self._n_bytes > self._most and len(self._answers) > 1:
                self._n_bytes -= self._answers.popitem(last=False)[1][1]
        return answer

    def of(self, key: K, make: Callable[[], V]) -> V:
        """What is kept, or what is made now; whoever asks for it meanwhile waits instead of making it again.

        What `make` raises is raised for its caller alone, and the next one tries again.
        """
        if (known := self._known(key)) is not None:
            return known[0]
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            if (known := self._known(key)) is not None:
                return known[0]
            try:
                return self.put(key, make())
            finally:
                with self._lock:
                    self._turns.pop(key, None)

    def _known(self, key: K) -> tuple[V, int] | None:
        with self._lock:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key]


def n_bytes(answer: object) -> int:
    """About how much memory an answer takes: arrays, tables and texts, in records and collections of any depth.

    What stands in it twice counts once, an array counts with all that it is a view of, and anything that is none of
    these, such as an opened model that an answer merely points at, counts by its own few bytes.

    >>> n_bytes(np.zeros(1000)) >= 8000
    True
    """
    return _n_bytes(answer, set())


def _n_bytes(answer: object, seen: set[int]) -> int:
    if id(answer) in seen:
        return 0
    seen.add(id(answer))
    if isinstance(answer, np.ndarray):
        base = answer
        while isinstance(base.base, np.ndarray):
            base = base.base
        if base is not answer and id(base) in seen:
            return 0
        seen.add(id(base))
        return int(base.nbytes) + (_of_members(iter(base.flat), base.size, seen) if base.dtype == object else 0)
    if isinstance(answer, pd.DataFrame | pd.Series | pd.Index):
        used = answer.memory_usage(deep=True)
        return int(used if isinstance(used, int) else used.sum())
    own = sys.getsizeof(answer, 0)
    if isinstance(answer, Mapping):
        members = (part for item in answer.items() for part in item)
        return own + _of_members(members, 2 * len(answer), seen)
    if isinstance(answer, list | tuple | Set):
        return own + _of_members(iter(answer), len(answer), seen)
    if dataclasses.is_dataclass(answer):
        fields: list[Any] = [getattr(answer, each.name, None) for each in dataclasses.fields(answer)]
        return own + _of_members(iter(fields), len(fields), seen)
    return own


def _of_members(members: Iterator[Any], n: int, seen: set[int]) -> int:
    looked_at = sum(_n_bytes(each, seen) for each in islice(members, MOST_LOOKED_AT))
    return looked_at if n <= MOST_LOOKED_AT else looked_at * n // MOST_LOOKED_AT
