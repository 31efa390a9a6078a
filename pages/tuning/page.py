"""The page as one fragment: controls, reference, and the section that is open."""

import streamlit as st

from pages._shared import frame, resources
from pages._shared.notices import Query, empty_html, explain_address, notice_html
from pages._shared.view import ANY, Choices
from pages.tuning import controls, imagined, labels, reference
from pages.tuning.by_log import closeness
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.metrics import judge_by, metric_label
from pages.tuning.preparing import is_of_other_data, own_words, prepare, warn_of_other_data
from pages.tuning.sections import SECTIONS
from recsys.errors import ArtifactError, RecsysError, SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.jobs.paths import AppPaths
from recsys.serving.recommender import Recommender
from recsys.settings import FusionSettings

PROTOCOLS = {
    "last": "what they chose last",
    "temporal": "all they chose after a moment",
    "newcomers": "their third product, by two known",
    "evening_mobile": "their last by phone in an evening",
    "new_products": "their last, as if new in the shop",
}
"""What is held out, by split, as the page says it."""


def hold_out() -> str:
    """What test shoppers are asked to find again: a key of `PROTOCOLS`."""
    split = st.selectbox(
        "Test shoppers are asked to find",
        list(PROTOCOLS),
        key="split",
        format_func=PROTOCOLS.get,
        help="Everybody’s last choice, or everything after a moment; or put every shopper back to an earlier moment: "
        "when two products of theirs were known, which shows how newcomers are served, or before their last evening "
        "on a phone. Or take what they chose for new, as if nobody had bought or reviewed it yet. “How this is "
        "measured” says exactly what is done.",
        bind="query-params",
        width=260,
    )
    return split or "last"


def show(home: AppPaths, model: Recommender, choices: Choices, shop: str, split: str, link: Query) -> None:
    """The room, or the progress of preparing it.

    Parameters
    ----------
    link : the address as it was before any control here was drawn
    """
    try:
        engines = resources.engines(home, split)
    except ArtifactError as problem:
        explain_address(choices, link, lambda: {"split": tuple(PROTOCOLS.values())})
        fresh = not (home.panel(split) / "manifest.json").exists()
        prepare(home, split, shop, "" if fresh else str(problem))
        return
    try:
        room = TuningContext(home, model, choices, shop, split, *engines, resources.presets(home, shop))
    except SettingsError as problem:
        st.html(empty_html("No database to keep presets in", str(problem)))
        return
    if is_of_other_data(model, room):
        warn_of_other_data(home, split, shop)
    if own := own_words(model):
        st.html(notice_html("Test shoppers are judged without what this model has of its own:", own))
    explain_address(choices, link, lambda: offered(room))
    _room(room)


def offered(room: TuningContext) -> dict[str, tuple[str, ...]]:
    """What the controls that only this page has can hold, by their name in the address."""
    metrics = tuple(map(metric_label, METRICS))
    properties = {name: (ANY, *values) for name, values in controls.properties(room.test.panel).items()}
    found = resources.saved(room.home, room.shop).presets()
    against = {} if found.away else {"against": tuple(reference.offered(found.presets))}
    return {
        "split": tuple(PROTOCOLS.values()),
        "room": tuple(SECTIONS),
        "metric": metrics,
        "second": metrics,
        "follow": closeness.NAMES,
        **against,
        **properties,
        **dict.fromkeys(("same_context", "only_available"), ("true", "false")),
    }


@st.fragment
def _room(room: TuningContext) -> None:
    default = FusionSettings(**{name: position / 100 for name, position in room.choices.weights.items()})
    try:
        section = st.segmented_control(
            "Section",
            list(SECTIONS),
            default=next(iter(SECTIONS)),
            required=True,
            key="room",
            label_visibility="collapsed",
            bind="query-params",
        )
        now, who = controls.setting(room.choices, room.test.panel)
        with st.container(horizontal=True, vertical_alignment="bottom", key="compare_row"):
            against = reference.choose(now, default, resources.saved(room.home, room.shop).presets())
            metric = judge_by()
        case = TuningCase(room, now, against, who, metric)
        if not case.mask.any():
            st.html(labels.nobody_html(who, room.test.panel.shoppers))
            return
        if elsewhere := imagined.notice(case):
            st.html(elsewhere)
        SECTIONS[section or next(iter(SECTIONS))](case)
    except RecsysError as problem:
        st.html(empty_html("Nothing to show with these settings", str(problem)))
    finally:
        frame.remember_view(frame.TUNE_PAGE)
