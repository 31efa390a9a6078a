"""Metrics as the tuning room shows them: their groups and names, and the cell with mark, change and interval."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pages._shared.cards import esc
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import METRICS, Metric
from recsys.evaluation.statistics.paired import Difference, why_open
from recsys.evaluation.statistics.significance import Verdict
from recsys.offpolicy.click_models import format as click_words
from recsys.scorers import BASELINE_CLASSES

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Right products": ("ndcg", "hit_rate", "recall", "precision", "f1", "map", "mrr"),
    "Good lists": ("ctr", "ild", "novelty", "serendipity", "long_tail"),
    "Fair to the catalogue": ("coverage", "gini", "popularity_lift"),
}
"""Metrics as they stand together on screen."""

VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    "better": ("▲", "better"),
    "worse": ("▼", "worse"),
    "unclear": ("≈", "no difference we can tell"),
}
"""A mark that needs no colour, and the words, by verdict."""

BASELINES: Mapping[str, str] = {
    **{name: scorer.label for name, scorer in BASELINE_CLASSES.items()},
    "collaborative": "LightFM, tuned",
}
"""Labels of the models that any setting has to beat, by name."""

NOT_OBSERVED = "not observed, so no verdict"


def metric_of(name: str, clicks: ClickProbabilities) -> Metric:
    """A metric with its label and question; those of a click rate depend on how clicks are known.

    >>> metric_of("ctr", ClickProbabilities("simulator")).label, metric_of("ndcg", ClickProbabilities()).label
    ('Click rate (true, by the simulator)', 'nDCG@k')
    """
    if name != "ctr":
        return METRICS[name]
    return replace(METRICS["ctr"], label=click_words.NAMES[clicks.source], asks=click_words.question(clicks))


def question_of(metric: Metric) -> str:
    """What a metric asks, and that lower is better where it is."""
    return metric.asks if metric.higher_is_better else f"{metric.asks} Lower is better."


def grouped_rows(row: Callable[[str], str], n_columns: int, css_class: str) -> str:
    """Table bodies of HTML: one a group of metrics, with a heading row and `row(name)` for each metric."""
    return "".join(
        f'<tbody><tr class="{css_class}"><th colspan="{n_columns}" scope="rowgroup">{esc(group)}</th></tr>'
        f"{''.join(map(row, names))}</tbody>"
        for group, names in GROUPS.items()
    )


@dataclass(frozen=True, slots=True)
class ChangeCell:
    """The change of one metric, as it is judged and written wherever it stands.

    It is called better or worse only where more and less have a meaning and where it was observed: where shoppers were
    in the circumstances that they are looked at in (`is_observed`).
    """

    found: Difference
    is_observed: bool = True

    @property
    def no_verdict(self) -> str:
        """Why there is no verdict; "" where there is one."""
        reason = why_open(self.found, is_observed=self.is_observed)
        no_value = {"popularity_lift": "no history to compare with", "ctr": "no click rate is known"}
        return {
            None: "",
            "not observed": NOT_OBSERVED,
            "no value": no_value.get(self.found.metric, "no shopper has a value"),
            "modelled": "modelled, so no verdict",
            "less popular than before": f"lists {'are' if self.found.new < 0 else 'were'} less popular than what they "
            "had before",
        }[reason]

    @property
    def kind(self) -> Literal["better", "worse", "unclear", "open"]:
        """The verdict, or "open" where none can be given; also the end of its CSS class."""
        return "open" if self.no_verdict else self.found.verdict

    @property
    def words(self) -> str:
        """The verdict in words, or why there is none."""
        return self.no_verdict or VERDICTS[self.found.verdict][1]

    @property
    def amount(self) -> str:
        """The change alone; one that is called better or worse never reads as none."""
        return fmt.change(self.found.metric, self.found.change.mean, is_clear=self.kind in ("better", "worse"))

    @property
    def ends(self) -> str:
        """The 95% interval, or why it is not shown."""
        if math.isnan(self.found.change.mean) or self.words == NOT_OBSERVED:
            return self.words
        return fmt.interval(self.found.metric, self.found.change.low, self.found.change.high)

    @property
    def mark_html(self) -> str:
        """The mark of the verdict; "" without one."""
        if self.no_verdict:
            return ""
        return f'<span class="sw-verdict" aria-hidden="true">{VERDICTS[self.found.verdict][0]}</span> '

    @property
    def ends_html(self) -> str:
        """The interval in words, and why there is no verdict where there is an interval but none."""
        why = f"; {self.words}" if self.no_verdict and self.ends != self.words else ""
        return f'<span class="sw-metric-ends">{esc(self.ends + why)}</span>'

    @property
    def html(self) -> str:
        """Mark, change, verdict for screen readers, and the interval in words."""
        return (
            f"{self.mark_html}<strong>{esc(self.amount)}</strong>"
            f'<span class="sw-sr">, {esc(self.words)}</span> {self.ends_html}'
        )

    @property
    def bar_html(self) -> str:
        """The interval on an axis with no change in the middle; only the axis where no interval is shown."""
        low, high, mean = self.found.change.low, self.found.change.high, self.found.change.mean
        if math.isnan(low) or math.isnan(high) or self.ends == self.words:
            return '<span class="sw-interval sw-interval-none" aria-hidden="true"></span>'
        reach = max(abs(low), abs(high), abs(mean)) or 1.0
        left, right, middle = (50 + 49 * value / reach for value in (low, high, mean))
        return (
            '<span class="sw-interval" aria-hidden="true">'
            f'<span class="sw-interval-range" style="left:{left:.2f}%;width:{max(right - left, 1):.2f}%"></span>'
            f'<span class="sw-interval-mean" style="left:{middle:.2f}%"></span></span>'
        )
