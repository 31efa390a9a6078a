"""Experiments: what each part is worth, run on this shop, with intervals, and nothing to take on trust."""

import streamlit as st

from pages._shared.frame import open_page
from pages.experiments import page

frame = open_page("Experiments")
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", key="room_head"):
    st.title("Experiments", anchor=False, width="content")
    split = page.hold_out()
page.show(frame.home, split)
