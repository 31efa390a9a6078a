"""What the controls of a list can hold for one model, and where they start."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from recsys.serving.recommender import Recommender
from recsys.serving.results import ContextOption
from recsys.settings import (
    COMPONENTS,
    DAYPARTS,
    WEEKDAYS,
    Context,
    FusionSettings,
    Hemisphere,
    RankingSettings,
    season_of,
)

KNOWN, NEW = "Known shopper", "New shopper"
CARDS, TABLE = "Cards", "Table"
ANY = "Any"

MAX_WEIGHT, WEIGHT_STEP = 100, 5
LENGTHS = (5, 10, 20, 30, 50)
DEFAULT_LENGTH = 10
USUAL_VARIETY = {"diversity": 0.0, "method": "MMR", "n": str(DEFAULT_LENGTH)}
"""Defaults of variety and length, by key of a widget."""
METHODS = {"MMR": "mmr", "DPP": "dpp", "MSD": "msd"}
MAX_WORDS = 500

WEIGHTS, STATED = "weights", "stated"
"""A parameter, and its value where a shop has a default preset: the address means what it names, and the model's own
where it names nothing, so it does not start at that preset."""


@dataclass(frozen=True, slots=True)
class StartValues:
    """Where the controls start for known shoppers: the values of a preset by key, in place of the model's own."""

    name: str
    values: Mapping[str, Any]

    def moved(self, choices: "Choices") -> dict[str, str]:
        """The values that an address has to name, because without them controls have others."""
        usual = {**choices.weights, **USUAL_VARIETY}
        return {name: str(value) for name, value in self.values.items() if value != usual[name]}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the controls can hold, for one model.

    `weights`, from 0 to 100, are the model's own for known shoppers, which an address that names none means. Prices are
    whole numbers around all there are, equal without any; `options` are the values of a circumstance, or why there are
    none; `start` replaces the weights where a shop has a default preset.
    """

    weights: Mapping[str, int]
    new_weights: Mapping[str, int]
    categories: tuple[str, ...]
    price_low: int
    price_high: int
    options: Mapping[str, ContextOption]
    known_until: datetime
    start: StartValues | None = None
    hemisphere: Hemisphere = "north"

    @classmethod
    def of(cls, model: Recommender) -> "Choices":
        """Read what a model and its catalogue offer."""
        prices = model.items["price"].dropna()
        categories = sorted({str(name) for name in model.items["category"].dropna() if str(name)}, key=str.casefold)
        return cls(
            weights=_percent(model.info.default_weights),
            new_weights=_percent(model.start_weights(None)),
            categories=tuple(categories),
            price_low=math.floor(prices.min()) if len(prices) else 0,
            price_high=math.ceil(prices.max()) if len(prices) else 0,
            options=model.context_options(),
            known_until=model.info.known_until,
            hemisphere=model.info.hemisphere,
        )

    def start_weights(self, who: str) -> Mapping[str, int]:
        """Where the sliders start for a known or a new shopper."""
        if who == NEW:
            return self.new_weights
        return {name: self.start.values[name] for name in COMPONENTS} if self.start else self.weights

    @property
    def is_priced(self) -> bool:
        """Whether there is a price to choose by."""
        return self.price_low < self.price_high

    @property
    def first_day(self) -> date:
        """The first day that may be asked about: the last one that the model knows."""
        return self.known_until.astimezone(UTC).date()

    @property
    def last_day(self) -> date:
        """The last day that may be asked about."""
        return self.first_day + timedelta(days=366)


def positions(weights: FusionSettings) -> dict[str, int]:
    """Slider positions for some weights: as they are, where sliders can have them, else in whole percent.

    >>> positions(FusionSettings(1, 0.5, 0, 0))["content"], positions(FusionSettings(2, 1, 1, 0))["content"]
    (50, 25)
    """
    given = {name: 100 * weight for name, weight in weights.as_dict().items()}
    if max(given.values()) <= MAX_WEIGHT and all(abs(value - round(value)) < 1e-6 for value in given.values()):
        return {name: round(value) for name, value in given.items()}
    return _percent(weights)


def control_values(ranking: RankingSettings) -> dict[str, Any]:
    """Values of the controls of mix, variety and length for some settings, by key; an odd length is left out.

    >>> control_values(RankingSettings(diversity=0.25, method="dpp", n=7))["method"]
    'DPP'
    """
    values = {**positions(ranking.fusion), "diversity": round(ranking.diversity, 2), "method": ranking.method.upper()}
    return values | ({"n": str(ranking.n)} if ranking.n in LENGTHS else {})


def _percent(weights: FusionSettings) -> dict[str, int]:
    return {name: round(100 * share) for name, share in weights.normalised().items()}


def context_of(choices: Choices, day: date | None, **chosen: str) -> Context:
    """The circumstances chosen; a day fixes weekday, season and the moment, never before the end of what is known."""
    moment = None
    if day is not None:
        hour = 6 * DAYPARTS.index(chosen["daypart"]) + 3 if chosen["daypart"] in DAYPARTS else 12
        moment = max(datetime.combine(day, time(hour), UTC), choices.known_until)
        chosen |= {"weekday": WEEKDAYS[day.weekday()], "season": season_of(day.month, choices.hemisphere)}
    known = {name: value for name, value in chosen.items() if value != ANY and not choices.options[name].unavailable}
    return Context(**known, moment=moment)  # type: ignore[arg-type]
