"""Metrics as the tuning page shows them: groups and names, the cell of a change, and one tile a metric."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pages._shared.cards import esc
from pages.tuning.context import TuningCase
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import METRICS, WHOLE_METRICS, Metric
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, why_no_verdict
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
        reason = why_no_verdict(self.found, is_observed=self.is_observed)
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


N_BINS = 14


def tiles_html(case: TuningCase, found: Mapping[str, Difference]) -> str:
    """One tile a metric, in groups; `found` is what changed, by metric."""
    clicks, against = case.room.test.panel.clicks, case.reference.name
    now, before = case.lists(case.now), case.lists(case.reference)

    def tile(name: str) -> str:
        metric, cell = metric_of(name, clicks), ChangeCell(found[name], not case.n_imagined)
        asks, same = esc(metric.asks), '<dd class="sw-metric-change sw-quiet">this is the reference</dd>'
        return (
            f'<div class="sw-metric sw-metric-{"same" if case.is_same else cell.kind}" data-metric="{name}">'
            f'<dt title="{asks}">{esc(metric.at(case.k))}<span class="sw-sr"> {asks}</span></dt>'
            f'<dd class="sw-metric-value">{esc(fmt.value(name, found[name].new))}</dd>'
            f"{same if case.is_same else _change(cell, against)}"
            f"{_spread(now, before, found[name], case.room.test.panel.n_items, clicks)}</div>"
        )

    groups = "".join(
        f'<section class="sw-metrics" style="--n:{len(names)}" aria-label="{group}"><h2 class="sw-eyebrow">{group}</h2>'
        f'<dl class="sw-metric-tiles">{"".join(map(tile, names))}</dl></section>'
        for group, names in GROUPS.items()
    )
    return f'<div class="sw-metric-groups">{groups}</div>'


def _change(cell: ChangeCell, against: str) -> str:
    whole = f"{cell.amount} against {against}, 95% interval {cell.ends}: {cell.words}"
    if cell.no_verdict:
        whole = f"Against {against}: {cell.words}"
    return (
        f'<dd class="sw-metric-change" title="{esc(whole)}">{cell.html}</dd>'
        f'<dd class="sw-metric-bar">{cell.bar_html}</dd>'
    )


def _spread(
    now: MeasuredLists, before: MeasuredLists, found: Difference, n_items: int, clicks: ClickProbabilities
) -> str:
    """How shoppers differ: a small histogram, or a count where there are only two values or none a shopper."""
    if found.metric == "coverage":
        return _text(f"{round(found.new * n_items):,} of {n_items:,} products")
    if found.metric in WHOLE_METRICS:
        return _text("0% is as popular as what they had" if found.metric == "popularity_lift" else "lower is fairer")
    values, others = (each.values[found.metric] for each in (now, before))
    values, others = values[~np.isnan(values)], others[~np.isnan(others)]
    if not len(values):
        return _text(click_words.note(clicks) if found.metric == "ctr" else "no shopper has a value")
    positive = values[values > 0]
    if len(np.unique(np.round(positive, 9))) <= 1:
        return _text(f"above 0 for {len(positive):,} of {len(values):,}")
    zeros = int((values == 0).sum())
    return _histogram(found.metric, positive, others[others > 0], zeros, len(values))


def _text(text: str) -> str:
    return f'<dd class="sw-metric-spread">{esc(text)}</dd>'


def _histogram(metric: str, values: NDArray[np.float64], others: NDArray[np.float64], zeros: int, n: int) -> str:
    both = np.concatenate([values, others])
    edges = np.linspace(both.min(), both.max(), N_BINS + 1)
    counts, was = (np.histogram(each, edges)[0] for each in (values, others))
    most = max(counts.max(), was.max(), 1)
    bars = "".join(
        f'<i><b style="height:{100 * count / most:.0f}%"></b><u style="bottom:{100 * old / most:.0f}%"></u></i>'
        for count, old in zip(counts, was, strict=True)
    )
    reach = f"{fmt.rough(metric, edges[0])} to {fmt.rough(metric, edges[-1])}"
    apart = f"; {fmt.rough(metric, 0)} for {zeros:,} of {n:,}" if zeros else ""
    label = f"How {len(values):,} shoppers spread, from {reach}"
    return (
        f'<dd class="sw-metric-spread"><span class="sw-spread" role="img" aria-label="{label}">{bars}</span>'
        f"<small>{reach}{apart}</small></dd>"
    )
