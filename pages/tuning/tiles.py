"""One tile a metric: its value, how sure the change against the reference is, and how shoppers differ."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pages._shared.cards import esc
from pages.tuning import change_cells, metric_groups
from pages.tuning.verdicts import Said, ends
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import Clicks
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
    clicks: Clicks | None = None,
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
    clicks = clicks or Clicks()
    groups = []
    for name, metrics in metric_groups.GROUPS.items():
        tiles = "".join(
            _tile(
                found[metric],
                _spread(now, before, found[metric], n_items, clicks),
                k,
                against,
                clicks,
                is_same=is_same,
                is_observed=is_observed,
            )
            for metric in metrics
        )
        groups.append(
            f'<section class="sw-metrics" style="--n:{len(metrics)}" aria-label="{name}">'
            f'<h2 class="sw-eyebrow">{name}</h2>'
            f'<dl class="sw-metric-tiles">{tiles}</dl></section>'
        )
    return f'<div class="sw-metric-groups">{"".join(groups)}</div>'


def _tile(
    found: Difference, spread: str, k: int, against: str, clicks: Clicks, *, is_same: bool, is_observed: bool
) -> str:
    words, said = metric_groups.of(found.metric, clicks), Said.of(found, is_observed=is_observed)
    kind = "same" if is_same else said.kind
    reference = '<dd class="sw-metric-change sw-quiet">this is the reference</dd>'
    return (
        f'<div class="sw-metric sw-metric-{kind}" data-metric="{found.metric}">'
        f'<dt title="{esc(words.asks)}">{esc(words.at(k))}<span class="sw-sr"> {esc(words.asks)}</span></dt>'
        f'<dd class="sw-metric-value">{esc(fmt.value(found.metric, found.new))}</dd>'
        f"{reference if is_same else _change(found, said, against)}{spread}</div>"
    )


def _change(found: Difference, said: Said, against: str) -> str:
    whole = f"{change_cells.changed(found, said)} against {against}, 95% interval {ends(found, said)}: {said.words}"
    if said.kind == "open":
        whole = f"Against {against}: {said.words}"
    return (
        f'<dd class="sw-metric-change" title="{esc(whole)}">{change_cells.change_html(found, said)}</dd>'
        f'<dd class="sw-metric-bar">{change_cells.bar_html(found, said)}</dd>'
    )


def _spread(now: MeasuredLists, before: MeasuredLists, found: Difference, n_items: int, clicks: Clicks) -> str:
    """How shoppers differ: a small histogram, or a count where there are only two values or none a shopper."""
    if found.metric == "coverage":
        return _said(f"{round(found.new * n_items):,} of {n_items:,} products")
    if found.metric in WHOLE_METRICS:
        return _said("0% is as popular as what they had" if found.metric == "popularity_lift" else "lower is fairer")
    values, others = now.values[found.metric], before.values[found.metric]
    values, others = values[~np.isnan(values)], others[~np.isnan(others)]
    if not len(values) and found.metric == "ctr":
        return _said(click_words.note(clicks))
    if not len(values):
        return _said("no shopper has a value")
    positive = values[values > 0]
    if len(np.unique(np.round(positive, 9))) <= 1:
        return _said(f"above 0 for {len(positive):,} of {len(values):,}")
    zeros = int((values == 0).sum())
    return _histogram(found.metric, positive, others[others > 0], zeros, len(values))


def _said(text: str) -> str:
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
    said = f"How {len(values):,} shoppers spread, from {reach}"
    return (
        f'<dd class="sw-metric-spread"><span class="sw-spread" role="img" aria-label="{said}">{bars}</span>'
        f"<small>{reach}{apart}</small></dd>"
    )
