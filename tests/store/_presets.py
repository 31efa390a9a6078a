"""Presets that tests save, and a clock that ticks once a minute."""

from datetime import UTC, datetime, timedelta
from typing import Any

from recsys.settings import FusionSettings
from recsys.store.labels import name_key
from recsys.store.presets import PresetStore
from recsys.store.records import Draft, Measurement, Preset, PresetSettings

FRESH = PresetSettings(
    weights=FusionSettings(0.1, 0.2, 0.3, 0.4),
    diversity=0.25,
    method="dpp",
    k=20,
    scenario={"device": "mobile", "daypart": "evening"},
    only_available=False,
    categories=("Tents", "Home"),
    segment={"activity": "new", "device": "mobile"},
)
CALM = PresetSettings(weights=FusionSettings(1, 0, 0, 0))


class Clock:
    """10:00 UTC on the first of May 2026, and a minute later each time somebody looks."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 1, 9, 59, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment


def measured(mean: float = 0.25, **more: Any) -> Measurement:
    """A measurement of two metrics, one of them missing."""
    given = {"n_users": 500, "protocol": "last held out", "panel_id": "panel-7", "note": "first try", **more}
    return Measurement(
        {
            "ndcg": {"mean": mean, "low": mean - 0.02, "high": mean + 0.02},
            "recall": {"mean": float("nan"), "low": None, "high": None},
        },
        **given,
    )


def draft(name: str = "Fresh picks", settings: PresetSettings = FRESH, **more: Any) -> Draft:
    """A preset as a person would fill it in."""
    return Draft(
        name, settings, **{"description": "New things first.", "tags": ("Summer", "new"), "goal": "ndcg@20", **more}
    )


def find(store: PresetStore, name: str) -> Preset | None:
    """The living preset of that name, whatever its capitals."""
    return next((preset for preset in store.presets() if name_key(preset.name) == name_key(name)), None)
