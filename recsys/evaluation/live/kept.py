"""Answers that are kept while there is room, the latest asked for longest."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A least-recently-used cache that is bounded by bytes; safe to share between threads.

    Parameters
    ----------
    most_bytes : above it the answers that were not asked for the longest are forgotten; the newest one never is
    bytes_of : what one answer takes
    """

    def __init__(self, most_bytes: int, bytes_of: Callable[[V], int]) -> None:
        self._most, self._bytes_of = most_bytes, bytes_of
        self._answers: OrderedDict[K, V] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: K) -> V | None:
        """What is kept, or None."""
        with self._lock:
            if key not in self._answers:
                return None
            self._answers.move_to_end(key)
            return self._answers[key]

    def put(self, key: K, answer: V) -> V:
        """Keep an answer and return it; where another thread was faster, return that one's."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
            self._answers[key] = answer
            self._n_bytes += self._bytes_of(answer)
            while self._n_bytes > self._most and len(self._answers) > 1:
                self._n_bytes -= self._bytes_of(self._answers.popitem(last=False)[1])
        return answer
