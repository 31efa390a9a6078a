"""All that commands print: text that cannot command a terminal, figures, and JSON.

Titles, reviews and ids are other people's words. A terminal takes some characters of theirs for commands (move the
cursor, rename the window, answer as if typed), and others hide or turn around what is read.
"""

import json
import logging
import math
import re
import sys
from typing import TextIO

NOT_AVAILABLE = "–"
"""What stands in a table where there is no number; the reason stands below it."""

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


def figure(value: float | None, form: str = ".4f") -> str:
    """A number in a format, or a dash where there is none.

    >>> figure(0.5, ".2f"), figure(float("nan"))
    ('0.50', '–')
    """
    return NOT_AVAILABLE if value is None or math.isnan(value) else f"{value:{form}}"


def say(text: str, stream: TextIO | None = None) -> None:
    """Print on stdout, or on another stream."""
    print(safe(text), file=stream or sys.stdout)


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


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
