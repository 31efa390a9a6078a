"""Signed bars around a common zero, for every list of amounts: length and side say what the number says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pages._shared import words
from pages._shared.cards import esc, isolated


@dataclass(frozen=True, slots=True)
class Scale:
    """How far bars reach to the left and to the right of 0, both positive, of which their lengths are shares."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The extent of some amounts."""
        low, high = max((0.0, *(-value for value in values))), max((0.0, *values))
        return cls(low, high) if low + high else cls(0.0, 1.0)

    @property
    def zero(self) -> float:
        """Where 0 stands, in percent from the left."""
        return 100 * self.low / (self.low + self.high)

    def style(self, start: float, end: float) -> str:
        """Position of a bar between two amounts, as CSS."""
        left = self.zero + 100 * min(start, end) / (self.low + self.high)
        return f"left:{left:.2f}%;width:{100 * abs(end - start) / (self.low + self.high):.2f}%"


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: what it is, how much, and what else to say of it.

    Parameters
    ----------
    note : a quieter second line, plain text
    quote : the label is somebody's words
    """

    label: str
    value: float
    note: str = ""
    quote: bool = False


def bars_html(bars: Sequence[Bar], label: str, n_first: int | None = None) -> str:
    """All bars as one list on one scale; those after the first `n_first` open on a click."""
    scale = Scale.of([bar.value for bar in bars])
    rows = [_row(bar, scale) for bar in bars]
    first, more = rows[:n_first], rows[n_first:] if n_first is not None else []
    listed = f'<ol class="sw-bars" aria-label="{esc(label)}">{"".join(first)}</ol>'
    if more:
        listed += f'<details class="sw-more"><summary>{len(more):,} more</summary>'
        listed += f'<ol class="sw-bars">{"".join(more)}</ol></details>'
    return listed


def label_html(label: str, *, quote: bool) -> str:
    """What a bar is, between quotation marks if somebody said it."""
    return f"<q>{isolated(label)}</q>" if quote else isolated(label)


def note_html(note: str) -> str:
    """A quieter line under a label, or nothing."""
    return f'<span class="sw-by">{esc(note)}</span>' if note else ""


def _row(bar: Bar, scale: Scale) -> str:
    return (
        f'<li><span class="sw-bars-label">{label_html(bar.label, quote=bar.quote)}{note_html(bar.note)}</span>'
        '<span class="sw-bars-track" aria-hidden="true">'
        f'<span class="sw-bars-zero" style="left:{scale.zero:.2f}%"></span>'
        f'<span class="sw-bars-fill {"sw-up" if bar.value >= 0 else "sw-down"}" style="{scale.style(0, bar.value)}">'
        f'</span></span><span class="sw-bars-value">{words.signed(bar.value, 3)}</span></li>'
    )
