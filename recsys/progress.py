"""One way to report progress of long work, whoever watches: a terminal, a page, a test or nobody.

Long functions take `progress: Progress = silent` and call it often, `progress("encoding phrases", done, total)`.
A reporter may raise `Cancelled` to stop the work at that point.
"""

from typing import Protocol


class Progress(Protocol):
    """Called with the stage in words, how much is done and how much there is (0 when unknown)."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None: ...


def silent(stage: str, done: int = 0, total: int = 0) -> None:
    """Report to nobody."""
