"""One product for one shopper: the score as arithmetic that adds up, and what happens to it when parts are struck."""

import streamlit as st

from pages._shared import shopper, starting
from pages._shared.frame import WHY_PAGE, open_page
from pages._shared.notices import explain_address
from pages.explanations import explanation

frame = open_page("Explanations")
model, choices = frame.model, starting.choices(frame, WHY_PAGE)

st.title("Explanations", anchor=False)
explain_address(choices)
user = shopper.choose(model, choices)
explanation.show(model, choices, user)
