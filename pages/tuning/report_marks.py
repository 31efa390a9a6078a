"""Small drawings of a report, as inline SVG: they print, and need nothing from anywhere."""

import math
from collections.abc import Sequence

from pages._shared.cards import esc
from pages.tuning.verdicts import Said
from recsys.evaluation.statistics.paired import Difference

WIDTH, HEIGHT, MARGIN = 120, 14, 5


def interval_svg(found: Difference) -> str:
    """The interval of a change on an axis of its own, with no change in the middle."""
    low, mean, high = found.change.low, found.change.mean, found.change.high
    middle = WIDTH / 2
    axis = f'<path class="axis" d="M{middle} 0V{HEIGHT}"/>'
    if math.isnan(low) or math.isnan(high):
        return f'<svg class="interval" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{axis}</svg>'
    scale = (middle - MARGIN) / (max(abs(low), abs(high), abs(mean)) or 1.0)
    left, at, right = (middle + scale * value for value in (low, mean, high))
    return (
        f'<svg class="interval {found.verdict}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{axis}'
        f'<path class="range" d="M{left:.1f} 7H{max(right, left + 0.5):.1f}"/>'
        f'<path class="ends" d="M{left:.1f} 4V10M{right:.1f} 4V10"/><circle cx="{at:.1f}" cy="7" r="3.2"/></svg>'
    )


def verdict_html(said: Said, words: str = "") -> str:
    """Mark and words; the mark needs no colour."""
    mark = f'<span aria-hidden="true">{said.mark}</span>'
    return f'<span class="verdict {said.kind}">{mark} {esc(words or said.words)}</span>'


def shares_svg(parts: Sequence[tuple[str, int]], said: str) -> str:
    """One bar cut into parts, given as (class, size); `said` is what a screen reader says of it."""
    whole = sum(size for _, size in parts) or 1
    start, drawn = 0.0, ""
    for kind, size in parts:
        width = 100 * size / whole
        if size:
            drawn += f'<rect class="{kind}" x="{start:.2f}" width="{width:.2f}" height="6"/>'
        start += width
    return (
        f'<svg class="shares" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{esc(said)}">'
        f"{drawn}</svg>"
    )
