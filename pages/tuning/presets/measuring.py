"""How a preset measured when it was saved, and how the same settings measure now."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass

from pages._shared import resources
from pages._shared.view import positions
from pages.tuning import reference
from pages.tuning.context import TuningCase, TuningContext
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

_WAYS = {
    "last positive of each shopper": "last choices",
    "split by time": "all choices after a moment",
    "every shopper as they were when only": "third choices, by two known",
    "every shopper as they were before the last": "last evening choices on a phone",
    "every product as if it were new": "last choices, new in the shop",
}
"""What test shoppers are asked to find, by how the protocol begins."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a preset's settings measure now, beside what was saved.

    Parameters
    ----------
    now : every metric with its interval, empty where they cannot be measured
    problem : why they cannot, or ""
    drift : how what was saved is to be read, as a clause
    is_same : what was saved still holds, to the last digit
    is_same_test : it was saved where test shoppers were asked for the same as in this room, as far as is known
    """

    now: Mapping[str, Interval]
    problem: str
    drift: str
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


def standing(room: TuningContext, settings: PresetSettings, saved: Measurement | None) -> Standing:
    """Measure a preset's settings now, on the shoppers it was judged on, and compare."""
    try:
        now = _means(room, settings)
    except RecsysError as problem:
        return Standing({}, str(problem), "cannot be measured now", False)
    if saved is None:
        return Standing(now, "", "not measured when it was saved", False)
    if saved.panel_id != room.test.panel.panel_id:
        was, is_now = way(saved.protocol), way(room.test.panel.protocol)
        is_same_test = was in ("", is_now)
        drift = _other_panel(saved, was) if is_same_test else f"measured on {was}; this room asks for {is_now}"
        return Standing(now, "", drift, False, is_same_test)
    same = all(_is_near(now[name].mean, saved.metrics[name]["mean"]) for name in now if name in saved.metrics)
    drift = "measures the same now" if same else "same shoppers, but lists are made differently now"
    return Standing(now, "", drift, same)


def role(panel_id: str) -> str:
    """Which shoppers a measurement was made on: "validation", "test", or "" where that is not known."""
    return next((name for name in ("validation", "test") if panel_id.endswith(f"-{name}")), "")


def way(protocol: str) -> str:
    """What a protocol asks test shoppers to find, in a few words; "" where it is none of ours.

    >>> way("split by time: learned from before 3 May")
    'all choices after a moment'
    """
    return next((said for begins, said in _WAYS.items() if protocol.startswith(begins)), "")


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
