"""One scale for bars that reach to either side of 0."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How far bars reach to the left and to the right of 0, both positive, of which their lengths are shares."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Scale":
        """The extent of some amounts."""
        low, high = max((0.0, *(-value for value in values))), max((0.0, *values))
        return cls(low, high) if low + high else cls(0.0, 1.0)

    @property
    def zero(self) -> float:
        """Where 0 stands, in percent from the left."""
        return 100 * self.low / (self.low + self.high)

    def style(self, value: float) -> str:
        """Place and length of a bar, as CSS."""
        length = 100 * abs(value) / (self.low + self.high)
        left = self.zero if value >= 0 else self.zero - length
        return f"left:{left:.2f}%;width:{length:.2f}%"
