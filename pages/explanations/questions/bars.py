"""Signed bars around a common zero, for every list of amounts: length and side say what the number says."""

from collections.abc import Sequence
from dataclasses import dataclass

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages.explanations.scale import Scale


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
    scale = Scale.of([bar.value for bar in bars])
    rows = [_row(bar, scale, digits) for bar in bars]
    first, more = rows[:n_first], rows[n_first:] if n_first is not None else []
    listed = f'<ol class="sw-bars" aria-label="{esc(label)}">{"".join(first)}</ol>'
    if more:
        listed += f'<details class="sw-more"><summary>{len(more):,} more</summary>'
        listed += f'<ol class="sw-bars">{"".join(more)}</ol></details>'
    return listed


def _row(bar: Bar, scale: Scale, digits: int) -> str:
    way = f"sw-c-{bar.component}" if bar.component else "sw-up" if bar.value >= 0 else "sw-down"
    said = isolated(bar.label)
    said = f"<q>{said}</q>" if bar.quote else said
    note = f'<span class="sw-by">{esc(bar.note)}</span>' if bar.note else ""
    return (
        f'<li><span class="sw-bars-label">{said}{note}</span>'
        '<span class="sw-bars-track" aria-hidden="true">'
        f'<span class="sw-bars-zero" style="left:{scale.zero:.2f}%"></span>'
        f'<span class="sw-bars-fill {way}" style="{scale.style(bar.value)}"></span></span>'
        f'<span class="sw-bars-value">{words.signed(bar.value, digits)}</span></li>'
    )
