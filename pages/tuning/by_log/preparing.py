"""Before the first visit: the log is judged beside the page, which shows how far that is."""

import streamlit as st

from pages._shared import resources, working
from pages._shared.notices import notice_html
from pages.tuning.context import TuningCase
from recsys.errors import ArtifactError, RecsysError
from recsys.jobs.log_job import JOB, log_work, start_log_work
from recsys.jobs.paths import AppPaths
from recsys.offpolicy.mixes import LogEvaluator

_PANEL = working.JobDisplay(
    label="Judging the log",
    start="Judge the log",
    usual_shares=JOB.usual_shares,
    key="log_",
)


def prepare(home: AppPaths, why: str = "") -> None:
    """Start the work unless somebody did, and show it; the page runs again by itself when it is done.

    Parameters
    ----------
    why : what is wrong with what was prepared before, "" where nothing was
    """
    st.html(
        '<p class="sw-lede">What would be clicked if pages followed these sliders? The shop’s log of impressions can '
        "tell, as far as it showed the same products. For that Shelfwise learns from what came before the later half "
        "of the log, scores every product for every page of that half, once, and answers at once from then on.</p>"
    )
    if why:
        st.html(notice_html("What was prepared before cannot be used:", [why]))
    state = log_work(home).status().state
    # What was made and cannot be read is not made again by itself: it might end the same way.
    if (state == "waiting" or (state == "done" and not why)) and not working.was_refused(_PANEL):
        working.start(_PANEL, lambda: start_log_work(home))
    _progress(home)


def is_of_other_data(case: TuningCase, sliders: LogEvaluator) -> bool:
    """Whether the log was judged from other data than the test shoppers of the room."""
    return bool(sliders.log_of.facts["data"]["fingerprint"] != case.room.test.panel.data["fingerprint"])


def warn_of_other_data(home: AppPaths) -> None:
    """A notice, and the button that judges anew; the section goes on with what there is."""
    status = log_work(home).status()
    if status.state == "running":
        _progress(home)
        return
    working.offer_again(
        status,
        _PANEL,
        "This log is of another state of the shop.",
        "The test shoppers of this room were prepared from other data than the log was judged from.",
        said="Judge it again",
        doing="Judging it again",
        on_start=lambda: start_log_work(home),
    )


def _can_be_read(home: AppPaths) -> bool:
    try:
        resources.sliders(home)
    except ArtifactError:
        return False
    return True


@st.fragment(run_every=working.LOOK_EVERY_S)
def _progress(home: AppPaths) -> None:
    work = log_work(home)
    try:
        working.show(
            work.status(),
            _PANEL,
            on_start=lambda: start_log_work(home),
            on_cancel=work.cancel,
            is_ready=_can_be_read(home),
        )
    except RecsysError as problem:
        st.html(notice_html("It could not be started.", [str(problem)]))
