"""The progress of long work: its stages, how long still, a way to stop it, and what is said when it ended badly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import streamlit as st

from pages._shared import words
from pages._shared.cards import esc
from pages._shared.notices import notice_html
from recsys.errors import RecsysError
from recsys.jobs import WorkStatus

LOOK_EVERY_S = 0.7
"""How often a fragment that shows work runs: `st.fragment(run_every=LOOK_EVERY_S)`."""

_MARKS = {"done": "✓", "running": "●", "waiting": "○", "failed": "✕", "cancelled": "–"}
_STATES = {
    "done": "done",
    "running": "in progress",
    "waiting": "still to come",
    "failed": "failed",
    "cancelled": "stopped",
}


@dataclass(frozen=True, slots=True)
class JobDisplay:
    """How a work is shown.

    Parameters
    ----------
    label : what the work does, for who cannot see the meter ("Making the shop")
    start : what the button says that starts it for the first time
    usual_shares : how long a stage takes beside the others, by name; 1 for those not named
    is_resumable : whether what it has done when it is stopped counts when it goes on
    key : what the keys of its widgets begin with; panels of one page have different ones
    """

    label: str
    start: str
    usual_shares: Mapping[str, float] = field(default_factory=dict)
    is_resumable: bool = False
    key: str = ""


def show(
    status: WorkStatus,
    display: JobDisplay,
    *,
    on_start: Callable[[], object],
    on_cancel: Callable[[], None],
    is_ready: bool = True,
) -> None:
    """Draw where a work stands and what can be done about it, in a fragment that the caller runs again and again.

    When the work is done the whole app runs again, and has to find then what was made rather than come here.

    Parameters
    ----------
    on_start, on_cancel : called when a button asks for it; the first may raise `RecsysError`
    is_ready : whether that which the work makes is there; if it is not when the work is done, it can be started again
    """
    if status.state == "done" and is_ready:
        st.rerun(scope="app")
    if status.stages:
        st.html(_stages(status, display))
    if status.state == "running":
        st.session_state.pop(_refusal(display), None)
        said = "Stopping" if status.is_stopping else "Cancel"
        key = f"{display.key}cancel"
        st.button(said, key=key, icon=":material/close:", disabled=status.is_stopping, on_click=on_cancel)
        return
    if refused := st.session_state.get(_refusal(display)):
        st.html(notice_html("It could not be started.", [words.sentence(refused)]))
    elif status.state == "failed":
        st.html(notice_html("It could not be finished.", [status.message] if status.message else []))
    elif status.state == "cancelled":
        st.html(notice_html("Stopped. Nothing was changed."))
    elif status.state == "done":
        st.html(notice_html("What this made is no longer there."))
    args = (display, on_start)
    if status.state == "waiting":
        st.button(display.start, key=f"{display.key}start", type="primary", on_click=start, args=args)
        return
    goes_on = status.state == "cancelled" and display.is_resumable
    said, icon = ("Go on", ":material/play_arrow:") if goes_on else ("Try again", ":material/refresh:")
    st.button(said, key=f"{display.key}retry", type="primary", icon=icon, on_click=start, args=args)


def start(display: JobDisplay, on_start: Callable[[], object]) -> None:
    """Start a work, also without a button; if that fails, the page says why from then on."""
    st.session_state.pop(_refusal(display), None)
    try:
        on_start()
    except RecsysError as problem:
        st.session_state[_refusal(display)] = str(problem)


def was_refused(display: JobDisplay) -> bool:
    """Whether the work could not even be started when this visitor last tried; the page says why."""
    return _refusal(display) in st.session_state


def why_refused(display: JobDisplay) -> str:
    """Why it could not be started, as a sentence, for where nothing else says it; "" where it could."""
    refused = st.session_state.get(_refusal(display))
    return words.sentence(str(refused)) if refused else ""


def offer_again(
    status: WorkStatus,
    display: JobDisplay,
    title: str,
    why: str,
    *,
    said: str,
    doing: str,
    on_start: Callable[[], object],
) -> None:
    """A notice that what a work made is out of date, what came of making it again, and the button that does.

    Parameters
    ----------
    said : what the button says ("Judge it again")
    doing : the same as what is being done ("Judging it again")
    """
    lines = [why]
    if status.state == "failed" and status.message:
        lines.append(f"{doing} failed: {words.sentence(status.message)}")
    if refused := why_refused(display):
        lines.append(f"{doing} could not be started: {refused}")
    st.html(notice_html(title, lines))
    args = (display, on_start)
    st.button(said, key=f"{display.key}again", icon=":material/refresh:", on_click=start, args=args)


def fraction_done(status: WorkStatus, usual_shares: Mapping[str, float]) -> float:
    """Share of the whole work, in [0, 1]: finished stages by their usual length, and the running one by its count."""
    if not status.stages:
        return 0.0
    inside = status.done / status.total if status.total else 0.0
    sizes = [usual_shares.get(name, 1.0) for name, _ in status.stages]
    passed = sum(
        size * (1.0 if state == "done" else min(inside, 1.0) if state == "running" else 0.0)
        for size, (_, state) in zip(sizes, status.stages, strict=True)
    )
    return min(passed / sum(sizes), 1.0)


def remaining_s(elapsed_s: float, share: float) -> float | None:
    """Seconds still to go by simple proportion, or None while it is too early to say."""
    return None if share < 0.08 or elapsed_s < 3 else elapsed_s * (1 - share) / share


def _refusal(display: JobDisplay) -> str:
    return f"{display.key}start_refused"


def _stages(status: WorkStatus, display: JobDisplay) -> str:
    share = fraction_done(status, display.usual_shares)
    rows = "".join(_stage(name, state, status) for name, state in status.stages)
    left = remaining_s(status.elapsed_s, share) if status.state == "running" else None
    clock = words.duration(status.elapsed_s) + (f" · about {words.duration(left)} to go" if left is not None else "")
    return (
        '<div class="sw-panel" style="margin-top:1.25rem">'
        f'<div class="sw-meter"><p class="sw-meter-line"><strong>{share:.0%}</strong>'
        f'<span class="sw-quiet">{clock}</span></p>'
        f'<div class="sw-meter-track" role="progressbar" aria-label="{esc(display.label)}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{share * 100:.0f}">'
        f'<span class="sw-meter-fill" style="width:{share:.1%}"></span></div></div>'
        f'<ol class="sw-stages">{rows}</ol></div>'
    )


def _stage(name: str, state: str, status: WorkStatus) -> str:
    counted = ""
    if state == "running" and status.total:
        counted = f"{status.done:,} of {status.total:,}"
    return (
        f'<li class="sw-stage sw-stage-{esc(state)}">'
        f'<span class="sw-stage-mark" role="img" aria-label="{_STATES.get(state, "")}">'
        f"{_MARKS.get(state, '○')}</span><span>{esc(name[:1].upper() + name[1:])}</span>"
        f'<span class="sw-stage-count">{counted}</span></li>'
    )
