"""Shoppers with hidden tastes, and what they do: journeys and their events, and clicks on what they are shown.

A journey is a visit around one product, chosen by utility. Impressions are logged from a page of four positions, each
filled independently of the others (so that, rarely, a page shows a product twice) by one of two policies that is drawn
for the page: `explore` shows every product on sale equally often; `house` does so with probability EPSILON and
otherwise picks a department by softmax over the shopper's affinity in this season, then a product in it in proportion
to its fame. The propensity is that of showing this product here to this shopper in this month under the policy named,
and is above 0 for every product on sale since the start of the month. Clicks follow the true probabilities.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from recsys.demo.prose.wording import VOICES
from recsys.demo.shop import ASPECTS, DAY, DEPARTMENTS, END, SHOP, START, VALUES, codes_at, effects, moments, month_of
from recsys.demo.truth import N_POSITIONS, Floats, Ints, Items, Shoppers, World, on_sale, true_click_rates

N_STRONG = 14
"""Aspects that a shopper really cares about; the others count a little."""

_LIVES: Mapping[str, str] = SHOP["ways_of_life"]
_DEPARTMENTS_OF_LIFE = np.array([[each.key in names.split() for each in DEPARTMENTS] for names in _LIVES], float)
_ASPECTS_OF_LIFE = np.array([[name in aspects.split() for name in ASPECTS] for aspects in _LIVES.values()], float)
"""Ways of life: the departments one shops in, and aspects that come with it, as rows of 0 and 1."""


def draw_shoppers(n_shoppers: int, rng: np.random.Generator) -> Shoppers:
    """Draw shoppers with tastes, habits and a very uneven activity.

    Everybody has a few strong tastes, more of them where the way of life suggests it.
    """
    lives = rng.dirichlet(np.full(len(_DEPARTMENTS_OF_LIFE), 0.35), n_shoppers)
    activity = rng.lognormal(0.0, 1.15, n_shoppers) * np.where(rng.random(n_shoppers) < 0.12, 0.02, 1.0)
    joined = START + (rng.beta(0.7, 1.6, n_shoppers) * 700 * DAY).astype(np.int64)
    urge = rng.gumbel(size=(n_shoppers, len(ASPECTS))) + lives @ (2.5 * _ASPECTS_OF_LIFE)
    strong = np.argpartition(-urge, N_STRONG, axis=1)[:, :N_STRONG]
    taste = rng.uniform(0.04, 0.16, urge.shape)
    np.put_along_axis(taste, strong, rng.uniform(0.6, 1.4, strong.shape), axis=1)
    affinity = lives @ (2.6 * _DEPARTMENTS_OF_LIFE) + rng.normal(0.0, 0.5, (n_shoppers, len(DEPARTMENTS)))
    return Shoppers(
        taste=taste.astype(np.float16),
        affinity=(affinity - affinity.mean(axis=1, keepdims=True)).astype(np.float16),
        thrift=rng.gamma(2.0, 0.15, n_shoppers).astype(np.float16),
        leniency=rng.normal(0.0, 0.3, n_shoppers).astype(np.float16),
        region=rng.choice(len(VALUES["region"]), n_shoppers, p=list(SHOP["regions"].values())).astype(np.int8),
        device=rng.choice(len(VALUES["device"]), n_shoppers, p=list(SHOP["devices"].values())).astype(np.int8),
        voice=rng.choice(len(VOICES), n_shoppers, p=[voice.share for voice in VOICES]).astype(np.int8),
        activity=activity.astype(np.float32),
        joined=joined,
    )


N_CANDIDATES = 48
"""Products drawn at random for one journey, of which the one of the highest noisy utility is chosen."""

VIEW, CART, WISHLIST, PURCHASE = range(4)
EVENTS = ("view", "cart", "wishlist", "purchase")

_EVENTS_PER_JOURNEY = 1.62
_BLOCK = 20_000
_PURCHASE_ODDS, _UTILITY_CENTRE = -0.85, 3.2


@dataclass(slots=True)
class Visits:
    """Who looked at what, when and where; arrays have one row a visit."""

    user: Ints
    item: Ints
    seconds: Ints
    device: Ints
    region: Ints


@dataclass(slots=True)
class Journeys(Visits):
    """Visits around one product each, with its utility for the shopper."""

    utility: Floats

    def only(self, rows: Ints) -> "Journeys":
        """Select some of them, by row, as often as each is named."""
        return Journeys(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def codes(self) -> dict[str, Ints]:
        """Circumstances, as rows of their values."""
        return {**codes_at(self.seconds), "device": self.device, "region": self.region}


@dataclass(slots=True)
class Events:
    """Events of one block of shoppers: the journey that each belongs to, its kind (row of EVENTS) and its moment."""

    journey: Ints
    kind: Ints
    seconds: Ints


def draw_journeys(world: World, n_events: int, rng: np.random.Generator) -> Journeys:
    """Draw enough journeys for so many events, at least one for every shopper."""
    shoppers = world.shoppers
    n_shoppers = len(shoppers.activity)
    n_more = max(round(n_events / _EVENTS_PER_JOURNEY) - n_shoppers, 0)
    shares = shoppers.activity / shoppers.activity.sum(dtype=np.float64)
    user = np.repeat(np.arange(n_shoppers), 1 + rng.multinomial(n_more, shares))
    seconds = moments(rng, shoppers.joined[user])
    device, region = drawn_device(shoppers, user, rng), drawn_region(shoppers, user, rng)
    journeys = Journeys(user, np.zeros_like(user), seconds, device, region, np.zeros(len(user), dtype=np.float32))
    # Fame is in the utility too: half of it decides which products are candidates, the other half which is chosen.
    cumulative = np.cumsum(np.exp(world.items.base.astype(np.float64) * 0.5))
    for first in range(0, len(user), _BLOCK):
        _choose(world, journeys, slice(first, first + _BLOCK), cumulative, rng)
    return journeys


def _choose(
    world: World, journeys: Journeys, block: slice, cumulative: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """Fill in the products of some journeys: candidates by fame, then the best by utility plus Gumbel noise."""
    items, user, seconds = world.items, journeys.user[block, None], journeys.seconds[block, None]
    rows = np.searchsorted(cumulative, rng.random((len(user), N_CANDIDATES)) * cumulative[-1], side="right")
    rows = np.minimum(rows, len(items.base) - 1)
    utility = world.utility(user, rows, {name: code[block, None] for name, code in journeys.codes().items()}, seconds)
    noisy = utility - 0.5 * items.base[rows] + rng.gumbel(size=rows.shape)
    best = np.where(on_sale(items, rows, seconds), noisy, -np.inf).argmax(axis=1)
    at = np.arange(len(rows))
    journeys.item[block] = rows[at, best]
    journeys.utility[block] = utility[at, best]


def drawn_device(shoppers: Shoppers, user: Ints, rng: np.random.Generator) -> Ints:
    """Draw the main device four times in five, otherwise any."""
    other = rng.integers(0, len(VALUES["device"]), len(user))
    return np.where(rng.random(len(user)) < 0.8, shoppers.device[user], other).astype(np.int64)


def drawn_region(shoppers: Shoppers, user: Ints, rng: np.random.Generator) -> Ints:
    """Draw the home region nine times in ten, otherwise any."""
    other = rng.integers(0, len(VALUES["region"]), len(user))
    return np.where(rng.random(len(user)) < 0.9, shoppers.region[user], other).astype(np.int64)


def draw_events(journeys: Journeys, n_events: int, rng: np.random.Generator) -> Events:
    """Draw exactly `n_events` events, or one for every journey if that is more.

    Every journey begins with a view; the higher the utility, the likelier it goes on to wish list, cart and purchase.
    Missing events are made up by further views; of surplus ones, views before a later step are dropped.
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


POLICIES = ("explore", "house")
EPSILON = 0.25
LOGGED_DAYS = 365
_EXPLORE_SHARE = 0.35
_AFFINITY, _SEASON = 0.7, 0.6


@dataclass(slots=True)
class Impressions(Visits):
    """Impressions of one block of shoppers."""

    position: Ints
    policy: Ints
    propensity: NDArray[np.float64]
    click: NDArray[np.int8]


@dataclass(slots=True)
class MonthlyCandidates:
    """Products that the policies may show in one month, and how they choose among them.

    `rows`: products on sale, in order of department; `cumulative`: fame added up over `rows`, with a 0 before; `edges`:
    where each department begins and ends in `rows`.
    """

    rows: Ints
    cumulative: NDArray[np.float64]
    edges: Ints

    @classmethod
    def of_month(cls, items: Items, month: int) -> "MonthlyCandidates":
        """Find the products that are on sale throughout a month, numbered from 1970."""
        start, end = (np.datetime64(at, "M").astype("datetime64[s]").astype(np.int64) for at in (month, month + 1))
        rows = np.flatnonzero((items.launch <= start) & (items.ends >= min(end, END)))
        rows = rows[np.argsort(items.department[rows], kind="stable")]
        fame = np.exp(items.base[rows].astype(np.float64))
        edges = np.searchsorted(items.department[rows], np.arange(len(DEPARTMENTS) + 1))
        return cls(rows, np.concatenate([[0.0], np.cumsum(fame)]), edges)

    def department_shares(self, shoppers: Shoppers, user: Ints, seconds: Ints) -> NDArray[np.float64]:
        """Compute the softmax of `house` over departments: shape (n, n_departments), rows sum to 1."""
        affinity = _AFFINITY * shoppers.affinity[user].astype(np.float64)
        affinity = affinity + _SEASON * effects("season")[0][codes_at(seconds)["season"]]
        affinity = np.where(np.diff(self.edges) > 0, affinity, -np.inf)
        odds = np.exp(affinity - affinity.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def propensity(self, shares: NDArray[np.float64], positions: Ints, policy: Ints) -> NDArray[np.float64]:
        """Compute the probability of showing the products at these positions of `rows`; all have a row a page."""
        uniform = 1 / len(self.rows)
        department = np.searchsorted(self.edges, positions, side="right") - 1
        fame = np.diff(self.cumulative)[positions]
        total = self.cumulative[self.edges[department + 1]] - self.cumulative[self.edges[department]]
        softmax = shares[np.arange(len(shares)), department] * fame / total
        return np.asarray(np.where(policy == 0, uniform, EPSILON * uniform + (1 - EPSILON) * softmax))

    def draw(self, shares: NDArray[np.float64], policy: Ints, rng: np.random.Generator) -> Ints:
        """Draw positions in `rows`, one for each row of `shares`."""
        n = len(shares)
        department = (shares.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
        low = self.cumulative[self.edges[department]]
        high = self.cumulative[self.edges[department + 1]]
        famous = np.searchsorted(self.cumulative, low + rng.random(n) * (high - low), side="right") - 1
        famous = np.clip(famous, self.edges[department], self.edges[department + 1] - 1)
        anything = rng.integers(0, len(self.rows), n)
        return np.where((policy == 0) | (rng.random(n) < EPSILON), anything, famous)


def fill_positions(
    items: Items, shoppers: Shoppers, user: Ints, seconds: Ints, policy: Ints, rng: np.random.Generator
) -> tuple[Ints, NDArray[np.float64]]:
    """Draw a product for every position of a page by the policy of the page; rows of products, and propensities."""
    drawn, propensity, months = np.empty(len(user), np.int64), np.empty(len(user)), month_of(seconds)
    for month in np.unique(months).tolist():
        here = months == month
        candidates = MonthlyCandidates.of_month(items, month)
        shares = candidates.department_shares(shoppers, user[here], seconds[here])
        positions = candidates.draw(shares, policy[here], rng)
        drawn[here] = candidates.rows[positions]
        propensity[here] = candidates.propensity(shares, positions, policy[here])
    return drawn, propensity


def draw_impressions(world: World, n_impressions: int, rng: np.random.Generator) -> Impressions:
    """Draw exactly `n_impressions` impressions over the last year, in order of time."""
    shoppers = world.shoppers
    n_pages = -(-n_impressions // N_POSITIONS)
    shares = np.sqrt(shoppers.activity.astype(np.float64))
    user = rng.choice(len(shares), n_pages, p=shares / shares.sum())
    seconds = moments(rng, np.full(n_pages, END - LOGGED_DAYS * DAY))
    order = np.argsort(seconds, kind="stable")
    user, seconds = user[order], seconds[order]
    device, region = drawn_device(shoppers, user, rng), drawn_region(shoppers, user, rng)
    policy = np.where(rng.random(n_pages) < _EXPLORE_SHARE, 0, 1)
    user, seconds, device, region, policy = (
        np.repeat(values, N_POSITIONS)[:n_impressions] for values in (user, seconds, device, region, policy)
    )
    item, propensity = fill_positions(world.items, shoppers, user, seconds, policy, rng)
    position = np.arange(n_impressions) % N_POSITIONS + 1
    codes = {**codes_at(seconds), "device": device, "region": region}
    rates = true_click_rates(world.utility(user, item, codes, seconds), position)
    click = (rng.random(n_impressions) < rates).astype(np.int8)
    return Impressions(user, item, seconds, device, region, position, policy, propensity, click)
