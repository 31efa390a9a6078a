"""The list of one shopper: who it is for, what it is mixed from, and what speaks for each product."""

import streamlit as st

from pages._shared import shopper, starting
from pages._shared.frame import LIST_PAGE, open_page
from pages._shared.notices import empty_html, explain_address
from pages.recommendations import person, results
from recsys.errors import RecsysError

frame = open_page("Recommendations")
model, choices = frame.model, starting.choices(frame, LIST_PAGE)

st.title("Recommendations", anchor=False)
explain_address(choices)
user = shopper.choose(model, choices)
with st.container(key="list_and_shopper"):
    beside, about = st.columns([2.7, 1], gap="medium")
try:
    with about:
        person.panel(model, user)
    with beside:
        results.show(model, choices, user)
except RecsysError as problem:
    with beside:
        st.html(empty_html("No such shopper", str(problem)))
