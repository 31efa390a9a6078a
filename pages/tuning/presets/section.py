"""What is saved at a glance, the present setting's way into it, and the presets that come with Shelfwise."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from pages._shared import job_progress, resources, words
from pages._shared.cards import isolated
from pages._shared.notices import empty_html, notice_html
from pages._shared.widgets import button, download
from pages.tuning import controls
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import actions, cards, forms
from pages.tuning.presets.cards import card_html
from recsys.errors import StoreError
from recsys.jobs import Job, JobStatus
from recsys.jobs.presets_job import JOB, SPLIT, ShopFolders, presets_job_at, start_presets_job
from recsys.store.exchange import export_presets
from recsys.store.records import Preset
from recsys.tuning.goals import describe_goal

AT_ONCE = 10
"""So many presets are shown at first, and more with each click."""

FIND_FROM = 7
"""With so many presets a field appears to find one in."""

LOOK_EVERY_S = 4
"""How often a database that is away is asked again."""

_PANEL = job_progress.JobDisplay(
    label="Tuning the presets", start="Tune the presets of this shop", usual_shares=JOB.usual_shares, key="tuning_"
)


def presets(case: TuningCase) -> None:
    """Save, import, export; then every preset as a card."""
    if st.session_state.pop(actions.AGAIN, False):
        st.rerun(scope="app")
    room = case.room
    found = resources.saved(room.home, room.shop).last
    with st.container(horizontal=True, vertical_alignment="center", key="preset_tools"):
        forms.save_new(case)
        forms.import_file(room)
        file, mime, export = "shelfwise-presets.json", "application/json", partial(export_presets, found.presets)
        download("Export all", "export_all", file, mime, export, disabled=not found.presets)
        forms.deleted_presets(room)
        forms.who_field()
    if found.away:
        _away(case, found.away, bool(found.presets))
    actions.show_outcome(room)
    if _work(room).status().state == "running":
        st.html(
            '<p class="sw-hint" role="status">The presets that come with Shelfwise are being tuned on this shop’s '
            "validation shoppers. They appear here when that is done; all else here goes on meanwhile.</p>"
        )
        _tuning_progress(room)
    if not found.presets and not found.away:
        st.html(
            empty_html(
                "No presets yet",
                "Move the sliders until a setting pleases you, then save it here: with its name, how it measures now, "
                "and who saved it. Everybody who opens this dashboard sees it.",
            )
        )
    matching = _matching(found.presets)
    n = st.session_state.get("presets_shown", AT_ONCE)
    for preset in _with_open(case, matching[:n], found.presets):
        _card(case, preset, is_gone=preset not in found.presets)
    if len(matching) > n:
        more = partial(st.session_state.update, presets_shown=n + AT_ONCE)
        button(f"Show {min(AT_ONCE, len(matching) - n)} more", "more_presets", "", more)
    if not found.away:
        _offer_tuning(room, found.presets)


@st.fragment(run_every=LOOK_EVERY_S)
def _away(case: TuningCase, why: str, is_known: bool) -> None:
    """Why there is nothing new; the page goes on by itself as soon as the database answers."""
    if not resources.saved(case.room.home, case.room.shop).presets().away:
        st.rerun(scope="app")
    stays = "What is shown is what was last seen. " if is_known else ""
    kept = f"{stays}What you typed stays, all else here goes on, and this page looks again by itself."
    st.html(notice_html("Presets cannot be reached just now:", [words.sentence(why), kept]))


def _matching(presets: tuple[Preset, ...]) -> list[Preset]:
    """The presets that hold every word that was typed to find one."""
    if len(presets) < FIND_FROM:
        return list(presets)
    typed = st.text_input(
        "Find", key="find_preset", placeholder="Find by name, tag or words", label_visibility="collapsed"
    )
    texts = [
        " ".join((each.name, *each.tags, each.description, describe_goal(each.goal))).casefold() for each in presets
    ]
    wanted = (typed or "").casefold().split()
    return [each for each, text in zip(presets, texts, strict=True) if all(word in text for word in wanted)]


def _with_open(case: TuningCase, shown: list[Preset], presets: tuple[Preset, ...]) -> list[Preset]:
    """Those that are shown, and the one whose details are open even where somebody else deleted it meanwhile."""
    if forms.open_preset() is None or any(map(forms.is_open, shown)):
        return shown
    try:
        others = [*presets, *case.room.store.deleted()]
    except StoreError:
        others = list(presets)
    return [*filter(forms.is_open, others), *shown]


def _card(case: TuningCase, preset: Preset, *, is_gone: bool) -> None:
    room, pid = case.room, preset.preset_id
    is_open, is_present = forms.is_open(preset), cards.is_present(case, preset.settings)
    is_reference = st.session_state.get("against") == controls.reference_name(preset)
    badges = {"deleted": is_gone, "on the sliders": is_present, "compared with": is_reference}
    drift = cards.measure_drift(room, preset.settings, preset.measured)
    with st.container(key=f"preset_{pid}"):
        st.html(card_html(preset, drift, [name for name, holds in badges.items() if holds], is_whole=is_open))
        with st.container(horizontal=True, key=f"acts_{pid}"):
            if is_gone:
                button("Restore", f"back_{pid}", "", actions.restore, room, pid)
            else:
                button("Load", f"load_{pid}", "tune", actions.load, room, preset, disabled=is_present)
                compare = "Compare with it", f"compare_{pid}", "compare_arrows"
                button(*compare, actions.compare, preset, disabled=is_reference)
                if preset.is_shipped:
                    button("Duplicate to edit", f"copy_{pid}", "content_copy", actions.duplicate, room, pid)
                else:
                    save = "Save the present setting here", f"update_{pid}", "save"
                    button(*save, actions.update, case, pid, preset.version)
            label, icon = ("Close", "expand_less") if is_open else ("Details", "expand_more")
            button(label, f"open_{pid}", icon, forms.toggle_details, preset, type="tertiary")
        if is_open:
            forms.show_details(case, preset)


def _work(room: TuningContext) -> Job:
    return presets_job_at(room.home.panel(SPLIT).absolute())


def _start(room: TuningContext) -> None:
    start_presets_job(ShopFolders.of(room.home, SPLIT, room.shop))


@st.fragment(run_every=job_progress.LOOK_EVERY_S)
def _tuning_progress(room: TuningContext) -> None:
    """How far the tuning of what comes with Shelfwise is, whoever started it; the page runs again when it ends."""
    work = _work(room)
    status = work.status()
    if status.state != "running":
        st.rerun(scope="app")
    job_progress.show_progress(status, _PANEL, on_start=lambda: _start(room), on_cancel=work.cancel)


def _offer_tuning(room: TuningContext, presets: Sequence[Preset]) -> None:
    """A button that tunes them, quiet where they are there, with what went wrong the last time."""
    status = _work(room).status()
    if status.state == "running":
        return
    shipped = [preset for preset in presets if preset.is_shipped]
    if problem := _problem_html(status):
        st.html(problem)
    with st.container(horizontal=True, vertical_alignment="center", key="tune_shipped"):
        st.html(f'<p class="sw-note">{_shipped_html(shipped, status)}</p>', width="stretch")
        label, icon = ("Tune again", "refresh") if shipped else (_PANEL.start, "tune")
        kind = "tertiary" if shipped else "secondary"
        button(label, "tune_presets", icon, job_progress.start, _PANEL, lambda: _start(room), type=kind)


def _problem_html(status: JobStatus) -> str:
    if refused := job_progress.why_refused(_PANEL):
        return notice_html("Tuning could not be started.", [refused])
    if status.state == "failed":
        lines = [words.sentence(status.message)] if status.message else []
        return notice_html("The presets could not be tuned.", [*lines, "What was saved before stays as it was."])
    if status.state == "cancelled":
        return '<p class="sw-hint" role="status">Tuning was stopped; nothing was changed.</p>'
    return ""


def _shipped_html(shipped: Sequence[Preset], status: JobStatus) -> str:
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
