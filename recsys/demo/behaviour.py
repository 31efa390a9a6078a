"""Shoppers with hidden tastes, and what they do: journeys around a product chosen by utility, and their events."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.demo.circumstances import DAY, END, START, codes_at, moments
from recsys.demo.departments import ASPECTS, COLUMN_OF, DEPARTMENTS, DEVICES, REGIONS, ROW_OF, SHOP
from recsys.demo.prose.voices import VOICES
from recsys.demo.world import Floats, Ints, Items, Shoppers, circumstance, fitting_taste, on_sale, preference, trend

N_STRONG = 14
"""Aspects that a shopper really cares about; the others count a little."""

_INTERESTS: tuple[tuple[str, str], ...] = tuple(SHOP["ways_of_life"].items())
"""Ways of life: the departments one shops in, and aspects that come with it."""

_VOICE_SHARES = (0.16, 0.2, 0.1, 0.12, 0.14, 0.1, 0.18)
_REGION_SHARES = (0.14, 0.17, 0.22, 0.2, 0.27)
_DEVICE_SHARES = (0.56, 0.32, 0.12)


def draw_shoppers(n_shoppers: int, rng: np.random.Generator) -> Shoppers:
    """Shoppers with tastes, habits and a very uneven activity."""
    lives = rng.dirichlet(np.full(len(_INTERESTS), 0.35), n_shoppers)
    activity = rng.lognormal(0.0, 1.15, n_shoppers) * np.where(rng.random(n_shoppers) < 0.12, 0.02, 1.0)
    joined = START + (rng.beta(0.7, 1.6, n_shoppers) * 700 * DAY).astype(np.int64)
    return Shoppers(
        taste=_tastes(lives, rng),
        affinity=_affinities(lives, rng),
        thrift=rng.gamma(2.0, 0.15, n_shoppers).astype(np.float16),
        leniency=rng.normal(0.0, 0.3, n_shoppers).astype(np.float16),
        region=rng.choice(len(REGIONS), n_shoppers, p=_REGION_SHARES).astype(np.int8),
        device=rng.choice(len(DEVICES), n_shoppers, p=_DEVICE_SHARES).astype(np.int8),
        voice=rng.choice(len(VOICES), n_shoppers, p=_VOICE_SHARES).astype(np.int8),
        activity=activity.astype(np.float32),
        joined=joined,
    )


def _tastes(lives: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float16]:
    """A few strong tastes at random, more of them where the way of life suggests it."""
    suggested = np.zeros((len(_INTERESTS), len(ASPECTS)))
    for row, (_, aspects) in enumerate(_INTERESTS):
        suggested[row, [ROW_OF[name] for name in aspects.split()]] = 2.5
    urge = rng.gumbel(size=(len(lives), len(ASPECTS))) + lives @ suggested
    strong = np.argpartition(-urge, N_STRONG, axis=1)[:, :N_STRONG]
    taste = rng.uniform(0.04, 0.16, (len(lives), len(ASPECTS)))
    np.put_along_axis(taste, strong, rng.uniform(0.6, 1.4, strong.shape), axis=1)
    return taste.astype(np.float16)


def _affinities(lives: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float16]:
    drawn_to = np.zeros((len(_INTERESTS), len(DEPARTMENTS)))
    for row, (departments, _) in enumerate(_INTERESTS):
        drawn_to[row, [COLUMN_OF[name] for name in departments.split()]] = 2.6
    affinity = lives @ drawn_to + rng.normal(0.0, 0.5, (len(lives), len(DEPARTMENTS)))
    return np.asarray(affinity - affinity.mean(axis=1, keepdims=True), dtype=np.float16)


N_CANDIDATES = 48
"""Products that a shopper weighs up in one journey, drawn at random; the chosen one has the highest noisy utility."""

VIEW, CART, WISHLIST, PURCHASE = range(4)
EVENTS = ("view", "cart", "wishlist", "purchase")

_EVENTS_PER_JOURNEY = 1.62
_BLOCK = 20_000
_PURCHASE_ODDS, _UTILITY_CENTRE = -0.85, 3.2


@dataclass(slots=True)
class Journeys:
    """Visits around one product each; arrays have one row a journey, shoppers and products as rows."""

    user: Ints
    item: Ints
    seconds: Ints
    device: Ints
    region: Ints
    utility: Floats

    def only(self, rows: Ints) -> "Journeys":
        """Some of them, by row, as often as each is named."""
        return Journeys(**{name: getattr(self, name)[rows] for name in self.__slots__})

    def codes(self) -> dict[str, Ints]:
        """Circumstances, as rows of their values."""
        return {**codes_at(self.seconds), "device": self.device, "region": self.region}


@dataclass(slots=True)
class Events:
    """Events of one block of shoppers: the journey that each belongs to, its kind (row of EVENTS) and its moment."""

    journey: Ints
    kind: Ints
    seconds: Ints


def draw_journeys(
    items: Items, shoppers: Shoppers, tables: Mapping[str, Floats], n_events: int, rng: np.random.Generator
) -> Journeys:
    """Enough journeys for so many events, at least one for every shopper."""
    n_shoppers = len(shoppers.activity)
    n_more = max(round(n_events / _EVENTS_PER_JOURNEY) - n_shoppers, 0)
    shares = shoppers.activity / shoppers.activity.sum(dtype=np.float64)
    user = np.repeat(np.arange(n_shoppers), 1 + rng.multinomial(n_more, shares))
    seconds = moments(rng, shoppers.joined[user])
    device, region = drawn_device(shoppers, user, rng), drawn_region(shoppers, user, rng)
    journeys = Journeys(user, np.zeros_like(user), seconds, device, region, np.zeros(len(user), dtype=np.float32))
    fitting = fitting_taste(shoppers)
    cumulative = np.cumsum(np.exp(items.base.astype(np.float64) * 0.5))
    for first in range(0, len(user), _BLOCK):
        _choose(items, shoppers, tables, fitting, cumulative, journeys, slice(first, first + _BLOCK), rng)
    return journeys


def _choose(
    items: Items,
    shoppers: Shoppers,
    tables: Mapping[str, Floats],
    fitting: Floats,
    cumulative: NDArray[np.float64],
    journeys: Journeys,
    block: slice,
    rng: np.random.Generator,
) -> None:
    """Fill in the products of some journeys: candidates by fame, then the best by utility plus Gumbel noise."""
    user, seconds = journeys.user[block, None], journeys.seconds[block, None]
    rows = np.searchsorted(cumulative, rng.random((len(user), N_CANDIDATES)) * cumulative[-1], side="right")
    rows = np.minimum(rows, len(items.base) - 1)
    codes = {name: code[block, None] for name, code in journeys.codes().items()}
    utility = preference(items, shoppers, fitting, user, rows) + circumstance(tables, codes, rows)
    utility = utility + trend(items, rows, seconds)
    # fame is in the utility too: half of it decides who is weighed up, the other half who is chosen
    noisy = utility - 0.5 * items.base[rows] + rng.gumbel(size=rows.shape)
    best = np.where(on_sale(items, rows, seconds), noisy, -np.inf).argmax(axis=1)
    at = np.arange(len(rows))
    journeys.item[block] = rows[at, best]
    journeys.utility[block] = utility[at, best]


def drawn_device(shoppers: Shoppers, user: Ints, rng: np.random.Generator) -> Ints:
    """The main device four times in five, otherwise any."""
    other = rng.integers(0, len(DEVICES), len(user))
    return np.where(rng.random(len(user)) < 0.8, shoppers.device[user], other).astype(np.int64)


def drawn_region(shoppers: Shoppers, user: Ints, rng: np.random.Generator) -> Ints:
    """At home nine times in ten, otherwise anywhere."""
    other = rng.integers(0, len(REGIONS), len(user))
    return np.where(rng.random(len(user)) < 0.9, shoppers.region[user], other).astype(np.int64)


def draw_events(journeys: Journeys, n_events: int, rng: np.random.Generator) -> Events:
    """Exactly `n_events` events, or one for every journey if that is more.

    Every journey begins with a view; the more it appeals, the likelier it goes on to the wish list, the cart and the
    till. What is then missing is made up by looking again; what is too much loses the views before a later step.
    """
    n_journeys = len(journeys.user)
    odds = 1 / (1 + np.exp(-(_PURCHASE_ODDS + 0.35 * (journeys.utility - _UTILITY_CENTRE))))
    buys = rng.random(n_journeys) < odds
    carts = (buys & (rng.random(n_journeys) < 0.45)) | (~buys & (rng.random(n_journeys) < 0.08))
    wishes = ~buys & ~carts & (rng.random(n_journeys) < 0.16)
    deeper = buys | carts | wishes
    everyone = np.arange(n_journeys)
    parts = [everyone, everyone[carts], everyone[wishes], everyone[buys]]
    surplus = max(sum(map(len, parts)) - n_events, 0)
    dropped = rng.permutation(everyone[deeper])[:surplus]
    parts[VIEW] = np.setdiff1d(everyone, dropped, assume_unique=True)
    journey = np.concatenate(parts)
    kind = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    delay = np.array([0, 150, 120, 420])[kind] * rng.uniform(0.4, 2.0, len(kind))
    again = rng.choice(n_journeys, max(n_events - len(journey), 0))
    journey = np.concatenate([journey, again])
    kind = np.concatenate([kind, np.full(len(again), VIEW)])
    delay = np.concatenate([delay, rng.uniform(30, 900, len(again))])
    seconds = np.minimum(journeys.seconds[journey] + delay.astype(np.int64), END - 1)
    return Events(journey, kind, seconds)
