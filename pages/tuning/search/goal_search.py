"""The one search of a shop: its work and settings measured as it measures them; what it found, in words and tables."""

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from pages._shared import job_progress, words
from pages._shared.cards import esc, isolated
from pages._shared.view import LENGTHS
from pages.tuning.context import TuningCase, TuningContext, means_of
from pages.tuning.labels import ChangeCell, grouped_rows, metric_of, question_of, table_html
from pages.tuning.metric_charts import Point
from recsys.errors import RecsysError, SettingsError
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.jobs import Job
from recsys.jobs.paths import AppPaths
from recsys.jobs.search_job import read_request, search_job_at, start_search
from recsys.panel.segments import EvaluationConfig, Segment, describe_segment
from recsys.settings import WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.store.addresses import VARIABLE, file_address
from recsys.store.database import FILE
from recsys.tuning.goals import MARGIN, Constraint, Goal, describe_constraint
from recsys.tuning.search import MOST_TRIALS, Answer, ConstraintOutcome, SearchResult

EFFORTS: Mapping[str, int] = {"Quick": 60, "Thorough": 240, "Very thorough": 600}
"""How many settings with variety are tried, by what it is called."""

_DEMO_SHOPPERS = 911
"""Validation shoppers of the demo shop, on which the usual times were measured."""

_ERRORS_WIDE = 3.92
"""A 95% interval is so many standard errors wide."""

_NEARLY = 0.9
"""The interval is a bootstrap's, the margin of a search is not; they differ by a few percent."""

_AGAINST = "Against equal weights", "Against the model’s weights"

_MARKS: Mapping[Answer, tuple[str, str, str]] = {
    "met": ("✓", "better", "met"),
    "missed": ("✕", "worse", "missed"),
    "cannot tell": ("≈", "unclear", "cannot be told for sure"),
}
"""By answer, a mark that needs no colour, the class whose colour it has, and the answer in a sentence."""


class SearchRequest(NamedTuple):
    """What a search was started for."""

    goal: Goal
    n_trials: int


def work_of(tuning: TuningContext) -> Job:
    """The search of the shop in use, running, ended or never started."""
    return search_job_at(tuning.home.path / "searches" / tuning.home.panel(tuning.split).name)


def request_of(work: Job) -> SearchRequest | None:
    """What it was started for, or None where it never was."""
    asked = read_request(work)
    return None if asked is None else SearchRequest(*asked)


def start(tuning: TuningContext, request: SearchRequest) -> None:
    """Start it; raises RecsysError where another one is under way, or where it cannot be started or shown."""
    require_length(request.goal)
    folder, panel = work_of(tuning).folder, tuning.home.panel(tuning.split)
    start_search(folder, panel, *request, database_url(tuning.home), default=tuning.own_weights)


def require_length(goal: Goal) -> None:
    """Raise SettingsError for lists of a length that cannot be shown or saved here."""
    if goal.k not in LENGTHS:
        *most, last = map(str, LENGTHS)
        raise SettingsError(f"lists of {goal.k} cannot be shown in this room; ask for {', '.join(most)} or {last}")


def database_url(home: AppPaths) -> str:
    """Where what was tried is kept, beside the presets; it may hold a password, so it is never shown."""
    given = os.environ.get(VARIABLE, "").strip()
    return given or file_address(home.path / FILE).render_as_string(hide_password=False)


def more_trials(n_trials: int) -> int:
    """How many settings to have tried in all after the next step."""
    more = next((n for n in EFFORTS.values() if n > n_trials), n_trials + EFFORTS["Very thorough"])
    return min(more, MOST_TRIALS)


def is_of_other_data(tuning: TuningContext, panel_ids: object) -> bool:
    """Whether something was found on other shoppers than are prepared now, by the ids of its panels by role."""
    known = panel_ids if isinstance(panel_ids, Mapping) else {}
    return any(known.get(engine.panel.role) != engine.panel.panel_id for engine in (tuning.validation, tuning.test))


def usual_shares(n_trials: int) -> Mapping[str, float]:
    """How long the stages of a search take, in seconds on two busy cores for the demo shop."""
    return {
        "Getting ready": 3.0,
        "Mapping weights": 3.0,
        "Trying variety": 5.0 + 0.09 * n_trials,
        "Choosing": 8.0 + 0.055 * n_trials,
        "Measuring on test shoppers": 0.3,
    }


def usual_s(tuning: TuningContext, n_trials: int) -> float:
    """About how long a search takes here, in seconds."""
    ready, *others = usual_shares(n_trials).values()
    return ready + sum(others) * max(len(tuning.validation.panel) / _DEMO_SHOPPERS, 0.3)


def job_display(n_trials: int) -> job_progress.JobDisplay:
    """How its progress is shown."""
    shares = usual_shares(n_trials)
    return job_progress.JobDisplay("Searching for good weights", "Search", shares, is_resumable=True, key="search_")


def marked_settings(case: TuningCase, goal: Goal, metrics: tuple[str, str]) -> dict[str, Point]:
    """Where equal weights and the present setting lie among the validation shoppers of a goal."""
    equal = equal_means(case.tuning, goal.k, goal.segment)
    now = _means(case.tuning, replace(case.now, settings=replace(case.now.settings, n=goal.k)), goal.segment)
    found = {"reference": equal, "now": now}
    first, second = metrics
    return {
        kind: (values.get(first, math.nan), values.get(second, math.nan)) for kind, values in found.items() if values
    }


def equal_means(tuning: TuningContext, k: int, segment: Segment) -> dict[str, float]:
    """Every metric with equal weights over the validation shoppers of a segment; empty where it cannot be measured."""
    ranking = RankingSettings(FusionSettings(1, 1, 1, 1), WHOLE_CATALOGUE, k)
    return _means(tuning, EvaluationConfig("equal weights", ranking), segment)


def _means(tuning: TuningContext, setting: EvaluationConfig, segment: Segment) -> dict[str, float]:
    engine = tuning.validation
    if not segment.mask(engine.panel.shoppers).any():
        return {}
    try:
        found = means_of(engine, engine.panel.panel_id, setting.settings, setting.scenario, segment)
    except RecsysError:
        return {}  # a setting that cannot be measured has no place
    return {name: each.mean for name, each in found.items() if not math.isnan(each.mean)}


def step_of(metric: str) -> float:
    """Bounds that are proposed are multiples of this."""
    usual = {"share": 0.01, "bits": 0.1, "lift": 0.05}
    return usual.get(METRICS[metric].unit, 0.001 if METRICS[metric].digits > 3 else 0.01)


def round_bound(metric: str, value: float, *, at_least: bool) -> float:
    """The nearest round bound that a value keeps.

    >>> round_bound("coverage", 0.437, at_least=True), round_bound("ild", 0.4972, at_least=False)
    (0.43, 0.5)
    """
    step = step_of(metric)
    steps = math.floor(value / step + 1e-9) if at_least else math.ceil(value / step - 1e-9)
    return round(steps * step, 6)


def is_kept(kept: ConstraintOutcome) -> bool:
    """Whether a condition holds with the margin that settings are chosen by."""
    return kept.room.mean >= _NEARLY * _margin(kept)


def keeps_all(found: SearchResult) -> bool:
    """Whether what was chosen keeps all that was asked on validation shoppers; else it is only the nearest to it."""
    return found.n_tied > 1 or all(is_kept(kept) for kept in found.kept_on_validation)


def finding_text(found: SearchResult) -> str:
    """What it comes to on test shoppers, beside both references."""
    goal, metric = found.goal, found.goal.metric
    who = "test shoppers"
    if goal.segment.values:
        who = f"the {found.n_users['test']:,} test shoppers of this goal ({describe_segment(goal.segment)})"
    equal, own = found.against_equal[metric], found.against_default[metric]
    return (
        f"On {who}, whose later choices the search did not see, {METRICS[metric].at(goal.k)} is "
        f"{fmt.value(metric, equal.new)}. Equal weights have {fmt.value(metric, equal.old)}: {change_text(equal)}. "
        f"The model's weights have {fmt.value(metric, own.old)}: {change_text(own)}."
    )


def change_text(change: Difference) -> str:
    """A change with its interval and what can be told from it."""
    cell = ChangeCell(change)
    return f"{cell.amount} ({cell.ends}), {cell.words}"


def trials_text(found: SearchResult) -> str:
    """How many settings were measured, and how many come near the best."""
    said = (
        f"{words.count(found.n_points, 'mix', 'mixes')} of weights and {words.count(found.n_trials, 'setting')} with "
        f"variety were measured in {words.duration(found.seconds)}."
    )
    if not keeps_all(found):
        return f"{said} What comes nearest to all conditions was taken."
    if found.n_tied == 1:
        that = " that keeps all conditions" if found.kept else ""
        return f"{said} No other{that} is within one standard error of it, by validation shoppers."
    return (
        f"{said} {found.n_tied:,} of them are within one standard error of the best, by validation shoppers; the one "
        "in their middle was taken, which owes less to luck."
    )


def outcome_texts(found: SearchResult) -> list[str]:
    """Which conditions hold for test shoppers, one sentence each."""
    return [
        f"{describe_constraint(kept.constraint)}: {_MARKS[kept.answer][2]}, with "
        f"{fmt.value(kept.constraint.metric, kept.value)}."
        for kept in found.kept
    ]


def shortfall_texts(found: SearchResult) -> list[str]:
    """What the nearest setting does not keep, and by how much, one sentence each."""
    said = []
    for kept in () if keeps_all(found) else found.kept_on_validation:
        if is_kept(kept):
            continue
        short = f"{describe_constraint(kept.constraint)}: {fmt.value(kept.constraint.metric, kept.value)}"
        size = _size(kept.constraint.metric, kept.room.mean)
        if kept.room.mean < 0:
            said.append(f"{short} is {size} off, by validation shoppers.")
        else:
            said.append(f"{short} holds by {size} only, which could be luck; later choices may break it.")
    return said


def margin_text(kept: ConstraintOutcome) -> str:
    """How far inside its bound a metric is, with the interval."""
    metric, room = kept.constraint.metric, kept.room
    side = "inside" if room.mean >= 0 else "off"
    return f"{_size(metric, room.mean)} {side} ({fmt.interval(metric, room.low, room.high)})"


def easier_goal(found: SearchResult) -> Goal | None:
    """The goal with what fails moved to where the nearest setting holds it; None where nothing fails."""
    if keeps_all(found):
        return None
    kept = [each.constraint if is_kept(each) else _eased(each) for each in found.kept_on_validation]
    try:
        return replace(found.goal, constraints=tuple(each for each in kept if each is not None))
    except SettingsError:
        return None


def _eased(kept: ConstraintOutcome) -> Constraint | None:
    constraint, metric = kept.constraint, kept.constraint.metric
    way = 1 if constraint.at_least else -1
    safe = kept.value - way * _margin(kept)
    try:
        if constraint.against == "value":
            bound = round_bound(metric, safe, at_least=constraint.at_least)
            low, high = METRICS[metric].lowest, METRICS[metric].highest
            return replace(constraint, value=bound) if low < bound < high else None
        reference = kept.allowed / (1 - way * constraint.value * (1 if kept.allowed >= 0 else -1))
        return replace(constraint, value=math.ceil(100 * way * (reference - safe) / abs(reference)) / 100)
    except (SettingsError, ZeroDivisionError, ValueError):  # no number there
        return None


def _margin(kept: ConstraintOutcome) -> float:
    wide = kept.room.high - kept.room.low
    return 0.0 if math.isnan(wide) else MARGIN * wide / _ERRORS_WIDE


def _size(metric: str, number: float) -> str:
    return fmt.change(metric, abs(number)).removeprefix("+")


def metrics_html(found: SearchResult, clicks: ClickProbabilities) -> str:
    """A row a metric, in the groups of the live metrics; on test against two references."""
    # What an earlier version found lacks metrics that came later.
    bodies = grouped_rows(lambda name: _metric(found, name, clicks) if name in found.test else "", 5, "sw-figure-group")
    flatters = "Settings are chosen by these shoppers, so this flatters a little"
    heads = {"Figure": "", "Validation#": flatters, "Test#": ""} | dict.fromkeys(_AGAINST, "")
    return (
        '<h2 class="sw-chart-title">Every figure <span class="sw-quiet">both comparisons on test shoppers</span></h2>'
        f"{table_html('sw-sought', heads, bodies)}"
        '<p class="sw-note">Validation flatters a little, because settings were chosen by it; test is what to expect. '
        f"Changes with their 95% intervals. Every figure is judged by itself: of {len(METRICS)}, one may look "
        "different by chance.</p>"
    )


def _metric(found: SearchResult, metric: str, clicks: ClickProbabilities) -> str:
    about = metric_of(metric, clicks)
    asks = question_of(about)
    is_goal = ' class="sw-sought-goal"' if metric in found.goal.metrics else ""
    validation, test = (esc(fmt.value(metric, means[metric].mean)) for means in (found.validation, found.test))
    changes = ""
    for label, against in zip(_AGAINST, (found.against_equal, found.against_default), strict=True):
        cell, text = ChangeCell(against[metric]), esc(change_text(against[metric]))
        changes += f'<td class="sw-metric-{cell.kind}" data-label="{label}" title="{text}">{cell.html}</td>'
    return (
        f'<tr data-metric="{metric}"{is_goal}><th scope="row" title="{esc(asks)}">{esc(about.at(found.goal.k))}'
        f'<span class="sw-sr"> {esc(asks)}</span></th><td class="sw-num" data-label="Validation">{validation}</td>'
        f'<td class="sw-num" data-label="Test"><strong>{test}</strong></td>'
        f"{changes}</tr>"
    )


def conditions_html(found: SearchResult) -> str:
    """A row a condition, as validation shoppers promised it and as test shoppers show it; "" where there are none."""
    rows = "".join(
        f'<tr><th scope="row">{isolated(describe_constraint(promised.constraint))}</th>'
        f"{_outcome('Validation', promised)}{_outcome('Test', shown)}</tr>"
        for promised, shown in zip(found.kept_on_validation, found.kept, strict=True)
    )
    heads = ["Condition", "Promised by validation shoppers", "Shown by test shoppers"]
    return rows and (
        f'<h2 class="sw-chart-title">What had to hold</h2>{table_html("sw-kept", heads, f"<tbody>{rows}</tbody>")}'
        '<p class="sw-note">In brackets 95% intervals of how far inside its bound the value is. “Cannot tell”: the '
        "interval has both sides of the bound.</p>"
    )


def _outcome(label: str, kept: ConstraintOutcome) -> str:
    mark, colour, _ = _MARKS[kept.answer]
    return (
        f'<td class="sw-metric-{colour}" data-label="{label}"><span class="sw-verdict" aria-hidden="true">{mark}</span>'
        f' <strong>{esc(kept.answer)}</strong> <span class="sw-kept-value">'
        f"{esc(fmt.value(kept.constraint.metric, kept.value))}</span>"
        f'<span class="sw-metric-ends">{esc(margin_text(kept))}</span></td>'
    )
