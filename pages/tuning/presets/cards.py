"""One preset as its card and its history show it, and how its settings measure now; what people typed stays text."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pages._shared import words
from pages._shared.cards import esc, isolated, weights_html
from pages._shared.charts import LOOKS
from pages.tuning import context, controls, labels
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.protocol import choices_of
from recsys.errors import RecsysError
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.segments import Segment
from recsys.serving.results import to_csv
from recsys.store.records import Measurement, Preset, PresetSettings, Save
from recsys.tuning.goals import describe_goal

AT_A_GLANCE = ("ndcg", "ild", "coverage")
"""Metrics that the list of presets shows: right products, good lists, all lists together."""

SAME = 1e-6
"""Values that are nearer than this are the same."""

_LONGEST_PROTOCOL = 500


class PresetDrift(NamedTuple):
    """How a preset's settings measure now, beside what was saved.

    Parameters
    ----------
    now : every metric with its interval, empty where they cannot be measured, for which `problem` is the reason
    text : how what was saved is to be read, as a clause
    is_same : what was saved still holds, to the last digit
    is_same_test : it was saved where test shoppers were asked for the same as in this room, as far as is known
    """

    now: Mapping[str, Interval]
    text: str
    problem: str = ""
    is_same: bool = False
    is_same_test: bool = True


def present_settings(case: TuningCase) -> PresetSettings:
    """What the controls say now, as a preset keeps it."""
    return PresetSettings.of(case.now.settings, case.now.scenario.as_dict(), case.segment.as_dict())


def is_present(case: TuningCase, settings: PresetSettings) -> bool:
    """Whether the controls stand where these settings want them, as exactly as controls can."""

    def of_controls(each: PresetSettings) -> tuple[object, ...]:
        ranking = controls.ranking_of(each)
        return controls.positions_of(ranking), ranking.filters, controls.scenario_of(each), each.segment

    return of_controls(present_settings(case)) == of_controls(settings)


def measurement(case: TuningCase) -> Measurement:
    """Every metric of the present setting at this moment, over all test shoppers of the segment."""
    panel, found = case.tuning.test.panel, _means(case.tuning, present_settings(case))
    protocol = panel.protocol
    if len(protocol) > _LONGEST_PROTOCOL:  # as many whole sentences as a save can hold
        protocol = protocol[:_LONGEST_PROTOCOL].rpartition(". ")[0] + "."
    metrics = {name: interval.as_json() for name, interval in found.items()}
    return Measurement(metrics, int(case.mask.sum()), protocol, panel.panel_id)


def measure_drift(tuning: TuningContext, settings: PresetSettings, saved: Measurement | None) -> PresetDrift:
    """Measure a preset's settings now, on the shoppers it was judged on, and compare."""
    try:
        now = _means(tuning, settings)
    except RecsysError as problem:
        return PresetDrift({}, "cannot be measured now", str(problem))
    if saved is None:
        return PresetDrift(now, "not measured when it was saved")
    if saved.panel_id != tuning.test.panel.panel_id:
        was, is_now = choices_of(saved.protocol), choices_of(tuning.test.panel.protocol)
        is_same_test = was in ("", is_now)
        text = _other_panel(saved, was) if is_same_test else f"measured on {was}; this room asks for {is_now}"
        return PresetDrift(now, text, is_same_test=is_same_test)
    both = [name for name in now if name in saved.metrics]
    means = [math.nan if mean is None else mean for mean in (saved.metrics[name]["mean"] for name in both)]
    same = np.allclose([now[name].mean for name in both], means, rtol=0, atol=SAME, equal_nan=True)
    text = "measures the same now" if same else "same shoppers, but lists are made differently now"
    return PresetDrift(now, text, is_same=same)


def panel_role(panel_id: str) -> str:
    """Which shoppers a measurement was made on: "validation", "test", or "" where that is not known."""
    return next((name for name in ("validation", "test") if panel_id.endswith(f"-{name}")), "")


def _other_panel(saved: Measurement, asked: str) -> str:
    if panel_role(saved.panel_id) == "validation":
        return "measured on validation shoppers when it was saved"
    if saved.protocol and not asked:
        return "saved with other test shoppers or another way of testing"
    return "saved with other test shoppers: model or data were others then"


def _means(tuning: TuningContext, settings: PresetSettings) -> Mapping[str, Interval]:
    panel, segment = tuning.test.panel, Segment.of(**settings.segment)
    if not segment.mask(panel.shoppers).any():
        raise RecsysError("none of the test shoppers is one of those that it was judged on")
    ranking, scenario = controls.ranking_of(settings), controls.scenario_of(settings)
    return context.means_of(tuning.test, panel.panel_id, ranking, scenario, segment)


IN_HISTORY = ("ndcg", "hit_rate", "ild", "novelty", "coverage", "personalisation")
"""Metrics of the history; the file has all of them."""

N_SAVES = 20
"""The newest so many saves are shown; the file has all of them."""

_BOUNDS = ("mean", "low", "high")
COLUMNS = (
    "saved_at", "saved_by", *LOOKS, "diversity", "method", "k", "scenario", "segment", "n_users", "panel_id", "note",
    *(f"{name}_{bound}" for name in LIVE_METRICS for bound in _BOUNDS),
)  # fmt: skip
"""Columns of the file."""


def card_html(preset: Preset, drift: PresetDrift, badges: Sequence[str] = (), *, is_whole: bool = False) -> str:
    """Name, mix, and how it measured; `badges` stand beside its name, and `is_whole` shows all of a description."""
    text = esc(preset.description)
    css_class = "sw-preset-about sw-preset-whole" if is_whole else "sw-preset-about"
    about = text and f'<p class="{css_class}" title="{text}" dir="auto">{text}</p>'
    words_of_goal = describe_goal(preset.goal)
    goal = words_of_goal and f'<p class="sw-note"><span class="sw-quiet">Goal:</span> {isolated(words_of_goal)}</p>'
    tags = "".join(f'<li class="sw-chip">{isolated(tag)}</li>' for tag in preset.tags)
    tagged = tags and f'<ul class="sw-preset-tags" aria-label="Tags">{tags}</ul>'
    own = {"default": preset.is_default, "comes with Shelfwise": preset.is_shipped}
    badged = "".join(
        f'<span class="sw-badge sw-badge-{each.split()[0]}">{esc(each)}</span>'
        for each in (*(name for name, holds in own.items() if holds), *badges)
    )
    badged = badged and f'<p class="sw-preset-badges">{badged}</p>'
    metrics = "".join(_metric(name, preset.settings.k, preset.measured, drift) for name in AT_A_GLANCE)
    return (
        f'<article class="sw-preset" data-preset="{esc(preset.preset_id)}">'
        f'<div class="sw-preset-what"><h2 class="sw-preset-name">{isolated(preset.name)}</h2>'
        f"{badged}{about}{goal}{tagged}</div>"
        f'<div class="sw-preset-mix">{weights_html(preset.settings.weights.normalised())}'
        f'<p class="sw-note">{labels.preset_html(preset.settings)}</p></div>'
        f'<dl class="sw-preset-metrics">{metrics}</dl><p class="sw-preset-foot">{_foot(preset, drift)}</p></article>'
    )


def _metric(name: str, k: int, measured: Measurement | None, drift: PresetDrift) -> str:
    metric, now = METRICS[name], drift.now.get(name)
    value, ends = _saved_value(name, measured)
    beside = ""
    if now is not None and not drift.is_same:
        when = "now" if drift.is_same_test else "here"
        beside = f'<dd class="sw-preset-now">{when} {esc(fmt.value(name, now.mean))}</dd>'
    return (
        f'<div><dt title="{esc(metric.asks)}">{esc(metric.at(k))}</dt><dd class="sw-preset-value">{esc(value)}</dd>'
        f'<dd class="sw-metric-ends">{esc(ends)}</dd>{beside}</div>'
    )


def _saved_value(name: str, measured: Measurement | None) -> tuple[str, str]:
    bounds = measured.metrics.get(name) if measured else None
    if bounds is None or bounds["mean"] is None:
        return words.NO_VALUE, "not measured"
    low, high = bounds["low"], bounds["high"]
    ends = "too few to say" if low is None or high is None else f"{fmt.value(name, low)} to {fmt.value(name, high)}"
    return fmt.value(name, bounds["mean"]), ends


def _foot(preset: Preset, drift: PresetDrift) -> str:
    parts = []
    if preset.saves:
        save = preset.saves[0]
        parts.append(f"saved by {isolated(save.who)}, {labels.timestamp(save.saved_at)}")
        if save.measured.n_users:
            parts.append(words.count(save.measured.n_users, f"{panel_role(save.measured.panel_id)} shopper".strip()))
    elif not preset.is_shipped:
        parts.append(f"made by {isolated(preset.who)}, {labels.timestamp(preset.changed_at)}")
    if preset.is_shipped:
        parts.append("tuned on validation shoppers")
    if preset.measured and preset.measured.note:
        parts.append(esc(preset.measured.note))
    mark, why = "✓" if drift.is_same else "≠", f": {isolated(drift.problem)}" if drift.problem else ""
    parts.append(f'<span class="sw-preset-drift" aria-hidden="true">{mark}</span> {esc(drift.text)}{why}')
    whole = " · ".join(parts)
    return whole[:1].upper() + whole[1:]


def history_html(preset: Preset) -> str:
    """Every save: when, who, what, how it measured, and what that changed since the save before; newest first."""
    if not preset.saves:
        return '<p class="sw-note">Nobody has measured it yet: load it, look at it, and save it into a preset.</p>'
    heads = {"Saved": "", "Mix": "", **{esc(METRICS[name].short): METRICS[name].asks for name in IN_HISTORY}}
    before = [*preset.saves[1:], None]
    rows = "".join(map(_save, preset.saves[:N_SAVES], before))
    more = len(preset.saves) - N_SAVES
    rest = f'<p class="sw-note">And {words.count(more, "earlier save")}, in the file.</p>' if more > 0 else ""
    return (
        '<div class="sw-preset-scroll" tabindex="0" role="region" aria-label="History of saves">'
        f"{labels.table_html('sw-preset-history', heads, f'<tbody>{rows}</tbody>')}</div>{rest}"
    )


def _save(save: Save, before: Save | None) -> str:
    """A row of the history; a difference from the save before is told where it is one of the settings alone."""

    def judged_on(each: Save) -> tuple[object, ...]:
        return each.measured.panel_id, each.settings.k, each.settings.segment

    measured, settings = save.measured, save.settings
    who = f"{isolated(save.who)} · {words.count(measured.n_users, 'shopper')}"
    note = f'<span class="sw-by">{isolated(measured.note)}</span>' if measured.note else ""
    if before is not None and judged_on(save) != judged_on(before):
        note += '<span class="sw-by">other shoppers or lists than the save before</span>'
        before = None
    cells = "".join(f"<td>{_cell(name, save, before)}</td>" for name in IN_HISTORY)
    weights = settings.weights.normalised()
    plain = " · ".join(f"{share:.0%}" for share in weights.values())
    return (
        f'<tr><th scope="row">{esc(labels.timestamp(save.saved_at))}<span class="sw-by">{who}</span>{note}</th>'
        f'<td>{labels.weights_bar_html(weights)}<span class="sw-by" aria-hidden="true">{plain}</span>'
        f'<span class="sw-by">{labels.preset_html(settings)}</span></td>{cells}</tr>'
    )


def _cell(name: str, save: Save, before: Save | None) -> str:
    value = esc(_saved_value(name, save.measured)[0])
    now, was = (each.metrics[name]["mean"] if each and name in each.metrics else None for each in (save, before))
    if now is None or was is None:
        return value
    return f'{value}<span class="sw-by">{esc("=" if now == was else fmt.change(name, now - was))}</span>'


def history_csv(saves: Sequence[Save]) -> str:
    """Every save with every metric, as a file that a spreadsheet opens without running anything."""
    return to_csv(map(_as_row, saves), COLUMNS)


def _as_row(save: Save) -> dict[str, object]:
    settings, measured = save.settings, save.measured
    return {
        "saved_at": save.saved_at.isoformat(),
        "saved_by": save.saved_by,
        **settings.weights.as_dict(),
        **{name: getattr(settings, name) for name in ("diversity", "method", "k")},
        **{name: _pairs(getattr(settings, name)) for name in ("scenario", "segment")},
        **{name: getattr(measured, name) for name in ("n_users", "panel_id", "note")},
        **{f"{name}_{bound}": bounds[bound] for name, bounds in measured.metrics.items() for bound in _BOUNDS},
    }


def _pairs(stated: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in stated.items())
