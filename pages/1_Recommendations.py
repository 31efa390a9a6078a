"""The Recommendations page: a shopper, the mix of components, and the list with what speaks for each product."""

import streamlit as st

from pages._shared import shopper
from pages._shared.cards import empty_html
from pages._shared.frame import LIST_PAGE, choices, open_page
from pages._shared.view import explain_address
from pages.recommendations import page
from recsys.errors import RecsysError

frame = open_page("Recommendations")
model, offered = frame.model, choices(frame, LIST_PAGE)

st.title("Recommendations", anchor=False)
explain_address(offered)
user = shopper.choose(model, offered)
with st.container(key="list_and_shopper"):
    wide, narrow = st.columns([2.7, 1], gap="medium")
try:
    with narrow:
        page.show_shopper(model, user)
    with wide:
        page.show_list(model, offered, user)
except RecsysError as problem:
    with wide:
        st.html(empty_html("No such shopper", str(problem)))
