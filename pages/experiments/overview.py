"""What every experiment came to, in a sentence each, and the way to the whole of it."""

from collections.abc import Mapping

import streamlit as st

from pages._shared import words
from pages._shared.cards import esc, isolated
from recsys.studies.registry import EXPERIMENTS
from recsys.studies.result import Result


def overview(results: Mapping[str, Result], refused: Mapping[str, str], choice_key: str) -> None:
    """Every experiment, whether it was run or not.

    Parameters
    ----------
    refused : why the data do not allow an experiment, by name
    choice_key : of the widget that says which experiment is looked at
    """
    for name, experiment in EXPERIMENTS.items():
        with st.container(key=f"overview_{name}", gap="xxsmall"):
            st.button(
                experiment.title,
                key=f"open_{name}",
                type="tertiary",
                icon=":material/arrow_forward:",
                icon_position="right",
                on_click=_open,
                args=(choice_key, name),
            )
            st.html(_said(experiment.question, results.get(name), refused.get(name, "")))


def _open(choice_key: str, name: str) -> None:
    st.session_state[choice_key] = name


def _said(question: str, result: Result | None, why_not: str) -> str:
    if result is not None:
        return f'<p class="sw-overview-question">{esc(question)}</p><p>{isolated(result.conclusion[0])}</p>'
    missing = f"This shop’s data do not allow it: {esc(words.sentence(why_not))}" if why_not else "Not run yet."
    return f'<p class="sw-overview-question">{esc(question)}</p><p class="sw-note">{missing}</p>'
