"""Segments of test shoppers, scenarios that they are imagined in, and the settings of a live evaluation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BeforeValidator, with_config

from recsys.documents import DOCUMENT, Number, Whole, from_json, to_json
from recsys.errors import ContextError, SettingsError
from recsys.settings import (
    COMPONENTS,
    CONTEXT_DIMENSIONS,
    Context,
    DiversityMethod,
    Filters,
    FusionSettings,
    RankingSettings,
)

NEW_AT_MOST = 2
"""A shopper with at most so many products in the training data counts as new."""

KNOWLEDGE: Mapping[str, str] = {
    "hot": "10 products or more in the training data",
    "warm": "1 to 9 products",
    "cold": "none",
    "new": f"at most {NEW_AT_MOST} products",
}
"""How well a shopper may be known, by name, in words."""

DIMENSIONS = ("activity", "top_category", "home", *CONTEXT_DIMENSIONS)
"""What shoppers can be told apart by: columns of `Panel.shoppers`; circumstances are those of the held-out act."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Some of the shoppers: those that have all of the values; none at all means everyone.

    `values`: pairs of a name of `DIMENSIONS` and a value, sorted by name; activity also knows "new".
    """

    values: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if unknown := [name for name, _ in self.values if name not in DIMENSIONS]:
            raise SettingsError(f"shoppers are not told apart by {unknown[0]!r}; use one of {', '.join(DIMENSIONS)}")
        if len(self.as_dict()) != len(self.values):
            raise SettingsError("a segment names one property twice; decide on one value")
        object.__setattr__(self, "values", tuple(sorted(self.values)))

    @classmethod
    def of(cls, **values: str) -> "Segment":
        """From keyword arguments; an empty value is left out."""
        return cls(tuple((name, value) for name, value in values.items() if value))

    def as_dict(self) -> dict[str, str]:
        """The values by name."""
        return dict(self.values)

    def mask(self, shoppers: pd.DataFrame) -> NDArray[np.bool_]:
        """Who belongs to it: bool of shape (n_users,), rows as in `Panel.shoppers`."""
        inside = np.ones(len(shoppers), bool)
        for name, value in self.values:
            if name == "activity" and value == "new":
                inside &= shoppers["n_train"].to_numpy() <= NEW_AT_MOST
            else:
                inside &= shoppers[name].to_numpy(object) == value
        return inside


_SEGMENT_WORDS: Mapping[str, str] = {
    "top_category": "who mostly buy {}",
    "home": "from {}",
    "daypart": "in the {}",
    "weekday": "on {}",
    "season": "in {}",
    "device": "on {}",
    "region": "in region {}",
}


EVERYONE = Segment()


def describe_segment(segment: Segment) -> str:
    """Which shoppers count, in words.

    >>> describe_segment(Segment.of(activity="new", device="mobile", daypart="evening"))
    'new shoppers in the evening on mobile'
    """
    values = segment.as_dict()
    described = [words.format(values[name]) for name, words in _SEGMENT_WORDS.items() if name in values]
    return " ".join(filter(None, (values.get("activity"), "shoppers", *described)))


@dataclass(frozen=True, slots=True)
class Scenario:
    """Circumstances that every shopper is imagined in; a dimension that is not named stays as it was.

    `stated`: pairs of a dimension of `CONTEXT_DIMENSIONS` and its value, "" for unknown; sorted by name.
    """

    stated: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if unknown := [name for name, _ in self.stated if name not in CONTEXT_DIMENSIONS]:
            raise ContextError(f"{unknown[0]!r} is not a circumstance; use one of {', '.join(CONTEXT_DIMENSIONS)}")
        if len(self.as_dict()) != len(self.stated):
            raise ContextError("a scenario names one circumstance twice; decide on one value")
        object.__setattr__(self, "stated", tuple(sorted(self.stated)))

    @classmethod
    def of(cls, **stated: str) -> "Scenario":
        """From keyword arguments."""
        return cls(tuple(stated.items()))

    def as_dict(self) -> dict[str, str]:
        """What is stated, by dimension."""
        return dict(self.stated)

    def elsewhere(self, shoppers: pd.DataFrame) -> NDArray[np.bool_]:
        """Who was in other circumstances, so that their choices say nothing of these: bool of shape (n_users,)."""
        moved = np.zeros(len(shoppers), bool)
        for name, value in self.stated:
            moved |= shoppers[name].to_numpy(object) != value
        return moved

    def applied(self, context: Context) -> Context:
        """The circumstances of a shopper in this scenario."""
        changed: dict[str, str | None] = {name: value or None for name, value in self.stated}
        return replace(context, **changed)  # type: ignore[arg-type]


AS_IT_WAS = Scenario()
"""Everyone in the circumstances that they were in."""

_NO_WEIGHTS = dict.fromkeys(COMPONENTS, 0.0)
_DEFAULTS = RankingSettings()


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class _Document:
    name: str
    weights: Annotated[
        FusionSettings, BeforeValidator(lambda given: _NO_WEIGHTS | given if isinstance(given, dict) else given)
    ]
    n: Whole = _DEFAULTS.n
    diversity: Number = _DEFAULTS.diversity
    method: DiversityMethod = _DEFAULTS.method
    scenario: Mapping[str, str] = field(default_factory=dict)
    filters: Filters = _DEFAULTS.filters


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """Settings of one live evaluation; hashable, so that answers can be cached by it.

    `name` is text that a person typed, so never markup; `scenario` is what every shopper is imagined in.
    """

    name: str
    settings: RankingSettings = field(default_factory=RankingSettings)
    scenario: Scenario = AS_IT_WAS

    def __post_init__(self) -> None:
        name = " ".join(self.name.split())
        if not name:
            raise SettingsError("a setting that is compared needs a name; call it A, for instance")
        object.__setattr__(self, "name", name)

    @property
    def ranks_like(self) -> tuple[RankingSettings, Scenario]:
        """Everything that decides its lists: all but the name."""
        return self.settings, self.scenario

    def as_json(self) -> dict[str, Any]:
        """A JSON document, from which `from_json` makes the same again."""
        of, scenario = self.settings, self.scenario.as_dict()
        document = _Document(self.name, of.fusion, of.n, of.diversity, of.method, scenario, of.filters)
        return dict(to_json(document))

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read what `as_json` wrote; a key that is left out has its default, but for the name and the weights.

        Raises SettingsError, ContextError: the document has another form, or a value makes no sense.
        """
        form = from_json(_Document, document)
        settings = RankingSettings(form.weights, form.filters, form.n, form.diversity, form.method)
        return cls(form.name, settings, Scenario.of(**form.scenario))
