"""What had to hold, as validation shoppers promised it and as test shoppers show it, side by side."""

from collections.abc import Mapping

from pages._shared.cards import esc, isolated
from pages.tuning.search import summary
from recsys.evaluation.metrics import format as fmt
from recsys.tuning.search_result import Answer, ConstraintOutcome, SearchResult

_MARKS: Mapping[Answer, tuple[str, str]] = {
    "met": ("✓", "better"),
    "missed": ("✕", "worse"),
    "cannot tell": ("≈", "unclear"),
}
"""A mark that needs no colour, and the class whose colour it has, by answer."""


def kept_html(found: SearchResult) -> str:
    """One row a condition; "" where there are none."""
    if not found.kept:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{isolated(summary.condition(promised.constraint))}</th>'
        f"{_cell('Validation', promised)}{_cell('Test', shown)}</tr>"
        for promised, shown in zip(found.kept_on_validation, found.kept, strict=True)
    )
    return (
        '<h2 class="sw-chart-title">What had to hold</h2><table class="sw-kept"><thead><tr>'
        '<th scope="col">Condition</th><th scope="col">Promised by validation shoppers</th>'
        '<th scope="col">Shown by test shoppers</th></tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="sw-note">In brackets 95% intervals of how far inside its bound the '
        "value is. “Cannot tell”: the interval has both sides of the bound.</p>"
    )


def _cell(label: str, kept: ConstraintOutcome) -> str:
    mark, colour = _MARKS[kept.answer]
    value = fmt.value(kept.constraint.metric, kept.value)
    return (
        f'<td class="sw-metric-{colour}" data-label="{label}">'
        f'<span class="sw-verdict" aria-hidden="true">{mark}</span> '
        f'<strong>{esc(kept.answer)}</strong> <span class="sw-kept-value">{esc(value)}</span>'
        f'<span class="sw-metric-ends">{esc(summary.room_in_words(kept))}</span></td>'
    )
