"""One tile a metric: its value, how sure the change against the reference is, and how shoppers differ."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pages._shared.cards import esc
from pages._shared.tuning import wording
from recsys.evaluation.paired import WHOLE_METRICS, Difference, Lists

N_BINS = 14


def tiles_html(
    now: Lists, before: Lists, found: Mapping[str, Difference], k: int, n_items: int, against: str, is_same: bool
) -> str:
    """All tiles, in groups.

    Parameters
    ----------
    now, before : the lists of the setting and of its reference, of the shoppers looked at
    found : what changed, by metric
    against : what the reference is called
    is_same : the setting is its own reference, so there is no change to show
    """
    groups = []
    for name, metrics in wording.GROUPS.items():
        tiles = "".join(
            _tile(found[metric], _spread(now, before, found[metric], n_items), k, against, is_same)
            for metric in metrics
        )
        groups.append(
            f'<section class="sw-metrics" style="--n:{len(metrics)}" aria-label="{name}">'
            f'<h2 class="sw-eyebrow">{name}</h2>'
            f'<dl class="sw-metric-tiles">{tiles}</dl></section>'
        )
    return f'<div class="sw-metric-groups">{"".join(groups)}</div>'


def _tile(found: Difference, spread: str, k: int, against: str, is_same: bool) -> str:
    words = wording.METRICS[found.metric]
    verdict = "same" if is_same else found.verdict
    changed = '<dd class="sw-metric-change sw-quiet">this is the reference</dd>' if is_same else _change(found, against)
    return (
        f'<div class="sw-metric sw-metric-{verdict}" data-metric="{found.metric}">'
        f'<dt title="{esc(words.asks)}">{esc(words.at(k))}<span class="sw-sr"> {esc(words.asks)}</span></dt>'
        f'<dd class="sw-metric-value">{esc(wording.value(found.metric, found.new))}</dd>{changed}{spread}</div>'
    )


def _change(found: Difference, against: str) -> str:
    mark, said = wording.VERDICTS[found.verdict]
    ends = wording.interval(found.metric, found.change.low, found.change.high)
    whole = f"{wording.change(found.metric, found.change.mean)} against {against}, 95% interval {ends}: {said}"
    return (
        f'<dd class="sw-metric-change" title="{esc(whole)}"><span class="sw-verdict" aria-hidden="true">{mark}</span> '
        f'<strong>{esc(wording.change(found.metric, found.change.mean))}</strong><span class="sw-sr">, {said}</span>'
        f'<span class="sw-metric-ends">{esc(ends)}</span></dd>{_bar(found)}'
    )


def _bar(found: Difference) -> str:
    """The interval on an axis with no change in the middle."""
    low, high = found.change.low, found.change.high
    if math.isnan(low) or math.isnan(high):
        return '<dd class="sw-interval sw-interval-none" aria-hidden="true"></dd>'
    reach = max(abs(low), abs(high)) or 1.0
    left, right = 50 + 50 * low / reach, 50 + 50 * high / reach
    middle = 50 + 50 * found.change.mean / reach
    return (
        '<dd class="sw-interval" aria-hidden="true">'
        f'<span class="sw-interval-range" style="left:{left:.2f}%;width:{max(right - left, 1):.2f}%"></span>'
        f'<span class="sw-interval-mean" style="left:{middle:.2f}%"></span></dd>'
    )


def _spread(now: Lists, before: Lists, found: Difference, n_items: int) -> str:
    """How shoppers differ: a small histogram, or a count where there are only two values or none a shopper."""
    if found.metric == "coverage":
        return _said(f"{round(found.new * n_items):,} of {n_items:,} products")
    if found.metric in WHOLE_METRICS:
        return _said("0 is none" if found.metric == "popularity_lift" else "lower is fairer")
    values, others = now.values[found.metric], before.values[found.metric]
    values, others = values[~np.isnan(values)], others[~np.isnan(others)]
    if not len(values):
        return _said("no shopper has a value")
    positive = values[values > 0]
    if len(np.unique(np.round(positive, 9))) <= 1:
        return _said(f"above 0 for {len(positive):,} of {len(values):,}")
    zeros = int((values == 0).sum())
    return _histogram(positive, others[others > 0], zeros, len(values))


def _said(text: str) -> str:
    return f'<dd class="sw-metric-spread">{esc(text)}</dd>'


def _histogram(values: NDArray[np.float64], others: NDArray[np.float64], zeros: int, n: int) -> str:
    both = np.concatenate([values, others])
    edges = np.linspace(both.min(), both.max(), N_BINS + 1)
    counts, was = (np.histogram(each, edges)[0] for each in (values, others))
    most = max(counts.max(), was.max(), 1)
    bars = "".join(
        f'<i><b style="height:{100 * count / most:.0f}%"></b><u style="bottom:{100 * old / most:.0f}%"></u></i>'
        for count, old in zip(counts, was, strict=True)
    )
    ends = f"{edges[0]:.2g} to {edges[-1]:.2g}" + (f"; 0 for {zeros:,} of {n:,}" if zeros else "")
    said = f"How {len(values):,} shoppers spread, from {edges[0]:.2g} to {edges[-1]:.2g}"
    return (
        f'<dd class="sw-metric-spread"><span class="sw-spread" role="img" aria-label="{said}">{bars}</span>'
        f"<small>{ends}</small></dd>"
    )
