"""The tuning room: its controls, what is compared with, and the one section that is open.

A new section is a function of a `TuningCase` that draws it, and a line in `SECTIONS`; only the open one is computed.
"""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages._shared import resources
from pages._shared.address import Query
from pages._shared.cards import empty_html, esc, isolated, notice_html
from pages._shared.controls import switch
from pages._shared.frame import TUNE_PAGE, Frame, remembered
from pages._shared.view import ANY, Choices, explain_address
from pages.tuning import context, controls, labels, log_clicks
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.live_metrics import imagined_html, judge_by, live_metrics, metric_label
from pages.tuning.presets.section import presets, presets_run_every
from pages.tuning.protocol import HOLD_OUTS, prepare_shoppers, protocol
from pages.tuning.search.section import find_weights, search_runs_every
from pages.tuning.side_by_side import side_by_side
from pages.tuning.weight_map import weight_map
from recsys.errors import ArtifactError, SettingsError
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.segments import DIMENSIONS, Segment
from recsys.scorers.phrase_weights import SemanticSettings
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.recommender import Recommender
from recsys.settings import TRAINED_ON_EVERYTHING

SECTIONS: dict[str, Callable[[TuningCase], None]] = {
    "Live metrics": live_metrics,
    "Weight map": weight_map,
    "Side by side": side_by_side,
    "Presets": presets,
    "Find good weights": find_weights,
    "Clicks by the log": log_clicks.clicks_by_the_log,
    "How this is measured": protocol,
}

LOOKING: dict[str, Callable[[TuningContext], float | None]] = {
    "Presets": presets_run_every,
    "Find good weights": search_runs_every,
}
"""How often sections run by themselves that show what goes on elsewhere."""

_SPLITS = tuple(each.wanted for each in HOLD_OUTS.values())

FORMER_METRICS = {"Click rate (simulated)": "ctr"}
"""Metrics by what they were called in addresses that people kept."""


def with_present_metrics(link: Query) -> Query:
    """An address with the labels that metrics have today, which the controls take their values from."""
    for control in ("metric", "second"):
        if link.get(control) and (metric := FORMER_METRICS.get(link[control][-1])):
            st.query_params[control] = metric_label(metric)
            st.session_state[control] = metric
            link = {**link, control: [metric_label(metric)]}
    return link


def hold_out() -> str:
    """What test shoppers are asked to find again: a key of `HOLD_OUTS`."""
    about = (
        "Everybody’s last choice, or everything after a moment; or put every shopper back to an earlier moment: "
        "when two products of theirs were known, which shows how newcomers are served, or before their last evening "
        "on a phone. Or take what they chose for new, as if nobody had bought or reviewed it yet. “How this is "
        "measured” says exactly what is done."
    )
    more = {"format_func": lambda name: HOLD_OUTS[name].wanted, "help": about, "width": 260}
    return controls.select("Test shoppers are asked to find", list(HOLD_OUTS), "split", "last", **more)


def draw_page(frame: Frame, choices: Choices, split: str, link: Query) -> None:
    """The sections, or the progress of preparing test shoppers; `link` is the address before any control was drawn."""
    home, model, shop = frame.home, frame.model, frame.shop_name
    shoppers = prepare_shoppers(home, split, shop)
    try:
        engines = context.engines(home, split)
    except ArtifactError as problem:
        explain_address(choices, link, lambda: {"split": _SPLITS})
        shoppers.introduce(str(problem) if (home.panel(split) / "manifest.json").exists() else "")
        if home.shop_data is None:
            st.html(notice_html("The data of this model is needed, too:", ["Nobody said where it lies."]))
            st.html('<p class="sw-note">Start the dashboard with the data folder that the model was trained on:</p>')
            st.code(f"RECSYS_MODEL={esc(home.model)} RECSYS_DATA=DIR make app", language=None, wrap_lines=True)
        else:
            shoppers.run()
        return
    try:
        tuning = TuningContext(home, model, choices, shop, split, *engines, resources.presets(home, shop))
    except SettingsError as problem:
        st.html(empty_html("No database to keep presets in", str(problem)))
        return
    if is_of_other_data(model, tuning):
        shoppers.offer_again()
    if own := own_words(model):
        st.html(notice_html("Test shoppers are judged without what this model has of its own:", own))
    explain_address(choices, link, lambda: address_values(tuning))
    every = _runs_every(tuning, st.session_state.get("room", st.query_params.get("room", "")))
    st.fragment(_section, run_every=every)(tuning, every)


def is_of_other_data(model: Recommender, tuning: TuningContext) -> bool:
    """Whether the test shoppers were prepared from other data than the model in use learnt from.

    A model that was trained with something held out knows less than its folder, so of it nothing can be said.
    """
    is_whole = model.info.protocol == TRAINED_ON_EVERYTHING
    return is_whole and tuning.test.panel.data["fingerprint"] != model.info.data_fingerprint


def own_words(model: Recommender) -> list[str]:
    """How the model in use reads words otherwise than the models that test shoppers are judged by, in sentences."""
    semantic = model.scorers["semantic"]
    assert isinstance(semantic, SemanticScorer)
    said = []
    if semantic.space.head is not None:
        said.append("A map of what words mean, learned for this shop.")
    if semantic.settings != SemanticSettings():
        said.append("Its own way of weighing phrases.")
    return said


def address_values(tuning: TuningContext) -> dict[str, tuple[str, ...]]:
    """What the controls that only this page has can hold, by their name in the address."""
    metrics = tuple(map(metric_label, METRICS))
    properties = {name: (ANY, *values) for name, values in controls.properties(tuning.test.panel).items()}
    saved = resources.saved(tuning.home, tuning.shop).presets()
    against = {} if saved.away else {"against": tuple(controls.reference_names(saved.presets))}
    return {
        "split": _SPLITS,
        "room": tuple(SECTIONS),
        "metric": metrics,
        "second": metrics,
        "follow": tuple(log_clicks.TEMPERATURES),
        **against,
        **properties,
        **dict.fromkeys(("same_context", "only_available"), ("true", "false")),
    }


def nobody_html(segment: Segment, people: pd.DataFrame) -> str:
    """Which properties nobody has all of, how many of `Panel.shoppers` have each, and how many fit without it."""
    head = empty_html("Nobody fits", "no test shopper has all of these properties; let go of one")
    rows = ""
    for pair in sorted(segment.values, key=lambda pair: DIMENSIONS.index(pair[0])):
        alone, others = Segment((pair,)), Segment(tuple(each for each in segment.values if each != pair))
        cells = "".join(f"<td>{each.mask(people).sum():,} of {len(people):,}</td>" for each in (alone, others))
        rows += f'<tr><th scope="row">{isolated(labels.shoppers(alone)[0])}</th>{cells}</tr>'
    heads = ["Chosen under Shoppers", "Have it", "Fit without it"]
    return head + labels.table_html("sw-guard sw-nobody", heads, f"<tbody>{rows}</tbody>")


def _runs_every(tuning: TuningContext, name: str) -> float | None:
    """How often a section runs by itself, in seconds; None where only its controls run it."""
    return LOOKING[name](tuning) if name in LOOKING else None


def _section(tuning: TuningContext, every: float | None) -> None:
    """The controls and the open section: one fragment, which runs by itself every so many seconds.

    A part of it must not do so in its place: when such a run follows at once, Streamlit clears up after that one alone
    and leaves pieces of another section behind (streamlit#16708).
    """
    with remembered(TUNE_PAGE, "Nothing to show with these settings"):
        name = switch("Section", list(SECTIONS), "room", label_visibility="collapsed")
        if _runs_every(tuning, name) != every:
            st.rerun(scope="app")
        now, segment = controls.setting(tuning.choices, tuning.test.panel)
        with st.container(horizontal=True, vertical_alignment="bottom", key="compare_row"):
            against = controls.choose_reference(
                now, tuning.own_weights, resources.saved(tuning.home, tuning.shop).presets()
            )
            metric = judge_by()
        case = TuningCase(tuning, now, against, segment, metric)
        if not case.mask.any():
            st.html(nobody_html(segment, tuning.test.panel.shoppers))
            return
        if elsewhere := imagined_html(case):
            st.html(elsewhere)
        SECTIONS[name](case)
