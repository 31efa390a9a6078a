"""Mixes worth loading, each with a button: what a click on the charts does, for the keyboard and for screen readers."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages._shared.cards import esc, weights_html
from pages.tuning.buttons import button
from pages.tuning.weight_map.map_view import MapView
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.settings import COMPONENTS

Compare = Callable[[int], Mapping[str, Difference]]
"""Every metric's change from the best mix to another one, the two compared alone."""

Pick = Callable[[NDArray[np.bool_]], int]
"""The point to prefer among some; -1 where there are none."""

MOST_COMPARED = 40
"""So many mixes at most are compared with the best, for each that is offered besides."""


@dataclass(frozen=True, slots=True)
class OfferedMix:
    """A mix worth loading.

    Parameters
    ----------
    key : names its button
    title : why it is worth it
    button : what the button says
    point : where it is on the map
    changes : from the best mix to it; None for the best itself
    """

    key: str
    title: str
    button: str
    point: int
    changes: Mapping[str, Difference] | None = None


def worth_loading(view: MapView, compare: Compare) -> list[OfferedMix]:
    """The best, and up to two others that show no loss against it; empty where no mix has a value.

    Others have to be in the region that is not ruled out as the best, and no worse than the best when the two are
    compared alone, by an interval: that nobody can tell is no reason to offer a mix. Where these shoppers hardly tell
    mixes apart, only the best is offered.
    """
    if view.best < 0:
        return []
    judged, second = view.label(view.metric), view.label(view.second)
    found = [OfferedMix("best", f"Best {judged} found", "Load best", view.best)]
    if not view.is_telling:
        return found
    by_second = partial(view.found.best, view.second)
    for key, title, action, pick in (
        ("even", f"Most even found with no loss of {judged} we can tell", "Load most even", view.found.most_even),
        ("second", f"Best {second} found with no loss of {judged} we can tell", "Load alternative", by_second),
    ):
        point = _without_loss(view, pick, compare)
        if point not in (-1, *(each.point for each in found)):
            found.append(OfferedMix(key, title, action, point, compare(point)))
    return found


def _without_loss(view: MapView, pick: Pick, compare: Compare) -> int:
    """The first point to pick that shows no loss, passing over all that are as far behind as a known loser; else -1."""
    loss = (view.values[view.best] - view.values) * (1 if METRICS[view.metric].higher_is_better else -1)
    among = view.tied.copy()
    for _ in range(MOST_COMPARED):
        point = pick(among)
        if point in (-1, view.best):
            return -1
        found = compare(point)[view.metric]
        if found.verdict != "worse" and (not math.isnan(found.change.low) or not found.n_changed):
            return point
        among &= loss < loss[point]
    return -1


def show(view: MapView, load: Callable[[int], None], compare: Compare) -> None:
    """One row a mix."""
    rows = worth_loading(view, compare)
    if not rows:
        return
    st.html('<h2 class="sw-chart-title">Mixes worth loading</h2>')
    now = view.found.cells.nearest(view.now.shares)
    for row in rows:
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=f"mix_{row.key}"
        ):
            st.html(_row_html(view, row), width="stretch")
            is_now = row.point == now and np.allclose(view.now.shares, view.found.cells.weights[now], atol=1e-3)
            label, icon = ("On the sliders", "check") if is_now else (row.button, "tune")
            button(label, f"load_{row.key}", icon, load, row.point, disabled=bool(is_now), width=185)


def _row_html(view: MapView, row: OfferedMix) -> str:
    metrics = (view.metric, view.second)
    values = " · ".join(
        f"{esc(view.label(name))} <strong>{esc(fmt.value(name, float(view.found.means[name][row.point])))}</strong>"
        for name in metrics
    )
    if row.changes is not None:
        changes = (_change(view.label(name), row.changes[name]) for name in metrics)
        text = "; ".join(f'<span class="sw-mix-change">{esc(each)}</span>' for each in changes)
        values += f'<span class="sw-metric-ends">Against the best: {text}</span>'
    shares = dict(zip(COMPONENTS, view.found.cells.weights[row.point].tolist(), strict=True))
    return (
        f'<div class="sw-mix" data-mix="{row.key}"><p class="sw-mix-title">{esc(row.title)}</p>'
        f'<p class="sw-mix-values">{values}</p><div class="sw-mix-weights">{weights_html(shares)}</div></div>'
    )


def _change(label: str, found: Difference) -> str:
    ends = fmt.interval(found.metric, found.change.low, found.change.high)
    return f"{label} {fmt.change(found.metric, found.change.mean)} ({ends})"
