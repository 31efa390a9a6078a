"""The hidden world of the demo: what products are like, what shoppers want, and the utility of the one for the other.

Utility is in log-odds: how well known the product is, the shopper's affinity to its department and price, tastes times
qualities, circumstances, and trend.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.demo.shop import APPLIES, DAY, OF_DEPARTMENT, START, VALUES, effects

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LAUNCH_BOOST, LAUNCH_DAYS = 1.2, 25.0
BURST_DAYS = 8.0
POSITION_EFFECTS = (0.0, -0.35, -0.65, -0.9)
"""What each position on the page adds to the log-odds of a click."""

N_POSITIONS = len(POSITION_EFFECTS)

CLICK_BASE, CLICK_SLOPE = -3.4, 0.6
"""Log-odds of a click at utility 0 in the first position, and what one unit of utility adds."""


@dataclass(slots=True)
class Items:
    """Hidden facts of products; arrays have one row a product.

    Parameters
    ----------
    department : int16, row of DEPARTMENTS
    quality : float32 of shape (n_items, N_ASPECTS), from -2 (bad) to 2 (superb), columns as in OF_DEPARTMENT
    base : float32, how well known it is, in log-odds
    dearness : float32, price in standard deviations above its department's usual
    launch, ends : int64, seconds since 1970 between which it can be bought
    burst_at, burst_height : int64 seconds and float32 log-odds of its burst of popularity, height 0 for none
    """

    department: NDArray[np.int16]
    quality: Floats
    base: Floats
    dearness: Floats
    launch: Ints
    ends: Ints
    burst_at: Ints
    burst_height: Floats


@dataclass(slots=True)
class Shoppers:
    """Hidden facts of shoppers; arrays have one row a shopper.

    Parameters
    ----------
    taste : float16 of shape (n_shoppers, n_aspects), how much each aspect counts, from 0
    affinity : float16 of shape (n_shoppers, n_departments), in log-odds
    thrift : float16, log-odds lost for one standard deviation of dearness
    leniency : float16, kindness of ratings
    region, device, voice : int8, home region, main device and way of writing
    activity : float32, share of all that goes on, relative
    joined : int64, seconds since 1970
    """

    taste: NDArray[np.float16]
    affinity: NDArray[np.float16]
    thrift: NDArray[np.float16]
    leniency: NDArray[np.float16]
    region: NDArray[np.int8]
    device: NDArray[np.int8]
    voice: NDArray[np.int8]
    activity: Floats
    joined: Ints


@dataclass(frozen=True)
class World:
    """Products, some shoppers, and how the two meet: parts of utility in log-odds, for users and items that broadcast.

    `effects`: of circumstances on products, by dimension, float32 of shape (n_values, n_items); see `item_effects`.
    """

    items: Items
    shoppers: Shoppers
    effects: Mapping[str, Floats]

    @cached_property
    def matched_taste(self) -> Floats:
        """Tastes laid out as qualities are, float32 of shape (n_shoppers, n_departments, N_ASPECTS)."""
        return self.shoppers.taste[:, OF_DEPARTMENT].astype(np.float32) * APPLIES

    def utility(self, users: Ints, rows: Ints, codes: Mapping[str, Ints], seconds: Ints) -> Floats:
        """Compute the whole utility of products for shoppers, in circumstances given by code, at a moment."""
        return self.preference(users, rows) + self.circumstance(codes, rows) + trend(self.items, rows, seconds)

    def preference(self, users: Ints, rows: Ints) -> Floats:
        """Compute utility without circumstances and trend."""
        items, shoppers, department = self.items, self.shoppers, self.items.department[rows]
        matched = np.einsum("...k,...k->...", self.matched_taste[users, department], items.quality[rows])
        affinity = shoppers.affinity[users, department].astype(np.float32)
        thrift = shoppers.thrift[users].astype(np.float32)
        return np.asarray(items.base[rows] + affinity + matched - thrift * items.dearness[rows], dtype=np.float32)

    def circumstance(self, codes: Mapping[str, Ints], rows: Ints) -> Floats:
        """Compute what circumstances add; a code of -1 is unknown and adds nothing."""
        total = np.zeros(rows.shape, dtype=np.float32)
        for dimension, code in codes.items():
            total = total + np.where(code >= 0, self.effects[dimension][code, rows], np.float32(0))
        return total


def numbered(letter: str, rows: Ints, n: int) -> tuple[str, ...]:
    """Write ids of rows among n, as wide as the last one: P00001 is the first product."""
    width = id_width(n)
    return tuple(f"{letter}{row + 1:0{width}d}" for row in rows.tolist())


def id_width(n: int) -> int:
    """Count the digits in the ids of n rows."""
    return max(5, len(str(n)))


def item_effects(items: Items) -> dict[str, Floats]:
    """Compute what each circumstance does to each product: by dimension, float32 of shape (n_values, n_items)."""
    aspects = OF_DEPARTMENT[items.department]
    tables = {}
    for dimension in VALUES:
        by_department, by_aspect = effects(dimension)
        table = by_department[:, items.department]
        for column in range(aspects.shape[1]):
            table = table + by_aspect[:, aspects[:, column]] * items.quality[:, column]
        tables[dimension] = table.astype(np.float32)
    return tables


def trend(items: Items, rows: Ints, seconds: Ints) -> Floats:
    """Compute what novelty and a burst of popularity add at a moment; products of the first hour are not new."""
    age = (seconds - items.launch[rows]) / DAY
    new = (items.launch[rows] > START) & (age >= 0)
    launch = np.where(new, LAUNCH_BOOST * np.exp(-np.maximum(age, 0) / LAUNCH_DAYS), 0.0)
    away = (seconds - items.burst_at[rows]) / (BURST_DAYS * DAY)
    return np.asarray(launch + items.burst_height[rows] * np.exp(-0.5 * away**2), dtype=np.float32)


def on_sale(items: Items, rows: Ints, seconds: Ints) -> NDArray[np.bool_]:
    """Find which products can be bought at a moment."""
    return np.asarray((items.launch[rows] <= seconds) & (seconds < items.ends[rows]))


def true_click_rates(utility: Floats, position: Ints | int) -> Floats:
    """Compute the true click probability from utility and position on the page (from 1); they broadcast."""
    effect = np.asarray(POSITION_EFFECTS, dtype=np.float32)[np.minimum(position, N_POSITIONS) - 1]
    return np.asarray(1 / (1 + np.exp(-(CLICK_BASE + CLICK_SLOPE * utility + effect))), dtype=np.float32)
