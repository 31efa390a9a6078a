"""The section "Find good weights": the goal, the search under way, and what was found with what can be done with it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages._shared import charts, job_progress, words
from pages._shared.cards import esc, isolated, notice_html, weights_html
from pages._shared.controls import button
from pages.tuning import controls, labels, metric_charts
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import actions
from pages.tuning.search import form, goal_search
from pages.tuning.search.goal_search import SearchRequest
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.jobs import JobStatus
from recsys.jobs.search_job import read_result
from recsys.panel.segments import EvaluationConfig, Scenario
from recsys.settings import CONTEXT_DIMENSIONS, FusionSettings, RankingSettings
from recsys.tuning.goals import Goal, describe_goal
from recsys.tuning.search import SearchResult

LOOK_FOR_OTHERS_EVERY_S = 3
_LOADED, _SECTION = "search_clicks", "room"
"""How often something was loaded, after which the chart is a fresh one that forgets clicks; and the open section."""


def find_weights(case: TuningCase) -> None:
    """From a goal to weights, chosen on validation shoppers and told by test shoppers."""
    tuning = case.tuning
    work = goal_search.work_of(tuning)
    status, request = work.status(), goal_search.request_of(work)
    with st.container(key="chart_goal"):
        form.draw_form(tuning, is_running=status.state == "running")
    found = read_result(work)
    if request is not None and status.state != "done":
        show_progress(case, request)
        if found:
            goal, stays = isolated(describe_goal(found.goal)), "What it found stays here until another one finishes."
            st.html(
                f'<p class="sw-headline sw-judged"><strong>The last search that finished: {goal}</strong></p>'
                f'<p class="sw-note">{stays}</p>'
            )
            show_result(case, found, is_running=status.state == "running")
        return
    if refused := job_progress.why_refused(goal_search.job_display(0)):
        st.html(notice_html("It could not be started.", [refused]))
    if found:
        show_result(case, found)
    elif request is not None:
        st.html(notice_html("What the last search found cannot be read:", ["Another version wrote it. Search again."]))


def search_runs_every(tuning: TuningContext) -> float:
    """How often to look what became of a search, or whether somebody else started one, in seconds."""
    is_running = goal_search.work_of(tuning).status().state == "running"
    return job_progress.LOOK_EVERY_S if is_running else LOOK_FOR_OTHERS_EVERY_S


def show_progress(case: TuningCase, request: SearchRequest) -> None:
    """A search that runs, or that ended without a result."""
    work = goal_search.work_of(case.tuning)
    status = work.status()
    so_far = status.result.get("so_far")
    so_far = so_far if isinstance(so_far, Mapping) else None
    outdated = so_far is not None and goal_search.is_of_other_data(case.tuning, so_far.get("panel_ids"))
    st.html(_heading(request, status) + (outdated_html() if outdated else ""))
    beside, about = st.columns([1, 1.35], gap="small")
    with beside, st.container(key="search_progress"):
        job_progress.show_progress(
            status,
            goal_search.job_display(request.n_trials),
            on_start=lambda: goal_search.start(case.tuning, request),
            on_cancel=work.cancel,
        )
        if status.state in ("failed", "cancelled") and so_far and not outdated:
            st.html(
                '<p class="sw-note">Settings tried so far are kept: a search for the same goal goes on with them.</p>'
            )
    with about, st.container(key="chart_so_far", height="stretch"):
        _so_far(case, request, so_far, is_running=status.state == "running", outdated=outdated)


def _heading(request: SearchRequest, status: JobStatus) -> str:
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
        figure = metric_charts.pareto_chart(points, marked, metrics, request.goal.k, charts.theme())
    except (LookupError, TypeError, ValueError):
        st.html(notice_html("What was found so far cannot be read; another version of Shelfwise wrote it."))
        return
    alt = f"{len(points)} settings that no other found so far beats by both metrics"
    charts.show_chart(figure, alt, key="so_far_front")
    st.html(legend_html(marked, is_done=False))


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
        f'<p class="sw-note">{words.sentence(held + esc(variety_text(settings)))} What it is worth by later '
        "choices is said at the end.</p>"
    )


def _value(best: Mapping[str, Any], metric: str) -> float:
    value = best["metrics"][metric]
    return float("nan") if value is None else float(value)


def show_result(case: TuningCase, found: SearchResult, *, is_running: bool = False) -> None:
    """The result, by test shoppers first; it cannot be gone on with while another search `is_running`."""
    request = SearchRequest(found.goal, found.n_trials)
    outdated = goal_search.is_of_other_data(case.tuning, found.panel_ids)
    if outdated:
        st.html(outdated_html())
        button("Search again", "search_again", "refresh", form.begin_search, case.tuning, request, disabled=is_running)
    beside, about = st.columns([1, 1], gap="small")
    with beside, st.container(key="chart_found", height="stretch"):
        st.html(_found_html(found))
        _instead(found)
        _buttons(case, found, request, can_go_on=not outdated and not is_running)
    with about, st.container(key="chart_search_front", height="stretch"):
        _front(case, found, outdated=outdated)
    if found.kept:
        st.container(key="chart_kept").html(goal_search.conditions_html(found))
    st.container(key="chart_sought").html(goal_search.metrics_html(found, case.tuning.test.panel.clicks))


def legend_html(marked: Mapping[str, metric_charts.Point], *, is_done: bool) -> str:
    """What the marks on the chart of a search mean."""
    names = metric_charts.mark_names(is_done=is_done)
    shown = {kind: names[kind] for kind in ("best", "reference", "now") if kind in marked}
    return metric_charts.legend_html(shown | {"front": "No setting found is better by both"})


def variety_text(settings: RankingSettings) -> str:
    """How much variety a setting asks for."""
    return f"variety {labels.variety(settings)}" if settings.diversity else "no variety, by score alone"


def outdated_html() -> str:
    """That something was found before the test shoppers were prepared anew."""
    return notice_html(
        "This was found on other data.",
        ["The shop's test shoppers were prepared anew since; figures and settings may not hold for them."],
    )


def _found_html(found: SearchResult) -> str:
    settings, variety = found.settings, variety_text(found.settings)
    first, points, after = goal_search.finding_text(found), goal_search.outcome_texts(found), ""
    if failing := goal_search.shortfall_texts(found):
        first, points = "Nothing that was tried keeps all conditions safely.", failing
        after = f'<p class="sw-nearest">The setting that comes nearest: {isolated(goal_search.finding_text(found))}</p>'
    listed = "".join(f"<li>{isolated(line)}</li>" for line in points)
    return (
        f'<h2 class="sw-eyebrow">What was found</h2><p class="sw-note">for {isolated(describe_goal(found.goal))}</p>'
        f'<p class="sw-finding" role="status">{isolated(first)}</p>'
        + (f'<ul class="sw-points">{listed}</ul>' if listed else "")
        + f'{after}<div class="sw-found-mix">{weights_html(settings.fusion.normalised())}'
        f'<p class="sw-note">{esc(variety[0].upper() + variety[1:])} · lists of {settings.n}</p></div>'
        f'<p class="sw-note">{esc(goal_search.trials_text(found))}</p>'
    )


def _instead(found: SearchResult) -> None:
    easier = goal_search.easier_goal(found)
    if easier is None or easier == found.goal:
        return
    with st.container(key="search_instead"):
        goal = isolated(describe_goal(easier))
        st.html(f'<p class="sw-note">What could be asked instead: <strong>{goal}</strong></p>')
        button("Ask for that", "ask_instead", "edit", form.fill_goal, easier)


def _buttons(case: TuningCase, found: SearchResult, request: SearchRequest, *, can_go_on: bool) -> None:
    tuning = case.tuning
    with st.container(horizontal=True, gap="small", key="found_buttons"):
        _load_button("Load into the sliders", "load_found", case, found.goal, found.settings, is_primary=True)
        about = "Loads it, and shows what changes for the same shoppers."
        button("Compare side by side", "compare_found", "compare_arrows", compare, tuning, found, help=about)
        about = "Loads it, and opens the form that saves it for everybody."
        button("Save as preset", "save_found", "bookmark_add", save, tuning, found, help=about)
        n = goal_search.more_trials(found.n_trials)
        about = f"Goes on to {n:,} settings with variety; what was tried is not tried again."
        args, is_off = (tuning, request._replace(n_trials=n)), not can_go_on or n <= found.n_trials
        button(
            "Search further", "search_further", "travel_explore", form.begin_search, *args, disabled=is_off, help=about
        )


def _load_button(
    label: str, key: str, case: TuningCase, goal: Goal, settings: RankingSettings, *, is_primary: bool = False
) -> None:
    loaded = controls.positions_of(case.now.settings) == controls.positions_of(settings)
    shown, icon = ("On the sliders", "check") if loaded else (label, "tune")
    kind = "primary" if is_primary and not loaded else "secondary"
    button(shown, key, icon, load, case.tuning, goal, settings, type=kind, disabled=loaded)


def load(tuning: TuningContext, goal: Goal, settings: RankingSettings) -> None:
    """Put all controls where a setting wants them, judged by the shoppers of its goal."""
    # Who came so is imagined so, which changes nothing and names the shoppers.
    options = tuning.choices.options
    stated = {name: value for name, value in goal.segment.values if name in CONTEXT_DIMENSIONS}
    scenario = Scenario.of(**{name: value for name, value in stated.items() if value in options[name].values})
    controls.load(tuning.choices, EvaluationConfig("what was found", settings, scenario), goal.segment)
    st.session_state[_LOADED] = st.session_state.get(_LOADED, 0) + 1


def compare(tuning: TuningContext, found: SearchResult) -> None:
    """Load it and open the section that holds two settings side by side."""
    load(tuning, found.goal, found.settings)
    st.session_state[_SECTION] = "Side by side"


def save(tuning: TuningContext, found: SearchResult) -> None:
    """Load it and open the form that saves it, with name, goal and what it came to filled in."""
    load(tuning, found.goal, found.settings)
    actions.fill_form(
        found.goal, f"Found by a search. {goal_search.finding_text(found)} {goal_search.trials_text(found)}"
    )
    st.session_state[_SECTION] = "Presets"


def _front(case: TuningCase, found: SearchResult, *, outdated: bool) -> None:
    metrics, k = found.front_metrics, found.goal.k
    marked = {} if outdated else goal_search.marked_settings(case, found.goal, metrics)
    marked["best"] = (found.validation[metrics[0]].mean, found.validation[metrics[1]].mean)
    texts = [f"{labels.mix(each.settings).replace(', ', '<br>')}<br><i>Click to load</i><br>" for each in found.front]
    points = [(point.first, point.second) for point in found.front]
    names = " against ".join(METRICS[name].at(k) for name in metrics)
    metric_charts.clickable(
        metric_charts.pareto_chart(points, marked, metrics, k, charts.theme(), texts),
        f"{names}: {len(points)} settings that no other found beats by both; choose one below the chart",
        f"search_front_{st.session_state.get(_LOADED, 0)}",
        len(found.front),
        lambda number: load(case.tuning, found.goal, found.front[number].settings),
    )
    st.html(legend_html(marked, is_done=True))
    if not found.front:
        return

    def point_text(number: int) -> str:
        values = zip(metrics, points[number], strict=True)
        said = [f"{METRICS[name].at(k)} {fmt.value(name, value)}" for name, value in values]
        return " · ".join([*said, labels.mix(found.front[number].settings)])

    with st.container(horizontal=True, vertical_alignment="bottom", key="front_row"):
        # What a click on the chart does, for the keyboard and for screen readers.
        number = st.selectbox(
            "Another point of the chart",
            range(len(found.front)),
            key=f"front_point_{found.n_trials}_{len(found.front)}",
            format_func=point_text,
        )
        _load_button("Load this", "load_point", case, found.goal, found.front[number or 0].settings)
