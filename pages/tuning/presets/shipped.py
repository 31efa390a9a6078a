"""The presets that come with Shelfwise: how far their tuning is, and the way to have it done, once more or at last."""

from collections.abc import Sequence

import streamlit as st

from pages._shared import words, working
from pages._shared.cards import isolated
from pages._shared.notices import notice_html
from pages.tuning.context import TuningContext
from recsys.jobs import Work, WorkStatus
from recsys.jobs.presets_job import JOB, SPLIT, ShopFolders, presets_work, start_presets_work
from recsys.store.records import Preset

_PANEL = working.JobDisplay(
    label="Tuning the presets",
    start="Tune the presets of this shop",
    usual_shares=JOB.usual_shares,
    key="tuning_",
)


def progress(room: TuningContext) -> None:
    """How far the tuning is while it runs, whoever started it; nothing else."""
    if _work(room).status().state == "running":
        st.html(
            '<p class="sw-hint" role="status">The presets that come with Shelfwise are being tuned on this shop’s '
            "validation shoppers. They appear here when that is done; all else here goes on meanwhile.</p>"
        )
        _watched(room)


def offer(room: TuningContext, presets: Sequence[Preset]) -> None:
    """A button that tunes them, quiet where they are there, with what went wrong the last time."""
    status = _work(room).status()
    if status.state == "running":
        return
    shipped = [preset for preset in presets if preset.is_shipped]
    if problem := _problem(status):
        st.html(problem)
    with st.container(horizontal=True, vertical_alignment="center", key="tune_shipped"):
        st.html(f'<p class="sw-note">{_said(shipped, status)}</p>', width="stretch")
        st.button(
            "Tune again" if shipped else _PANEL.start,
            key="tune_presets",
            icon=":material/refresh:" if shipped else ":material/tune:",
            type="tertiary" if shipped else "secondary",
            on_click=working.start,
            args=(_PANEL, lambda: _start(room)),
        )


def _work(room: TuningContext) -> Work:
    return presets_work(room.home.panel(SPLIT).absolute())


def _start(room: TuningContext) -> None:
    start_presets_work(ShopFolders.of(room.home, SPLIT, room.shop))


@st.fragment(run_every=working.LOOK_EVERY_S)
def _watched(room: TuningContext) -> None:
    work = _work(room)
    status = work.status()
    if status.state != "running":
        st.rerun(scope="app")
    working.show(status, _PANEL, on_start=lambda: _start(room), on_cancel=work.cancel)


def _problem(status: WorkStatus) -> str:
    if refused := working.why_refused(_PANEL):
        return notice_html("Tuning could not be started.", [refused])
    if status.state == "failed":
        lines = [words.sentence(status.message)] if status.message else []
        return notice_html("The presets could not be tuned.", [*lines, "What was saved before stays as it was."])
    if status.state == "cancelled":
        return '<p class="sw-hint" role="status">Tuning was stopped; nothing was changed.</p>'
    return ""


def _said(shipped: Sequence[Preset], status: WorkStatus) -> str:
    reasons = status.result.get("not_available")
    missing = "".join(
        f" This shop cannot have “{isolated(name)}”: {isolated(str(why).rstrip('.'))}."
        for name, why in (reasons.items() if isinstance(reasons, dict) else ())
    )
    if not shipped:
        return (
            "Shelfwise brings presets for usual goals, such as accuracy, discovery, or new shoppers, and finds the "
            f"weights of each on this shop’s validation shoppers, beside this page.{missing}"
        )
    latest = max(preset.changed_at for preset in shipped)
    return f"What comes with Shelfwise was tuned for this shop on {words.day(latest)}.{missing}"
