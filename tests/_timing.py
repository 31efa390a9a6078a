"""How long something takes, for tests of how the time grows: never of how long it is."""

import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object]) -> float:
    """Seconds of this process's own computing, whatever else the machine does."""
    started = time.process_time()
    work()
    return time.process_time() - started
