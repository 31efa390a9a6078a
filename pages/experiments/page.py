"""The list of experiments, the one that is looked at, and the work that runs them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages._shared import charts, frame, words, working
from pages._shared.cards import esc
from pages._shared.notices import notice_html
from pages.experiments import showing
from pages.experiments.overview import overview
from recsys.jobs import WorkStatus
from recsys.jobs.paths import AppPaths
from recsys.jobs.studies_job import experiments_work, results_folder, start_experiments
from recsys.studies.registry import EXPERIMENTS, Experiment
from recsys.studies.report import report_html
from recsys.studies.result import Result
from recsys.studies.results_folder import read_results

SPLITS = {"last": "what shoppers chose last", "temporal": "all they chose after a moment"}
"""What test shoppers are asked to find, by way of holding out."""

OVERVIEW = "overview"
"""What is looked at before an experiment is chosen."""

_PANEL = working.JobDisplay(
    label="Running experiments", start="Run all experiments", is_resumable=True, key="experiments_"
)


def hold_out() -> str:
    """What test shoppers are asked to find: a key of `SPLITS`."""
    chosen = st.selectbox(
        "Test shoppers are asked to find",
        list(SPLITS),
        key="held_out",
        format_func=SPLITS.get,
        bind="query-params",
        width=260,
    )
    return chosen or "last"


def show(home: AppPaths, split: str) -> None:
    """Everything below the title."""
    folder = results_folder(home, split)
    results = read_results(folder)
    status = experiments_work(folder).status()
    st.html(
        '<p class="sw-lede">What is each part worth on this shop? Every experiment is run on shoppers whose choices '
        "were held out, is told with intervals, and can be made again by one command.</p>"
    )
    _runs(home, split, results, status)
    name = (
        st.pills(
            "Experiment",
            [OVERVIEW, *EXPERIMENTS],
            default=OVERVIEW,
            required=True,
            format_func=_title,
            key="experiment",
            label_visibility="collapsed",
            bind="query-params",
        )
        or OVERVIEW
    )
    if name == OVERVIEW:
        overview(results, _refused(status), "experiment")
    else:
        _one(EXPERIMENTS[name], results.get(name), status)
    frame.remember_view(frame.EXPERIMENTS_PAGE)


def _title(name: str) -> str:
    return EXPERIMENTS[name].title if name in EXPERIMENTS else "Overview"


def _one(experiment: Experiment, result: Result | None, status: WorkStatus) -> None:
    st.html(f'<p class="sw-headline"><strong>{esc(experiment.question)}</strong></p>')
    if result is not None:
        showing.result(result, charts.theme())
    else:
        st.html(_missing(experiment.name, status))


def _runs(home: AppPaths, split: str, results: Mapping[str, Result], status: WorkStatus) -> None:
    """What was run, what is running, and the buttons for more."""
    if status.state == "running":
        _watched(home, split)
        return
    if problem := _problem(status):
        st.html(problem)
    missing = [name for name in EXPERIMENTS if name not in results and name not in _refused(status)]
    with st.container(horizontal=True, vertical_alignment="center", key="experiment_runs"):
        if missing:
            st.button(
                "Run all experiments" if not results else "Run what is missing",
                key="run_missing",
                type="primary",
                icon=":material/play_arrow:",
                on_click=_start,
                args=(home, split, missing),
            )
        if results:
            st.button(
                "Run all again",
                key="run_all",
                icon=":material/refresh:",
                type="secondary" if missing else "tertiary",
                on_click=_start,
                args=(home, split, list(EXPERIMENTS)),
            )
            st.download_button(
                "Report",
                lambda: report_html(list(results.values()), _refused(status)),
                file_name="experiments.html",
                mime="text/html",
                icon=":material/description:",
                help="One page with every result, its protocol and the commands that make it again.",
                on_click="ignore",
            )


def _start(home: AppPaths, split: str, names: Sequence[str]) -> None:
    working.start(_PANEL, lambda: start_experiments(home, split, names))


@st.fragment(run_every=working.LOOK_EVERY_S)
def _watched(home: AppPaths, split: str) -> None:
    work = experiments_work(results_folder(home, split))
    status = work.status()
    if status.state != "running":
        st.rerun(scope="app")
    working.show(status, _PANEL, on_start=lambda: _start(home, split, list(EXPERIMENTS)), on_cancel=work.cancel)


def _refused(status: WorkStatus) -> Mapping[str, str]:
    reasons = status.result.get("not_available")
    return {str(name): str(why) for name, why in reasons.items()} if isinstance(reasons, dict) else {}


def _problem(status: WorkStatus) -> str:
    if refused := working.why_refused(_PANEL):
        return notice_html("The experiments could not be started.", [refused])
    if status.state == "failed":
        lines = [words.sentence(status.message)] if status.message else []
        return notice_html("An experiment could not be finished.", [*lines, "Those that were finished are kept."])
    if status.state == "cancelled":
        return '<p class="sw-hint" role="status">Stopped; experiments that were finished are kept.</p>'
    return ""


def _missing(name: str, status: WorkStatus) -> str:
    if why := _refused(status).get(name):
        return notice_html("This shop’s data do not allow it.", [words.sentence(why)])
    return '<p class="sw-note">Not run on this shop yet.</p>'
