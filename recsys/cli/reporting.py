"""Progress of long commands on stderr: a live line on a terminal, a line a stage elsewhere."""

import signal
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self, TextIO

from recsys.cli.terminal import one_line

_BAR = 24
_EVERY_S = 0.1


class TerminalProgress:
    """Prints stages with their counts and times; use as a context manager, call as a `Progress`.

    Within its block Ctrl-C and SIGTERM raise KeyboardInterrupt, at the latest when progress is next reported: libraries
    swallow exceptions in places (destructors, callbacks), and one that is lost there must not make work unstoppable.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._stage, self._started, self._shown = "", time.monotonic(), 0.0
        self._counts = (0, 0)
        self._stop_asked = False
        self._handlers: dict[int, Any] = {}

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        if self._stop_asked:
            raise KeyboardInterrupt
        now = time.monotonic()
        if stage != self._stage:
            self._close_stage(now)
            self._stage, self._started, self._shown = stage, now, 0.0
        self._counts = (done, total)
        if self._live and (now - self._shown >= _EVERY_S or done == total):
            self._shown = now
            self._stream.write(f"\r\x1b[2K{self._line(now)}")
            self._stream.flush()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:  # as a shell sets it for jobs in the background
                    self._handlers[number] = signal.signal(number, self._stop)
        return self

    def _stop(self, number: int, frame: object) -> None:
        self._stop_asked = True
        raise KeyboardInterrupt

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._close_stage(time.monotonic())

    def _line(self, now: float) -> str:
        done, total = self._counts
        bar = ""
        if total:
            filled = round(_BAR * done / total)
            bar = f"  [{'#' * filled}{'.' * (_BAR - filled)}] {done:,}/{total:,}"
        return f"{one_line(self._stage)}{bar}  {now - self._started:.1f} s"

    def _close_stage(self, now: float) -> None:
        if self._stage:
            start = "\r\x1b[2K" if self._live else ""
            self._stream.write(f"{start}{self._line(now)}\n")
            self._stream.flush()
        self._stage = ""
