"""Run the command line inside the test's own process, as `python -m recsys` would."""

import contextlib
import io
import signal
from typing import NamedTuple

from recsys.cli import main


class Said(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


def run(*arguments: object) -> Said:
    """Run one command; what it changes of the process's signals is put back."""
    out, err, before = io.StringIO(), io.StringIO(), signal.getsignal(signal.SIGTERM)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main([str(argument) for argument in arguments])
            except SystemExit as end:
                status = int(end.code or 0)
    finally:
        signal.signal(signal.SIGTERM, before)
    return Said(status, out.getvalue(), err.getvalue())
