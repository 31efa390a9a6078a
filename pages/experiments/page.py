"""The Experiments page below its title: every study, one result whole, and the job that runs them."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, frame, job_progress, words
from pages._shared.cards import esc, isolated, notice_html
from pages._shared.charts import ACCENT, GRID, LOOKS, MUTED
from pages._shared.controls import button, download
from recsys.jobs import JobStatus
from recsys.jobs.paths import AppPaths
from recsys.jobs.shop_jobs import experiments_job_at, results_folder, start_experiments
from recsys.studies.format import command, table_csv
from recsys.studies.registry import EXPERIMENTS, Experiment
from recsys.studies.report import figure, read_results, report_html, table_html
from recsys.studies.result import Plot, Result, Table

SPLITS = {"last": "what shoppers chose last", "temporal": "all they chose after a moment"}
"""What test shoppers are asked to find, by way of holding out."""

OVERVIEW = "overview"
"""What is looked at before an experiment is chosen."""

_MOST_ROWS, _MOST_OPEN = 40, 20
"""Rows of a table that are shown, and above which it is folded."""

_RUNS = job_progress.JobDisplay(
    label="Running experiments", start="Run all experiments", is_resumable=True, key="experiments_"
)


def show_experiments(home: AppPaths, split: str) -> None:
    """Everything below the title."""
    folder = results_folder(home, split)
    results, status = read_results(folder), experiments_job_at(folder).status()
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
        _result(result, charts.theme())
    elif why_not:
        st.html(notice_html("This shop’s data do not allow it.", [words.sentence(why_not)]))
    else:
        st.html('<p class="sw-note">Not run on this shop yet.</p>')


def _overview(results: Mapping[str, Result], refused: Mapping[str, str]) -> None:
    for name, experiment in EXPERIMENTS.items():
        if name in results:
            answer = f"<p>{isolated(results[name].conclusion[0])}</p>"
        else:
            reason = "Not run yet."
            if name in refused:
                reason = f"This shop’s data do not allow it: {esc(words.sentence(refused[name]))}"
            answer = f'<p class="sw-note">{reason}</p>'
        with st.container(key=f"overview_{name}", gap="xxsmall"):
            opening, chosen = st.session_state.update, {"experiment": name}
            more = {"type": "tertiary", "icon_position": "right"}
            button(experiment.title, f"open_{name}", "arrow_forward", opening, chosen, **more)
            st.html(f'<p class="sw-overview-question">{esc(experiment.question)}</p>{answer}')


def _runs(
    home: AppPaths, split: str, results: Mapping[str, Result], refused: Mapping[str, str], status: JobStatus
) -> None:
    if problem := _problem(status):
        st.html(problem)
    missing = [name for name in EXPERIMENTS if name not in results and name not in refused]
    with st.container(horizontal=True, vertical_alignment="center", key="experiment_runs"):
        if missing:
            label = "Run all experiments" if not results else "Run what is missing"
            button(label, "run_missing", "play_arrow", _start, home, split, missing, type="primary")
        if results:
            kind = "secondary" if missing else "tertiary"
            button("Run all again", "run_all", "refresh", _start, home, split, list(EXPERIMENTS), type=kind)
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
    job_progress.start(_RUNS, lambda: start_experiments(home, split, names))


@st.fragment(run_every=job_progress.LOOK_EVERY_S)
def _watch(home: AppPaths, split: str) -> None:
    work = experiments_job_at(results_folder(home, split))
    status = work.status()
    if status.state != "running":
        st.rerun(scope="app")
    job_progress.show_progress(
        status, _RUNS, on_start=lambda: _start(home, split, list(EXPERIMENTS)), on_cancel=work.cancel
    )


def _problem(status: JobStatus) -> str:
    if why_not := job_progress.why_refused(_RUNS):
        return notice_html("The experiments could not be started.", [why_not])
    if status.state == "failed":
        lines = [words.sentence(status.message)] if status.message else []
        return notice_html("An experiment could not be finished.", [*lines, "Those that were finished are kept."])
    if status.state == "cancelled":
        return '<p class="sw-hint" role="status">Stopped; experiments that were finished are kept.</p>'
    return ""


def _result(result: Result, tone: str) -> None:
    first, *rest = result.conclusion
    with st.container(key="chart_conclusion"):
        st.html(
            f'<h2 class="sw-eyebrow">What it comes to</h2><p class="sw-finding" role="status">{isolated(first)}</p>'
            f"{_points(rest)}"
        )
    for side_by_side in _rows(result.plots):
        for column, plot in zip(st.columns(len(side_by_side)), side_by_side, strict=True):
            with column, st.container(key=f"chart_{result.experiment}_{plot.name}"):
                st.html(f'<h2 class="sw-chart-title">{esc(plot.title)}</h2>')
                alt = f"{plot.title}: {plot.y_title} by {plot.x_title}"
                charts.show_chart(_drawn(plot, tone), alt, key=f"{result.experiment}_{plot.name}")
    for n, table in enumerate(result.tables):
        with st.container(key=f"chart_table_{result.experiment}_{table.name}"):
            if n == 0 and len(table.rows) <= _MOST_OPEN:
                st.html(f'<h2 class="sw-chart-title">{esc(table.title)}</h2>')
                _table(result.experiment, table)
            else:
                with st.expander(table.title):
                    _table(result.experiment, table)
    with st.container(key="chart_done"):
        caveats = f'<h3 class="sw-eyebrow">What the figures do not say</h3>{_points(result.caveats)}'
        st.html(
            '<h2 class="sw-chart-title">What was done</h2>'
            f'<p class="sw-experiment-text">{isolated(words.sentence(result.protocol))}</p>'
            f"{caveats if result.caveats else ''}"
            f'<p class="sw-note">Again: <code>{esc(command(result))}</code>; took {words.duration(result.seconds)}.</p>'
        )


def _points(lines: Sequence[str]) -> str:
    return f'<ul class="sw-points">{"".join(f"<li>{isolated(each)}</li>" for each in lines)}</ul>'


def _rows(plots: Sequence[Plot]) -> list[list[Plot]]:
    """Curves in pairs where two or more follow one another, all else alone."""
    rows: list[list[Plot]] = []
    for plot in plots:
        before = rows[-1] if rows else []
        if plot.kind == "line" and len(before) == 1 and before[0].kind == "line":
            before.append(plot)
        else:
            rows.append([plot])
    return rows


def _drawn(plot: Plot, tone: str) -> go.Figure:
    axis = {"gridcolor": GRID[tone], "zerolinecolor": MUTED[tone], "title_font": {"color": MUTED[tone], "size": 12.5}}
    drawn = figure(plot, (ACCENT[tone], *(look.colour(tone) for look in LOOKS.values())))
    drawn.update_xaxes(**axis, automargin=True).update_yaxes(**axis)
    margin = {"l": 8, "r": 16, "t": 12, "b": 72}
    return drawn.update_layout(**{**charts.framed("", tone), "title": None, "margin": margin})


def _table(experiment: str, table: Table) -> None:
    st.html(table_html(table, isolated, _MOST_ROWS))
    key, file = f"csv_{experiment}_{table.name}", f"{experiment}-{table.name}.csv"
    download("Table (CSV)", key, file, "text/csv", lambda: table_csv(table), type="tertiary")
