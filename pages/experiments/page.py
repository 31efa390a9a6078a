"""The list of experiments, the one that is looked at, and the work that runs them."""

from collections.abc import Mapping, Sequence

import streamlit as st

from pages._shared import charts, frame, words, working
from pages._shared.cards import esc, isolated
from pages._shared.notices import notice_html
from pages.experiments import result as result_view
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
    results, status = read_results(folder), experiments_work(folder).status()
    reasons = status.result.get("not_available")
    refused = {str(name): str(why) for name, why in reasons.items()} if isinstance(reasons, dict) else {}
    st.html(
        '<p class="sw-lede">What is each part worth on this shop? Every experiment is run on shoppers whose choices '
        "were held out, is told with intervals, and can be made again by one command.</p>"
    )
    if status.state == "running":
        _watch(home, split)
    else:
        _runs(home, split, results, refused, status)
    name = st.pills(
        "Experiment",
        [OVERVIEW, *EXPERIMENTS],
        default=OVERVIEW,
        required=True,
        format_func=lambda name: EXPERIMENTS[name].title if name in EXPERIMENTS else "Overview",
        key="experiment",
        label_visibility="collapsed",
        bind="query-params",
    )
    if name in EXPERIMENTS:
        _one(EXPERIMENTS[name], results.get(name), refused.get(name, ""))
    else:
        _overview(results, refused)
    frame.remember_view(frame.EXPERIMENTS_PAGE)


def _one(experiment: Experiment, result: Result | None, why_not: str) -> None:
    st.html(f'<p class="sw-headline"><strong>{esc(experiment.question)}</strong></p>')
    if result is not None:
        result_view.show(result, charts.theme())
    elif why_not:
        st.html(notice_html("This shop’s data do not allow it.", [words.sentence(why_not)]))
    else:
        st.html('<p class="sw-note">Not run on this shop yet.</p>')


def _overview(results: Mapping[str, Result], refused: Mapping[str, str]) -> None:
    """Every experiment with its conclusion in a sentence, or why there is none, and the way to the whole of it."""
    for name, experiment in EXPERIMENTS.items():
        if name in results:
            answer = f"<p>{isolated(results[name].conclusion[0])}</p>"
        else:
            why_not = (
                f"This shop’s data do not allow it: {esc(words.sentence(refused[name]))}" if name in refused else ""
            )
            answer = f'<p class="sw-note">{why_not or "Not run yet."}</p>'
        with st.container(key=f"overview_{name}", gap="xxsmall"):
            st.button(
                experiment.title,
                key=f"open_{name}",
                type="tertiary",
                icon=":material/arrow_forward:",
                icon_position="right",
                on_click=st.session_state.update,
                args=({"experiment": name},),
            )
            st.html(f'<p class="sw-overview-question">{esc(experiment.question)}</p>{answer}')


def _runs(
    home: AppPaths, split: str, results: Mapping[str, Result], refused: Mapping[str, str], status: WorkStatus
) -> None:
    """How the last run ended, and the buttons for more."""
    if problem := _problem(status):
        st.html(problem)
    missing = [name for name in EXPERIMENTS if name not in results and name not in refused]
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
                lambda: report_html(list(results.values()), refused),
                file_name="experiments.html",
                mime="text/html",
                icon=":material/description:",
                help="One page with every result, its protocol and the commands that make it again.",
                on_click="ignore",
            )


def _start(home: AppPaths, split: str, names: Sequence[str]) -> None:
    working.start(_PANEL, lambda: start_experiments(home, split, names))


@st.fragment(run_every=working.LOOK_EVERY_S)
def _watch(home: AppPaths, split: str) -> None:
    """Progress of the run under way."""
    work = experiments_work(results_folder(home, split))
    status = work.status()
    if status.state != "running":
        st.rerun(scope="app")
    working.show(status, _PANEL, on_start=lambda: _start(home, split, list(EXPERIMENTS)), on_cancel=work.cancel)


def _problem(status: WorkStatus) -> str:
    if why_not := working.why_refused(_PANEL):
        return notice_html("The experiments could not be started.", [why_not])
    if status.state == "failed":
        lines = [words.sentence(status.message)] if status.message else []
        return notice_html("An experiment could not be finished.", [*lines, "Those that were finished are kept."])
    if status.state == "cancelled":
        return '<p class="sw-hint" role="status">Stopped; experiments that were finished are kept.</p>'
    return ""
