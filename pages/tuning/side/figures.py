"""Every metric of both settings, the change with its interval, and what can be told from it."""

from pages._shared.cards import esc
from pages.tuning import change_cells, metric_groups
from pages.tuning.verdicts import Said, ends
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.tuning.comparison import Comparison


def figures_html(found: Comparison, *, is_observed: bool = True) -> str:
    """One table, in the groups of the live metrics.

    Parameters
    ----------
    is_observed : shoppers were in the circumstances that they are looked at in
    """
    k = found.b.settings.n
    bodies = "".join(
        f'<tbody><tr class="sw-figure-group"><th colspan="6" scope="rowgroup">{esc(group)}</th></tr>'
        + "".join(_figure(found.differences[name], k, found.clicks, is_observed=is_observed) for name in names)
        + "</tbody>"
        for group, names in metric_groups.GROUPS.items()
    )
    return (
        '<h2 class="sw-chart-title">Every figure</h2>'
        '<table class="sw-figures"><thead><tr><th scope="col">Figure</th><th scope="col" class="sw-num">A</th>'
        '<th scope="col" class="sw-num">B</th><th scope="col" class="sw-num">Change</th>'
        '<th scope="col" title="95% interval of the change, each on a scale of its own; the line in the middle is no '
        f'change">How sure</th><th scope="col">So B is</th></tr></thead>{bodies}</table>'
        '<p class="sw-note">Bars are 95% intervals of the change, each on its own scale, with no change at the line in '
        f"the middle. Every figure is judged by itself: of {len(METRICS)}, one may look different by "
        "chance.</p>"
    )


def _figure(found: Difference, k: int, clicks: Clicks, *, is_observed: bool) -> str:
    words = metric_groups.of(found.metric, clicks)
    asks = words.asks if METRICS[found.metric].higher_is_better else f"{words.asks} Lower is better."
    said = Said.of(found, is_observed=is_observed)
    return (
        f'<tr class="sw-metric-{said.kind}" data-metric="{found.metric}">'
        f'<th scope="row" title="{esc(asks)}">{esc(words.at(k))}<span class="sw-sr"> {esc(asks)}</span></th>'
        f'<td class="sw-num" data-label="A">{esc(fmt.value(found.metric, found.old))}</td>'
        f'<td class="sw-num" data-label="B">{esc(fmt.value(found.metric, found.new))}</td>'
        f'<td class="sw-num"><strong>{esc(change_cells.changed(found, said))}</strong></td>'
        f'<td class="sw-figure-sure">{change_cells.bar_html(found, said)}{_ends(found, said)}</td>'
        f'<td class="sw-figure-verdict">{change_cells.mark_html(said)}{esc(said.words)}</td></tr>'
    )


def _ends(found: Difference, said: Said) -> str:
    """The interval in words; a reason for none stands in the last column."""
    shown = ends(found, said)
    return "" if shown == said.words else f'<span class="sw-metric-ends">{esc(shown)}</span>'
