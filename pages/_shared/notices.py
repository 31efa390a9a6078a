"""Notices and empty states: what happened, why, and what to do, with every value escaped."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages._shared.cards import esc
from pages._shared.illustrations import tile_html
from pages._shared.view import Choices, complaints
from pages._shared.words import sentence

Query = Mapping[str, Sequence[str]]
"""Parameters of an address, each with all of its values."""

_EXPLAINED = "address_explained"
_MOST_NAMED = 16


def notice_html(title: str, lines: Sequence[str] = ()) -> str:
    """A notice above the content; screen readers hear it at once."""
    said = "".join(f'<li dir="auto">{esc(line)}</li>' for line in lines)
    listed = f"<ul>{said}</ul>" if said else ""
    return f'<section class="sw-notice" role="alert"><strong>{esc(title)}</strong>{listed}</section>'


def empty_html(title: str, reason: str) -> str:
    """An empty state: what is missing and what to do about it."""
    why = f'<p dir="auto">{esc(sentence(reason))}</p>'
    return f'<section class="sw-empty">{tile_html(None)}<h2>{esc(title)}</h2>{why}</section>'


def notes_html(notes: Sequence[str]) -> str:
    """What a person should know about a request, in one paragraph."""
    return f'<p class="sw-hint" dir="auto">{esc(" ".join(map(sentence, notes)))}</p>'


def addressed() -> Query:
    """The parameters of the address, each with all of its values."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def explain_address(
    choices: Choices, query: Query | None = None, offered: Callable[[], Mapping[str, Sequence[str]]] = dict
) -> None:
    """Say, once a visit, what of a shared address no control here can hold; the rest of the address counts.

    Parameters
    ----------
    query : the address as it was before widgets took such values out of it; None where none is drawn yet
    offered : gives the values of controls that only one page has, by name
    """
    if st.session_state.get(_EXPLAINED):
        return
    st.session_state[_EXPLAINED] = True
    query = addressed() if query is None else query
    problems = complaints(query, choices)
    for name, values in offered().items():
        if name in query and query[name] and query[name][-1] not in values:
            problems.append(f"{name} = {query[name][-1][:60]!r}: {_not_offered(values)}")
    if problems:
        st.html(notice_html("Part of this link cannot be used here, and defaults stand in for it:", problems))


def _not_offered(values: Sequence[str]) -> str:
    more = len(values) - _MOST_NAMED
    return f"not one of {', '.join(values[:_MOST_NAMED])}" + (f", or {more:,} more" if more > 0 else "")
