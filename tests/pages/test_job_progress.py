"""The panel of long work: what each state shows, what its buttons ask for, and that it gives way to the result."""

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared.job_progress import JobDisplay, fraction_done
from recsys.jobs import NEVER_STARTED, JobStatus
from tests.pages._seen import html, text

RUNNING = JobStatus(
    "running",
    "Searching",
    30,
    100,
    (("Reading <b>", "done"), ("Searching", "running"), ("Saving", "waiting")),
    "",
    40.0,
)
PANEL = JobDisplay("Searching for weights", "Search", {"Searching": 8.0}, key="search_")


def ended(state: Any, message: str = "") -> JobStatus:
    """The work as it ended in its second stage."""
    stages: Any = (("Reading <b>", "done"), ("Searching", state), ("Saving", "waiting"))
    return replace(RUNNING, state=state, done=0, total=0, stages=stages, message=message)


def script() -> None:
    """A page that shows its result once it is there, and the work until then."""
    import streamlit as st

    from pages._shared import job_progress
    from recsys.errors import RecsysError

    state = st.session_state

    def begin() -> None:
        if state.get("refuses"):
            raise RecsysError("the disk is full <b>")
        state["asked"] = "start"
        state["status"] = state["next_status"]

    def cancel() -> None:
        state["asked"] = "cancel"
        state["status"] = state["next_status"]

    @st.fragment(run_every=job_progress.LOOK_EVERY_S)
    def panel() -> None:
        state["status"] = state.pop("meanwhile", state["status"])
        job_progress.show_progress(
            state["status"], state["panel"], on_start=begin, on_cancel=cancel, is_ready=state.get("is_ready", True)
        )

    if state["status"].state == "done" and state.get("is_ready", True):
        st.html("<p>Here is the result</p>")
    else:
        panel()


def opened(status: JobStatus, panel: JobDisplay = PANEL, **state: Any) -> AppTest:
    """The page with a work that stands somewhere."""
    page = AppTest.from_function(script, default_timeout=30)
    for name, value in {"status": status, "panel": panel, "next_status": RUNNING, **state}.items():
        page.session_state[name] = value
    return clean(page.run())


def clean(page: AppTest) -> AppTest:
    """The page, which raised nothing."""
    assert not page.exception, [problem.message for problem in page.exception]
    return page


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def test_running_work_shows_stages_counts_share_and_time() -> None:
    page = opened(RUNNING)
    said = text(page)
    assert "34%" in said  # the first of three stages (1) and 30 of 100 of the second (8), of 1 + 8 + 1
    assert "40 s · about 1 min 18 s to go" in said
    assert "✓ Reading <b> ● Searching 30 of 100 ○ Saving" in said
    assert 'aria-label="Searching for weights"' in html(page)
    assert 'aria-valuenow="34"' in html(page)
    assert "<b>" not in html(page)
    assert labels(page) == ["Cancel"]


def test_cancel_asks_to_stop_and_then_waits_for_it() -> None:
    page = opened(RUNNING, next_status=replace(RUNNING, is_stopping=True))
    clean(page.button(key="search_cancel").click().run())
    assert page.session_state["asked"] == "cancel"
    assert page.button(key="search_cancel").label == "Stopping"
    assert page.button(key="search_cancel").disabled


def test_stopped_work_can_be_tried_again_or_gone_on_with() -> None:
    page = opened(ended("cancelled", "stopped while Searching"))
    assert "– Searching" in text(page)
    assert "Stopped. Nothing was changed." in text(page)
    assert "to go" not in text(page)
    assert labels(page) == ["Try again"]

    page = opened(ended("cancelled"), replace(PANEL, is_resumable=True))
    assert labels(page) == ["Go on"]
    clean(page.button(key="search_retry").click().run())
    assert page.session_state["asked"] == "start"
    assert labels(page) == ["Cancel"]


def test_failed_work_says_why_and_can_be_tried_again() -> None:
    page = opened(ended("failed", "no room <i>left"), replace(PANEL, is_resumable=True))
    assert "✕ Searching" in text(page)
    assert "It could not be finished. no room <i>left" in text(page)
    assert "<i>" not in html(page)
    assert labels(page) == ["Try again"]


def test_a_damaged_record_is_told_without_stages() -> None:
    page = opened(replace(NEVER_STARTED, state="failed", message="the record of this work is damaged"))
    assert "the record of this work is damaged" in text(page)
    assert "%" not in text(page)
    assert labels(page) == ["Try again"]


def test_work_that_never_was_started_has_one_button() -> None:
    page = opened(NEVER_STARTED)
    assert text(page).strip() == ""
    assert labels(page) == ["Search"]
    clean(page.button(key="search_start").click().run())
    assert labels(page) == ["Cancel"]


@pytest.mark.parametrize("status", [NEVER_STARTED, ended("failed", "an older reason")])
def test_why_it_could_not_be_started_stays_until_it_is(status: JobStatus) -> None:
    page = opened(status, refuses=True)
    clean(page.button[0].click().run())
    assert "It could not be started. The disk is full <b>." in text(clean(page.run()))
    assert "an older reason" not in text(page)
    page.session_state["refuses"] = False
    clean(page.button[0].click().run())
    assert "could not be started" not in text(page)
    assert labels(page) == ["Cancel"]


def test_the_page_runs_again_by_itself_when_the_work_is_done() -> None:
    page = opened(RUNNING, meanwhile=ended("done"))
    assert text(page).strip() == "Here is the result"
    assert labels(page) == []


def test_done_work_whose_result_is_gone_can_be_started_again() -> None:
    page = opened(ended("done"), is_ready=False)
    assert "What this made is no longer there." in text(page)
    assert labels(page) == ["Try again"]


def test_a_share_never_leaves_its_bounds() -> None:
    assert fraction_done(NEVER_STARTED, {}) == 0
    assert fraction_done(replace(RUNNING, done=500), {}) == pytest.approx(2 / 3)
    assert fraction_done(RUNNING, {}) == pytest.approx(1.3 / 3)


def out_of_date() -> None:
    """A page with a result that is out of date."""
    import streamlit as st

    from pages._shared import job_progress
    from recsys.errors import RecsysError

    def begin() -> None:
        if st.session_state["refuses"]:
            raise RecsysError("the disk is full <b>")
        st.session_state["asked"] = "start"

    job_progress.offer_again(
        st.session_state["status"],
        st.session_state["panel"],
        "This log is old.",
        "The shop has changed.",
        again="Judge it again",
        doing="Judging it again",
        on_start=begin,
    )


def test_what_is_out_of_date_can_be_made_again_and_why_that_failed_is_told() -> None:
    page = AppTest.from_function(out_of_date)
    page.session_state["panel"], page.session_state["refuses"] = PANEL, True
    page.session_state["status"] = ended("failed", "no space is left <i>")
    assert "Judging it again failed: No space is left <i>." in text(clean(page.run()))
    assert "could not be started" not in text(page)
    clean(page.button(key="search_again").click().run())
    assert "Judging it again could not be started: The disk is full <b>." in text(clean(page.run()))
    page.session_state["refuses"] = False
    clean(page.button(key="search_again").click().run())
    assert page.session_state["asked"] == "start"
    assert "could not be started" not in text(page)
