"""`python -m recsys`."""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn


def start() -> NoReturn:
    """Run the command line; Ctrl-C while it is still being loaded ends in one line, too."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stopped_while_loading)
    from recsys.cli import main

    if signal.getsignal(signal.SIGINT) is _stopped_while_loading:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before the command itself began
        _stopped_while_loading(signal.SIGINT, None)


def _stopped_while_loading(number: int, frame: FrameType | None) -> NoReturn:
    # An exception here would come out of the middle of some library's import.
    os.write(2, b"recsys: stopped while starting; nothing was changed\n")
    os._exit(130)


if __name__ == "__main__":
    start()
