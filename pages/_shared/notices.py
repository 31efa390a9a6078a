"""Notices and empty states: what happened, why, and what to do, with every value escaped."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.cards import esc
from pages._shared.illustrations import tile_html
from pages._shared.view import Choices, complaints
from pages._shared.words import sentence

_EXPLAINED = "address_explained"


def notice_html(title: str, lines: Sequence[str] = ()) -> str:
    """A notice above the content; screen readers hear it at once."""
    said = "".join(f'<li dir="auto">{esc(line)}</li>' for line in lines)
    listed = f"<ul>{said}</ul>" if said else ""
    return f'<section class="sw-notice" role="alert"><strong>{esc(title)}</strong>{listed}</section>'


def empty_html(title: str, reason: str) -> str:
    """An empty state: what is missing and what to do about it."""
    why = f'<p dir="auto">{esc(sentence(reason))}</p>'
    return f'<section class="sw-empty">{tile_html(None)}<h2>{esc(title)}</h2>{why}</section>'


def explain_address(choices: Choices) -> None:
    """Say, once a visit, what of a shared address no control here can hold; the rest of the address counts.

    Must run before the widgets do, because they take such values out of the address.
    """
    if st.session_state.get(_EXPLAINED):
        return
    st.session_state[_EXPLAINED] = True
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    if problems := complaints(query, choices):
        st.html(notice_html("Part of this link cannot be used here, and defaults stand in for it:", problems))
