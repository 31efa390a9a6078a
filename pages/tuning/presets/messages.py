"""What the last thing that somebody did with presets came to; said once, where it was done, until the next one."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages._shared import resources
from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages._shared.words import sentence
from pages.tuning.context import TuningContext
from recsys.errors import ConflictError, RecsysError, StoreUnavailable

_TOLD = "presets_told"
WHO = "your_name"
PAGE = "page"


@dataclass(frozen=True, slots=True)
class Told:
    """One outcome.

    Parameters
    ----------
    title : what happened; text that may hold names that people typed, so never markup
    lines : more about it
    where : PAGE, or what else shows it
    is_problem : it was not done
    undo : id of a preset that can be put back, or ""
    """

    title: str
    lines: tuple[str, ...] = ()
    where: str = PAGE
    is_problem: bool = False
    undo: str = ""


def who() -> str:
    """How this visitor calls themselves, "" where they did not say."""
    return str(st.session_state.get(WHO) or "")


def attempt(room: TuningContext, work: Callable[[], Told], where: str = PAGE) -> bool:
    """Do something with the store and keep what it came to; what cannot be done changes nothing.

    Parameters
    ----------
    where : what shows a problem
    """
    try:
        st.session_state[_TOLD] = work()
    except RecsysError as problem:
        title = "That was not done:"
        if isinstance(problem, ConflictError):
            title = "Somebody else was faster:"
        elif isinstance(problem, StoreUnavailable):
            title = "The presets cannot be reached:"
        st.session_state[_TOLD] = Told(title, (sentence(str(problem)),), where, is_problem=True)
        return False
    resources.saved(room.home, room.shop).forget()
    return True


def show(room: TuningContext, where: str = PAGE) -> None:
    """Say it, with a way back where there is one."""
    told: Told | None = st.session_state.get(_TOLD)
    if told is None or told.where != where:
        return
    if told.is_problem:
        st.html(notice_html(told.title, told.lines))
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"told_{where}"):
        more = "".join(f'<br><span class="sw-quiet">{esc(line)}</span>' for line in told.lines)
        st.html(f'<p class="sw-hint" role="status" dir="auto">{esc(told.title)}{more}</p>', width="stretch")
        if told.undo:
            st.button("Undo", key="preset_undo", icon=":material/undo:", on_click=put_back, args=(room, told.undo))


def put_back(room: TuningContext, preset_id: str) -> None:
    """Undo a deletion."""
    attempt(room, lambda: Told(f"“{room.store.restore(preset_id, by=who()).name}” is back."))
