"""How closely pages follow a setting: from a policy that leans towards it to its very list."""

from dataclasses import dataclass

import streamlit as st

from recsys.offpolicy.mixes import MAIN_TEMPERATURE, N_LISTED


@dataclass(frozen=True, slots=True)
class Closeness:
    """Parameters
    ----------
    name : on the control and in tables
    temperature : as of `offpolicy.sliders.Asked`
    """

    name: str
    temperature: float


ALL = (
    Closeness("Loosely", MAIN_TEMPERATURE),
    Closeness("Closely", 0.5),
    Closeness("Very closely", 0.25),
    Closeness("As its list", 0.0),
)
NAMES = tuple(each.name for each in ALL)


def choose() -> Closeness:
    """A control; the closer, the less a log of something else can say."""
    name = st.segmented_control(
        "How closely pages follow the setting",
        NAMES,
        default=NAMES[0],
        required=True,
        key="follow",
        help="A log of one policy says little of another that shows different products. Loosely, a product whose score "
        "is one deviation better is shown 2.7 times as often; closely, 7 times; very closely, 55 times; and a quarter "
        f"of places goes to any product. As its list, every page shows the {N_LISTED} best products and nothing else.",
        bind="query-params",
    )
    return next(each for each in ALL if each.name == (name or NAMES[0]))
