"""The section "Live metrics": every metric over every test shopper, and how simple models do on the same."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages._shared import charts, words
from pages._shared.cards import esc, isolated, notice_html
from pages._shared.frame import head_start
from pages.tuning import context, labels, metric_charts
from pages.tuning.context import TuningCase
from pages.tuning.controls import select
from pages.tuning.influence import mix_html
from pages.tuning.labels import BASELINES, GROUPS, ChangeCell, metric_of
from pages.tuning.metric_charts import TrailPoint
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import METRICS, SHOPPER_METRICS, WHOLE_METRICS
from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, differences
from recsys.evaluation.statistics.significance import verdict_of
from recsys.offpolicy.click_models import format as click_words
from recsys.panel.segments import Segment

FEW = 50
"""Fewer shoppers than this are pointed out: little can be told from them."""

_TRAIL, _LOOKED = "tuning_trail", "settings_looked_at"
LONGEST_TRAIL = 40

N_BINS = 14


def live_metrics(case: TuningCase) -> None:
    """Tiles first, since they are what a person waits for; then the baseline check and the trade-off."""
    found, k, panel = case.changes(), case.k, case.tuning.test.panel
    st.html(headline_html(case))
    warning = st.container()
    st.html(tiles_html(case, found) + notes_html(case, n_looked_at(case)))
    head_start("measured", (case.now, case.reference, case.segment))
    against = against_baselines(case)
    if lost := losses_html(case, against):
        warning.html(lost)
    beside, about = st.columns([1.5, 1], gap="small")
    about.container(key="chart_guard", height="stretch").html(baselines_html(case, against))
    with beside, st.container(key="chart_tradeoff", height="stretch"):
        second = choose_second(case.metric)
        points = trail(case, found)
        reference = (case.reference.name, {name: each.old for name, each in found.items()})
        filters = case.now.settings.filters
        baselines = context.baseline_values(case.tuning.test, panel.panel_id, k, filters, case.segment)
        figure = metric_charts.tradeoff_chart(points, reference, baselines, (case.metric, second), k, charts.theme())
        charts.show_chart(figure, "Where this setting stands among simple models", key="tradeoff")


def trail(case: TuningCase, found: Mapping[str, Difference]) -> Sequence[TrailPoint]:
    """The trail of this session with the present setting at its end; another question begins another trail."""
    question = (case.tuning.split, case.k, case.segment, case.now.settings.filters)
    before, points = st.session_state.get(_TRAIL, (None, ()))
    if before != question:
        points = ()
    if not points or points[-1].setting != case.now:
        points = (*points, TrailPoint(case.now, {name: each.new for name, each in found.items()}))[-LONGEST_TRAIL:]
    st.session_state[_TRAIL] = (question, points)
    return points  # type: ignore[no-any-return]


def n_looked_at(case: TuningCase) -> int:
    """How many settings this session has looked at on the test shoppers of one way of holding out."""
    split, seen = st.session_state.get(_LOOKED, (None, frozenset()))
    seen = (seen if split == case.tuning.split else frozenset()) | {case.now.ranks_like}
    st.session_state[_LOOKED] = (case.tuning.split, seen)
    return len(seen)


def judge_by() -> str:
    """Which metric settings are judged by."""
    return select("Judge by", list(METRICS), "metric", "ndcg", format_func=metric_label, width=200)


def choose_second(judged: str) -> str:
    """What the judged metric is traded against: as chosen, but never the judged metric itself."""
    usual = "ild" if judged != "ild" else "ndcg"
    options = [name for name in METRICS if name != judged]
    if st.session_state.get("second") == judged:
        st.session_state["second"] = usual
    about = "The second metric of the trade-off, here and on the weight map."
    more = {"index": options.index(usual), "format_func": metric_label, "help": about, "width": 200}
    return select("Against", options, "second", usual, **more)


def metric_label(name: str) -> str:
    """A metric as controls and addresses call it, without a list length."""
    return METRICS[name].short


def shoppers_text(n: int, n_panel: int) -> str:
    """How many test shoppers are looked at, and of how many where not all are."""
    return words.count(n, "test shopper") if n == n_panel else f"{n:,} of {n_panel:,} test shoppers"


def headline_html(case: TuningCase) -> str:
    """Who is judged, by which lists, and what could not be proven, in one line under the effective weights."""
    panel, settings = case.tuning.test.panel, case.now.settings
    n = int(case.mask.sum())
    judged = shoppers_text(n, len(panel))
    if properties := labels.shoppers(case.segment):
        judged += f": {', '.join(map(isolated, properties))}"
    facts = []
    if case.now.scenario.elsewhere(panel.shoppers)[case.mask].any():
        facts.append(f"imagined: {', '.join(map(isolated, labels.circumstances(case.now.scenario)))}")
    n_barred, limits = np.isinf(case.tuning.test.penalty(settings.filters)).sum(), labels.candidates(settings.filters)
    listed = f"{panel.n_items - n_barred:,} of {panel.n_items:,}" if n_barred else f"{panel.n_items:,}"
    which = f" ({', '.join(map(isolated, limits))})" if limits else ""
    facts.append(f"lists of {case.k} out of {listed} products{which}")
    if settings.diversity:
        facts.append(f"variety {labels.variety(settings)}")
    facts.append(f"against {isolated(case.reference.name)}")
    if n < FEW:
        facts.append("so few that little can be told")
    if not panel.scores.is_whole:
        unproven = int(case.measured(case.now).unproven[case.mask].sum())
        facts.append(
            f"best {int(panel.scores.widths.max()):,} candidates a shopper, "
            + (f"{unproven:,} lists could differ with all products" if unproven else "proven to change no list")
        )
    return (
        f'{mix_html(case)}<p class="sw-headline sw-judged" role="status"><strong>{judged}</strong> '
        f'<span class="sw-quiet">· {" · ".join(facts)}</span></p>'
    )


def notes_html(case: TuningCase, n_looks: int) -> str:
    """How tiles are read, which say one thing twice, and what `n_looks` at these test shoppers do."""
    keys = {
        "interval": "the change with its 95% interval, no change in the middle",
        "bar": "how shoppers above 0 spread",
        "dash": f"the same with {isolated(case.reference.name)}",
    }
    parts = "".join(
        f'<span class="sw-key-part"><span class="sw-key-{name}" aria-hidden="true"></span><span>{text}</span></span>'
        for name, text in keys.items()
    )
    key = "" if case.is_same else f'<p class="sw-note sw-tiles-note sw-tiles-key">{parts}</p>'
    notes = []
    if has_one_each(case):
        notes.append(
            "Each of these shoppers has one product to find, so Recall is the same as Hit rate, and MAP as MRR."
        )
    if case.tuning.test.panel.clicks.is_known:
        notes.append(clicks_note(case.tuning.test.panel.clicks))
    if n_looks > 1:
        notes.append(
            f"{n_looks:,} settings looked at on these test shoppers: the more are tried, the likelier one looks better "
            "by chance. What “Find good weights” finds is chosen on other shoppers, so that does not happen there."
        )
    return key + "".join(f'<p class="sw-note sw-tiles-note">{each}</p>' for each in notes)


def clicks_note(clicks: ClickProbabilities) -> str:
    """What has to be known to read a click rate, and where the log itself is asked."""
    note = esc(click_words.note(clicks))
    if clicks.source != "log":
        return note
    return f"{note} What the log itself says of this setting stands under “Clicks by the log”."


def has_one_each(case: TuningCase) -> bool:
    """Whether nobody looked at has more than one product to find."""
    n_wanted = np.diff(case.tuning.test.panel.relevant.starts)[case.mask]
    return bool((n_wanted <= 1).all())


def imagined_sentence(n: int, n_shoppers: int) -> str:
    """That shoppers are looked at in circumstances that they were not in, without the full stop."""
    return (
        f"{n:,} of {words.count(n_shoppers, 'shopper')} {'is' if n == 1 else 'are'} imagined in other circumstances "
        "than they were in; how well they are served there was not observed"
    )


def imagined_html(case: TuningCase) -> str:
    """What has to be said above everything that is judged; "" where everyone is as they were."""
    if not case.n_imagined:
        return ""
    lines = [
        "What they chose, they chose at other moments, and how they click is known only for those. So no list is "
        "called better or worse at holding it or at being clicked; variety, novelty, and what is shown of the "
        "catalogue are judged as always."
    ]
    scenario = case.now.scenario
    was_there = Segment(scenario.stated).mask(case.tuning.test.panel.shoppers) & bool(scenario.stated)
    if n := int((case.mask & was_there).sum()):
        lines.append(
            f"To judge by the {words.count(n, 'shopper')} who really came in these circumstances, switch on “Only "
            "who really came in these circumstances” under Shoppers."
        )
    return notice_html(f"{imagined_sentence(case.n_imagined, int(case.mask.sum()))}.", lines)


def against_baselines(case: TuningCase) -> dict[str, Difference]:
    """By simple model, the change of the judged metric from it to the setting, all on the same resamples."""
    metric, lists, facts = case.metric, case.lists(case.now), case.facts
    engine, filters = case.tuning.test, case.now.settings.filters
    others = {name: engine.baseline(name, case.k, filters).of(case.mask) for name in BASELINES}
    if metric not in SHOPPER_METRICS:
        return {name: differences(lists, other, facts)[metric] for name, other in others.items()}
    gaps = np.stack([changes(lists.values[metric], other.values[metric]) for other in others.values()], axis=1)
    found = {}
    for name, gap, change in zip(others, gaps.T, ratio_intervals(gaps), strict=True):
        both = ~np.isnan(gap)
        old = float(others[name].values[metric][both].mean()) if both.any() else np.nan
        verdict = "unclear" if metric in facts.modelled else verdict_of(change, METRICS[metric].higher_is_better)
        found[name] = Difference(metric, old + change.mean, old, change, verdict, int(np.count_nonzero(gap[both])))
    return found


def losses_html(case: TuningCase, against: Mapping[str, Difference]) -> str:
    """The simple models that the setting loses to, as a notice above everything else; "" where there are none."""
    name = metric_of(case.metric, case.tuning.test.panel.clicks).at(case.k)
    cells = {model: ChangeCell(found, not case.n_imagined) for model, found in against.items()}
    lines = [
        f"{BASELINES[model]} has {name} {fmt.value(case.metric, cell.found.old)}: this setting is "
        f"{fmt.apart(case.metric, cell.found.change.mean)}, 95% interval {cell.ends}."
        for model, cell in cells.items()
        if cell.kind == "worse"
    ]
    return notice_html("This setting loses to a simple model:", lines) if lines else ""


def baselines_html(case: TuningCase, against: Mapping[str, Difference]) -> str:
    """Every simple model with the judged metric, and how the setting compares; numbered as on the trade-off chart."""
    name = metric_of(case.metric, case.tuning.test.panel.clicks).at(case.k)
    rows = ""
    for number, (model, found) in enumerate(against.items(), 1):
        cell = ChangeCell(found, not case.n_imagined)
        rows += (
            f'<tr class="sw-metric-{cell.kind}"><th scope="row"><span class="sw-model-mark" aria-hidden="true">'
            f"<i>{number}</i></span>{esc(BASELINES[model])}</th>"
            f"<td>{esc(fmt.value(case.metric, found.old))}</td><td>{cell.html}</td></tr>"
        )
    table = labels.table_html("sw-guard", ["Model", "Its value", "This setting"], f"<tbody>{rows}</tbody>")
    return f'<h2 class="sw-chart-title">Against simple models, by {esc(name)}</h2>{table}'


def tiles_html(case: TuningCase, found: Mapping[str, Difference]) -> str:
    """One tile a metric, in groups; `found` is what changed, by metric."""
    clicks, against = case.tuning.test.panel.clicks, case.reference.name
    now, before = case.lists(case.now), case.lists(case.reference)

    def tile(name: str) -> str:
        metric, cell = metric_of(name, clicks), ChangeCell(found[name], not case.n_imagined)
        asks, same = esc(metric.asks), '<dd class="sw-metric-change sw-quiet">this is the reference</dd>'
        return (
            f'<div class="sw-metric sw-metric-{"same" if case.is_same else cell.kind}" data-metric="{name}">'
            f'<dt title="{asks}">{esc(metric.at(case.k))}<span class="sw-sr"> {asks}</span></dt>'
            f'<dd class="sw-metric-value">{esc(fmt.value(name, found[name].new))}</dd>'
            f"{same if case.is_same else _change(cell, against)}"
            f"{_spread(now, before, found[name], case.tuning.test.panel.n_items, clicks)}</div>"
        )

    groups = "".join(
        f'<section class="sw-metrics" style="--n:{len(names)}" aria-label="{group}"><h2 class="sw-eyebrow">{group}</h2>'
        f'<dl class="sw-metric-tiles">{"".join(map(tile, names))}</dl></section>'
        for group, names in GROUPS.items()
    )
    return f'<div class="sw-metric-groups">{groups}</div>'


def _change(cell: ChangeCell, against: str) -> str:
    whole = f"{cell.amount} against {against}, 95% interval {cell.ends}: {cell.words}"
    if cell.no_verdict:
        whole = f"Against {against}: {cell.words}"
    return (
        f'<dd class="sw-metric-change" title="{esc(whole)}">{cell.html}</dd>'
        f'<dd class="sw-metric-bar">{cell.bar_html}</dd>'
    )


def _spread(
    now: MeasuredLists, before: MeasuredLists, found: Difference, n_items: int, clicks: ClickProbabilities
) -> str:
    """How shoppers differ: a small histogram, or a count where there are only two values or none a shopper."""
    if found.metric == "coverage":
        return _text(f"{round(found.new * n_items):,} of {n_items:,} products")
    if found.metric == "personalisation":
        return _text(sharing_text(found.new))
    if found.metric in WHOLE_METRICS:
        return _text("0% is as popular as what they had" if found.metric == "popularity_lift" else "lower is fairer")
    values, others = (each.values[found.metric] for each in (now, before))
    values, others = values[~np.isnan(values)], others[~np.isnan(others)]
    if not len(values):
        return _text(click_words.note(clicks) if found.metric == "ctr" else "no shopper has a value")
    positive = values[values > 0]
    if len(np.unique(np.round(positive, 9))) <= 1:
        return _text(f"above 0 for {len(positive):,} of {len(values):,}")
    zeros = int((values == 0).sum())
    return _histogram(found.metric, positive, others[others > 0], zeros, len(values))


def sharing_text(personalisation: float) -> str:
    """What a personalisation says of two shoppers.

    >>> sharing_text(0.84)
    'two lists share 16% on average'
    """
    if np.isnan(personalisation):
        return "it takes the lists of two shoppers"
    return f"two lists share {1 - personalisation:.0%} on average"


def _text(text: str) -> str:
    return f'<dd class="sw-metric-spread">{esc(text)}</dd>'


def _histogram(metric: str, values: NDArray[np.float64], others: NDArray[np.float64], zeros: int, n: int) -> str:
    both = np.concatenate([values, others])
    edges = np.linspace(both.min(), both.max(), N_BINS + 1)
    counts, was = (np.histogram(each, edges)[0] for each in (values, others))
    most = max(counts.max(), was.max(), 1)
    bars = "".join(
        f'<i><b style="height:{100 * count / most:.0f}%"></b><u style="bottom:{100 * old / most:.0f}%"></u></i>'
        for count, old in zip(counts, was, strict=True)
    )
    reach = f"{fmt.rough(metric, edges[0])} to {fmt.rough(metric, edges[-1])}"
    apart = f"; {fmt.rough(metric, 0)} for {zeros:,} of {n:,}" if zeros else ""
    label = f"How {len(values):,} shoppers spread, from {reach}"
    return (
        f'<dd class="sw-metric-spread"><span class="sw-spread" role="img" aria-label="{label}">{bars}</span>'
        f"<small>{reach}{apart}</small></dd>"
    )
