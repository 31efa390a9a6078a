"""All settings with their defaults, as frozen dataclasses that `recsys.documents` reads and writes as JSON."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Self, get_args

from pydantic import with_config

from recsys.documents import DOCUMENT, Flag, Number, Texts, Whole
from recsys.errors import ContextError, SettingsError

COMPONENTS = ("collaborative", "content", "semantic", "context")
"""Names of the four components, in the order in which they are shown everywhere."""

CONTEXT_DIMENSIONS = ("daypart", "weekday", "season", "device", "region")
"""Circumstances that a context may state; `trend` follows from its moment."""

DAYPARTS = ("night", "morning", "afternoon", "evening")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SEASONS = ("winter", "spring", "summer", "autumn")

CONTEXT_VALUES: Mapping[str, tuple[str, ...]] = {"daypart": DAYPARTS, "weekday": WEEKDAYS, "season": SEASONS}
"""What a dimension may be, where that is the same in every shop."""

Hemisphere = Literal["north", "south"]
"""On which half of the earth a shop's shoppers live, which says when their summer is."""

HEMISPHERES: tuple[Hemisphere, ...] = get_args(Hemisphere)

POSITIVE_RATING = 4.0
"""A rating of at least this many stars counts as liking the product."""

EVENT_STRENGTHS: Mapping[str, float] = {
    "purchase": 1.0,
    "recommend": 1.0,
    "wishlist": 0.5,
    "cart": 0.5,
    "click": 0.1,
    "view": 0.1,
    "not_recommend": -1.0,
}
"""Strength of an event, from -1 to 1: 1 counts as liking the product, less only colours context, and -1 counts as a
review of one star does."""

TRAINED_ON_EVERYTHING = "trained on everything"
"""The protocol of a model from which nothing was held out."""


def daypart_of(hour: int) -> str:
    """Find the part of the day of an hour from 0 to 23 (UTC): four equal parts, night first.

    >>> daypart_of(20)
    'evening'
    """
    if not 0 <= hour <= 23:
        raise ContextError(f"hour={hour} is not an hour of the day; give 0 to 23")
    return DAYPARTS[hour // 6]


def season_of(month: int, hemisphere: Hemisphere = "north") -> str:
    """Find the meteorological season of a month from 1 to 12.

    >>> season_of(12), season_of(7), season_of(7, "south")
    ('winter', 'summer', 'winter')
    """
    return SEASONS[(month + (6 if hemisphere == "south" else 0)) % 12 // 3]


def require_hemisphere(hemisphere: str) -> None:
    """Raise SettingsError unless it is one of HEMISPHERES."""
    if hemisphere not in HEMISPHERES:
        raise SettingsError(f"hemisphere={hemisphere!r} is not known; use one of {', '.join(HEMISPHERES)}")


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of one request. A dimension that is None is unknown and adds nothing to any score.

    `moment`: without a zone it is read as UTC; None means the last moment the model has seen.
    """

    daypart: str | None = None
    weekday: str | None = None
    season: str | None = None
    device: str | None = None
    region: str | None = None
    moment: datetime | None = None

    def __post_init__(self) -> None:
        if self.moment is not None and self.moment.tzinfo is None:
            # A time without a zone would be read in the computer's own one.
            object.__setattr__(self, "moment", self.moment.replace(tzinfo=UTC))

    @classmethod
    def at(
        cls,
        moment: datetime,
        *,
        device: str | None = None,
        region: str | None = None,
        hemisphere: Hemisphere = "north",
    ) -> "Context":
        """Make the context of a moment, with every circumstance that follows from it (naive times are read as UTC)."""
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return cls(
            daypart=daypart_of(moment.hour),
            weekday=WEEKDAYS[moment.weekday()],
            season=season_of(moment.month, hemisphere),
            device=device,
            region=region,
            moment=moment,
        )

    def stated(self) -> dict[str, str]:
        """List the dimensions that are known, by name."""
        return {name: value for name in CONTEXT_DIMENSIONS if (value := getattr(self, name)) is not None}

    def as_json(self) -> dict[str, str]:
        """List what is known, by name, with the moment as ISO text."""
        moment = {} if self.moment is None else {"moment": self.moment.isoformat()}
        return {**self.stated(), **moment}


WEIGHT_POWER = 0.75
"""A component with most of the factor decides more of a list than that, since lists hold the best of it: 70% decide
about 83%. So factors are this power of weights, and weights say what components decide: docs/decisions/scores.md."""


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class FusionSettings:
    """How the components are mixed. Weights are relative; `normalised()` sums to 1, and `factors()` multiply scores."""

    collaborative: Number = 0.3
    content: Number = 0.05
    semantic: Number = 0.4
    context: Number = 0.25

    def __post_init__(self) -> None:
        for name in COMPONENTS:
            weight = getattr(self, name)
            if not (math.isfinite(weight) and weight >= 0):
                raise SettingsError(f"weight {name}={weight} is not usable; give a number of at least 0")
        if not any(getattr(self, name) > 0 for name in COMPONENTS):
            raise SettingsError("all weights are 0, so nothing could be ranked; raise at least one of them above 0")

    @classmethod
    def only(cls, name: str) -> Self:
        """Weight one component alone.

        >>> FusionSettings.only("content")
        FusionSettings(collaborative=0.0, content=1.0, semantic=0.0, context=0.0)
        """
        return cls(**{each: float(each == name) for each in COMPONENTS})

    def as_dict(self) -> dict[str, float]:
        """Weights by component name, as given."""
        return {name: getattr(self, name) for name in COMPONENTS}

    def normalised(self) -> dict[str, float]:
        """Weights by component name, scaled to sum to 1.

        >>> FusionSettings(2, 1, 1, 0).normalised()["collaborative"]
        0.5
        """
        given = self.as_dict()
        if not math.isfinite(sum(given.values())):
            given = {name: weight / max(given.values()) for name, weight in given.items()}
        total = math.fsum(given.values())
        return {name: weight / total for name, weight in given.items()}

    def factors(self) -> dict[str, float]:
        """What scores are multiplied by: weights to the power of WEIGHT_POWER, scaled to sum to 1.

        >>> {name: round(factor, 3) for name, factor in FusionSettings(0.81, 0.09, 0.1, 0).factors().items()}
        {'collaborative': 0.714, 'content': 0.137, 'semantic': 0.149, 'context': 0.0}
        """
        powers = {name: weight**WEIGHT_POWER for name, weight in self.normalised().items()}
        total = math.fsum(powers.values())
        return {name: power / total for name, power in powers.items()}

    @classmethod
    def of_factors(cls, factors: Iterable[float]) -> Self:
        """The weights that give these factors, in the order of COMPONENTS, whatever they sum to.

        >>> FusionSettings.of_factors(FusionSettings(0.5, 0.2, 0.3, 0).factors().values()).in_percent()
        FusionSettings(collaborative=0.5, content=0.2, semantic=0.3, context=0.0)
        """
        powers = [factor ** (1 / WEIGHT_POWER) for factor in factors]
        return cls(*(power / math.fsum(powers) for power in powers))

    def in_percent(self) -> Self:
        """Round to whole hundredths that sum to 1, as sliders hold them, by the largest remainders.

        >>> FusionSettings(2, 1, 3, 0).in_percent()
        FusionSettings(collaborative=0.33, content=0.17, semantic=0.5, context=0.0)
        """
        exact = {name: 100 * share for name, share in self.normalised().items()}
        whole = {name: int(share + 1e-6) for name, share in exact.items()}
        for name in sorted(exact, key=lambda name: whole[name] - exact[name])[: 100 - sum(whole.values())]:
            whole[name] += 1
        return type(self)(**{name: share / 100 for name, share in whole.items()})


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class Filters:
    """Which products may be listed at all. Empty sets and None mean no restriction."""

    include_seen: Flag = False
    only_available: Flag = True
    categories: Texts = frozenset()
    price_low: Number | None = None
    price_high: Number | None = None

    def __post_init__(self) -> None:
        if self.price_low is not None and self.price_high is not None and self.price_low > self.price_high:
            raise SettingsError(f"the lowest price {self.price_low} is above the highest {self.price_high}; swap them")


WHOLE_CATALOGUE = Filters(only_available=False)
"""Filters of an evaluation: products that are gone today were available when they were chosen."""

NEW_SHOPPER_WEIGHTS = FusionSettings(collaborative=0.05, content=0.25, semantic=0.6, context=0.1)
"""Where to start for a shopper known by words alone."""

DiversityMethod = Literal["mmr", "dpp", "msd"]
DIVERSITY_METHODS: tuple[DiversityMethod, ...] = get_args(DiversityMethod)


@with_config(DOCUMENT)
@dataclass(frozen=True, slots=True)
class RankingSettings:
    """How component scores become a list.

    `n`: list length, at least 1.
    `diversity`: strength of the diversity re-ranking in [0, 1]; 0 leaves the order by score alone.
    `method`: "mmr" (maximal marginal relevance), "dpp" (determinantal point process) or "msd" (maximal sum of
    distances).
    """

    fusion: FusionSettings = field(default_factory=FusionSettings)
    filters: Filters = field(default_factory=Filters)
    n: Whole = 10
    diversity: Number = 0.0
    method: DiversityMethod = "mmr"

    def __post_init__(self) -> None:
        if self.n < 1:
            raise SettingsError(f"list length n={self.n} is not usable; give at least 1")
        if not 0 <= self.diversity <= 1:
            raise SettingsError(f"diversity={self.diversity} is not usable; give a number from 0 to 1")
        if self.method not in DIVERSITY_METHODS:
            raise SettingsError(f"diversity method {self.method!r} is not known; give 'mmr', 'dpp' or 'msd'")


def require_seed(seed: int) -> None:
    """Raise SettingsError unless the seed is one that every random choice can start from."""
    if not 0 <= seed < 2**32:
        raise SettingsError(f"seed={seed} is not usable; give a whole number from 0 to {2**32 - 1}")


def parse_weights(words: str) -> FusionSettings:
    """Read `collaborative=0.4,semantic=0.3`; a component that is not named gets weight 0.

    >>> parse_weights("content=3, semantic=1").semantic
    1.0

    Raises SettingsError: a name is not a component or is given twice, or a value is not a number of at least 0.
    """
    weights = dict.fromkeys(COMPONENTS, 0.0)
    for name, value in _pairs(words, "--weights").items():
        if name not in weights:
            raise SettingsError(f"--weights: {name!r} is not a component; use {', '.join(COMPONENTS)}")
        try:
            weights[name] = float(value)
        except ValueError:
            raise SettingsError(f"--weights: {name}={value!r} is not a number") from None
    return FusionSettings(**weights)


def parse_context(words: str, hemisphere: Hemisphere = "north") -> Context:
    """Read `device=mobile,hour=20`; keys are device, region, hour, daypart, weekday, season, month and date.

    `date` (YYYY-MM-DD, or with Thh:mm) sets the moment and with it weekday and season, and daypart if it has an hour;
    what is given beside it wins. The shop's hemisphere gives a month or a date its season.
    Raises ContextError: a key or value is not known; SettingsError: a part is not of the form name=value, or a name is
    given twice.
    """
    known: dict[str, Any] = {}
    given = _pairs(words, "--context")
    if text := given.pop("date", ""):
        try:
            full = Context.at(datetime.fromisoformat(text), hemisphere=hemisphere)
        except (ValueError, OverflowError):  # the latter where the zone leads out of the years 1 to 9999
            raise ContextError(
                f"--context: date={text!r} is not a date; write 2026-05-31 or 2026-05-31T20:00"
            ) from None
        fitting = ("moment", "weekday", "season", *(["daypart"] if len(text) > 10 else []))
        known.update({name: getattr(full, name) for name in fitting})
    for name, value in given.items():
        if name in ("hour", "month") and not value.isdecimal():
            raise ContextError(f"--context: {name}={value!r} is not a whole number")
        if name == "month" and not 1 <= int(value) <= 12:
            raise ContextError(f"--context: month={value} is not a month; give 1 to 12")
        if name == "hour":
            known["daypart"] = daypart_of(int(value))
        elif name == "month":
            known["season"] = season_of(int(value), hemisphere)
        elif name in CONTEXT_VALUES:
            fitting = tuple(each for each in CONTEXT_VALUES[name] if each.lower() == value.lower())
            if not fitting:
                allowed = ", ".join(CONTEXT_VALUES[name])
                raise ContextError(f"--context: {name}={value!r} is not known; use one of {allowed}")
            known[name] = fitting[0]
        elif name in CONTEXT_DIMENSIONS:
            known[name] = value
        else:
            raise ContextError(
                f"--context: {name!r} is not known; use device, region, hour, daypart, weekday, season, month or date"
            )
    return Context(**known)


def _pairs(words: str, option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, map(str.strip, words.split(","))):
        name, _, value = map(str.strip, part.partition("="))
        if not value:
            raise SettingsError(f"{option}: {part!r} is not of the form name=value")
        if name in pairs:
            raise SettingsError(f"{option}: {name!r} is given twice; decide on one value")
        pairs[name] = value
    return pairs
