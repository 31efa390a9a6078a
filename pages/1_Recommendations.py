"""The list of one shopper: who it is for, what it is mixed from, and what speaks for each product."""

import streamlit as st

from pages._shared import resources, results, shopper
from pages._shared.frame import open_page
from pages._shared.notices import empty_html, explain_address
from recsys.errors import RecsysError

frame = open_page("Recommendations")
choices = resources.choices(frame.model, frame.model.model_id)
st.title("Recommendations", anchor=False)
explain_address(choices)
asker = shopper.choose(frame.model)

beside, about = st.columns([2.7, 1], gap="medium")
with beside:
    results.show(frame.model, choices, asker)
with about:
    try:
        shopper.panel(frame.model, asker)
    except RecsysError as problem:
        st.html(empty_html("No such shopper", str(problem)))
