"""The section itself: A is what is compared with and B what is on the sliders, or the other way round."""

import streamlit as st

from pages._shared import charts, resources
from pages._shared.notices import empty_html
from pages.tuning.context import TuningCase
from pages.tuning.side import categories, downloads, exposure, figures, heading, people, single, swapping
from recsys.tuning.comparison import Comparison


def side_by_side(case: TuningCase) -> None:
    """What changes for the same shoppers when B takes the place of A."""
    case = swapping.sides(case)
    if swapping.is_one_setting(case):
        st.html(
            empty_html(
                "A and B are the same setting",
                "Move a slider, or choose something else under “Compare with”. “Pin this setting” keeps what is on the "
                "sliders now, to compare with while you go on.",
            )
        )
        return
    test = case.room.test
    with st.skeleton(height=420):
        found = resources.comparison(test, test.panel.panel_id, case.reference, case.now, case.segment)
        _show(case, found)


def _show(case: TuningCase, found: Comparison) -> None:
    tone, is_observed = charts.theme(), not found.n_imagined
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="side_head"):
        st.html(heading.headline_html(found))
        with st.container(horizontal=True, width="content", key="side_tools"):
            swapping.button()
            downloads.take_away(case, found)
    with st.container(key="side_top"):
        beside, about = st.columns([1.35, 1], gap="small")
    with beside, st.container(key="chart_comes_to", height="stretch"):
        st.html(heading.summary_html(found))
    with about, st.container(key="chart_two_mixes", height="stretch"):
        st.html(heading.mixes_html(found))
    with st.container(key="side_middle"):
        beside, about = st.columns([1.5, 1], gap="small")
    with beside, st.container(key="chart_figures", height="stretch"):
        st.html(figures.figures_html(found, is_observed=is_observed))
    with about:
        with st.container(key="chart_people"):
            st.html(people.people_html(found, is_observed=is_observed))
        with st.container(key="chart_categories", height="stretch"):
            if shown := categories.most_changed(found.categories):
                charts.show(categories.figure(shown, tone), categories.in_words(shown), key="categories_shown")
            else:
                st.html(categories.nothing_html())
    with st.container(key="side_exposure"):
        beside, about = st.columns(2, gap="small")
    for place, title, products in (
        (beside, "Shown to more shoppers", found.winners),
        (about, "Shown to fewer shoppers", found.losers),
    ):
        with place, st.container(key=f"chart_{title.split()[2]}", height="stretch"):
            st.html(exposure.products_html(title, products, found.n_shoppers))
    with st.container(key="chart_single"):
        single.single(case, found)
