"""The tuning room: what every setting does to every metric, over all test shoppers, at once."""

import streamlit as st

from pages._shared import starting
from pages._shared.frame import TUNE_PAGE, open_page
from pages._shared.notices import addressed
from pages.tuning import page

frame = open_page("Tuning")
choices = starting.choices(frame, TUNE_PAGE)

link = page.with_present_metrics(addressed())
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute", key="room_head"):
    st.title("Tuning room", anchor=False, width="content")
    split = page.hold_out()
page.draw_page(frame, choices, split, link)
