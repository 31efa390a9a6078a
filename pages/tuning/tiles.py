"""One tile a metric: its value, how sure the change against the reference is, and how shoppers differ."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pages._shared.cards import esc
from pages.tuning.metric_cells import GROUPS, ChangeCell, metric_of
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import WHOLE_METRICS
from recsys.evaluation.statistics.paired import Difference, MeasuredLists
from recsys.offpolicy.click_models import format as click_words

N_BINS = 14


def tiles_html(
    now: MeasuredLists,
    before: MeasuredLists,
    found: Mapping[str, Difference],
    k: int,
    n_items: int,
    against: str,
    *,
    is_same: bool,
    is_observed: bool = True,
    clicks: ClickProbabilities | None = None,
) -> str:
    """All tiles, in groups.

    Parameters
    ----------
    now, before : the lists of the setting and of its reference, of the shoppers looked at
    found : what changed, by metric
    against : what the reference is called
    is_same : the setting is its own reference, so there is no change to show
    is_observed : shoppers were in the circumstances that they are looked at in
    clicks : by what click rates are known
    """
    clicks = clicks or ClickProbabilities()

    def tile(name: str) -> str:
        metric, cell = metric_of(name, clicks), ChangeCell(found[name], is_observed)
        same = '<dd class="sw-metric-change sw-quiet">this is the reference</dd>'
        return (
            f'<div class="sw-metric sw-metric-{"same" if is_same else cell.kind}" data-metric="{name}">'
            f'<dt title="{esc(metric.asks)}">{esc(metric.at(k))}<span class="sw-sr"> {esc(metric.asks)}</span></dt>'
            f'<dd class="sw-metric-value">{esc(fmt.value(name, found[name].new))}</dd>'
            f"{same if is_same else _change(cell, against)}{_spread(now, before, found[name], n_items, clicks)}</div>"
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
