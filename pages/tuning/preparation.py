"""Work that a section needs before it can show anything: it is started beside the page, which shows how far it is."""

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from pages._shared import resources, working
from pages._shared.notices import notice_html
from pages.tuning.protocol import HOLD_OUTS
from recsys.errors import ArtifactError, RecsysError
from recsys.jobs import Work, log_job, panel_job
from recsys.jobs.paths import AppPaths

_SHOPPERS = working.JobDisplay(
    label="Preparing the test shoppers",
    start="Prepare the test shoppers",
    usual_shares=panel_job.JOB.usual_shares,
    key="panel_",
)
_LOG = working.JobDisplay(
    label="Judging the log", start="Judge the log", usual_shares=log_job.JOB.usual_shares, key="log_"
)


class Preparation(NamedTuple):
    """One kind of work, and how the page speaks of it.

    Parameters
    ----------
    display : how its progress is shown
    work : finds the work as it stands
    start : starts it; may raise `RecsysError`
    lede : what it is for and how long it takes, shown above its progress
    out_of_date : title and reason of the notice where it was made from other data
    again, doing : "Judge it again", "Judging it again"
    is_readable : whether what it made can be used
    """

    display: working.JobDisplay
    work: Callable[[], Work]
    start: Callable[[], object]
    lede: str
    out_of_date: tuple[str, str]
    again: str
    doing: str
    is_readable: Callable[[], bool] = lambda: True

    def introduce(self, problem: str = "") -> None:
        """Say what the work is for, and what is wrong with what was prepared before, "" where nothing was."""
        st.html(f'<p class="sw-lede">{self.lede}</p>')
        if problem:
            st.html(notice_html("What was prepared before cannot be used:", [problem]))

    def run(self, *, remakes: bool = True) -> None:
        """Start the work unless somebody did, and show it; the page runs again by itself when it is done.

        Work that is done, though what it made is of no use here, starts again by itself only if `remakes`.
        """
        due = ("waiting", "done") if remakes else ("waiting",)
        if self.work().status().state in due and not working.was_refused(self.display):
            working.start(self.display, self.start)
        _progress(self)

    def offer_again(self) -> None:
        """A notice that it is out of date, and the button that makes it anew; the page goes on with what there is."""
        status = self.work().status()
        if status.state == "running":
            _progress(self)
            return
        again = {"said": self.again, "doing": self.doing, "on_start": self.start}
        working.offer_again(status, self.display, *self.out_of_date, **again)


@st.fragment(run_every=working.LOOK_EVERY_S)
def _progress(preparation: Preparation) -> None:
    work = preparation.work()
    try:
        working.show(
            work.status(),
            preparation.display,
            on_start=preparation.start,
            on_cancel=work.cancel,
            is_ready=preparation.is_readable(),
        )
    except RecsysError as problem:
        st.html(notice_html("It could not be started.", [str(problem)]))


def of_shoppers(home: AppPaths, split: str, shop: str) -> Preparation:
    """Preparing the test shoppers of one way of holding out."""
    return Preparation(
        _SHOPPERS,
        lambda: panel_job.panel_work(home, split),
        lambda: panel_job.start_panel_work(home, split, shop),
        f"To judge settings, Shelfwise {HOLD_OUTS[split].method}. For that it scores every product for each of "
        "them. It takes about half a minute for the demo shop, once; everything here is instant after that, and all "
        "other pages work meanwhile.",
        (
            "These test shoppers are of another state of the shop.",
            "The model in use learnt from other data than they were prepared from; figures may not hold for it.",
        ),
        "Prepare them again",
        "Preparing them again",
    )


def of_log(home: AppPaths) -> Preparation:
    """Judging the shop's log of impressions."""
    return Preparation(
        _LOG,
        lambda: log_job.log_work(home),
        lambda: log_job.start_log_work(home),
        "What would be clicked if pages followed these sliders? The shop’s log of impressions can tell, as far as it "
        "showed the same products. For that Shelfwise learns from what came before the later half of the log, scores "
        "every product for every page of that half, once, and answers at once from then on.",
        (
            "This log is of another state of the shop.",
            "The test shoppers of this room were prepared from other data than the log was judged from.",
        ),
        "Judge it again",
        "Judging it again",
        lambda: _can_read_log(home),
    )


def _can_read_log(home: AppPaths) -> bool:
    try:
        resources.sliders(home)
    except ArtifactError:
        return False
    return True
