"""Every metric of both settings, the change with its interval, and what can be told from it."""

import math

from pages._shared.cards import esc
from pages._shared.tuning import wording
from recsys.evaluation.live.compare import Comparison
from recsys.evaluation.paired import HIGHER_IS_BETTER, Difference


def figures_html(found: Comparison) -> str:
    """One table, in the groups of the live metrics."""
    k = found.b.settings.n
    bodies = "".join(
        f'<tbody><tr class="sw-figure-group"><th colspan="6" scope="rowgroup">{esc(group)}</th></tr>'
        + "".join(_figure(found.differences[name], k) for name in names)
        + "</tbody>"
        for group, names in wording.GROUPS.items()
    )
    return (
        '<h2 class="sw-chart-title">Every figure</h2>'
        '<table class="sw-figures"><thead><tr><th scope="col">Figure</th><th scope="col" class="sw-num">A</th>'
        '<th scope="col" class="sw-num">B</th><th scope="col" class="sw-num">Change</th>'
        '<th scope="col" title="95% interval of the change, each on a scale of its own; the line in the middle is no '
        f'change">How sure</th><th scope="col">So B is</th></tr></thead>{bodies}</table>'
        '<p class="sw-note">Bars are 95% intervals of the change, each on its own scale, with no change at the line in '
        "the middle. Every figure is judged by itself: of fourteen, one may look different by chance.</p>"
    )


def _figure(found: Difference, k: int) -> str:
    words = wording.METRICS[found.metric]
    asks = words.asks if HIGHER_IS_BETTER[found.metric] else f"{words.asks} Lower is better."
    mark, said = wording.VERDICTS[found.verdict]
    ends = wording.interval(found.metric, found.change.low, found.change.high)
    return (
        f'<tr class="sw-metric-{found.verdict}" data-metric="{found.metric}">'
        f'<th scope="row" title="{esc(asks)}">{esc(words.at(k))}<span class="sw-sr"> {esc(asks)}</span></th>'
        f'<td class="sw-num" data-label="A">{esc(wording.value(found.metric, found.old))}</td>'
        f'<td class="sw-num" data-label="B">{esc(wording.value(found.metric, found.new))}</td>'
        f'<td class="sw-num"><strong>{esc(wording.change(found.metric, found.change.mean))}</strong></td>'
        f'<td class="sw-figure-sure">{_interval(found)}<span class="sw-metric-ends">{esc(ends)}</span></td>'
        f'<td class="sw-figure-verdict"><span class="sw-verdict" aria-hidden="true">{mark}</span> {esc(said)}</td></tr>'
    )


def _interval(found: Difference) -> str:
    """The interval on an axis with no change in the middle."""
    low, high, mean = found.change.low, found.change.high, found.change.mean
    if math.isnan(low) or math.isnan(high):
        return ""
    reach = max(abs(low), abs(high), abs(mean)) or 1.0
    left, right, middle = (50 + 49 * value / reach for value in (low, high, mean))
    return (
        '<span class="sw-interval" aria-hidden="true">'
        f'<span class="sw-interval-range" style="left:{left:.2f}%;width:{max(right - left, 1):.2f}%"></span>'
        f'<span class="sw-interval-mean" style="left:{middle:.2f}%"></span></span>'
    )
