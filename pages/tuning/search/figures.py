"""Every figure of what was found: on validation and on test shoppers, and on test against two references."""

from pages._shared.cards import esc
from pages.tuning.metric_cells import GROUPS, ChangeCell, metric_of, question_of
from pages.tuning.search import summary
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.tuning.search_result import SearchResult

_REFERENCES = ("Against equal weights", "Against the model's weights")


def figures_html(found: SearchResult, clicks: Clicks) -> str:
    """One table, in the groups of the live metrics."""
    bodies = "".join(
        f'<tbody><tr class="sw-figure-group"><th colspan="5" scope="rowgroup">{esc(group)}</th></tr>'
        + "".join(_row(found, name, clicks) for name in names)
        + "</tbody>"
        for group, names in GROUPS.items()
    )
    heads = "".join(f'<th scope="col">{name}</th>' for name in _REFERENCES)
    return (
        '<h2 class="sw-chart-title">Every figure <span class="sw-quiet">both comparisons on test shoppers</span></h2>'
        '<table class="sw-sought"><thead><tr><th scope="col">Figure</th>'
        '<th scope="col" class="sw-num" title="Settings are chosen by these shoppers, so this flatters a little">'
        f'Validation</th><th scope="col" class="sw-num">Test</th>{heads}</tr></thead>{bodies}</table>'
        '<p class="sw-note">Validation flatters a little, because settings were chosen by it; test is what to expect. '
        f"Changes with their 95% intervals. Every figure is judged by itself: of {len(METRICS)}, one may look "
        "different by chance.</p>"
    )


def _row(found: SearchResult, metric: str, clicks: Clicks) -> str:
    words = metric_of(metric, clicks)
    asks = question_of(words)
    is_goal = ' class="sw-sought-goal"' if metric in found.goal.metrics else ""
    changes = zip(_REFERENCES, (found.against_equal[metric], found.against_default[metric]), strict=True)
    return (
        f'<tr data-metric="{metric}"{is_goal}><th scope="row" title="{esc(asks)}">{esc(words.at(found.goal.k))}'
        f'<span class="sw-sr"> {esc(asks)}</span></th>'
        f'<td class="sw-num" data-label="Validation">{esc(fmt.value(metric, found.validation[metric].mean))}</td>'
        f'<td class="sw-num" data-label="Test"><strong>{esc(fmt.value(metric, found.test[metric].mean))}</strong>'
        f"</td>{''.join(_change(label, each) for label, each in changes)}</tr>"
    )


def _change(label: str, change: Difference) -> str:
    cell = ChangeCell(change)
    return (
        f'<td class="sw-metric-{cell.kind}" data-label="{label}" title="{esc(summary.changed(change))}">'
        f"{cell.html}</td>"
    )
