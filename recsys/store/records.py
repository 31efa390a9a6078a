"""Presets as frozen records, checked when they are made."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from pydantic import with_config

from recsys.documents import DOCUMENT, Number, Whole
from recsys.errors import PresetError, quoted
from recsys.store import labels
from recsys.store.preset_settings import PresetSettings

Metrics: TypeAlias = Mapping[str, Mapping[str, Number | None]]
"""{metric: {"mean": ..., "low": ..., "high": ...}}; None for what could not be measured."""

LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_TAG, MOST_TAGS = 80, 2000, 30, 10
LONGEST_NOTE = 500
LONGEST_GOAL = 2000
_LONGEST_WHO, _LONGEST_ID = 80, 200
_BOUNDS = ("mean", "low", "high")
_MOST_METRICS, _LARGEST_COUNT = 100, 2**31 - 1

NOBODY = "somebody"
"""Name of a person who gave none."""


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class Measurement:
    """How settings measured.

    Parameters
    ----------
    metrics : by metric, its mean and the bounds of its interval; NaN becomes None
    n_users : how many shoppers were measured on; `panel_id` identifies them
    protocol : what was measured, in words
    note : at most 500 characters
    """

    metrics: Metrics
    n_users: Whole = 0
    protocol: str = ""
    panel_id: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.n_users, bool) or not 0 <= self.n_users <= _LARGEST_COUNT:
            raise PresetError(f"n_users={self.n_users} is not a count of shoppers; give 0 or more")
        object.__setattr__(self, "metrics", _metrics(self.metrics))
        object.__setattr__(self, "n_users", int(self.n_users))  # a NumPy number would be saved as its bytes
        for name, longest in {"protocol": LONGEST_NOTE, "panel_id": _LONGEST_ID, "note": LONGEST_NOTE}.items():
            object.__setattr__(self, name, labels.label(getattr(self, name), name, longest))

    def with_note(self, text: str) -> "Measurement":
        """The same with some text before its note, cut to fit."""
        return replace(self, note="; ".join(filter(None, (text, self.note)))[:LONGEST_NOTE])


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class Draft:
    """The part of a preset that a person edits; control characters and bidirectional marks are removed from names.

    Parameters
    ----------
    name : 1 to 80 characters, unlike every other in the shop whatever its capitals
    description : at most 2,000 characters, kept as typed
    tags : at most 10 of at most 30 characters; kept in small letters, each once
    goal : what it is tuned for, as a line of JSON (`recsys.tuning.goals.save_goal`) or in somebody's own words, or ""
    """

    name: str
    settings: PresetSettings
    description: str = ""
    tags: tuple[str, ...] = ()
    goal: str = ""

    def __post_init__(self) -> None:
        checked = {
            "name": labels.label(self.name, "name", LONGEST_NAME, required=True),
            "description": labels.label(self.description, "description", LONGEST_DESCRIPTION, clean=labels.clean_prose),
            "tags": labels.tags(self.tags, MOST_TAGS, LONGEST_TAG),
            "goal": labels.label(self.goal, "goal", LONGEST_GOAL),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class ShippedPreset:
    """A preset that comes with the app; `is_default` makes it the default where it arrives in a shop that has none."""

    draft: Draft
    measured: Measurement | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Save:
    """Settings and measurement of a preset as saved at one moment (UTC) by somebody ("" if they gave no name)."""

    saved_at: datetime
    saved_by: str
    settings: PresetSettings
    measured: Measurement

    @property
    def who(self) -> str:
        """Name of who saved it, or "somebody"."""
        return self.saved_by or NOBODY

    @property
    def metrics(self) -> Metrics:
        """Its metrics at that moment."""
        return self.measured.metrics


@dataclass(frozen=True, slots=True)
class Preset:
    """A saved preset.

    Parameters
    ----------
    is_shipped : it comes with the app and cannot be changed, only duplicated
    is_default : lists in this shop begin with it
    version : grows with every change; an update has to give the one that it began from
    changed_at, changed_by : the last change of any kind, in UTC, and who made it or ""
    saves : newest first; empty only where nobody has measured it: shipped presets, their copies, imported ones
    """

    preset_id: str
    shop: str
    name: str
    description: str
    tags: tuple[str, ...]
    settings: PresetSettings
    goal: str
    is_shipped: bool
    is_default: bool
    version: int
    changed_at: datetime
    changed_by: str
    saves: tuple[Save, ...]

    @property
    def who(self) -> str:
        """Name of who changed it last, or "somebody"."""
        return self.changed_by or NOBODY

    @property
    def measured(self) -> Measurement | None:
        """Its latest measurement."""
        return self.saves[0].measured if self.saves else None

    @property
    def draft(self) -> Draft:
        """The part of it that a person edits."""
        return Draft(self.name, self.settings, self.description, self.tags, self.goal)


def clean_person(name: str) -> str:
    """A person's name as one line."""
    return labels.label(name, "your name", _LONGEST_WHO)


def _metrics(given: Metrics) -> dict[str, dict[str, float | None]]:
    if len(given) > _MOST_METRICS:
        raise PresetError(f"metrics: {len(given)} are too many; give at most {_MOST_METRICS}")
    for name, bounds in given.items():
        if set(bounds) != set(_BOUNDS):
            said = quoted(", ".join(sorted(bounds)))
            raise PresetError(f"metrics: {quoted(name)} has {said}; give mean, low and high")
    return {
        labels.label(name, "a metric's name", LONGEST_NAME, required=True): {
            bound: None if (value := bounds[bound]) is None or not math.isfinite(value) else float(value)
            for bound in _BOUNDS
        }
        for name, bounds in given.items()
    }
