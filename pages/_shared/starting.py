"""Where the controls of a page start: at the shop's default preset, where it has one."""

from dataclasses import replace

import streamlit as st

from pages._shared import resources
from pages._shared.frame import TUNE_PAGE, Frame
from pages._shared.view import NEW, STATED, WEIGHTS, Choices, Start
from recsys.errors import RecsysError
from recsys.settings import COMPONENTS

_STARTED = "sliders_started"


def choices(frame: Frame, page: str) -> Choices:
    """What the controls of a page can hold, and where they start; a database that is away changes neither.

    Must run before the widgets do, because a fresh visitor is sent on to the address that says where they stand.
    """
    held = resources.choices(frame.model)
    try:
        preset = resources.saved(frame.home, frame.shop_name).default()
    except RecsysError:  # an address that names no database; the tuning room says so
        preset = None
    if preset is not None:
        held = replace(held, start=Start.of(preset.name, preset.settings.ranking()))
    _go_there(held, page)
    return held


def _go_there(held: Choices, page: str) -> None:
    """Put the start into the address of a fresh visitor, unless it says already where the sliders stand.

    Once shown, an address says so. So a link that was copied means the same for ever, whatever becomes the default.
    """
    if page != TUNE_PAGE and st.query_params.get("who") == NEW:
        return
    is_first = not st.session_state.get(_STARTED)
    st.session_state[_STARTED] = True
    if not is_first or held.start is None or any(name in st.query_params for name in (WEIGHTS, *COMPONENTS)):
        return
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    moved = {name: value for name, value in held.start.moved(held).items() if name not in query}
    st.switch_page(page, query_params={**query, **moved, WEIGHTS: STATED})
