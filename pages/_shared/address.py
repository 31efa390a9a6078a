"""State of a page that is kept in its address, and the way back to it by Back and Forward.

`assets/shelfwise.js` makes every act of a person one stop of the browser's history.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import parse_qs, urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import get_script_run_ctx

RENAMED = {"taste": "top_category", "home": "home_region", "match": "same_context", "shelf": "only_available"}
"""Parameters of the tuning page that had another name once; links and bookmarks with the old ones still work."""

Query = Mapping[str, Sequence[str]]
"""Parameters of an address, each with all of its values."""

_NAMES = "names_of_addresses"


def addressed() -> dict[str, list[str]]:
    """The parameters of the address, each with all of its values."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def put(name: str, value: str | None) -> None:
    """Set a parameter that no widget is bound to, or take it out with None."""
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def hold(name: str, value: str) -> None:
    """Set what a widget bound to a parameter holds, whether it is on the page by now or comes with the next run."""
    st.session_state[name] = value
    with suppress(StreamlitAPIException):  # the widget is on the page, and takes its parameter along
        put(name, value)


def is_return() -> bool:
    """Whether this run was started by Back or Forward."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def note_names() -> None:
    """Keep in mind which parameters the addresses of this session had, so that `restore` can forget their widgets."""
    st.session_state[_NAMES] = st.session_state.get(_NAMES, frozenset()) | set(st.query_params)


def restore() -> None:
    """After Back or Forward, let the address alone say where every control stands, as for a fresh visitor.

    Must run before any widget is drawn. Streamlit restores the widgets of one page; between pages it drops each
    parameter that a widget of the page left behind was bound to as well, and it keeps values of widgets not drawn.
    """
    context = get_script_run_ctx()
    if context is None or not is_return():
        return
    for name in st.session_state.get(_NAMES, frozenset()):
        if name in st.session_state:
            del st.session_state[name]
    _replace(parse_qs(context.query_string, keep_blank_values=True))


def use_present_names(page: str) -> None:
    """Put old parameters of a link under their present names, before any widget is drawn; present ones win."""
    if page == "Tuning":
        query = addressed()
        old = {RENAMED[name]: values for name, values in query.items() if name in RENAMED}
        _replace(old | {name: values for name, values in query.items() if name not in RENAMED})


def _replace(query: dict[str, list[str]]) -> None:
    """Put other parameters into the address, for widgets bound to them as well."""
    context = get_script_run_ctx()
    if context is not None and query != addressed():
        st.query_params.from_dict(query)
        with context.session_state.query_params() as parameters:
            parameters.set_initial_query_params(urlencode(query, doseq=True))
