"""Logged impressions: a stochastic policy fills four places of a page, and clicks follow the true probabilities.

Each place is filled independently of the others (so that, rarely, a page shows a product twice), by one of two
policies that is drawn for the page: `explore` shows every product on sale equally often; `house` does so with
probability EPSILON and otherwise picks a department by softmax over what the shopper leans to in this season, then a
product in it in proportion to its fame. The propensity is that of showing this product in this place to this shopper
in this month under the policy named, and is above 0 for every product on sale since the start of the month.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.demo.behaviour import drawn_device, drawn_region
from recsys.demo.circumstances import DAY, END, codes_at, effects, moments, season
from recsys.demo.departments import DEPARTMENTS
from recsys.demo.world import (
    N_POSITIONS,
    Floats,
    Ints,
    Items,
    Shoppers,
    circumstance,
    fitting_taste,
    preference,
    trend,
    true_click_rates,
)

POLICIES = ("explore", "house")
EPSILON = 0.25
LOGGED_DAYS = 365
_EXPLORE_SHARE = 0.35
_LEANING, _SEASON = 0.7, 0.6


@dataclass(slots=True)
class Impressions:
    """Impressions of one block of shoppers; arrays have one row an impression."""

    user: Ints
    item: Ints
    seconds: Ints
    position: Ints
    device: Ints
    region: Ints
    policy: Ints
    propensity: NDArray[np.float64]
    click: NDArray[np.int8]


@dataclass(slots=True)
class Shelf:
    """What the policies may show in one month, and how they choose among it."""

    rows: Ints
    """Products on sale, in order of department."""
    cumulative: NDArray[np.float64]
    """Fame added up over `rows`, with a 0 before."""
    edges: Ints
    """Where each department begins and ends in `rows`."""

    @classmethod
    def of_month(cls, items: Items, month: int) -> "Shelf":
        """Products that are on sale throughout a month, which is numbered from 1970."""
        start, end = (np.datetime64(at, "M").astype("datetime64[s]").astype(np.int64) for at in (month, month + 1))
        rows = np.flatnonzero((items.launch <= start) & (items.ends >= min(end, END)))
        rows = rows[np.argsort(items.department[rows], kind="stable")]
        fame = np.exp(items.base[rows].astype(np.float64))
        edges = np.searchsorted(items.department[rows], np.arange(len(DEPARTMENTS) + 1))
        return cls(rows, np.concatenate([[0.0], np.cumsum(fame)]), edges)

    def leanings(self, shoppers: Shoppers, user: Ints, seconds: Ints) -> NDArray[np.float64]:
        """Chance of each department under the softmax of `house`: shape (n, n_departments), rows sum to 1."""
        liking = shoppers.affinity[user].astype(np.float64)
        liking = _LEANING * liking + _SEASON * effects("season")[0][season(seconds)]
        liking = np.where(np.diff(self.edges) > 0, liking, -np.inf)
        odds = np.exp(liking - liking.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def propensity(self, leanings: NDArray[np.float64], places: Ints, policy: Ints) -> NDArray[np.float64]:
        """Chance of showing the products in these places of `rows`; `leanings` and `policy` have a row each."""
        uniform = 1 / len(self.rows)
        department = np.searchsorted(self.edges, places, side="right") - 1
        fame = np.diff(self.cumulative)[places]
        total = self.cumulative[self.edges[department + 1]] - self.cumulative[self.edges[department]]
        softmax = leanings[np.arange(len(leanings)), department] * fame / total
        return np.asarray(np.where(policy == 0, uniform, EPSILON * uniform + (1 - EPSILON) * softmax))

    def draw(self, leanings: NDArray[np.float64], policy: Ints, rng: np.random.Generator) -> Ints:
        """Places in `rows`, one for each row of `leanings`."""
        n = len(leanings)
        department = (leanings.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1)
        low = self.cumulative[self.edges[department]]
        high = self.cumulative[self.edges[department + 1]]
        famous = np.searchsorted(self.cumulative, low + rng.random(n) * (high - low), side="right") - 1
        famous = np.clip(famous, self.edges[department], self.edges[department + 1] - 1)
        anything = rng.integers(0, len(self.rows), n)
        return np.where((policy == 0) | (rng.random(n) < EPSILON), anything, famous)


def month_of(seconds: Ints) -> Ints:
    """Months since 1970."""
    return np.asarray(seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64))


def fill_places(
    items: Items, shoppers: Shoppers, user: Ints, seconds: Ints, policy: Ints, rng: np.random.Generator
) -> tuple[Ints, NDArray[np.float64]]:
    """Draw a product for every place of a page by the policy of the page; rows of products, and propensities."""
    drawn, propensity, months = np.empty(len(user), np.int64), np.empty(len(user)), month_of(seconds)
    for month in np.unique(months).tolist():
        here = months == month
        shelf = Shelf.of_month(items, month)
        leanings = shelf.leanings(shoppers, user[here], seconds[here])
        places = shelf.draw(leanings, policy[here], rng)
        drawn[here] = shelf.rows[places]
        propensity[here] = shelf.propensity(leanings, places, policy[here])
    return drawn, propensity


def draw_impressions(
    items: Items, shoppers: Shoppers, tables: Mapping[str, Floats], n_impressions: int, rng: np.random.Generator
) -> Impressions:
    """Exactly `n_impressions` impressions over the last year, in order of time."""
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
    item, propensity = fill_places(items, shoppers, user, seconds, policy, rng)
    position = np.arange(n_impressions) % N_POSITIONS + 1
    codes = {**codes_at(seconds), "device": device, "region": region}
    utility = preference(items, shoppers, fitting_taste(shoppers), user, item)
    utility = utility + circumstance(tables, codes, item) + trend(items, item, seconds)
    click = (rng.random(n_impressions) < true_click_rates(utility, position)).astype(np.int8)
    return Impressions(user, item, seconds, position, device, region, policy, propensity, click)
