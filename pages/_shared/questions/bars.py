"""Signed bars around a common zero, for every list of amounts: length and side say what the number says."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages._shared import words
from pages._shared.cards import esc, isolated


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: what it is, how much, and what else to say of it.

    Parameters
    ----------
    note : a quieter second line, plain text
    component : whose colour it wears, "" for the plain pair of up and down
    quote : the label is somebody's words
    """

    label: str
    value: float
    note: str = ""
    component: str = ""
    quote: bool = False


def bars_html(bars: Sequence[Bar], label: str, digits: int = 3, n_first: int | None = None) -> str:
    """All bars as one list on one scale; those after the first `n_first` open on a click."""
    low = max((-bar.value for bar in bars), default=0.0)
    high = max((bar.value for bar in bars), default=0.0)
    low, high = max(low, 0.0), max(high, 0.0)
    span = (low + high) or 1.0
    rows = [_row(bar, low, span, digits) for bar in bars]
    first, more = rows[:n_first], rows[n_first:] if n_first is not None else []
    listed = f'<ol class="sw-bars" aria-label="{esc(label)}">{"".join(first)}</ol>'
    if more:
        listed += f'<details class="sw-more"><summary>{len(more):,} more</summary>'
        listed += f'<ol class="sw-bars">{"".join(more)}</ol></details>'
    return listed


def _row(bar: Bar, low: float, span: float, digits: int) -> str:
    zero, length = 100 * low / span, 100 * abs(bar.value) / span
    left = zero if bar.value >= 0 else zero - length
    way = f"sw-c-{bar.component}" if bar.component else "sw-up" if bar.value >= 0 else "sw-down"
    said = isolated(bar.label)
    said = f"<q>{said}</q>" if bar.quote else said
    note = f'<span class="sw-by">{esc(bar.note)}</span>' if bar.note else ""
    return (
        f'<li><span class="sw-bars-label">{said}{note}</span>'
        f'<span class="sw-bars-track" aria-hidden="true"><span class="sw-bars-zero" style="left:{zero:.2f}%"></span>'
        f'<span class="sw-bars-fill {way}" style="left:{left:.2f}%;width:{length:.2f}%"></span></span>'
        f'<span class="sw-bars-value">{words.signed(bar.value, digits)}</span></li>'
    )
