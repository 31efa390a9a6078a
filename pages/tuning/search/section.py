"""The section "Find good weights": the goal, the search under way as it draws itself anew, and what was found."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages._shared import charts, words, working
from pages._shared.cards import esc, isolated, weights_html
from pages._shared.notices import notice_html
from pages.tuning import chart_parts
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.search import form, goal_search, result
from pages.tuning.search.goal_search import SearchRequest
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.jobs import WorkStatus
from recsys.jobs.search_job import read_found
from recsys.settings import FusionSettings, RankingSettings
from recsys.tuning.goals import Goal, describe_goal

LOOK_FOR_OTHERS_EVERY_S = 3


def find_weights(case: TuningCase) -> None:
    """From a goal to weights, chosen on validation shoppers and told by test shoppers."""
    room = case.room
    seen, work = signature(room), goal_search.work_of(room)
    status, request = work.status(), goal_search.request_of(work)
    with st.container(key="chart_goal"):
        form.ask(room, is_running=status.state == "running")
    found = read_found(work)
    if request is not None and status.state != "done":
        follow(case, request)
        if found:
            goal, stays = isolated(describe_goal(found.goal)), "What it found stays here until another one finishes."
            st.html(
                f'<p class="sw-headline sw-judged"><strong>The last search that finished: {goal}</strong></p>'
                f'<p class="sw-note">{stays}</p>'
            )
            result.show_result(case, found, is_running=status.state == "running")
        return
    if refused := working.why_refused(goal_search.panel(0)):
        st.html(notice_html("It could not be started.", [refused]))
    if found:
        result.show_result(case, found)
    elif request is not None:
        st.html(notice_html("What the last search found cannot be read:", ["Another version wrote it. Search again."]))
    watch(room, seen)


@st.fragment(run_every=working.LOOK_EVERY_S)
def follow(case: TuningCase, request: SearchRequest) -> None:
    """A search that runs, or that ended without a result; the page runs again by itself when there is one."""
    work = goal_search.work_of(case.room)
    status = work.status()
    so_far = status.result.get("so_far")
    so_far = so_far if isinstance(so_far, Mapping) else None
    outdated = so_far is not None and goal_search.is_of_other_data(case.room, so_far.get("panel_ids"))
    st.html(_heading(request, status) + (result.outdated_html() if outdated else ""))
    beside, about = st.columns([1, 1.35], gap="small")
    with beside, st.container(key="search_progress"):
        working.show(
            status,
            goal_search.panel(request.n_trials),
            on_start=lambda: goal_search.start(case.room, request),
            on_cancel=work.cancel,
        )
        if status.state in ("failed", "cancelled") and so_far and not outdated:
            st.html(
                '<p class="sw-note">Settings tried so far are kept: a search for the same goal goes on with them.</p>'
            )
    with about, st.container(key="chart_so_far", height="stretch"):
        _so_far(case, request, so_far, is_running=status.state == "running", outdated=outdated)


@st.fragment(run_every=LOOK_FOR_OTHERS_EVERY_S)
def watch(room: TuningContext, seen: str) -> None:
    """Let the page run again when somebody else starts a search of this shop, or when theirs is done."""
    if signature(room) != seen:
        st.rerun(scope="app")


def signature(room: TuningContext) -> str:
    """What changes when a search of the shop starts or ends."""
    work = goal_search.work_of(room)
    try:
        changed = work.path("json").stat().st_mtime_ns
    except OSError:
        changed = 0
    return f"{work.status().state} {changed}"


def _heading(request: SearchRequest, status: WorkStatus) -> str:
    goal = isolated(describe_goal(request.goal))
    n = words.count(request.n_trials, "setting")
    if status.state == "running":
        shared = (
            "Everybody who opens this shop sees this search; another can start when it is done. Go anywhere meanwhile: "
            "it goes on by itself."
        )
        return (
            f'<p class="sw-headline sw-judged" role="status"><strong>Searching: {goal}</strong> '
            f'<span class="sw-quiet">· {n} with variety</span></p><p class="sw-note">{shared}</p>'
        )
    return f'<p class="sw-headline sw-judged"><strong>Search for: {goal}</strong></p>'


def _so_far(
    case: TuningCase, request: SearchRequest, so_far: Mapping[str, Any] | None, *, is_running: bool, outdated: bool
) -> None:
    if so_far is None:
        st.html(
            '<h2 class="sw-eyebrow">Best so far</h2><p class="sw-note">Appears with the first '
            f"{'settings' if is_running else 'settings; there are none yet'}.</p>"
        )
        return
    try:
        points = [(float(first), float(second)) for first, second in so_far["front"]]
        metrics = (str(so_far["front_metrics"][0]), str(so_far["front_metrics"][1]))
        best = so_far["best"]
        marked = {} if outdated else goal_search.marked_settings(case, request.goal, metrics)
        if best:
            marked["best"] = (_value(best, metrics[0]), _value(best, metrics[1]))
        st.html(_best_html(request.goal, best))
        figure = chart_parts.pareto_chart(points, marked, metrics, request.goal.k, charts.theme())
    except (LookupError, TypeError, ValueError):
        st.html(notice_html("What was found so far cannot be read; another version of Shelfwise wrote it."))
        return
    charts.show(figure, f"{len(points)} settings that no other found so far beats by both metrics", key="so_far_front")
    st.html(result.legend_html(marked, is_done=False))


def _best_html(goal: Goal, best: Mapping[str, Any] | None) -> str:
    name = esc(METRICS[goal.metric].at(goal.k))
    if not best:
        return (
            '<h2 class="sw-eyebrow">Best so far</h2><p class="sw-best"><strong>–</strong></p><p class="sw-note">'
            "Nothing tried so far keeps all that must hold, with a margin for luck.</p>"
        )
    settings = RankingSettings(
        FusionSettings(**best["weights"]), diversity=float(best["diversity"]), method=best["method"]
    )
    held = "keeps all that must hold, with a margin for luck; " if goal.constraints else ""
    return (
        f'<h2 class="sw-eyebrow">Best so far</h2><p class="sw-best"><strong>'
        f"{esc(fmt.value(goal.metric, _value(best, goal.metric)))}</strong> {name} "
        f'<span class="sw-quiet">on validation shoppers</span></p>{weights_html(settings.fusion.normalised())}'
        f'<p class="sw-note">{words.sentence(held + esc(result.variety_text(settings)))} What it is worth by later '
        "choices is said at the end.</p>"
    )


def _value(best: Mapping[str, Any], metric: str) -> float:
    value = best["metrics"][metric]
    return float("nan") if value is None else float(value)
