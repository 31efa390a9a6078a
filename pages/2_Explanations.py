"""The Explanations page: the score of one product as a sum of parts, and what leaving parts out does to it."""

import streamlit as st

from pages._shared import shopper
from pages._shared.frame import WHY_PAGE, choices, open_page
from pages._shared.view import explain_address
from pages.explanations import explanation

frame = open_page("Explanations")
model, offered = frame.model, choices(frame, WHY_PAGE)

st.title("Explanations", anchor=False)
explain_address(offered)
user = shopper.choose(model, offered)
explanation.show_explanation(model, offered, user)
