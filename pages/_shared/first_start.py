"""The first start: the demo shop is made and read in front of the visitor, then the page opens by itself."""

import shlex
from pathlib import Path

import streamlit as st

from pages._shared import resources, words, working
from pages._shared.cards import esc, questions_html
from pages._shared.notices import notice_html
from recsys.errors import ArtifactError
from recsys.jobs.demo_job import JOB, demo_work, start_demo_work
from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender

PANEL = working.JobDisplay(label="Making the shop", start="Make the demo shop", usual_shares=JOB.usual_shares)


def model_or_progress(home: AppPaths) -> Recommender:
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


def _has_model(home: AppPaths) -> bool:
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


def _unusable(home: AppPaths, problem: ArtifactError) -> None:
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
        if working.was_refused(PANEL) or demo_work(home).status().state == "running":
            _progress(home)


def _welcome(home: AppPaths) -> None:
    st.title("Setting the shelves", anchor=False)
    st.html(
        '<p class="sw-lede">This is the first start. Shelfwise makes a demo shop and reads everything its shoppers '
        "wrote. It takes about a minute, once; then this page opens by itself.</p>"
    )
    if demo_work(home).status().state == "waiting":
        _start(home)
    _progress(home)
    st.space("medium")
    st.html('<p class="sw-eyebrow" style="margin-bottom:.6rem">Four questions make one score</p>' + questions_html())


@st.fragment(run_every=working.LOOK_EVERY_S)
def _progress(home: AppPaths) -> None:
    work = demo_work(home)
    working.show(
        work.status(),
        PANEL,
        on_start=lambda: start_demo_work(home),
        on_cancel=work.cancel,
        is_ready=_has_model(home),
    )


def _start(home: AppPaths) -> None:
    working.start(PANEL, lambda: start_demo_work(home))
