"""The section itself: how closely the setting is followed, what the log says of it, and what that rests on."""

import streamlit as st

from pages._shared import charts, resources
from pages._shared.notices import empty_html
from pages.tuning.by_log import chart, closeness, preparing, sentences, support
from pages.tuning.by_log.closeness import Closeness
from pages.tuning.context import TuningCase
from recsys.errors import ArtifactError
from recsys.jobs.log_job import has_log
from recsys.offpolicy.mixes import LogEvaluator, MixAnswer, MixQuery
from recsys.tuning.config import EvaluationConfig as Setting


def clicks_by_the_log(case: TuningCase) -> None:
    """What a shop's own impressions say of the setting and of its reference."""
    home = case.room.home
    if not has_log(home):
        st.html(
            empty_html(
                "No log of impressions",
                "nobody wrote down what this shop showed and with what chance, so no clicks can be weighed; add "
                "impressions.parquet to its data, with click and propensity_score",
            )
        )
        return
    if problem := resources.problem_of_log(home):
        st.html(empty_html("This log cannot be asked", problem))
        return
    try:
        sliders = resources.sliders(home)
    except ArtifactError as problem:
        preparing.prepare(home, "" if not (home.judged_log / "manifest.json").exists() else str(problem))
        return
    if preparing.is_of_other_data(case, sliders):
        preparing.warn_of_other_data(home)
    follow = closeness.choose()
    now, reference = (ask(sliders, setting, follow) for setting in (case.now, case.reference))
    lift = sliders.lift(now, reference)
    with st.container(key="chart_answer"):
        st.html(sentences.answer_html(now, reference, lift, sliders, case.reference.name, is_same=case.is_same))
        if left_out := sentences.left_out(case):
            st.html(f'<p class="sw-note">{left_out}</p>')
    beside, about = st.columns([1, 1.25], gap="small")
    with beside, st.container(key="chart_estimates", height="stretch"):
        st.html('<h2 class="sw-chart-title">Places clicked, by every estimator</h2>')
        if now.found.refusal and reference.found.refusal:
            st.html(
                '<p class="sw-note">None is shown: the log can carry no estimate. Follow the setting less closely.</p>'
            )
        else:
            drawn = chart.figure(now, reference, case.reference.name, sliders, charts.theme(), is_same=case.is_same)
            said = "Click rate of this setting and of its reference, by every estimator"
            charts.show(drawn, said, key="log_estimates")
            if sentences.has_bare_estimate(now) or sentences.has_bare_estimate(reference):
                st.html('<p class="sw-note">A point without a bar: too few visitors decide it for an interval.</p>')
    with about, st.container(key="chart_support", height="stretch"):
        st.html(support.table_html([(each, ask(sliders, case.now, each)) for each in closeness.ALL], follow))
    st.html(sentences.protocol_html(sliders))


def ask(sliders: LogEvaluator, setting: Setting, follow: Closeness) -> MixAnswer:
    """What the log says of a setting of the room."""
    asked = MixQuery(setting.settings.fusion, follow.temperature, setting.settings.filters)
    return resources.answer_of_log(sliders, sliders.log_of.log_id, asked)
