"""The presets of a shop as this server last saw them, so that pages go on while the database is away."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from recsys.errors import StoreError
from recsys.store.presets import PresetStore
from recsys.store.records import Preset

FRESH_S = 5
"""So long pages other than the tuning room believe what they last heard of the default preset."""

PAUSE_S = 3
"""So long at least a database that did not answer is left alone; five times as long as it took to fail."""


@dataclass(frozen=True, slots=True)
class SavedPresets:
    """What is saved.

    Parameters
    ----------
    presets : as asked just now, or as last seen while the database is away
    away : why it could not be asked, "" where it was
    """

    presets: tuple[Preset, ...] = ()
    away: str = ""


class PresetCache:
    """The presets of one shop, shared by all sessions of this server.

    Parameters
    ----------
    clock : seconds, for tests
    """

    def __init__(self, store: PresetStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._found, self._default = SavedPresets(), None
        self._state: tuple[object, ...] = ()
        self._away_until = self._default_until = -float("inf")

    @property
    def last(self) -> SavedPresets:
        """What `presets` said last, whoever asked."""
        return self._found

    def presets(self) -> SavedPresets:
        """Asked anew each time, so that every session sees what any other saved; read again where something changed."""
        with self._lock:
            if self._clock() >= self._away_until:
                self._ask(self._ask_for_all)
            return self._found

    def default(self) -> Preset | None:
        """The preset that the dashboard starts from, a few seconds old at most; the last one known while away."""
        with self._lock:
            if self._clock() >= max(self._away_until, self._default_until):
                self._ask(self._ask_for_default)
            return self._default

    def forget(self) -> None:
        """Ask anew whatever is wanted next, also where the database was away a moment ago."""
        with self._lock:
            self._away_until = self._default_until = -float("inf")

    def _ask(self, question: Callable[[], None]) -> None:
        began = self._clock()
        try:
            question()
        except StoreError as problem:
            now = self._clock()
            self._found = SavedPresets(self._found.presets, str(problem))
            self._away_until = now + max(PAUSE_S, 5 * (now - began))

    def _ask_for_all(self) -> None:
        state = self._store.state()
        same = state == self._state
        self._found = SavedPresets(self._found.presets if same else self._store.presets())
        self._state = state
        self._know_default(next((preset for preset in self._found.presets if preset.is_default), None))

    def _ask_for_default(self) -> None:
        self._know_default(self._store.default())

    def _know_default(self, preset: Preset | None) -> None:
        self._default, self._default_until = preset, self._clock() + FRESH_S
