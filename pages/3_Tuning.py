"""The tuning room: what every setting does to every metric, over all test shoppers, at once."""

import streamlit as st

from pages._shared.address import addressed
from pages._shared.frame import TUNE_PAGE, choices, open_page
from pages.tuning import page

frame = open_page("Tuning")
offered = choices(frame, TUNE_PAGE)

link = page.with_present_metrics(addressed())
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", key="room_head"):
    st.title("Tuning room", anchor=False, width="content")
    split = page.hold_out()
page.draw_page(frame, offered, split, link)
