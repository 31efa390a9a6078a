"""Which of the two settings is A and which is B."""

from dataclasses import replace

import streamlit as st

from pages.tuning.context import TuningCase

PARAMETER = "swapped"


def sides(case: TuningCase) -> TuningCase:
    """The case with `reference` as A and `now` as B: as they are, or swapped where the address says so."""
    if not is_swapped():
        return case
    return replace(case, reference=case.now, now=case.reference)


def is_swapped() -> bool:
    """Whether what is on the sliders is A."""
    return st.query_params.get(PARAMETER) == "true"


def is_one_setting(case: TuningCase) -> bool:
    """Whether both are the same setting: weights that stand in the same proportion are the same weights.

    A weight of 1 for each is a quarter for each.
    """
    first, second = case.reference, case.now
    a, b = (each.settings.fusion.normalised() for each in (first, second))
    same_mix = all(abs(a[name] - b[name]) < 1e-9 for name in a)
    return (
        same_mix
        and replace(first.settings, fusion=second.settings.fusion) == second.settings
        and (first.scenario == second.scenario)
    )


def button() -> None:
    """Swaps both."""
    st.button(
        "Swap A and B",
        key="swap",
        icon=":material/swap_horiz:",
        help="Looks at every change from the other side. The sliders stay where they are.",
        on_click=_swap,
    )


def _swap() -> None:
    if is_swapped():
        del st.query_params[PARAMETER]
    else:
        st.query_params[PARAMETER] = "true"
