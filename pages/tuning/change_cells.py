"""How one change looks wherever it stands: mark, change, and interval in words and as a bar."""

import math

from pages._shared.cards import esc
from pages.tuning.verdicts import Said, ends
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.statistics.paired import Difference


def mark_html(said: Said) -> str:
    """The mark of a verdict, which needs no colour; "" without one."""
    return f'<span class="sw-verdict" aria-hidden="true">{said.mark}</span> ' if said.mark else ""


def change_html(found: Difference, said: Said) -> str:
    """Mark, change, verdict for screen readers, and the interval in words."""
    return (
        f"{mark_html(said)}<strong>{esc(changed(found, said))}</strong>"
        f'<span class="sw-sr">, {esc(said.words)}</span> {ends_html(found, said)}'
    )


def changed(found: Difference, said: Said) -> str:
    """The change alone; one that is called better or worse never reads as none."""
    return fmt.change(found.metric, found.change.mean, is_clear=said.is_clear)


def ends_html(found: Difference, said: Said) -> str:
    """The interval in words, and what is to be said where there is no verdict though there is an interval."""
    shown = ends(found, said)
    why = f"; {said.words}" if said.kind == "open" and shown != said.words else ""
    return f'<span class="sw-metric-ends">{esc(shown + why)}</span>'


def bar_html(found: Difference, said: Said) -> str:
    """The interval on an axis with no change in the middle; only the axis where no interval is shown."""
    low, high, mean = found.change.low, found.change.high, found.change.mean
    if math.isnan(low) or math.isnan(high) or ends(found, said) == said.words:
        return '<span class="sw-interval sw-interval-none" aria-hidden="true"></span>'
    reach = max(abs(low), abs(high), abs(mean)) or 1.0
    left, right, middle = (50 + 49 * value / reach for value in (low, high, mean))
    return (
        '<span class="sw-interval" aria-hidden="true">'
        f'<span class="sw-interval-range" style="left:{left:.2f}%;width:{max(right - left, 1):.2f}%"></span>'
        f'<span class="sw-interval-mean" style="left:{middle:.2f}%"></span></span>'
    )
