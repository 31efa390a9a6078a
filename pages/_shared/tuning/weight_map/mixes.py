"""Mixes worth loading, each with a button: what a click on the charts does, for the keyboard and for screen readers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages._shared.cards import esc, weights_html
from pages._shared.tuning import wording
from pages._shared.tuning.weight_map.mapped import Mapped
from recsys.settings import COMPONENTS

Load = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Worth:
    """A mix worth loading.

    Parameters
    ----------
    key : names its button
    title : why it is worth it
    button : what the button says
    point : where it is on the map
    """

    key: str
    title: str
    button: str
    point: int


def worth_loading(mapped: Mapped) -> list[Worth]:
    """The best, and up to two others that cannot be told from it; empty where no mix has a value."""
    if mapped.best < 0:
        return []
    judged, second, tied = mapped.label(mapped.metric), mapped.label(mapped.second), mapped.tied
    found = [Worth("best", f"Best {judged} found", "Load best", mapped.best)]
    even, other = mapped.found.most_even(tied), mapped.found.best(mapped.second, among=tied)
    if even not in (-1, mapped.best):
        found.append(Worth("even", "Most even mix that cannot be told from it", "Load most even", even))
    if other not in (-1, mapped.best, even):
        found.append(Worth("second", f"Best {second} that cannot be told from it", "Load alternative", other))
    return found


def show(mapped: Mapped, load: Load) -> None:
    """One row a mix."""
    rows = worth_loading(mapped)
    if not rows:
        return
    st.html('<h2 class="sw-chart-title">Mixes worth loading</h2>')
    now = mapped.found.cells.nearest(mapped.now.shares)
    for row in rows:
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=f"mix_{row.key}"
        ):
            st.html(_row_html(mapped, row), width="stretch")
            is_now = row.point == now and np.allclose(mapped.now.shares, mapped.found.cells.weights[now], atol=1e-3)
            st.button(
                "On the sliders" if is_now else row.button,
                key=f"load_{row.key}",
                icon=":material/check:" if is_now else ":material/tune:",
                disabled=bool(is_now),
                on_click=load,
                args=(row.point,),
                width=185,
            )


def _row_html(mapped: Mapped, row: Worth) -> str:
    values = " · ".join(
        f"{esc(mapped.label(name))} <strong>"
        f"{esc(wording.value(name, float(mapped.found.means[name][row.point])))}</strong>"
        for name in (mapped.metric, mapped.second)
    )
    shares = dict(zip(COMPONENTS, mapped.found.cells.weights[row.point].tolist(), strict=True))
    return (
        f'<div class="sw-mix" data-mix="{row.key}"><p class="sw-mix-title">{esc(row.title)}</p>'
        f'<p class="sw-mix-values">{values}</p><div class="sw-mix-weights">{weights_html(shares)}</div></div>'
    )
