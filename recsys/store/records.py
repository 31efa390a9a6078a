"""Presets as the rest of the app sees them: frozen records, checked when they are made."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from recsys.errors import PresetError
from recsys.store import labels
from recsys.store.preset_settings import PresetSettings

Metrics: TypeAlias = Mapping[str, Mapping[str, float | None]]
"""{metric: {"mean": ..., "low": ..., "high": ...}}; None for what could not be measured."""

LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_TAG, MOST_TAGS = 80, 2000, 30, 10
LONGEST_GOAL = 2000
_LONGEST_WHO, _LONGEST_NOTE, _LONGEST_ID = 80, 500, 200
_BOUNDS = ("mean", "low", "high")
_MOST_METRICS, _LARGEST_COUNT = 100, 2**31 - 1

NOBODY = "somebody"
"""What a person is called who did not say who they are."""


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
    n_users: int = 0
    protocol: str = ""
    panel_id: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", _metrics(self.metrics))
        if isinstance(self.n_users, bool) or not 0 <= self.n_users <= _LARGEST_COUNT:
            raise PresetError(f"n_users={self.n_users} is not a count of shoppers; give 0 or more")
        object.__setattr__(self, "n_users", int(self.n_users))  # a NumPy number would be saved as its bytes
        object.__setattr__(self, "protocol", labels.label(self.protocol, "protocol", _LONGEST_NOTE))
        object.__setattr__(self, "panel_id", labels.label(self.panel_id, "panel_id", _LONGEST_ID))
        object.__setattr__(self, "note", labels.label(self.note, "note", _LONGEST_NOTE))


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
        object.__setattr__(self, "name", labels.label(self.name, "name", LONGEST_NAME, required=True))
        object.__setattr__(self, "description", labels.prose(self.description, "description", LONGEST_DESCRIPTION))
        object.__setattr__(self, "tags", labels.tags(self.tags, MOST_TAGS, LONGEST_TAG))
        object.__setattr__(self, "goal", labels.label(self.goal, "goal", LONGEST_GOAL))


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
    kept: dict[str, dict[str, float | None]] = {}
    for name, bounds in given.items():
        if set(bounds) != set(_BOUNDS):
            raise PresetError(
                f"metrics: {labels.shown(name)} has {labels.shown(', '.join(sorted(bounds)))}; give mean, low and high"
            )
        kept[labels.label(name, "a metric's name", LONGEST_NAME, required=True)] = {
            bound: _number(bounds[bound]) for bound in _BOUNDS
        }
    return kept


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
