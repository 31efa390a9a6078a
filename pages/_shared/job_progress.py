"""The progress of jobs: stages, time left, a way to stop, and how it ended; first of all that of making a demo shop."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from pages._shared import resources, words
from pages._shared.cards import esc, notice_html, questions_html
from pages._shared.controls import button
from recsys.errors import ArtifactError, RecsysError
from recsys.jobs import JobStatus
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import DEMO, demo_job_at, start_demo_job
from recsys.serving.recommender import Recommender

LOOK_EVERY_S = 0.7
"""How often a fragment that shows work runs: `st.fragment(run_every=LOOK_EVERY_S)`."""

_STATES = {
    "done": ("✓", "done"),
    "running": ("●", "in progress"),
    "waiting": ("○", "still to come"),
    "failed": ("✕", "failed"),
    "cancelled": ("–", "stopped"),
}
"""Mark and words of a stage by its state."""


@dataclass(frozen=True, slots=True)
class JobDisplay:
    """How a job is shown; `label` names it to who cannot see the meter ("Making the shop").

    `start` is its first button, `usual_shares` are lengths of stages beside one another (1 where not named), `key` is
    what the keys of its widgets begin with.
    """

    label: str
    start: str
    usual_shares: Mapping[str, float] = field(default_factory=dict)
    is_resumable: bool = False
    key: str = ""


def show_progress(
    status: JobStatus,
    display: JobDisplay,
    *,
    on_start: Callable[[], object],
    on_cancel: Callable[[], None],
    is_ready: bool = True,
) -> None:
    """Draw the state of a job and what can be done about it, in a fragment that the caller runs again and again.

    When the job is done the whole app runs again, and has to find its result (`is_ready`) rather than come here.
    Buttons call `on_start`, which may raise `RecsysError`, and `on_cancel`.
    """
    if status.state == "done" and is_ready:
        st.rerun(scope="app")
    if status.stages:
        st.html(_stages(status, display))
    if status.state == "running":
        st.session_state.pop(_refusal(display), None)
        label = "Stopping" if status.is_stopping else "Cancel"
        button(label, f"{display.key}cancel", "close", on_cancel, disabled=status.is_stopping)
        return
    if refused := why_refused(display):
        st.html(notice_html("It could not be started.", [refused]))
    elif status.state == "failed":
        st.html(notice_html("It could not be finished.", [status.message] if status.message else []))
    elif status.state == "cancelled":
        st.html(notice_html("Stopped. Nothing was changed."))
    elif status.state == "done":
        st.html(notice_html("What this made is no longer there."))
    goes_on = status.state == "cancelled" and display.is_resumable
    label, key, icon = ("Go on", "retry", "play_arrow") if goes_on else ("Try again", "retry", "refresh")
    if status.state == "waiting":
        label, key, icon = display.start, "start", ""
    button(label, f"{display.key}{key}", icon, start, display, on_start, type="primary")


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
    status: JobStatus,
    display: JobDisplay,
    title: str,
    why: str,
    *,
    again: str,
    doing: str,
    on_start: Callable[[], object],
) -> None:
    """A notice that a result is out of date, how making it again ended, and the button (`again`) that does it.

    `doing` is the same as what is being done ("Judging it again").
    """
    lines = [why]
    if status.state == "failed" and status.message:
        lines.append(f"{doing} failed: {words.sentence(status.message)}")
    if refused := why_refused(display):
        lines.append(f"{doing} could not be started: {refused}")
    st.html(notice_html(title, lines))
    button(again, f"{display.key}again", "refresh", start, display, on_start)


def fraction_done(status: JobStatus, usual_shares: Mapping[str, float]) -> float:
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


def _stages(status: JobStatus, display: JobDisplay) -> str:
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


def _stage(name: str, state: str, status: JobStatus) -> str:
    mark, in_words = _STATES.get(state, ("○", ""))
    counted = f"{status.done:,} of {status.total:,}" if state == "running" and status.total else ""
    return (
        f'<li class="sw-stage sw-stage-{esc(state)}">'
        f'<span class="sw-stage-mark" role="img" aria-label="{in_words}">'
        f"{mark}</span><span>{esc(name[:1].upper() + name[1:])}</span>"
        f'<span class="sw-stage-count">{counted}</span></li>'
    )


DEMO_SHOP = JobDisplay(label="Making the shop", start="Make the demo shop", usual_shares=DEMO.usual_shares)


def model_or_progress(home: AppPaths) -> Recommender:
    """The model in use; while there is none, the progress of making one, and the run ends here."""
    problem = None
    if home.chosen_model is not None or _has_model(home):
        try:
            return resources.recommender(home)
        except ArtifactError as error:
            problem = error
    with st.container(key="first_start"):
        if problem is None:
            _welcome(home)
        elif home.chosen_model is not None:
            _chosen_unusable(home.chosen_model, problem)
        else:
            _unusable(home, problem)
    st.stop()


def _has_model(home: AppPaths) -> bool:
    return (home.model / "manifest.json").exists()


def _chosen_unusable(folder: Path, problem: ArtifactError) -> None:
    """What is wrong with a folder that somebody chose, and the command to repair it; no demo shop in its place."""
    st.title("The model you named cannot be opened", anchor=False)
    st.html(f'<p class="sw-lede">RECSYS_MODEL names the folder <code dir="auto">{esc(folder)}</code>.</p>')
    st.html(notice_html("Why it cannot be opened", [words.sentence(str(problem))]))
    st.html('<p class="sw-note">Train a model into it, then reload this page:</p>')
    st.code(f"python -m recsys train --data DIR --out {shlex.quote(str(folder))}", language=None, wrap_lines=True)
    st.html('<p class="sw-note">Or start the dashboard without RECSYS_MODEL to open the demo shop.</p>')


def _unusable(home: AppPaths, problem: ArtifactError) -> None:
    st.header("This model cannot be opened", anchor=False)
    st.html(f'<p class="sw-lede" dir="auto">{esc(problem)}</p>')
    button(
        "Make the demo shop anew", "remake", "refresh", start, DEMO_SHOP, lambda: start_demo_job(home), type="primary"
    )
    if was_refused(DEMO_SHOP) or demo_job_at(home).status().state == "running":
        _progress(home)


def _welcome(home: AppPaths) -> None:
    st.title("Setting the shelves", anchor=False)
    st.html(
        '<p class="sw-lede">This is the first start. Shelfwise makes a demo shop and reads everything its shoppers '
        "wrote. It takes about a minute, once; then this page opens by itself.</p>"
    )
    if demo_job_at(home).status().state == "waiting":
        start(DEMO_SHOP, lambda: start_demo_job(home))
    _progress(home)
    st.space("medium")
    st.html('<p class="sw-eyebrow" style="margin-bottom:.6rem">Four questions make one score</p>' + questions_html())


@st.fragment(run_every=LOOK_EVERY_S)
def _progress(home: AppPaths) -> None:
    work = demo_job_at(home)
    show_progress(
        work.status(),
        DEMO_SHOP,
        on_start=lambda: start_demo_job(home),
        on_cancel=work.cancel,
        is_ready=_has_model(home),
    )
