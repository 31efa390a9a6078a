"""What is struck, kept in the address as repeated `strike` parameters, so that a link carries the argument along."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages._shared import naming, resources, words
from pages._shared.notices import notice_html
from recsys.explanations.exclusions import MAX_STRIKES
from recsys.explanations.records import Explanation
from recsys.serving.recommender import Recommender

PARAMETER = "strike"
_N_CHIPS, _CHIP_CHARACTERS = 12, 44


@dataclass(frozen=True, slots=True)
class Ablation:
    """The names that are left out, in the order in which they were struck.

    Parameters
    ----------
    dropped : names of the address that this model does not know, or that are too many
    """

    names: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def read(model: Recommender) -> Ablation:
    """What the address strikes, without what this model cannot strike."""
    names = tuple(dict.fromkeys(filter(None, asked())))
    if not names:
        return Ablation()
    known = resources.strikes_known(model, model.model_id, names[:MAX_STRIKES])
    return Ablation(known, tuple(name for name in names if name not in known))


def toggle(name: str) -> None:
    """Strike a name, or restore it; as a widget's callback, it asks the address what stands at that time."""
    now = asked()
    covering = set(now) & set(names_over(name))
    write([other for other in now if other not in covering] if covering else [*now, name])


def strike_all(names: Sequence[str]) -> None:
    """Strike many names at once, as a widget's callback."""
    now = asked()
    write([*now, *(name for name in names if not set(now) & set(names_over(name)))])


def names_over(name: str) -> tuple[str, ...]:
    """The names that leave out what this one does: itself, and for a phrase its whole text.

    >>> names_over("r17.40"), names_over("f:brand:Mr. X")
    (('r17.40', 'r17'), ('f:brand:Mr. X',))
    """
    text, dot, start = name.partition(".")
    return (name, text) if dot and start.isdigit() and ":" not in text else (name,)


def restore_all() -> None:
    """Restore everything, words that were added included."""
    write([])
    st.session_state["added"] = ""


def asked() -> list[str]:
    """What the address strikes, known or not."""
    return st.query_params.get_all(PARAMETER)


def write(names: Sequence[str]) -> None:
    """Strike these and nothing else."""
    if names:
        st.query_params[PARAMETER] = list(names)
    elif PARAMETER in st.query_params:
        del st.query_params[PARAMETER]


def complain(struck: Ablation) -> None:
    """Say what of the address was dropped."""
    if struck.dropped:
        shown = [f"{PARAMETER} = {name[:60]!r}" for name in struck.dropped[:8]]
        if len(struck.dropped) > len(shown):
            shown.append(f"and {len(struck.dropped) - len(shown):,} more")
        st.html(
            notice_html(
                "Some of what this link strikes is not known to this model, or is more than "
                f"{MAX_STRIKES} at once; it counts again. The model may have been trained again since:",
                shown,
            )
        )


def bar(model: Recommender, struck: Ablation, *explanations: Explanation) -> None:
    """One chip for each thing that is struck, which restores it, and one for all."""
    if not struck.names:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="struck_bar"):
        st.html(f'<p class="sw-eyebrow">{words.count(len(struck.names), "thing")} left out</p>', width="content")
        for place, name in enumerate(struck.names[:_N_CHIPS]):
            label = naming.strike_label(name, model, *explanations)
            short = label if len(label) <= _CHIP_CHARACTERS else f"{label[: _CHIP_CHARACTERS - 1].rstrip()}…"
            st.button(
                plain(short),
                key=f"restore_{place}",
                icon=":material/undo:",
                help=f"Restore: {plain(label)}",
                on_click=toggle,
                args=(name,),
            )
        if len(struck.names) > _N_CHIPS:
            st.html(f'<p class="sw-note">and {len(struck.names) - _N_CHIPS:,} more</p>', width="content")
        st.button("Restore all", key="restore_all", type="tertiary", on_click=restore_all)


def plain(text: str) -> str:
    r"""Text for a label that Streamlit reads as Markdown, so that it stays the text it is.

    >>> plain("5*9 :red[x] <b>")
    '5\\*9 \\:red\\[x\\] \\<b\\>'
    """
    return "".join(f"\\{c}" if c in _MARKUP else " " if ord(c) < 32 else c for c in text)


_MARKUP = frozenset("\\`*_{}[]()<>#+-.!|:~$&@/\"'=^")
