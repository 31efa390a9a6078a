"""How a preset measured when it was saved, and how the same settings measure now."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from pages._shared.view import positions
from pages.tuning import reference, resources
from pages.tuning.context import TuningCase, TuningContext
from pages.tuning.protocol import choices_of
from recsys.errors import RecsysError
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.segments import Segment
from recsys.settings import FusionSettings
from recsys.store.preset_settings import PresetSettings
from recsys.store.records import Measurement

AT_A_GLANCE = ("ndcg", "ild", "coverage")
"""Metrics that the list of presets shows: right products, good lists, fair to the catalogue."""

SAME = 1e-6
"""Values that are nearer than this are the same."""

_LONGEST_PROTOCOL = 500


@dataclass(frozen=True, slots=True)
class PresetDrift:
    """How a preset's settings measure now, beside what was saved.

    Parameters
    ----------
    now : every metric with its interval, empty where they cannot be measured
    problem : why they cannot, or ""
    text : how what was saved is to be read, as a clause
    is_same : what was saved still holds, to the last digit
    is_same_test : it was saved where test shoppers were asked for the same as in this room, as far as is known
    """

    now: Mapping[str, Interval]
    problem: str
    text: str
    is_same: bool
    is_same_test: bool = True


def present(case: TuningCase) -> PresetSettings:
    """What the controls say now, as a preset keeps it."""
    return PresetSettings.of(case.now.settings, case.now.scenario.as_dict(), case.segment.as_dict())


def is_present(case: TuningCase, settings: PresetSettings) -> bool:
    """Whether the controls stand where these settings want them, as exactly as controls can."""
    return _on_controls(present(case)) == _on_controls(settings)


def _on_controls(settings: PresetSettings) -> tuple[object, ...]:
    return (
        positions(settings.weights),
        reference.scenario_of(settings),
        dataclasses.replace(settings, weights=FusionSettings(), diversity=round(settings.diversity, 2), scenario={}),
    )


def measurement(case: TuningCase) -> Measurement:
    """Every metric of the present setting at this moment, over all test shoppers of the segment."""
    panel = case.room.test.panel
    found = _means(case.room, present(case))
    return Measurement(
        {name: interval.as_json() for name, interval in found.items()},
        n_users=int(case.mask.sum()),
        protocol=protocol(case.room),
        panel_id=panel.panel_id,
    )


def protocol(room: TuningContext) -> str:
    """What was held out, in as many whole sentences as a save can hold."""
    said = room.test.panel.protocol
    return said if len(said) <= _LONGEST_PROTOCOL else said[:_LONGEST_PROTOCOL].rpartition(". ")[0] + "."


def drift(room: TuningContext, settings: PresetSettings, saved: Measurement | None) -> PresetDrift:
    """Measure a preset's settings now, on the shoppers it was judged on, and compare."""
    try:
        now = _means(room, settings)
    except RecsysError as problem:
        return PresetDrift({}, str(problem), "cannot be measured now", False)
    if saved is None:
        return PresetDrift(now, "", "not measured when it was saved", False)
    if saved.panel_id != room.test.panel.panel_id:
        was, is_now = choices_of(saved.protocol), choices_of(room.test.panel.protocol)
        is_same_test = was in ("", is_now)
        text = _other_panel(saved, was) if is_same_test else f"measured on {was}; this room asks for {is_now}"
        return PresetDrift(now, "", text, False, is_same_test)
    same = all(_is_near(now[name].mean, saved.metrics[name]["mean"]) for name in now if name in saved.metrics)
    text = "measures the same now" if same else "same shoppers, but lists are made differently now"
    return PresetDrift(now, "", text, same)


def role(panel_id: str) -> str:
    """Which shoppers a measurement was made on: "validation", "test", or "" where that is not known."""
    return next((name for name in ("validation", "test") if panel_id.endswith(f"-{name}")), "")


def _other_panel(saved: Measurement, asked: str) -> str:
    if role(saved.panel_id) == "validation":
        return "measured on validation shoppers when it was saved"
    if saved.protocol and not asked:
        return "saved with other test shoppers or another way of testing"
    return "saved with other test shoppers: model or data were others then"


def _means(room: TuningContext, settings: PresetSettings) -> Mapping[str, Interval]:
    panel, segment = room.test.panel, Segment.of(**settings.segment)
    if not segment.mask(panel.shoppers).any():
        raise RecsysError("none of the test shoppers is one of those that it was judged on")
    ranking, scenario = reference.ranking_of(settings), reference.scenario_of(settings)
    return resources.means_of(room.test, panel.panel_id, ranking, scenario, segment)


def _is_near(one: float, other: float | None) -> bool:
    if other is None or math.isnan(one):
        return other is None and math.isnan(one)
    return abs(one - other) < SAME
