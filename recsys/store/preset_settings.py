"""Settings of a preset: weights, filters, and the circumstances and shoppers that it was tuned for."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from pydantic import model_validator, with_config

from recsys.documents import DOCUMENT, Flag, Number, Whole
from recsys.errors import SettingsError, quoted
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
from recsys.store.labels import clean_prose

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
        filters = dataclasses.replace(
            filters or Filters(), only_available=self.only_available, categories=frozenset(self.categories)
        )
        return RankingSettings(self.weights, filters, self.k, self.diversity, self.method)


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
    return {name: clean_prose(given[name]) for name in known if name in given}


def _categories(given: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(sorted(set(map(clean_prose, given))))
    if len(names) > _MOST_CATEGORIES:
        raise SettingsError(
            f"categories: {len(names):,} are too many; give at most {_MOST_CATEGORIES:,}, or none for all"
        )
    for name in names:
        if len(name) > _LONGEST_VALUE:
            raise SettingsError(f"categories: {quoted(name)} is too long; give at most {_LONGEST_VALUE} characters")
    return names
