"""Repairs made while data was read: none is made without a line here."""

from collections.abc import Iterable
from dataclasses import dataclass

N_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Repair:
    """One kind of repair in one column of one file, or of whole rows where `column` is "".

    `examples`: a few of the values, as shown to a person.
    """

    file: str
    column: str
    problem: str
    action: str
    n_rows: int
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{self.file}, column {self.column!r}" if self.column else self.file
        shown = f" (such as {', '.join(self.examples)})" if self.examples else ""
        return f"{where}: {self.problem} in {self.n_rows:,} rows{shown}; {self.action}"


class RepairLog:
    """Collects repairs while one set of files is read."""

    def __init__(self) -> None:
        self._repairs: list[Repair] = []

    def add(
        self, file: str, column: str, problem: str, action: str, n_rows: int, examples: Iterable[object] = ()
    ) -> None:
        """Note one repair, with at most N_EXAMPLES examples as `show` writes them."""
        shown = tuple(show(value) for value, _ in zip(examples, range(N_EXAMPLES), strict=False))
        self._repairs.append(Repair(file, column, problem, action, int(n_rows), shown))

    def all(self) -> tuple[Repair, ...]:
        """Repairs in the order in which they were made."""
        return tuple(self._repairs)


def show(value: object, longest: int = 60) -> str:
    """Write a value for a message: quoted if text, cut if long."""
    text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
