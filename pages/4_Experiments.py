"""The Experiments page: what each part is worth, run on this shop, with intervals."""

import streamlit as st

from pages._shared.frame import open_page
from pages.experiments.page import SPLITS, show_experiments

frame = open_page("Experiments")
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", key="room_head"):
    st.title("Experiments", anchor=False, width="content")
    split = st.selectbox(
        "Test shoppers are asked to find",
        list(SPLITS),
        key="held_out",
        format_func=lambda name: SPLITS[name],
        bind="query-params",
        width=260,
    )
show_experiments(frame.home, split or "last")
