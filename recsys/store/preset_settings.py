"""Everything that a preset fixes about a list: the weights, the circumstances they were tuned for, and the filters."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, get_args

from recsys.errors import SettingsError
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

_VALUES: Mapping[str, tuple[str, ...]] = {"daypart": DAYPARTS, "weekday": WEEKDAYS, "season": SEASONS}
_MOST_CATEGORIES, _LONGEST_VALUE = 1000, 500
_DEFAULTS = RankingSettings()


@dataclass(frozen=True, slots=True)
class PresetSettings:
    """What a preset fixes, checked.

    Parameters
    ----------
    weights : weights of the four components
    diversity : strength of the diversity re-ranking in [0, 1]
    method : "mmr" or "dpp"
    k : list length that it was tuned for, 1 to 100
    scenario : circumstances that it was tuned for, by name; empty for every moment
    only_available : products that cannot be bought are left out
    categories : categories that the list is limited to, each once and in order; empty for no limit
    """

    weights: FusionSettings = field(default_factory=FusionSettings)
    diversity: float = _DEFAULTS.diversity
    method: DiversityMethod = _DEFAULTS.method
    k: int = _DEFAULTS.n
    scenario: Mapping[str, str] = field(default_factory=dict)
    only_available: bool = _DEFAULTS.filters.only_available
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.k, bool) or not 1 <= self.k <= LONGEST_LIST or self.k != int(self.k):
            raise SettingsError(f"k={self.k} is not usable; give a whole number from 1 to {LONGEST_LIST}")
        if not 0 <= self.diversity <= 1:
            raise SettingsError(f"diversity={self.diversity} is not usable; give a number from 0 to 1")
        if self.method not in get_args(DiversityMethod):
            raise SettingsError(f"method={shown(self.method)} is not known; give 'mmr' or 'dpp'")
        object.__setattr__(self, "k", int(self.k))
        object.__setattr__(self, "diversity", float(self.diversity))
        object.__setattr__(self, "scenario", _scenario(self.scenario))
        object.__setattr__(self, "categories", _categories(self.categories))

    @classmethod
    def of(cls, ranking: RankingSettings, scenario: Mapping[str, str] | None = None) -> Self:
        """What of a list's settings a preset keeps."""
        return cls(
            weights=ranking.fusion,
            diversity=ranking.diversity,
            method=ranking.method,
            k=ranking.n,
            scenario=scenario or {},
            only_available=ranking.filters.only_available,
            categories=tuple(ranking.filters.categories),
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
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """The settings that `as_json` wrote, checked again.

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
        )


def _scenario(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if name not in CIRCUMSTANCES:
            raise SettingsError(f"scenario: {shown(name)} is not a circumstance; use {', '.join(CIRCUMSTANCES)}")
        if not isinstance(value, str) or not value or len(value) > _LONGEST_VALUE:
            raise SettingsError(
                f"scenario: {name}={shown(value)} is not usable; give 1 to {_LONGEST_VALUE} characters, or leave it out"
            )
        if name in _VALUES and value not in _VALUES[name]:
            raise SettingsError(f"scenario: {name}={shown(value)} is not known; use one of {', '.join(_VALUES[name])}")
        if name == "moment":
            try:
                datetime.fromisoformat(value)
            except ValueError:
                raise SettingsError(
                    f"scenario: moment={shown(value)} is not a time; write 2026-05-31T20:00:00+00:00"
                ) from None
    return {name: clean_prose(given[name]) for name in CIRCUMSTANCES if name in given}


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
