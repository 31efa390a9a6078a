"""Work of some seconds beside the page: started once, shared by all sessions, watched by whoever looks."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from recsys.progress import Progress

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


class Background(Generic[_T]):
    """One piece of work in a thread of its own.

    Parameters
    ----------
    work : called with a reporter of progress; what it gives is `result`
    """

    def __init__(self, name: str, work: Callable[[Progress], _T]) -> None:
        self.stage, self.done, self.total = "starting", 0, 0
        self.result: _T | None = None
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
