"""What all sessions of this server share: answers kept by bytes, work beside the page, presets as last read."""

import inspect
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

import streamlit as st

from recsys.cache import ByteCache, n_bytes
from recsys.errors import StoreError
from recsys.progress import Progress
from recsys.ranking.rank import ScoredRequest
from recsys.store.presets import PresetStore
from recsys.store.records import Preset

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FRESH_S = 5
"""So long pages other than the tuning room believe what they last read of the default preset."""

PAUSE_S = 3
"""So long at least a database that did not answer is left alone; five times as long as it took to fail."""


def bounded(most_bytes: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function answers, the latest asked for longest, while all of it takes at most so many bytes.

    Arguments whose name begins with an underscore are no part of the key; a model counts by its id, a scored request by
    what was asked, and all others have to be hashable. Answers are shared and must not be changed; errors are not kept;
    sessions that ask for the same at once wait for one of them. The newest answer is kept, however large.
    """

    def keeping(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)
        name = f"{function.__module__}.{function.__qualname__}"
        names = [each for each in signature.parameters if not each.startswith("_")]

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            key = tuple(_key(bound.arguments[each]) for each in names)
            found: T = answers_of(name, most_bytes).of(key, lambda: function(*args, **kwargs))
            return found

        return answer

    return keeping


@st.cache_resource(show_spinner=False)
def answers_of(name: str, most_bytes: int) -> ByteCache[Any, Any]:
    """What is kept of one function; one a function, so nothing here grows with what is asked."""
    return ByteCache(most_bytes, n_bytes)


def _key(argument: object) -> object:
    if isinstance(argument, ScoredRequest):
        return argument.user_id, argument.words, argument.context, argument.ablated
    return getattr(argument, "model_id", argument)


class Background(Generic[T]):
    """Work of some seconds in a thread of its own, watched by every session; `result` is what it returns."""

    def __init__(self, name: str, work: Callable[[Progress], T]) -> None:
        self.stage, self.done, self.total = "starting", 0, 0
        self.result: T | None = None
        self.problem = ""
        self._work = work
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    def _report(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.stage, self.done, self.total = stage, done, total

    def _run(self) -> None:
        try:
            self.result = self._work(self._report)
        except Exception as error:  # a thread has nobody above it to tell
            logger.exception("background work failed")
            self.problem = str(error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class SavedPresets:
    """Presets as read just now, or as last read while the database is away; `away` is why, "" where it answered."""

    presets: tuple[Preset, ...] = ()
    away: str = ""


class PresetCache:
    """The presets of one shop as this server last read them, so that pages go on while the database is away."""

    def __init__(self, store: PresetStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._default: Preset | None = None
        self._state: tuple[object, ...] = ()
        self._away_until = self._default_until = -float("inf")
        self.last = SavedPresets()
        """What `presets` returned last, to whichever session."""

    def presets(self) -> SavedPresets:
        """Asked anew each time, so that every session sees what any other saved; read again where something changed."""
        with self._lock:
            if self._clock() >= self._away_until:
                self._ask(self._read_all)
            return self.last

    def default(self) -> Preset | None:
        """The preset that the dashboard starts from, a few seconds old at most; the last one known while away."""
        with self._lock:
            if self._clock() >= max(self._away_until, self._default_until):
                self._ask(lambda: self._keep_default(self._store.default()))
            return self._default

    def expire(self) -> None:
        """Ask anew whatever is wanted next, also where the database was away a moment ago."""
        with self._lock:
            self._away_until = self._default_until = -float("inf")

    def _ask(self, question: Callable[[], None]) -> None:
        began = self._clock()
        try:
            question()
        except StoreError as problem:
            now = self._clock()
            self.last = SavedPresets(self.last.presets, str(problem))
            self._away_until = now + max(PAUSE_S, 5 * (now - began))

    def _read_all(self) -> None:
        state = self._store.state()
        self.last = SavedPresets(self.last.presets if state == self._state else self._store.presets())
        self._state = state
        self._keep_default(next((preset for preset in self.last.presets if preset.is_default), None))

    def _keep_default(self, preset: Preset | None) -> None:
        self._default, self._default_until = preset, self._clock() + FRESH_S
