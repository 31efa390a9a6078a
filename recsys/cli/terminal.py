"""All that commands print: text that cannot command a terminal, JSON, and progress.

Titles, reviews and ids are other people's words. A terminal takes some characters of theirs for commands (move the
cursor, rename the window, answer as if typed), and others hide or turn around what is read.
"""

import json
import logging
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Self, TextIO

_BAR = 24
_EVERY_S = 0.1

_JOINERS = "\u200c\u200d"

_CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 and DEL, but for the end of a line, and C1
    "\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, or turn text around
    "\ud800-\udfff\U0001bca0-\U0001bca3\U000e0000-\U000e0fff]"  # halves of characters, and tags
    rf"|(?<![^\x00-\x7f])[{_JOINERS}]|[{_JOINERS}](?![^\x00-\x7f])"  # joiners, but inside emoji and other scripts
)
_SPACES = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")


def safe(text: object) -> str:
    r"""Text that a terminal shows as it is: what it would obey, hide or turn around is written out, lines stay lines.

    Joiners stay where they join letters or pictures, since words and emoji need them there.

    >>> print(safe("\x1b[31mred\x07, \u202egnp.exe\nnext"))
    \x1b[31mred\x07, \u202egnp.exe
    next
    """
    return _CONTROLS.sub(_written_out, str(text).replace("\r\n", "\n").replace("\t", " "))


def one_line(text: object) -> str:
    r"""`safe` for a cell or a message: what would end its line, and so could pass for ours, becomes a space.

    >>> one_line("Tent\n  2  A forged row\x1b[2J")
    'Tent   2  A forged row\\x1b[2J'
    """
    return safe(_SPACES.sub(" ", str(text)))


def shortened(text: object, width: int) -> str:
    """One line of at most so many characters; what is left out is marked.

    >>> shortened("A tent for two", 7)
    'A tent…'
    """
    line = one_line(text)
    return line if len(line) <= width else line[: width - 1] + "…"


def say(text: str) -> None:
    """Print on stdout."""
    print(safe(text))


def say_either(as_json: bool, document: Callable[[], object], text: Callable[[], str]) -> None:
    """Print one JSON document, or text."""
    if as_json:
        say_json(document())
    else:
        say(text())


def say_error(text: str) -> None:
    """Print one line on stderr."""
    print(one_line(text), file=sys.stderr)


def say_json(document: object) -> None:
    """Print one JSON document, in which every text is verbatim: what a terminal could obey is a JSON escape."""
    print(_CONTROLS.sub(_json_escape, json.dumps(document, ensure_ascii=False, indent=1)))


class SafeFormatter(logging.Formatter):
    """Log records as text that cannot command a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        return safe(super().format(record))


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

    def __exit__(self, *_: object) -> None:
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


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
