"""What the controls of a list can hold for one model, where they start, and what of an address they cannot hold."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import streamlit as st

from pages._shared.address import Query, addressed
from pages._shared.cards import notice_html
from recsys.serving.recommender import Recommender
from recsys.serving.results import ContextOption
from recsys.settings import COMPONENTS, CONTEXT_VALUES, Context, FusionSettings, Hemisphere, RankingSettings, season_of

KNOWN, NEW = "Known shopper", "New shopper"
CARDS, TABLE = "Cards", "Table"
ANY = "Any"

MAX_WEIGHT, WEIGHT_STEP = 100, 5
LENGTHS = (5, 10, 20, 30, 50)
METHODS = {"MMR": "mmr", "DPP": "dpp", "MSD": "msd"}
DEFAULT_LENGTH, DEFAULT_DIVERSITY = RankingSettings().n, RankingSettings().diversity
DEFAULT_METHOD = next(label for label, method in METHODS.items() if method == RankingSettings().method)
USUAL_VARIETY = {"diversity": DEFAULT_DIVERSITY, "method": DEFAULT_METHOD, "n": str(DEFAULT_LENGTH)}
"""Defaults of variety and length, by key of a widget."""
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
        dayparts, weekdays = CONTEXT_VALUES["daypart"], CONTEXT_VALUES["weekday"]
        hour = 6 * dayparts.index(chosen["daypart"]) + 3 if chosen["daypart"] in dayparts else 12
        moment = max(datetime.combine(day, time(hour), UTC), choices.known_until)
        chosen |= {"weekday": weekdays[day.weekday()], "season": season_of(day.month, choices.hemisphere)}
    known = {name: value for name, value in chosen.items() if value != ANY and not choices.options[name].unavailable}
    return Context(**known, moment=moment)


_EXPLAINED = "address_explained"
_MOST_NAMED = 16


def explain_address(choices: Choices, query: Query | None = None, offered: Callable[[], Query] = dict) -> None:
    """List, once a visit, what of a shared address no control here can hold; the rest of the address counts.

    `query` is the address before widgets took such values out of it, None where none is drawn yet; `offered` gives the
    values of controls that only one page has, by name.
    """
    if st.session_state.get(_EXPLAINED):
        return
    st.session_state[_EXPLAINED] = True
    query = addressed() if query is None else query
    problems = complaints(query, choices)
    for name, values in offered().items():
        if name in query and query[name] and query[name][-1] not in values:
            more = len(values) - _MOST_NAMED
            named = ", ".join(values[:_MOST_NAMED]) + (f", or {more:,} more" if more > 0 else "")
            problems.append(f"{name} = {query[name][-1][:60]!r}: not one of {named}")
    if problems:
        st.html(notice_html("Part of this link cannot be used here, and defaults stand in for it:", problems))


def complaints(query: Query, choices: Choices) -> list[str]:
    """What of an address cannot be used here, one sentence each; names that are not ours are left alone."""
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
    return "" if _is_between(low, high, values[-1]) else f"not a number from {low:g} to {high:g}"


def _range(low: int, high: int, values: Sequence[str]) -> str:
    fits = len(values) == 2 and all(_is_between(low, high, value) for value in values)
    return "" if fits else f"not two prices from {low} to {high}"


def _is_between(low: float, high: float, text: str) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def _day(choices: Choices, values: Sequence[str]) -> str:
    try:
        day = date.fromisoformat(values[-1])
    except ValueError:
        return "not a date such as 2026-05-31"
    if choices.first_day <= day <= choices.last_day:
        return ""
    return f"not from {choices.first_day} to {choices.last_day}; an earlier day would be judged with hindsight"
