"""The section "Clicks by the log": what a shop's own impressions say of the setting, and what that rests on."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from pages._shared import charts, words
from pages._shared.cards import empty_html, esc, isolated, weights_html
from pages._shared.charts import ACCENT, LOOKS, MUTED
from pages._shared.controls import switch
from pages._shared.words import signed
from pages.tuning import context, metric_charts
from pages.tuning.context import TuningCase
from pages.tuning.labels import VERDICTS, table_html
from pages.tuning.protocol import prepare_log
from recsys.errors import ArtifactError
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.jobs.shop_jobs import has_log
from recsys.offpolicy.estimators import ESTIMATORS, main_estimator
from recsys.offpolicy.logged_set import MAIN_TEMPERATURE, N_LISTED, LoggedEvaluationSet, MixAnswer, MixQuery
from recsys.panel.segments import EvaluationConfig

TEMPERATURES = {"Loosely": MAIN_TEMPERATURE, "Closely": 0.5, "Very closely": 0.25, "As its list": 0.0}
"""How closely pages follow a setting: from a policy that leans towards it to its very list; as of `MixQuery`."""

_SHORT = {
    "ips": "Weighted clicks<br>(IPS)",
    "snips": "… over weights<br>(SNIPS)",
    "dm": "Click model alone<br>(DM)",
    "dr": "Model, corrected<br>(DR)",
    "switch_dr": "… small weights<br>(switch-DR)",
}

_CAVEATS = (
    "What was on the shelf is not logged: a product counts as on it between its first and its last impression. "
    "Intervals of the click model alone (DM) and of the estimate that leaves large weights to it (switch-DR) say "
    "how visitors differ, not how wrong the model is; in a demo shop the experiment on clicks counts how often "
    "each holds the truth."
)


def clicks_by_the_log(case: TuningCase) -> None:
    """How closely the setting is followed, what the log says of it, and what that rests on."""
    home = case.tuning.home
    if not has_log(home):
        st.html(
            empty_html(
                "No log of impressions",
                "nobody wrote down what this shop showed and with what chance, so no clicks can be weighed; add "
                "impressions.parquet to its data, with click and propensity_score",
            )
        )
        return
    if problem := context.problem_of_log(home):
        st.html(empty_html("This log cannot be asked", problem))
        return
    log = prepare_log(home)
    try:
        evaluator = context.sliders(home)
    except ArtifactError as unreadable:
        was_made = (home.judged_log / "manifest.json").exists()
        log.introduce(str(unreadable) if was_made else "")
        log.run(remakes=not was_made)  # what cannot be read is not made again by itself: it might end the same way
        return
    if evaluator.facts["data"]["fingerprint"] != case.tuning.test.panel.data["fingerprint"]:
        log.offer_again()
    about = (
        "A log of one policy says little of another that shows different products. Loosely, a product whose score "
        "is one deviation better is shown 2.7 times as often; closely, 7 times; very closely, 55 times; and a quarter "
        f"of places goes to any product. As its list, every page shows the {N_LISTED} best products and nothing else."
    )
    _draw(case, evaluator, switch("How closely pages follow the setting", list(TEMPERATURES), "follow", help=about))


def _draw(case: TuningCase, evaluator: LoggedEvaluationSet, closeness: str) -> None:
    against = case.reference.name
    now, reference = (_answer(evaluator, each, closeness) for each in (case.now, case.reference))
    compared = None if case.is_same else reference
    with st.container(key="chart_answer"):
        notes = []
        if compared and not now.found.refusal:
            notes.append(_change(evaluator.lift(now, compared), compared, against))
        if now.truth is not None:
            notes.append(_truth(now, compared, against))
        weights = weights_html(now.asked.fusion.normalised(), "Effective weights")
        headline = f'<p class="sw-headline sw-judged" role="status">{_headline(now, evaluator)}</p>'
        st.html(weights + headline + "".join(map(_note, notes)))
        if unused := _unused_controls(case):
            st.html(_note(unused))
    beside, about = st.columns([1, 1.25], gap="small")
    with beside, st.container(key="chart_estimates", height="stretch"):
        st.html('<h2 class="sw-chart-title">Places clicked, by every estimator</h2>')
        if now.found.refusal and reference.found.refusal:
            st.html(_note("None is shown: the log can carry no estimate. Follow the setting less closely."))
        else:
            logged = float(evaluator.judged.pages.column("click").mean())
            drawn = _figure(now, compared, against, logged, charts.theme())
            alt = "Click rate of this setting and of its reference, by every estimator"
            charts.show_chart(drawn, alt, key="log_estimates")
            shown = (*now.found.estimates.values(), *reference.found.estimates.values())
            if any(math.isnan(each.low) for each in shown):
                st.html(_note("A point without a bar: too few visitors decide it for an interval."))
    answers = {each: _answer(evaluator, case.now, each) for each in TEMPERATURES}
    about.container(key="chart_support", height="stretch").html(_support_html(answers, closeness))
    how = '<h2 class="sw-eyebrow">How this is known</h2>'
    st.html(how + _note(esc(evaluator.protocol())) + _note(_CAVEATS))


def _answer(evaluator: LoggedEvaluationSet, setting: EvaluationConfig, closeness: str) -> MixAnswer:
    query = MixQuery(setting.settings.fusion, TEMPERATURES[closeness], setting.settings.filters)
    return context.answer_of_log(evaluator, evaluator.log_id, query)


def _note(html: str) -> str:
    return f'<p class="sw-note">{html}</p>'


def _main(answer: MixAnswer) -> Interval:
    return answer.found.estimates[main_estimator(answer.found.estimates)]


def _headline(now: MixAnswer, evaluator: LoggedEvaluationSet) -> str:
    support = now.found.support
    refused = f"<strong>The log cannot say how often this would be clicked:</strong> {esc(now.found.refusal)}"
    if support is None or now.log is None:
        return refused
    of = (
        f"{words.count(support.n_impressions, 'impression')} of {words.count(support.n_visitors, 'visitor')} from "
        f"{esc(evaluator.start)} on"
    )
    logged = f"{_rate(float(now.log.clicks.mean()))} of what was logged was clicked"
    if now.found.refusal:
        return f'{refused} <span class="sw-quiet">· {of}; {logged}</span>'
    estimate = _main(now)
    return (
        f"<strong>{_rate(estimate.mean)} of places would be clicked</strong>, 95% interval {_ends(estimate)} "
        f'<span class="sw-quiet">· by {of}; {logged}</span>'
    )


def _change(lift: Interval | None, reference: MixAnswer, against: str) -> str:
    """The change over the reference; `lift` is None where the log refuses one of the two."""
    if lift is None:
        refused = f": of it the log says nothing, {esc(reference.found.refusal)}" if reference.found.refusal else ""
        return f"It is not compared with {isolated(against)}{refused}."
    if not lift.is_given:
        return (
            f"Against {isolated(against)} the log cannot tell the change: too few visitors decide it (fewer than "
            f"{FEWEST_TELLING})."
        )
    mark, verdict = VERDICTS[verdict_of(lift)]
    change, low, high = (_percent(each) for each in (lift.mean, lift.low, lift.high))
    return (
        f'Against {isolated(against)}: <span class="sw-verdict" aria-hidden="true">{mark}</span> '
        f"<strong>{change}</strong> clicks, 95% interval {low} to {high}: {verdict}."
    )


def _truth(now: MixAnswer, reference: MixAnswer | None, against: str) -> str:
    assert now.truth is not None
    text = f"This is a demo shop, whose simulator knows the truth: <strong>{_rate(now.truth)}</strong>"
    if not now.found.refusal:
        estimate = _main(now)
        inside = "inside" if estimate.low <= now.truth <= estimate.high else "outside"
        text += f", {inside} the interval; the estimate is off by {signed(100 * (estimate.mean - now.truth), 2)} pp"
    if reference is not None and reference.truth:
        text += f". Against {isolated(against)} the true change is {_percent(now.truth / reference.truth - 1)}"
    return f"{text}."


def _unused_controls(case: TuningCase) -> str:
    """Which controls of the room the log is not asked about, as a sentence; "" where none is used."""
    unused = []
    if case.now.settings.diversity or case.reference.settings.diversity:
        unused.append("variety")
    if case.n_imagined:
        unused.append("imagined circumstances, since pages stay as they were")
    if not case.mask.all():
        unused.append("the choice of test shoppers, since all visitors of the log count")
    return f"Not part of this: {'; '.join(unused)}." if unused else ""


def _support_html(answers: dict[str, MixAnswer], chosen: str) -> str:
    """One row a way of following the setting; the truth in a column of its own where it is known."""
    has_truth = any(answer.truth is not None for answer in answers.values())
    heads = ["Followed", "Places clicked", "Worth impressions", "Largest weight", "Never tried"]
    heads += ["Truth"] if has_truth else []
    rows = ""
    for closeness, answer in answers.items():
        cells = [*_cells(answer), *([_rate(answer.truth)] if has_truth else [])]
        current = ' aria-current="true"' if closeness == chosen else ""
        row = "".join(f"<td>{each}</td>" for each in cells)
        rows += f'<tr{current}><th scope="row">{esc(closeness)}</th>{row}</tr>'
    return (
        '<h2 class="sw-chart-title">The more closely it is followed, the less the log can say</h2>'
        f'<div class="sw-experiment-wide">{table_html("sw-guard sw-log", heads, f"<tbody>{rows}</tbody>")}</div>'
        '<p class="sw-note">Worth impressions: as many unweighted ones would say as much. Never tried: the share of '
        "this setting’s choices that the log surely never shows. Largest weight: how many times as often as the log "
        "this setting shows a product, at most; the larger, the more a single impression decides.</p>"
    )


def _cells(answer: MixAnswer) -> list[str]:
    found, support = answer.found, answer.found.support
    if found.refusal:
        value, ends = '<span class="sw-refused">refused</span>', esc(found.refusal)
    else:
        value, ends = f"<strong>{_rate(_main(answer).mean)}</strong>", _ends(_main(answer))
    first = f'{value}<span class="sw-metric-ends">{ends}</span>'
    if support is None:
        return [first, *[words.NO_VALUE] * 3]
    largest, gap = support.largest_weight, support.gap
    return [
        first,
        f"{support.n_effective:,.0f}",
        words.NO_VALUE if math.isnan(largest) else f"{largest:,.{1 if largest < 100 else 0}f}",
        words.NO_VALUE if math.isnan(gap) else f"{gap:.0%}",
    ]


def _rate(value: float | None) -> str:
    return words.NO_VALUE if value is None else f"{100 * value:.2f}%"


def _percent(change: float) -> str:
    return f"{signed(100 * change, 1)}%"


def _ends(estimate: Interval) -> str:
    if not estimate.is_given:
        return "not known, too few visitors tell"
    return f"{_rate(estimate.low)} to {_rate(estimate.high)}"


def _figure(now: MixAnswer, reference: MixAnswer | None, against: str, logged: float, tone: str) -> go.Figure:
    """Click rates by every estimator, beside the rate as `logged` and the truth; a refused setting has no points."""
    chart = go.Figure()
    _add_estimates(chart, "This setting", now, ACCENT[tone], "circle")
    if reference is not None:
        _add_estimates(chart, metric_charts.plain(against, 28), reference, MUTED[tone], "diamond-open")
    lines = [("as logged", logged, MUTED[tone], "dot")]
    if now.truth is not None:
        lines.append(("truth of this setting", now.truth, LOOKS["semantic"].colour(tone), "dash"))
    for name, at, colour, dash in lines:
        line = {"color": colour, "dash": dash, "width": 2}
        chart.add_vline(at, line=line, name=name, showlegend=True, layer="below")
    axis = metric_charts.axis(tone, fixedrange=True)
    return chart.update_layout(
        **{name: value for name, value in charts.framed("", tone).items() if name != "title"},
        xaxis={
            **axis,
            "range": _axis_range(chart, [at for _, at, _, _ in lines]),
            "title_text": "Share of places clicked, 95% interval",
            "tickformat": ".1%",
        },
        yaxis={
            **axis,
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [_SHORT[name] for name in reversed(ESTIMATORS)],
            "showgrid": False,
        },
        height=380,
        margin={"l": 8, "r": 14, "t": 8, "b": 8},
        scattermode="group",
        scattergap=0.5,
        legend={"orientation": "h", "x": 0, "xref": "container", "y": 0, "yref": "container"},
        hoverlabel=metric_charts.hover_label(tone),
        showlegend=True,
    )


def _axis_range(chart: go.Figure, lines: Sequence[float]) -> tuple[float, float]:
    ends = list(lines)
    for trace in chart.data:
        moves = zip(trace.x, trace.error_x.arrayminus, trace.error_x.array, strict=True)
        ends += [end for x, down, up in moves for end in (x - down, x + up)]
    pad = 0.06 * (max(ends) - min(ends)) or 0.005
    return max(min(ends) - pad, 0.0), max(ends) + pad


def _add_estimates(chart: go.Figure, name: str, answer: MixAnswer, colour: str, symbol: str) -> None:
    estimates = answer.found.estimates
    known = [each for each in ESTIMATORS if each in estimates]
    intervals = [estimates[each] for each in known]
    bars = [(0.0, 0.0) if math.isnan(each.low) else (each.mean - each.low, each.high - each.mean) for each in intervals]
    downs, ups = [down for down, _ in bars], [up for _, up in bars]
    chart.add_scatter(
        x=[each.mean for each in intervals],
        y=[_SHORT[each] for each in known],
        name=name if known else f"{name} (refused)",
        mode="markers",
        orientation="h",
        marker={"color": colour, "symbol": symbol, "size": 10},
        error_x={"type": "data", "symmetric": False, "array": ups, "arrayminus": downs, "color": colour},
        hovertemplate="%{y}: %{x:.2%}<extra></extra>",
    )
