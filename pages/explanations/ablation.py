"""What is left out, held in the address as repeated `strike` parameters, so that a link carries the argument along."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages._shared import resources, words
from pages._shared.notices import notice_html
from pages._shared.shopper import EXCLUDED, restore_all
from pages.explanations import naming
from recsys.explanations.exclusions import MAX_EXCLUSIONS, current_name, names_over
from recsys.explanations.records import Explanation
from recsys.serving.recommender import Recommender

_N_CHIPS, _CHIP_CHARACTERS = 12, 44


@dataclass(frozen=True, slots=True)
class Excluded:
    """The names that are left out, in the order in which they were.

    Parameters
    ----------
    dropped : names of the address that this model does not know, or that are too many
    """

    names: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def read(model: Recommender) -> Excluded:
    """What the address leaves out, without what this model cannot; older names in it become those of today."""
    addressed_now = addressed()
    names = tuple(dict.fromkeys(filter(None, addressed_now)))
    if not names:
        return Excluded()
    current = {name: current_name(name, model.documents) for name in names}
    if list(current.values()) != list(names):
        write([current.get(name, name) for name in addressed_now])
    known = resources.known_exclusions(model, tuple(dict.fromkeys(current.values()))[:MAX_EXCLUSIONS])
    return Excluded(known, tuple(name for name, now in current.items() if now not in known))


def toggle(name: str) -> None:
    """Leave a name out, or restore it; as a widget's callback, it asks the address what stands at that time."""
    now = addressed()
    covering = set(now) & set(names_over(name))
    write([other for other in now if other not in covering] if covering else [*now, name])


def exclude_all(names: Sequence[str]) -> None:
    """Leave out many names at once, as a widget's callback."""
    now = addressed()
    write([*now, *(name for name in names if not set(now) & set(names_over(name)))])


def addressed() -> list[str]:
    """What the address leaves out, known or not."""
    return st.query_params.get_all(EXCLUDED)


def write(names: Sequence[str]) -> None:
    """Leave out these and nothing else."""
    if names:
        st.query_params[EXCLUDED] = list(dict.fromkeys(names))
    else:
        st.query_params.pop(EXCLUDED, None)


def complain(excluded: Excluded) -> None:
    """Say what of the address was dropped."""
    if excluded.dropped:
        named = [f"{EXCLUDED} = {name[:60]!r}" for name in excluded.dropped[:8]]
        if len(excluded.dropped) > len(named):
            named.append(f"and {len(excluded.dropped) - len(named):,} more")
        title = (
            "Some of what this link strikes is not known to this model, or is more than "
            f"{MAX_EXCLUSIONS} at once; it counts again. The model may have been trained again since:"
        )
        st.html(notice_html(title, named))


def bar(model: Recommender, excluded: Excluded, explanation: Explanation) -> None:
    """One chip for each thing that is left out, which restores it, and one for all."""
    if not excluded.names:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="struck_bar"):
        st.html(f'<p class="sw-eyebrow">{words.count(len(excluded.names), "thing")} left out</p>', width="content")
        for place, name in enumerate(excluded.names[:_N_CHIPS]):
            label = naming.exclusion_label(name, model, explanation)
            short = label if len(label) <= _CHIP_CHARACTERS else f"{label[: _CHIP_CHARACTERS - 1].rstrip()}…"
            st.button(
                plain(short),
                key=f"restore_{place}",
                icon=":material/undo:",
                help=f"Restore: {plain(label)}",
                on_click=toggle,
                args=(name,),
            )
        if (n_more := len(excluded.names) - _N_CHIPS) > 0:
            st.html(f'<p class="sw-note">and {n_more:,} more</p>', width="content")
        st.button("Restore all", key="restore_all", type="tertiary", on_click=restore_all)


def plain(text: str) -> str:
    r"""Text for a label that Streamlit reads as Markdown, so that it stays the text it is.

    >>> plain("5*9 :red[x] <b>")
    '5\\*9 \\:red\\[x\\] \\<b\\>'
    """
    return "".join(f"\\{c}" if c in _MARKUP else " " if ord(c) < 32 else c for c in text)


_MARKUP = frozenset("\\`*_{}[]()<>#+-.!|:~$&@/\"'=^")
