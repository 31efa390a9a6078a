"""The state of the recommendation page as its address holds it: widgets are bound to query parameters of these names.

Streamlit drops a value that a widget cannot hold, silently. Here a shared address is read before the widgets are, so
that the visitor is told what was left out; everything else of the address still counts.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pandas as pd

from recsys.errors import RecsysError
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
"""Where variety and length stand where nothing says otherwise, by key of a widget."""
METHODS = {"MMR": "mmr", "DPP": "dpp", "MSD": "msd"}
MAX_WORDS = 500

WEIGHTS, STATED = "weights", "stated"
"""A parameter, and its value where a shop has a default preset: the address means what it names, and the model's own
where it names nothing, so it does not start at that preset."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where the controls start for known shoppers, in place of the model's own weights.

    Parameters
    ----------
    name : of the preset; text that a person typed, so never markup
    values : by key of a widget
    """

    name: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, ranking: RankingSettings) -> "Start":
        """The mix, variety and length of a preset; whom it is asked for and what may be listed stay as they are."""
        return cls(name, control_values(ranking))

    @property
    def weights(self) -> dict[str, int]:
        """Where the sliders of the components start."""
        return {name: self.values[name] for name in COMPONENTS}

    def moved(self, choices: "Choices") -> dict[str, str]:
        """The values that an address has to name, because without it controls stand elsewhere."""
        usual = {**choices.weights, **USUAL_VARIETY}
        return {name: str(value) for name, value in self.values.items() if value != usual[name]}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the widgets of the page can hold, for one model.

    Parameters
    ----------
    weights : the model's weight by component, from 0 to 100, for known shoppers; what an address that names none means
    new_weights : the same for new shoppers
    categories : names, in alphabetical order
    price_low, price_high : whole numbers around all prices; equal when there is nothing to choose
    options : by circumstance, its values or why there are none
    known_until : the end of what the model knows
    start : where a shop's default preset wants the controls of known shoppers, or None
    hemisphere : where the shop's shoppers live, which says what season a day is
    """

    weights: Mapping[str, int]
    new_weights: Mapping[str, int]
    categories: tuple[str, ...]
    price_low: int
    price_high: int
    options: Mapping[str, ContextOption]
    known_until: datetime
    start: Start | None = None
    hemisphere: Hemisphere = "north"

    @classmethod
    def of(cls, model: Recommender) -> "Choices":
        """Read them off a model."""
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
        return self.start.weights if self.start else self.weights

    @property
    def first_day(self) -> date:
        """The first day that may be asked about: the last one that the model knows."""
        return self.known_until.astimezone(UTC).date()

    @property
    def last_day(self) -> date:
        """The last day that may be asked about."""
        return self.first_day + timedelta(days=366)


def positions(weights: FusionSettings) -> dict[str, int]:
    """Where the sliders stand for some weights: as they are, where sliders can stand so, else in whole percent.

    >>> positions(FusionSettings(1, 0.5, 0, 0))["content"], positions(FusionSettings(2, 1, 1, 0))["content"]
    (50, 25)
    """
    given = {name: 100 * weight for name, weight in weights.as_dict().items()}
    if max(given.values()) <= MAX_WEIGHT and all(abs(value - round(value)) < 1e-6 for value in given.values()):
        return {name: round(value) for name, value in given.items()}
    return _percent(weights)


def control_values(ranking: RankingSettings) -> dict[str, Any]:
    """What the controls of mix, variety and length hold for some settings, by key; a length that none has is left out.

    >>> control_values(RankingSettings(diversity=0.25, method="dpp", n=7))["method"]
    'DPP'
    """
    values = {**positions(ranking.fusion), "diversity": round(ranking.diversity, 2), "method": ranking.method.upper()}
    return values | ({"n": str(ranking.n)} if ranking.n in LENGTHS else {})


def _percent(weights: FusionSettings) -> dict[str, int]:
    return {name: round(100 * share) for name, share in weights.normalised().items()}


def context_of(
    choices: Choices, day: date | None, daypart: str, weekday: str, season: str, device: str, region: str
) -> Context:
    """The circumstances chosen; a day fixes weekday, season and the moment, never before the end of what is known."""
    stated = {"daypart": daypart, "weekday": weekday, "season": season, "device": device, "region": region}
    moment = None
    if day is not None:
        hour = 6 * DAYPARTS.index(daypart) + 3 if daypart in DAYPARTS else 12
        moment = max(datetime.combine(day, time(hour), UTC), choices.known_until)
        stated |= {"weekday": WEEKDAYS[day.weekday()], "season": season_of(day.month, choices.hemisphere)}
    known = {name: value for name, value in stated.items() if value != ANY and not choices.options[name].unavailable}
    return Context(**known, moment=moment)  # type: ignore[arg-type]


def complaints(query: Mapping[str, Sequence[str]], choices: Choices) -> list[str]:
    """What of an address cannot be used here, one sentence each; names that are not ours are left alone.

    Parameters
    ----------
    query : parameters of the address, each with all of its values
    """
    problems = {name: check(query[name]) for name, check in _checks(choices).items() if name in query}
    return [
        f"{name} = {', '.join(repr(value[:60]) for value in query[name])}: {problem}"
        for name, problem in problems.items()
        if problem
    ]


def _checks(choices: Choices) -> dict[str, Callable[[Sequence[str]], str]]:
    """By parameter, what says why its values cannot be used, or "" where they can."""
    selects: dict[str, Sequence[str]] = {
        "who": (KNOWN, NEW),
        **{name: (ANY, *option.values) for name, option in choices.options.items() if name != "moment"},
        "n": tuple(map(str, LENGTHS)),
        "method": tuple(METHODS),
        **dict.fromkeys(("seen", "unavailable"), ("true", "false")),
        "view": (CARDS, TABLE),
    }
    return {
        **{name: partial(_one_of, allowed) for name, allowed in selects.items()},
        **{name: partial(_number, 0, MAX_WEIGHT) for name in COMPONENTS},
        "date": partial(_day, choices),
        "diversity": partial(_number, 0, 1),
        "category": partial(_all_of, choices.categories),
        "price": partial(_range, choices.price_low, choices.price_high),
        **dict.fromkeys(("words", "added"), _short),
    }


def _short(values: Sequence[str]) -> str:
    return f"longer than {MAX_WORDS} characters" if len(values[-1]) > MAX_WORDS else ""


def _one_of(allowed: Sequence[str], values: Sequence[str]) -> str:
    if values[-1] in allowed:
        return ""
    return f"not one of {', '.join(allowed)}" if len(allowed) > 1 else "this shop's data cannot tell it apart"


def _all_of(allowed: Sequence[str], values: Sequence[str]) -> str:
    strange = [value for value in values if value and value not in allowed]
    return f"no such category in this shop: {', '.join(strange)}" if strange else ""


def _number(low: float, high: float, values: Sequence[str]) -> str:
    value = _as_number(values[-1])
    return "" if value is not None and low <= value <= high else f"not a number from {low:g} to {high:g}"


def _range(low: int, high: int, values: Sequence[str]) -> str:
    ends = [_as_number(value) for value in values]
    fits = len(ends) == 2 and all(end is not None and low <= end <= high for end in ends)
    return "" if fits else f"not two prices from {low} to {high}"


def _day(choices: Choices, values: Sequence[str]) -> str:
    try:
        day = date.fromisoformat(values[-1])
    except ValueError:
        return "not a date such as 2026-05-31"
    if choices.first_day <= day <= choices.last_day:
        return ""
    return f"not from {choices.first_day} to {choices.last_day}; an earlier day would be judged with hindsight"


def _as_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def narrowed(users: pd.DataFrame, activity: str, category: str, region: str) -> pd.DataFrame:
    """The shoppers that a person looks for, those who wrote most first; ANY leaves a property open."""
    wanted = {"activity": activity.casefold(), "top_category": category, "region": region}
    for column, value in wanted.items():
        if value != ANY and value != ANY.casefold():
            users = users[users[column] == value]
    return users.sort_values(["n_reviews", "n_interactions", "user_id"], ascending=[False, False, True])


def strikable(model: Recommender, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some names that the model can strike, in their order."""
    return tuple(name for name in names if _can_strike(model, name))


def _can_strike(model: Recommender, name: str) -> bool:
    try:
        model.exclusions((name,))
    except RecsysError:
        return False
    return True


def starting_words(items: pd.DataFrame) -> tuple[str, ...]:
    """Words that a new shopper may start from: those written for the demo shop where all of them fit, or wishes for
    something like the products most chosen, each of another category.

    Parameters
    ----------
    items : columns title, category, available, n_interactions, item_id
    """
    if set(_WISHES) <= set(items["category"]):
        return tuple(_WISHES.values())
    fits = items["title"].str.len().between(2, 40) & items["available"]
    known = items[fits].sort_values(["n_interactions", "item_id"], ascending=[False, True])
    each = known.drop_duplicates("category").head(len(_WISHES))
    return tuple(f"something like {title}" for title in each["title"])


_WISHES = {
    "Tents": "light tent that stays dry in heavy rain",
    "Candles & Scents": "something cosy for cold evenings at home",
    "Vacuum Cleaners": "quiet, easy to clean, not too big",
}
"""Wishes by a category that has to be there for them to make sense."""
