"""A search under way: how far it is, the best so far, and the front as it grows; it draws itself anew by itself."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages._shared import charts, words, working
from pages._shared.cards import esc, isolated, weights_html
from pages._shared.notices import notice_html
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.search import front, shop_search
from pages.tuning.search.shop_search import Wanted
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.jobs import WorkStatus
from recsys.settings import FusionSettings, RankingSettings
from recsys.tuning.goals import Goal

LOOK_FOR_OTHERS_EVERY_S = 3


@st.fragment(run_every=working.LOOK_EVERY_S)
def follow(case: TuningCase, wanted: Wanted) -> None:
    """A search that runs, or that ended without a result; the page runs again by itself when there is one."""
    work = shop_search.work_of(case.room)
    status = work.status()
    so_far = status.result.get("so_far")
    so_far = so_far if isinstance(so_far, Mapping) else None
    outdated = so_far is not None and shop_search.is_of_other_data(case.room, so_far.get("panel_ids"))
    st.html(_heading(wanted, status) + (outdated_html() if outdated else ""))
    beside, about = st.columns([1, 1.35], gap="small")
    with beside, st.container(key="search_progress"):
        working.show(
            status,
            shop_search.panel(wanted.n_trials),
            on_start=lambda: shop_search.start(case.room, wanted),
            on_cancel=work.cancel,
        )
        if status.state in ("failed", "cancelled") and so_far and not outdated:
            st.html(
                '<p class="sw-note">Settings tried so far are kept: a search for the same goal goes on with them.</p>'
            )
    with about, st.container(key="chart_so_far", height="stretch"):
        _so_far(case, wanted, so_far, is_running=status.state == "running", outdated=outdated)


def outdated_html() -> str:
    """That something was found before the test shoppers were prepared anew."""
    return notice_html(
        "This was found on other data.",
        ["The shop's test shoppers were prepared anew since; figures and settings may not hold for them."],
    )


@st.fragment(run_every=LOOK_FOR_OTHERS_EVERY_S)
def watch(room: TuningContext, seen: str) -> None:
    """Let the page run again when somebody else starts a search of this shop, or when theirs is done."""
    if signature(room) != seen:
        st.rerun(scope="app")


def signature(room: TuningContext) -> str:
    """What changes when a search of the shop starts or ends."""
    work = shop_search.work_of(room)
    try:
        changed = work.path("json").stat().st_mtime_ns
    except OSError:
        changed = 0
    return f"{work.status().state} {changed}"


def _heading(wanted: Wanted, status: WorkStatus) -> str:
    goal = isolated(wanted.goal.in_words())
    n = words.count(wanted.n_trials, "setting")
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
    case: TuningCase, wanted: Wanted, so_far: Mapping[str, Any] | None, *, is_running: bool, outdated: bool
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
        marked = {} if outdated else front.beside(case, wanted.goal, metrics)
        if best:
            marked["best"] = (_value(best, metrics[0]), _value(best, metrics[1]))
        st.html(_best_html(wanted.goal, best))
        figure = front.figure(points, marked, metrics, wanted.goal.k, charts.theme())
    except (LookupError, TypeError, ValueError):
        st.html(notice_html("What was found so far cannot be read; another version of Shelfwise wrote it."))
        return
    charts.show(figure, f"{len(points)} settings that no other found so far beats by both metrics", key="so_far_front")
    st.html(front.legend_html(marked, is_done=False))


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
        f'<p class="sw-note">{words.sentence(held + esc(front.variety_in_words(settings)))} What it is worth by later '
        "choices is said at the end.</p>"
    )


def _value(best: Mapping[str, Any], metric: str) -> float:
    value = best["metrics"][metric]
    return float("nan") if value is None else float(value)
