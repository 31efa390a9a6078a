"""The section "Find good weights": ask, watch, take."""

import streamlit as st

from pages._shared import working
from pages._shared.cards import isolated
from pages._shared.notices import notice_html
from pages.tuning.context import TuningCase
from pages.tuning.search import form, progress, result, shop_search
from recsys.jobs.search_job import read_found
from recsys.tuning.search_result import SearchResult


def find_weights(case: TuningCase) -> None:
    """From a goal in words to weights, chosen on validation shoppers and told by test shoppers."""
    room = case.room
    seen, work = progress.signature(room), shop_search.work_of(room)
    status, wanted = work.status(), shop_search.wanted_of(work)
    with st.container(key="chart_goal"):
        form.ask(room, is_running=status.state == "running")
    found = read_found(work)
    if wanted is not None and status.state != "done":
        progress.follow(case, wanted)
        if found:
            st.html(_earlier(found))
            result.show(case, found, is_running=status.state == "running")
        return
    if refused := working.why_refused(shop_search.panel(0)):
        st.html(notice_html("It could not be started.", [refused]))
    if found:
        result.show(case, found)
    elif wanted is not None:
        st.html(notice_html("What the last search found cannot be read:", ["Another version wrote it. Search again."]))
    progress.watch(room, seen)


def _earlier(found: SearchResult) -> str:
    return (
        '<p class="sw-headline sw-judged"><strong>The last search that finished: '
        f'{isolated(found.goal.in_words())}</strong></p><p class="sw-note">What it found stays here until another one '
        "finishes.</p>"
    )
