"""Presets as files, in and out, and those that were deleted."""

import streamlit as st

from pages._shared import words
from pages._shared.cards import isolated
from pages.tuning.context import TuningContext
from pages.tuning.presets import messages
from pages.tuning.presets.card import moment
from pages.tuning.presets.messages import Told
from recsys.errors import StoreError
from recsys.store.exchange import export_presets, import_presets
from recsys.store.records import Preset

IMPORT, DELETED = "import_presets", "deleted_presets"
_FILE, _NTH = "import_file", "import_nth"


def export_all(presets: tuple[Preset, ...]) -> None:
    """A button that hands over every preset of the shop."""
    st.download_button(
        "Export all",
        lambda: export_presets(presets),
        "shelfwise-presets.json",
        "application/json",
        key="export_all",
        icon=":material/download:",
        disabled=not presets,
        on_click="ignore",
    )


def take_in(room: TuningContext) -> None:
    """A file of presets comes in: all of it, or nothing."""
    with st.popover("Import", icon=":material/upload:", key=IMPORT, on_change="rerun"):
        st.html(
            '<p class="sw-note">A file that Shelfwise exported. Names that are taken get “(imported)” behind them; '
            "when anything in it is wrong, nothing is imported.</p>"
        )
        messages.show(room, IMPORT)
        key = f"{_FILE}_{st.session_state.get(_NTH, 0)}"
        given = st.file_uploader("File of presets", "json", key=key, max_upload_size=1, label_visibility="collapsed")
        st.button(
            "Import these presets",
            key="import",
            type="primary",
            disabled=given is None,
            on_click=_import,
            args=(room, key),
        )


def _import(room: TuningContext, key: str) -> None:
    state = st.session_state

    def work() -> Told:
        made = import_presets(room.store, state[key].getvalue(), by=messages.who())
        names = ", ".join(f"“{preset.name}”" for preset in made[:5])
        more = len(made) - 5
        return Told(
            f"{words.count(len(made), 'preset')} imported.", (names + (f" and {more} more" if more > 0 else ""),)
        )

    if messages.attempt(room, work, IMPORT):
        state[_NTH] = state.get(_NTH, 0) + 1
        state[IMPORT] = False


def deleted(room: TuningContext) -> None:
    """What was deleted and can be put back; looked up when somebody wants to know."""
    with st.popover("Deleted", icon=":material/restore_from_trash:", key=DELETED, on_change="rerun") as popover:
        if not popover.open:
            return
        try:
            gone = room.store.deleted()
        except StoreError as problem:
            st.html(f'<p class="sw-note">{isolated(problem)}</p>')
            return
        if not gone:
            st.html('<p class="sw-note">Nothing was deleted.</p>')
        for preset in gone[:50]:
            with st.container(horizontal=True, vertical_alignment="center", key=f"gone_{preset.preset_id}"):
                st.html(
                    f'<p class="sw-note"><strong>{isolated(preset.name)}</strong><span class="sw-by">deleted by '
                    f"{isolated(preset.who)}, {moment(preset.changed_at)}</span></p>",
                    width="stretch",
                )
                st.button(
                    "Restore",
                    key=f"restore_{preset.preset_id}",
                    on_click=messages.put_back,
                    args=(room, preset.preset_id),
                )
