"""What a preset fixes about a list: weights, filters, and the circumstances and shoppers that it was tuned for."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, get_args

from recsys.errors import SettingsError
from recsys.panel.segments import DIMENSIONS, KNOWLEDGE
from recsys.settings import (
    COMPONENTS,
    CONTEXT_DIMENSIONS,
    DAYPARTS,
    SEASONS,
    WEEKDAYS,
    DiversityMethod,
    Filters,
    FusionSettings,
    RankingSettings,
)
from recsys.store.labels import clean_prose, shown

LONGEST_LIST = 100
"""The largest k that a preset may be tuned for."""

CIRCUMSTANCES = (*CONTEXT_DIMENSIONS, "moment")
"""What a scenario may state, as `Context.as_json` does."""

_VALUES: Mapping[str, tuple[str, ...]] = {
    "daypart": DAYPARTS,
    "weekday": WEEKDAYS,
    "season": SEASONS,
    "activity": tuple(KNOWLEDGE),
}
_MOST_CATEGORIES, _LONGEST_VALUE = 1000, 500
_DEFAULTS = RankingSettings()


@dataclass(frozen=True, slots=True)
class PresetSettings:
    """What a preset fixes, checked.

    Parameters
    ----------
    weights : weights of the four components
    diversity : strength of the diversity re-ranking in [0, 1]
    method : "mmr", "dpp" or "msd"
    k : list length that it was tuned for, 1 to 100
    scenario : circumstances that it was tuned for, by name; empty for every moment
    only_available : products that cannot be bought are left out
    categories : categories that the list is limited to, each once and in order; empty for no limit
    segment : the shoppers that it was judged on, by names of `recsys.panel.segments.DIMENSIONS`; empty for
        everyone
    """

    weights: FusionSettings = field(default_factory=FusionSettings)
    diversity: float = _DEFAULTS.diversity
    method: DiversityMethod = _DEFAULTS.method
    k: int = _DEFAULTS.n
    scenario: Mapping[str, str] = field(default_factory=dict)
    only_available: bool = _DEFAULTS.filters.only_available
    categories: tuple[str, ...] = ()
    segment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not 1 <= self.k <= LONGEST_LIST or self.k != int(self.k):
            raise SettingsError(f"k={self.k} is not usable; give a whole number from 1 to {LONGEST_LIST}")
        if not 0 <= self.diversity <= 1:
            raise SettingsError(f"diversity={self.diversity} is not usable; give a number from 0 to 1")
        if self.method not in get_args(DiversityMethod):
            raise SettingsError(f"method={shown(self.method)} is not known; give 'mmr', 'dpp' or 'msd'")
        object.__setattr__(self, "k", int(self.k))
        object.__setattr__(self, "diversity", float(self.diversity))
        object.__setattr__(self, "scenario", _stated(self.scenario, "scenario", CIRCUMSTANCES, "a circumstance"))
        object.__setattr__(self, "categories", _categories(self.categories))
        object.__setattr__(self, "segment", _stated(self.segment, "segment", DIMENSIONS, "a property of shoppers"))

    @classmethod
    def of(
        cls,
        ranking: RankingSettings,
        scenario: Mapping[str, str] | None = None,
        segment: Mapping[str, str] | None = None,
    ) -> Self:
        """What of a list's settings a preset keeps, and whom they were judged on."""
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
        return RankingSettings(
            fusion=self.weights,
            filters=dataclasses.replace(
                filters or Filters(), only_available=self.only_available, categories=frozenset(self.categories)
            ),
            n=self.k,
            diversity=self.diversity,
            method=self.method,
        )

    def as_json(self) -> dict[str, Any]:
        """The settings as they are saved and exported."""
        return {
            "weights": {name: float(weight) for name, weight in self.weights.as_dict().items()},
            "diversity": self.diversity,
            "method": self.method,
            "k": self.k,
            "scenario": dict(self.scenario),
            "only_available": self.only_available,
            "categories": list(self.categories),
            "segment": dict(self.segment),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """The settings that `as_json` wrote, checked again; those of an earlier version name no shoppers.

        Raises
        ------
        SettingsError : a value makes no sense
        KeyError, TypeError, ValueError : the mapping has another form
        """
        return cls(
            weights=FusionSettings(**{name: float(saved["weights"][name]) for name in COMPONENTS}),
            diversity=saved["diversity"],
            method=saved["method"],
            k=saved["k"],
            scenario=saved["scenario"],
            only_available=saved["only_available"],
            categories=tuple(saved["categories"]),
            segment=saved.get("segment", {}),
        )


def _stated(given: Mapping[str, str], part: str, known: tuple[str, ...], what: str) -> dict[str, str]:
    """Names and their values, in the order in which the names are known."""
    for name, value in given.items():
        if name not in known:
            raise SettingsError(f"{part}: {shown(name)} is not {what}; use {', '.join(known)}")
        if not isinstance(value, str) or not value or len(value) > _LONGEST_VALUE:
            raise SettingsError(
                f"{part}: {name}={shown(value)} is not usable; give 1 to {_LONGEST_VALUE} characters, or leave it out"
            )
        if name in _VALUES and value not in _VALUES[name]:
            raise SettingsError(f"{part}: {name}={shown(value)} is not known; use one of {', '.join(_VALUES[name])}")
        if name == "moment":
            try:
                datetime.fromisoformat(value)
            except ValueError:
                raise SettingsError(
                    f"{part}: moment={shown(value)} is not a time; write 2026-05-31T20:00:00+00:00"
                ) from None
    return {name: clean_prose(given[name]) for name in known if name in given}


def _categories(given: tuple[str, ...]) -> tuple[str, ...]:
    kept = tuple(sorted({clean_prose(category) for category in given}))
    if len(kept) > _MOST_CATEGORIES:
        raise SettingsError(
            f"categories: {len(kept):,} are too many; give at most {_MOST_CATEGORIES:,}, or none for all"
        )
    for category in kept:
        if len(category) > _LONGEST_VALUE:
            raise SettingsError(f"categories: {shown(category)} is too long; give at most {_LONGEST_VALUE} characters")
    return kept
