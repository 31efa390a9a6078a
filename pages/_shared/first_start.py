"""The first start: the demo shop is made and read in front of the visitor, then the page opens by itself."""

import shlex
from pathlib import Path

import streamlit as st

from pages._shared import glance, resources, words
from pages._shared.cards import esc
from pages._shared.notices import notice_html
from recsys.errors import ArtifactError, RecsysError
from recsys.recommender import Recommender
from recsys.training.home import Home
from recsys.training.jobs import Job, JobStatus, find_job, start_demo_job

_MARKS = {"done": "✓", "running": "●", "waiting": "○", "failed": "✕", "cancelled": "–"}
_SAID = {
    "done": "done",
    "running": "in progress",
    "waiting": "still to come",
    "failed": "failed",
    "cancelled": "stopped",
}


def model_or_progress(home: Home) -> Recommender:
    """The model in use; while there is none, the progress of making one, and the run ends here."""
    if home.chosen_model is not None or _has_model(home):
        try:
            return resources.recommender(home)
        except ArtifactError as problem:
            if home.chosen_model is not None:
                _chosen_unusable(home.chosen_model, problem)
            else:
                _unusable(home, problem)
            st.stop()
    with st.container(key="first_start"):
        _welcome(home)
    st.stop()


def _has_model(home: Home) -> bool:
    return (home.model / "manifest.json").exists()


def _chosen_unusable(folder: Path, problem: ArtifactError) -> None:
    """Somebody else's folder is theirs to repair: what is wrong, and the command; no demo shop in its place."""
    with st.container(key="first_start"):
        st.title("The model you named cannot be opened", anchor=False)
        st.html(f'<p class="sw-lede">RECSYS_MODEL names the folder <code dir="auto">{esc(folder)}</code>.</p>')
        st.html(notice_html("Why it cannot be opened", [words.sentence(str(problem))]))
        st.html('<p class="sw-note">Train a model into it, then reload this page:</p>')
        st.code(f"python -m recsys train --data DIR --out {shlex.quote(str(folder))}", language=None, wrap_lines=True)
        st.html('<p class="sw-note">Or start the dashboard without RECSYS_MODEL to open the demo shop.</p>')


def _unusable(home: Home, problem: ArtifactError) -> None:
    with st.container(key="first_start"):
        st.header("This model cannot be opened", anchor=False)
        st.html(f'<p class="sw-lede" dir="auto">{esc(problem)}</p>')
        st.button(
            "Make the demo shop anew",
            key="remake",
            type="primary",
            icon=":material/refresh:",
            on_click=_start,
            args=(home,),
        )
        job = find_job(home)
        if job is not None and job.status().state == "running":
            _progress(home)


def _welcome(home: Home) -> None:
    st.title("Setting the shelves", anchor=False)
    st.html(
        '<p class="sw-lede">This is the first start. Shelfwise makes a demo shop and reads everything its shoppers '
        "wrote. It takes about a minute, once; then this page opens by itself.</p>"
    )
    if find_job(home) is None:
        _start(home)
    _progress(home)
    st.space("medium")
    st.html(
        '<p class="sw-eyebrow" style="margin-bottom:.6rem">Four questions make one score</p>' + glance.questions_html()
    )


@st.fragment(run_every=0.7)
def _progress(home: Home) -> None:
    job = find_job(home)
    status = None if job is None else job.status()
    if job is None or status is None:
        st.button("Make the demo shop", key="start", type="primary", on_click=_start, args=(home,))
        return
    if status.state == "done" and _has_model(home):
        st.rerun(scope="app")
    st.html(_stages(status))
    _actions(home, job, status)


def _actions(home: Home, job: Job, status: JobStatus) -> None:
    if status.state == "running":
        st.button("Cancel", key="cancel", icon=":material/close:", on_click=_cancel, args=(job,))
        return
    if status.state == "failed":
        st.html(notice_html("It could not be finished.", [status.message] if status.message else []))
    else:
        st.html(notice_html("Stopped. Nothing was changed."))
    st.button("Try again", key="retry", type="primary", icon=":material/refresh:", on_click=_start, args=(home,))


def _start(home: Home) -> None:
    try:
        start_demo_job(home)
    except RecsysError as problem:
        st.html(notice_html("It could not be started.", [str(problem)]))


def _cancel(job: Job) -> None:
    job.cancel()


def _stages(status: JobStatus) -> str:
    share = fraction_done(status)
    rows = "".join(_stage(name, state, status) for name, state in status.stages)
    left = remaining_s(status.elapsed_s, share) if status.state == "running" else None
    clock = words.duration(status.elapsed_s) + (f" · about {words.duration(left)} to go" if left is not None else "")
    return (
        '<div class="sw-panel" style="margin-top:1.25rem">'
        f'<div class="sw-meter"><p class="sw-meter-line"><strong>{share:.0%}</strong>'
        f'<span class="sw-quiet">{clock}</span></p>'
        f'<div class="sw-meter-track" role="progressbar" aria-label="Making the shop" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{share * 100:.0f}">'
        f'<span class="sw-meter-fill" style="width:{share:.1%}"></span></div></div>'
        f'<ol class="sw-stages">{rows}</ol></div>'
    )


def _stage(name: str, state: str, status: JobStatus) -> str:
    counted = ""
    if state == "running" and status.total:
        counted = f"{status.done:,} of {status.total:,}"
    return (
        f'<li class="sw-stage sw-stage-{esc(state)}">'
        f'<span class="sw-stage-mark" role="img" aria-label="{_SAID.get(state, "")}">'
        f"{_MARKS.get(state, '○')}</span><span>{esc(name[:1].upper() + name[1:])}</span>"
        f'<span class="sw-stage-count">{counted}</span></li>'
    )


def fraction_done(status: JobStatus) -> float:
    """Share of the whole job, in [0, 1]: finished stages by their usual length, and the running one by its count."""
    if not status.stages:
        return 0.0
    inside = status.done / status.total if status.total else 0.0
    sizes = [_USUAL_SHARE.get(name, 1.0) for name, _ in status.stages]
    passed = sum(
        size * (1.0 if state == "done" else min(inside, 1.0) if state == "running" else 0.0)
        for size, (_, state) in zip(sizes, status.stages, strict=True)
    )
    return min(passed / sum(sizes), 1.0)


_USUAL_SHARE = {"Reading the shop": 2.5, "Understanding words": 24.0, "Learning tastes": 1.5, "Saving": 0.3}
"""How long a stage takes beside the first, as measured on two cores; reading the words is most of it."""


def remaining_s(elapsed_s: float, share: float) -> float | None:
    """Seconds still to go by simple proportion, or None while it is too early to say."""
    return None if share < 0.08 or elapsed_s < 3 else elapsed_s * (1 - share) / share
