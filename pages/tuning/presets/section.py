"""What is saved at a glance, the present setting's way into it, files in and out, and what comes with Shelfwise."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._shared import job_progress, resources, words
from pages._shared.cards import empty_html, isolated, notice_html, weights_html
from pages._shared.controls import button, download
from pages.tuning import controls, labels
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.presets import actions, cards
from recsys.errors import StoreError
from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.jobs import Job, JobStatus
from recsys.jobs.shop_jobs import PRESETS, PRESETS_SPLIT, ShopFolders, presets_job_at, start_presets_job
from recsys.store.exchange import export_presets
from recsys.store.records import LONGEST_DESCRIPTION, LONGEST_GOAL, LONGEST_NAME, LONGEST_TAG, MOST_TAGS, Preset
from recsys.tuning.goals import describe_goal

AT_ONCE = 10
"""So many presets are shown at first, and more with each click."""

FIND_FROM = 7
"""With so many presets a field appears to find one in."""

LOOK_EVERY_S = 4
"""How often a database that is away is asked again."""

_PANEL = job_progress.JobDisplay(
    label="Tuning the presets", start="Tune the presets of this shop", usual_shares=PRESETS.usual_shares, key="tuning_"
)


def presets(case: TuningCase) -> None:
    """Save, import, export; then every preset as a card."""
    if st.session_state.pop(actions.AGAIN, False):
        st.rerun(scope="app")
    tuning = case.tuning
    found = resources.saved(tuning.home, tuning.shop).last
    with st.container(horizontal=True, vertical_alignment="center", key="preset_tools"):
        _save_new(case)
        _import(tuning)
        file, mime, export = "shelfwise-presets.json", "application/json", partial(export_presets, found.presets)
        download("Export all", "export_all", file, mime, export, disabled=not found.presets)
        _deleted(tuning)
        actions.name_field(icon=":material/person:", label_visibility="collapsed", width=190)
    if found.away:
        _away(case, found.away, bool(found.presets))
    actions.show_outcome(tuning)
    if _work(tuning).status().state == "running":
        st.html(
            '<p class="sw-hint" role="status">The presets that come with Shelfwise are being tuned on this shop’s '
            "validation shoppers. They appear here when that is done; all else here goes on meanwhile.</p>"
        )
        _tuning_progress(tuning)
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
        _offer_tuning(tuning, found.presets)


def presets_run_every(tuning: TuningContext) -> float | None:
    """How often to look how far tuning is, or whether the database is back, in seconds; None where neither is."""
    if _work(tuning).status().state == "running":
        return job_progress.LOOK_EVERY_S
    return LOOK_EVERY_S if resources.saved(tuning.home, tuning.shop).last.away else None


def _away(case: TuningCase, why: str, is_known: bool) -> None:
    """Why there is nothing new; the page goes on by itself as soon as the database answers."""
    if not resources.saved(case.tuning.home, case.tuning.shop).presets().away:
        st.rerun(scope="app")
    stays = "What is shown is what was last seen. " if is_known else ""
    kept = f"{stays}What you typed stays, all else here goes on, and this page looks again by itself."
    st.html(notice_html("Presets cannot be reached just now:", [words.sentence(why), kept]))


def _matching(presets: tuple[Preset, ...]) -> list[Preset]:
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
    if actions.open_preset() is None or any(map(actions.is_open, shown)):
        return shown
    try:
        others = [*presets, *case.tuning.store.deleted()]
    except StoreError:
        others = list(presets)
    return [*filter(actions.is_open, others), *shown]


def _card(case: TuningCase, preset: Preset, *, is_gone: bool) -> None:
    tuning, pid = case.tuning, preset.preset_id
    is_open, is_present = actions.is_open(preset), cards.is_present(case, preset.settings)
    is_reference = st.session_state.get("against") == controls.reference_name(preset)
    badges = {"deleted": is_gone, "on the sliders": is_present, "compared with": is_reference}
    drift = cards.measure_drift(tuning, preset.settings, preset.measured)
    with st.container(key=f"preset_{pid}"):
        st.html(cards.card_html(preset, drift, [name for name, holds in badges.items() if holds], is_whole=is_open))
        with st.container(horizontal=True, key=f"acts_{pid}"):
            if is_gone:
                button("Restore", f"back_{pid}", "", actions.restore, tuning, pid)
            else:
                button("Load", f"load_{pid}", "tune", actions.load, tuning, preset, disabled=is_present)
                compare = "Compare with it", f"compare_{pid}", "compare_arrows"
                button(*compare, actions.compare, preset, disabled=is_reference)
                if preset.is_shipped:
                    button("Duplicate to edit", f"copy_{pid}", "content_copy", actions.duplicate, tuning, pid)
                else:
                    save = "Save the present setting here", f"update_{pid}", "save"
                    button(*save, actions.update, case, pid, preset.version)
            label, icon = ("Close", "expand_less") if is_open else ("Details", "expand_more")
            button(label, f"open_{pid}", icon, actions.toggle_details, preset, type="tertiary")
        if is_open:
            _details(case, preset)


def _work(tuning: TuningContext) -> Job:
    return presets_job_at(tuning.home.panel(PRESETS_SPLIT).absolute())


def _start(tuning: TuningContext) -> None:
    start_presets_job(ShopFolders.of(tuning.home, PRESETS_SPLIT, tuning.shop))


def _tuning_progress(tuning: TuningContext) -> None:
    """How far the tuning of what comes with Shelfwise is, whoever started it; the page runs again when it ends."""
    work = _work(tuning)
    status = work.status()
    if status.state != "running":
        st.rerun(scope="app")
    job_progress.show_progress(status, _PANEL, on_start=lambda: _start(tuning), on_cancel=work.cancel)


def _offer_tuning(tuning: TuningContext, presets: Sequence[Preset]) -> None:
    status = _work(tuning).status()
    if status.state == "running":
        return
    shipped = [preset for preset in presets if preset.is_shipped]
    if problem := _problem_html(status):
        st.html(problem)
    with st.container(horizontal=True, vertical_alignment="center", key="tune_shipped"):
        st.html(f'<p class="sw-note">{_shipped_html(shipped, status)}</p>', width="stretch")
        label, icon = ("Tune again", "refresh") if shipped else (_PANEL.start, "tune")
        kind = "tertiary" if shipped else "secondary"
        button(label, "tune_presets", icon, job_progress.start, _PANEL, lambda: _start(tuning), type=kind)


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


def _save_new(case: TuningCase) -> None:
    icon = ":material/bookmark_add:"
    with st.popover("Save this setting", icon=icon, type="primary", key=actions.POPOVER, on_change="rerun"):
        settings = cards.present_settings(case)
        n = words.count(int(case.mask.sum()), "test shopper")
        st.html(
            f'{weights_html(settings.weights.normalised())}<p class="sw-note">{labels.preset_html(settings)}. Kept '
            f"with it: all {len(LIVE_METRICS)} metrics over {n}, as they are now.</p>"
        )
        actions.show_outcome(case.tuning, actions.NEW)
        asks_who = not actions.visitor_name()
        with st.form(actions.NEW, border=False):
            right = _word_fields(actions.FIELDS, ("", "", "", ""), 122 if asks_who else 208, persist_state="session")
            if asks_who:
                right.text_input("Your name", key="preset_who", max_chars=80, placeholder="asked once a session")
            st.form_submit_button("Save", type="primary", on_click=actions.save_new, args=(case,), key="preset_save")


def _word_fields(keys: Sequence[str], values: Sequence[str], height: int, **more: Any) -> DeltaGenerator:
    """Name, description, tags and goal, in the order of `actions.FIELDS`; gives the right column."""
    left, right = st.columns(2)
    (name_key, text_key, tags_key, goal_key), (name, text, tags, goal) = keys, values
    most_tags, tags_help = MOST_TAGS * (LONGEST_TAG + 2), "for example: autumn, mobile"
    goal_help = "what it is tuned for, in your words"
    with left:
        st.text_input("Name", name, LONGEST_NAME, key=name_key, **more)
        st.text_input("Tags, with commas between them", tags, most_tags, key=tags_key, placeholder=tags_help, **more)
        st.text_input("Goal (optional)", goal, LONGEST_GOAL, key=goal_key, placeholder=goal_help, **more)
    right.text_area("Description", text, key=text_key, max_chars=LONGEST_DESCRIPTION, height=height, **more)
    return right


def _details(case: TuningCase, preset: Preset) -> None:
    tuning, pid = case.tuning, preset.preset_id
    with st.container(horizontal=True, key="preset_more"):
        _rare_actions(tuning, preset)
    st.html(f'<h3 class="sw-chart-title">History</h3>{cards.history_html(preset)}')
    if preset.is_shipped:
        st.html('<p class="sw-note">It comes with Shelfwise and stays as it is. Duplicate it, and change the copy.</p>')
        return
    actions.show_outcome(tuning, pid)
    with st.form(f"edit_{pid}", border=False):
        st.html('<h3 class="sw-chart-title sw-preset-words">Name and words</h3>')
        st.session_state[f"saved_goal_{pid}"] = preset.goal
        tags, goal = ", ".join(preset.tags), describe_goal(preset.goal)
        _word_fields(actions.edit_keys(pid), (preset.name, preset.description, tags, goal), 200)
        st.form_submit_button("Save these words", on_click=actions.describe, args=(tuning, pid), key=f"describe_{pid}")


def _rare_actions(tuning: TuningContext, preset: Preset) -> None:
    file = file_name(preset.name)
    if preset.is_default:
        button("No default any more", "default_off", "home", actions.clear_default, tuning)
    else:
        about = (
            "The dashboard starts from it, for everybody who opens it anew; links that say more still win. "
            f"It sets {actions.STARTS}."
        )
        button("Make it the default", "default_on", "home", actions.make_default, tuning, preset, help=about)
    if not preset.is_shipped:
        button("Duplicate", "duplicate", "content_copy", actions.duplicate, tuning, preset.preset_id)
    download("Export", "export_one", f"{file}.json", "application/json", lambda: export_presets([preset]))
    if preset.saves:
        table = f"{file}-history.csv"
        download("History as CSV", "export_history", table, "text/csv", lambda: cards.history_csv(preset.saves))
    if not preset.is_shipped:
        button("Delete", "delete", "delete", actions.delete, tuning, preset)


def file_name(name: str) -> str:
    """A preset's name as a file may be called everywhere.

    >>> file_name("Evening & mobile: 2/3"), file_name("أهلا")
    ('evening-mobile-2-3', 'preset')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "preset"


def _import(tuning: TuningContext) -> None:
    with st.popover("Import", icon=":material/upload:", key=actions.IMPORT, on_change="rerun"):
        st.html(
            '<p class="sw-note">A file that Shelfwise exported. Names that are taken get “(imported)” behind them; '
            "when anything in it is wrong, nothing is imported.</p>"
        )
        actions.show_outcome(tuning, actions.IMPORT)
        key = f"{actions.FILE}_{st.session_state.get(actions.NTH, 0)}"
        given = st.file_uploader("File of presets", "json", key=key, max_upload_size=1, label_visibility="collapsed")
        more = {"type": "primary", "disabled": given is None}
        button("Import these presets", "import", "", actions.import_file, tuning, key, **more)


def _deleted(tuning: TuningContext) -> None:
    icon = ":material/restore_from_trash:"
    with st.popover("Deleted", icon=icon, key="deleted_presets", on_change="rerun") as popover:
        if not popover.open:
            return
        try:
            gone = tuning.store.deleted()
        except StoreError as problem:
            st.html(f'<p class="sw-note">{isolated(problem)}</p>')
            return
        if not gone:
            st.html('<p class="sw-note">Nothing was deleted.</p>')
        for preset in gone[:50]:
            pid = preset.preset_id
            with st.container(horizontal=True, vertical_alignment="center", key=f"gone_{pid}"):
                st.html(
                    f'<p class="sw-note"><strong>{isolated(preset.name)}</strong><span class="sw-by">deleted by '
                    f"{isolated(preset.who)}, {labels.timestamp(preset.changed_at)}</span></p>",
                    width="stretch",
                )
                button("Restore", f"restore_{pid}", "", actions.restore, tuning, pid)
