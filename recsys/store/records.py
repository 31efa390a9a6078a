"""Presets as the rest of the app sees them: frozen records, checked when they are made."""

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
"""What a person is called who did not say who they are."""


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class Measurement:
    """How settings measured.

    Parameters
    ----------
    metrics : by metric, its mean and the bounds of its interval; NaN becomes None
    n_users : shoppers that were measured on
    protocol : what was measured, in words
    panel_id : which shoppers they were
    note : anything worth remembering, at most 500 characters
    """

    metrics: Metrics
    n_users: Whole = 0
    protocol: str = ""
    panel_id: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.n_users, bool) or not 0 <= self.n_users <= _LARGEST_COUNT:
            raise PresetError(f"n_users={self.n_users} is not a count of shoppers; give 0 or more")
        checked = {
            "metrics": _metrics(self.metrics),
            "n_users": int(self.n_users),  # a NumPy number would be saved as its bytes
            "protocol": labels.label(self.protocol, "protocol", LONGEST_NOTE),
            "panel_id": labels.label(self.panel_id, "panel_id", _LONGEST_ID),
            "note": labels.label(self.note, "note", LONGEST_NOTE),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def with_note(self, text: str) -> "Measurement":
        """The same with some text before its note, cut where it gets too long."""
        return replace(self, note="; ".join(filter(None, (text, self.note)))[:LONGEST_NOTE])


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class Draft:
    """What a person decides about a preset. Control characters and marks that turn text round are taken out of names.

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
            "description": labels.prose(self.description, "description", LONGEST_DESCRIPTION),
            "tags": labels.tags(self.tags, MOST_TAGS, LONGEST_TAG),
            "goal": labels.label(self.goal, "goal", LONGEST_GOAL),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True)
class ShippedPreset:
    """A preset that comes with the app.

    Parameters
    ----------
    measured : how it measured in this shop, or None while nobody has measured it
    is_default : it becomes the default when it first arrives in a shop that has none
    """

    draft: Draft
    measured: Measurement | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Save:
    """One moment at which a preset was saved: what it was and how it measured.

    Parameters
    ----------
    saved_at : in UTC
    saved_by : as they called themselves, or ""
    """

    saved_at: datetime
    saved_by: str
    settings: PresetSettings
    measured: Measurement

    @property
    def who(self) -> str:
        """Who saved it, for people to read."""
        return self.saved_by or NOBODY

    @property
    def metrics(self) -> Metrics:
        """How it measured then."""
        return self.measured.metrics


@dataclass(frozen=True, slots=True)
class Preset:
    """A saved tuning.

    Parameters
    ----------
    is_shipped : it comes with the app and cannot be changed, only duplicated
    is_default : what lists in this shop begin with
    version : grows with every change; hand it back with yours, so that nobody overwrites anybody
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
        """Who changed it last, for people to read."""
        return self.changed_by or NOBODY

    @property
    def measured(self) -> Measurement | None:
        """How it measured when it was last saved."""
        return self.saves[0].measured if self.saves else None

    @property
    def draft(self) -> Draft:
        """What a person decided about it."""
        return Draft(self.name, self.settings, self.description, self.tags, self.goal)


def clean_person(name: str) -> str:
    """How somebody calls themselves, as one line."""
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
