"""The section "Presets": what is saved at a glance, and the present setting's way into it."""

import streamlit as st

from pages._shared import resources, words
from pages._shared.notices import empty_html, notice_html
from pages.tuning import reference
from pages.tuning.context import TuningCase
from pages.tuning.presets import actions, details, exchanging, measuring, messages, saving, shipped
from pages.tuning.presets.card import card_html
from recsys.errors import StoreError
from recsys.store.records import Preset
from recsys.tuning.goals import describe_goal

AT_ONCE = 10
"""So many presets are shown at first, and more with each click."""

FIND_FROM = 7
"""With so many presets a field appears to find one in."""

LOOK_EVERY_S = 4
"""How often a database that is away is asked again."""


def presets(case: TuningCase) -> None:
    """Save, import, export; then every preset as a card."""
    if st.session_state.pop(actions.AGAIN, False):
        st.rerun(scope="app")
    room = case.room
    found = resources.saved(room.home, room.shop).last
    with st.container(horizontal=True, vertical_alignment="center", key="preset_tools"):
        saving.save_new(case)
        exchanging.take_in(room)
        exchanging.export_all(found.presets)
        exchanging.deleted(room)
        saving.who()
    if found.away:
        _away(case, found.away, bool(found.presets))
    messages.show(room)
    shipped.progress(room)
    if not found.presets and not found.away:
        st.html(
            empty_html(
                "No presets yet",
                "Move the sliders until a setting pleases you, then save it here: with its name, how it measures now, "
                "and who saved it. Everybody who opens this dashboard sees it.",
            )
        )
    shown = _wanted(found.presets)
    n = st.session_state.get("presets_shown", AT_ONCE)
    for preset in _with_open(case, shown[:n], found.presets):
        _card(case, preset, is_gone=preset not in found.presets)
    if len(shown) > n:
        st.button(f"Show {min(AT_ONCE, len(shown) - n)} more", key="more_presets", on_click=_more)
    if not found.away:
        shipped.offer(room, found.presets)


@st.fragment(run_every=LOOK_EVERY_S)
def _away(case: TuningCase, why: str, is_known: bool) -> None:
    """Why there is nothing new; the page goes on by itself as soon as the database answers."""
    if not resources.saved(case.room.home, case.room.shop).presets().away:
        st.rerun(scope="app")
    stays = "What is shown is what was last seen. " if is_known else ""
    kept = f"{stays}What you typed stays, all else here goes on, and this page looks again by itself."
    st.html(notice_html("Presets cannot be reached just now:", [words.sentence(why), kept]))


def _wanted(all_presets: tuple[Preset, ...]) -> list[Preset]:
    if len(all_presets) < FIND_FROM:
        return list(all_presets)
    typed = st.text_input(
        "Find", key="find_preset", placeholder="Find by name, tag or words", label_visibility="collapsed"
    )
    wanted = (typed or "").casefold().split()
    return [preset for preset in all_presets if all(word in _text(preset) for word in wanted)]


def _text(preset: Preset) -> str:
    return " ".join((preset.name, *preset.tags, preset.description, describe_goal(preset.goal))).casefold()


def _with_open(case: TuningCase, shown: list[Preset], all_presets: tuple[Preset, ...]) -> list[Preset]:
    """Those that are shown, and the one whose details are open even where somebody else deleted it meanwhile."""
    opened = details.opened()
    if opened is None or any(preset.preset_id == opened.preset_id for preset in shown):
        return shown
    try:
        others = [*all_presets, *case.room.store.deleted()]
    except StoreError:
        others = list(all_presets)
    return [*[preset for preset in others if preset.preset_id == opened.preset_id], *shown]


def _card(case: TuningCase, preset: Preset, *, is_gone: bool) -> None:
    room, pid = case.room, preset.preset_id
    opened = details.opened()
    is_open = opened is not None and opened.preset_id == pid
    is_present = measuring.is_present(case, preset.settings)
    is_reference = st.session_state.get("against") == reference.option(preset)
    badges = {"deleted": is_gone, "on the sliders": is_present, "compared with": is_reference}
    standing = measuring.standing(room, preset.settings, preset.measured)
    with st.container(key=f"preset_{pid}"):
        st.html(card_html(preset, standing, [said for said, holds in badges.items() if holds], is_whole=is_open))
        with st.container(horizontal=True, key=f"acts_{pid}"):
            if is_gone:
                st.button("Restore", key=f"back_{pid}", on_click=messages.put_back, args=(room, pid))
            else:
                _buttons(case, preset, is_present, is_reference)
            st.button(
                "Close" if is_open else "Details",
                key=f"open_{pid}",
                icon=":material/expand_less:" if is_open else ":material/expand_more:",
                type="tertiary",
                on_click=details.toggle,
                args=(preset,),
            )
        if is_open:
            details.show(case, preset)


def _buttons(case: TuningCase, preset: Preset, is_present: bool, is_reference: bool) -> None:
    room, pid = case.room, preset.preset_id
    st.button(
        "Load",
        key=f"load_{pid}",
        icon=":material/tune:",
        disabled=is_present,
        on_click=actions.load,
        args=(room, preset),
    )
    st.button(
        "Compare with it",
        key=f"compare_{pid}",
        icon=":material/compare_arrows:",
        disabled=is_reference,
        on_click=actions.compare,
        args=(preset,),
    )
    if preset.is_shipped:
        st.button(
            "Duplicate to edit",
            key=f"copy_{pid}",
            icon=":material/content_copy:",
            on_click=actions.duplicate,
            args=(room, pid),
        )
    else:
        st.button(
            "Save the present setting here",
            key=f"update_{pid}",
            icon=":material/save:",
            on_click=actions.update,
            args=(case, pid, preset.version),
        )


def _more() -> None:
    st.session_state["presets_shown"] = st.session_state.get("presets_shown", AT_ONCE) + AT_ONCE
