"""Every figure of what was found, and what had to hold: on validation shoppers, and on test shoppers."""

from collections.abc import Mapping

from pages._shared.cards import esc, isolated
from pages.tuning.metric_cells import ChangeCell, grouped_rows, metric_of, question_of
from pages.tuning.search import summary
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.tuning.goals import describe_constraint
from recsys.tuning.search_result import Answer, ConstraintOutcome, SearchResult

_MARKS: Mapping[Answer, tuple[str, str]] = {
    "met": ("✓", "better"),
    "missed": ("✕", "worse"),
    "cannot tell": ("≈", "unclear"),
}
"""A mark that needs no colour, and the class whose colour it has, by answer."""


def metrics_html(found: SearchResult, clicks: ClickProbabilities) -> str:
    """A row a metric, in the groups of the live metrics; on test against two references."""
    bodies = grouped_rows(lambda name: _metric(found, name, clicks), 5, "sw-figure-group")
    return (
        '<h2 class="sw-chart-title">Every figure <span class="sw-quiet">both comparisons on test shoppers</span></h2>'
        '<table class="sw-sought"><thead><tr><th scope="col">Figure</th>'
        '<th scope="col" class="sw-num" title="Settings are chosen by these shoppers, so this flatters a little">'
        'Validation</th><th scope="col" class="sw-num">Test</th><th scope="col">Against equal weights</th>'
        f'<th scope="col">Against the model’s weights</th></tr></thead>{bodies}</table>'
        '<p class="sw-note">Validation flatters a little, because settings were chosen by it; test is what to expect. '
        f"Changes with their 95% intervals. Every figure is judged by itself: of {len(METRICS)}, one may look "
        "different by chance.</p>"
    )


def _metric(found: SearchResult, metric: str, clicks: ClickProbabilities) -> str:
    about = metric_of(metric, clicks)
    asks = question_of(about)
    is_goal = ' class="sw-sought-goal"' if metric in found.goal.metrics else ""
    validation, test = (esc(fmt.value(metric, means[metric].mean)) for means in (found.validation, found.test))
    return (
        f'<tr data-metric="{metric}"{is_goal}><th scope="row" title="{esc(asks)}">{esc(about.at(found.goal.k))}'
        f'<span class="sw-sr"> {esc(asks)}</span></th><td class="sw-num" data-label="Validation">{validation}</td>'
        f'<td class="sw-num" data-label="Test"><strong>{test}</strong></td>'
        f"{_change('Against equal weights', found.against_equal[metric])}"
        f"{_change('Against the model’s weights', found.against_default[metric])}</tr>"
    )


def _change(label: str, change: Difference) -> str:
    cell = ChangeCell(change)
    return (
        f'<td class="sw-metric-{cell.kind}" data-label="{label}" title="{esc(summary.changed(change))}">'
        f"{cell.html}</td>"
    )


def conditions_html(found: SearchResult) -> str:
    """A row a condition, as validation shoppers promised it and as test shoppers show it; "" where there are none."""
    rows = "".join(
        f'<tr><th scope="row">{isolated(describe_constraint(promised.constraint))}</th>'
        f"{_outcome('Validation', promised)}{_outcome('Test', shown)}</tr>"
        for promised, shown in zip(found.kept_on_validation, found.kept, strict=True)
    )
    return rows and (
        '<h2 class="sw-chart-title">What had to hold</h2><table class="sw-kept"><thead><tr>'
        '<th scope="col">Condition</th><th scope="col">Promised by validation shoppers</th>'
        f'<th scope="col">Shown by test shoppers</th></tr></thead><tbody>{rows}</tbody></table>'
        '<p class="sw-note">In brackets 95% intervals of how far inside its bound the value is. “Cannot tell”: the '
        "interval has both sides of the bound.</p>"
    )


def _outcome(label: str, kept: ConstraintOutcome) -> str:
    mark, colour = _MARKS[kept.answer]
    return (
        f'<td class="sw-metric-{colour}" data-label="{label}"><span class="sw-verdict" aria-hidden="true">{mark}</span>'
        f' <strong>{esc(kept.answer)}</strong> <span class="sw-kept-value">'
        f"{esc(fmt.value(kept.constraint.metric, kept.value))}</span>"
        f'<span class="sw-metric-ends">{esc(summary.room_text(kept))}</span></td>'
    )
