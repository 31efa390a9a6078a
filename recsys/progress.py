"""Progress of long work: functions take `progress: Progress = silent` and call it often.

A reporter may raise `Cancelled` to stop the work at that point.
"""

from collections.abc import Collection, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Called with the stage in words, how much is done and how much there is (0 when unknown)."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None: ...


def silent(stage: str, done: int = 0, total: int = 0) -> None:
    """Report to nobody."""


def prefixed(progress: Progress, prefix: str) -> Progress:
    """Prefix the stages that a reporter is given, where several parts of the work have the same stages.

    >>> prefixed(lambda stage, done=0, total=0: print(stage, done, total), "test")("scoring", 1, 2)
    test: scoring 1 2
    """

    def report(stage: str, done: int = 0, total: int = 0) -> None:
        progress(f"{prefix}: {stage}", done, total)

    return report


def reported(progress: Progress, stage: str, items: Collection[Item]) -> Iterator[Item]:
    """Items one after another, reporting how many are done before each and after the last.

    >>> list(reported(lambda stage, done, total: print(stage, done, total), "scoring", "ab"))
    scoring 0 2
    scoring 1 2
    scoring 2 2
    ['a', 'b']
    """
    for done, item in enumerate(items):
        progress(stage, done, len(items))
        yield item
    progress(stage, len(items), len(items))
