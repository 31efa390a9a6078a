"""Progress of long commands on stderr: a live line on a terminal, a line a stage elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_BAR = 24
_EVERY_S = 0.1


class TerminalProgress:
    """Prints stages with their counts and times; use as a context manager, call as a `Progress`."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._stage, self._started, self._shown = "", time.monotonic(), 0.0
        self._counts = (0, 0)

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_stage(time.monotonic())

    def _line(self, now: float) -> str:
        done, total = self._counts
        bar = ""
        if total:
            filled = round(_BAR * done / total)
            bar = f"  [{'#' * filled}{'.' * (_BAR - filled)}] {done:,}/{total:,}"
        return f"{self._stage}{bar}  {now - self._started:.1f} s"

    def _close_stage(self, now: float) -> None:
        if self._stage:
            start = "\r\x1b[2K" if self._live else ""
            self._stream.write(f"{start}{self._line(now)}\n")
            self._stream.flush()
        self._stage = ""
