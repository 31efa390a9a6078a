"""Presets and their settings as frozen records, checked when they are made."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self, TypeAlias

from pydantic import model_validator, with_config

from recsys.documents import DOCUMENT, Flag, Number, Whole
from recsys.errors import PresetError, SettingsError, quoted
from recsys.panel.segments import DIMENSIONS, KNOWLEDGE
from recsys.settings import (
    COMPONENTS,
    CONTEXT_DIMENSIONS,
    CONTEXT_VALUES,
    DiversityMethod,
    Filters,
    FusionSettings,
    RankingSettings,
)
from recsys.store import labels

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

LONGEST_LIST = 100
"""The largest k that a preset may be tuned for."""

_VALUES = {**CONTEXT_VALUES, "activity": tuple(KNOWLEDGE)}
_MOST_CATEGORIES, _LONGEST_VALUE = 1000, 500
_DEFAULTS = RankingSettings()


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class PresetSettings:
    """Settings of a preset, checked; those of `RankingSettings` mean the same there.

    As JSON documents they are saved and exported; those of an earlier version name no segment.

    Parameters
    ----------
    k : list length that it was tuned for, 1 to 100
    scenario : circumstances that it was tuned for, by names of `Context.as_json`; empty for every moment
    categories : categories that the list is limited to, each once and in order; empty for no limit
    segment : the shoppers that it was tuned for, by names of `recsys.panel.segments.DIMENSIONS`; empty for everyone
    """

    weights: FusionSettings = field(default_factory=FusionSettings)
    diversity: Number = _DEFAULTS.diversity
    method: DiversityMethod = _DEFAULTS.method
    k: Whole = _DEFAULTS.n
    scenario: Mapping[str, str] = field(default_factory=dict)
    only_available: Flag = _DEFAULTS.filters.only_available
    categories: tuple[str, ...] = ()
    segment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not 1 <= self.k <= LONGEST_LIST or self.k != int(self.k):
            raise SettingsError(f"k={self.k} is not usable; give a whole number from 1 to {LONGEST_LIST}")
        checked = {
            "k": int(self.k),
            "diversity": float(self.diversity),
            "scenario": _stated(self.scenario, "scenario", (*CONTEXT_DIMENSIONS, "moment"), "a circumstance"),
            "categories": _categories(self.categories),
            "segment": _stated(self.segment, "segment", DIMENSIONS, "a property of shoppers"),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self.ranking()

    @model_validator(mode="before")
    @classmethod
    def _require_all(cls, document: Any) -> Any:
        # A default of today in place of what is missing would be another preset than the one that was saved.
        if isinstance(document, Mapping):
            given = {*document, *(f"weights.{name}" for name in document.get("weights") or ())}
            needed = (*(f"weights.{name}" for name in COMPONENTS), "diversity", "method", "k", "only_available")
            if missing := [name for name in needed if name not in given]:
                raise SettingsError(f"settings: {missing[0]} is missing; give it")
        return document

    @classmethod
    def of(
        cls,
        ranking: RankingSettings,
        scenario: Mapping[str, str] | None = None,
        segment: Mapping[str, str] | None = None,
    ) -> Self:
        """Settings of a preset from those of a list, and from what it was tuned for."""
        return cls(
            weights=ranking.fusion,
            diversity=ranking.diversity,
            method=ranking.method,
            k=ranking.n,
            scenario=scenario or {},
            only_available=ranking.filters.only_available,
            categories=tuple(ranking.filters.categories),
            segment=segment or {},
        )

    def ranking(self, filters: Filters | None = None) -> RankingSettings:
        """Settings of a list made with this preset; `filters` gives what a preset does not fix."""
        filters = replace(
            filters or Filters(), only_available=self.only_available, categories=frozenset(self.categories)
        )
        return RankingSettings(self.weights, filters, self.k, self.diversity, self.method)


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


def _stated(given: Mapping[str, str], part: str, known: tuple[str, ...], what: str) -> dict[str, str]:
    """Names and their values, in the order in which the names are known."""
    for name, value in given.items():
        if name not in known:
            raise SettingsError(f"{part}: {quoted(name)} is not {what}; use {', '.join(known)}")
        if not isinstance(value, str) or not value or len(value) > _LONGEST_VALUE:
            raise SettingsError(
                f"{part}: {name}={quoted(value)} is not usable; give 1 to {_LONGEST_VALUE} characters, or leave it out"
            )
        if name in _VALUES and value not in _VALUES[name]:
            raise SettingsError(f"{part}: {name}={quoted(value)} is not known; use one of {', '.join(_VALUES[name])}")
        if name == "moment":
            try:
                datetime.fromisoformat(value)
            except ValueError:
                raise SettingsError(
                    f"{part}: moment={quoted(value)} is not a time; write 2026-05-31T20:00:00+00:00"
                ) from None
    return {name: labels.clean_prose(given[name]) for name in known if name in given}


def _categories(given: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(sorted(set(map(labels.clean_prose, given))))
    if len(names) > _MOST_CATEGORIES:
        raise SettingsError(
            f"categories: {len(names):,} are too many; give at most {_MOST_CATEGORIES:,}, or none for all"
        )
    for name in names:
        if len(name) > _LONGEST_VALUE:
            raise SettingsError(f"categories: {quoted(name)} is too long; give at most {_LONGEST_VALUE} characters")
    return names
