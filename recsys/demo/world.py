"""The hidden world of the demo: what products are really like, what shoppers really want, and how the two meet.

A shopper's choice follows one utility, in log-odds: how well known the product is, how the shopper takes to its
department and price, the shopper's tastes times the product's qualities, the circumstances, and the trend.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.demo.circumstances import DAY, START, VALUES, effects
from recsys.demo.departments import APPLIES, OF_DEPARTMENT

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LAUNCH_BOOST, LAUNCH_DAYS = 1.2, 25.0
BURST_DAYS = 8.0
POSITION_EFFECTS = (0.0, -0.35, -0.65, -0.9)
"""What a place on the page does to the log-odds of a click, first place first."""

N_POSITIONS = len(POSITION_EFFECTS)

CLICK_BASE, CLICK_SLOPE = -3.4, 0.6
"""Log-odds of a click at utility 0 in the first place, and what one unit of utility adds."""


@dataclass(slots=True)
class Items:
    """Hidden facts of products; arrays have one row a product.

    Parameters
    ----------
    department : int16, row of DEPARTMENTS
    quality : float32 of shape (n_items, N_ASPECTS), from -2 (bad) to 2 (superb), places as in OF_DEPARTMENT
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


def item_effects(items: Items) -> dict[str, Floats]:
    """What each circumstance does to each product: by dimension, float32 of shape (n_values, n_items)."""
    places = OF_DEPARTMENT[items.department]
    tables = {}
    for dimension in VALUES:
        by_department, by_aspect = effects(dimension)
        table = by_department[:, items.department]
        for place in range(places.shape[1]):
            table = table + by_aspect[:, places[:, place]] * items.quality[:, place]
        tables[dimension] = table.astype(np.float32)
    return tables


def fitting_taste(shoppers: Shoppers) -> Floats:
    """Tastes laid out as qualities are, float32 of shape (n_shoppers, n_departments, N_ASPECTS)."""
    return shoppers.taste[:, OF_DEPARTMENT].astype(np.float32) * APPLIES


def preference(items: Items, shoppers: Shoppers, fitting: Floats, users: Ints, rows: Ints) -> Floats:
    """Utility of products for shoppers, circumstances and trend left out; `users` and `rows` broadcast."""
    department = items.department[rows]
    matched = np.einsum("...k,...k->...", fitting[users, department], items.quality[rows])
    affinity = shoppers.affinity[users, department].astype(np.float32)
    thrift = shoppers.thrift[users].astype(np.float32)
    return np.asarray(items.base[rows] + affinity + matched - thrift * items.dearness[rows], dtype=np.float32)


def circumstance(tables: Mapping[str, Floats], codes: Mapping[str, Ints], rows: Ints) -> Floats:
    """What the circumstances add; a code of -1 is unknown and adds nothing. Codes and rows broadcast."""
    total = np.zeros(rows.shape, dtype=np.float32)
    for dimension, code in codes.items():
        total = total + np.where(code >= 0, tables[dimension][code, rows], np.float32(0))
    return total


def trend(items: Items, rows: Ints, seconds: Ints) -> Floats:
    """What novelty and a burst of popularity add at a moment; products of the first hour are not new."""
    age = (seconds - items.launch[rows]) / DAY
    new = (items.launch[rows] > START) & (age >= 0)
    launch = np.where(new, LAUNCH_BOOST * np.exp(-np.maximum(age, 0) / LAUNCH_DAYS), 0.0)
    away = (seconds - items.burst_at[rows]) / (BURST_DAYS * DAY)
    return np.asarray(launch + items.burst_height[rows] * np.exp(-0.5 * away**2), dtype=np.float32)


def on_sale(items: Items, rows: Ints, seconds: Ints) -> NDArray[np.bool_]:
    """Whether products can be bought at a moment."""
    return np.asarray((items.launch[rows] <= seconds) & (seconds < items.ends[rows]))


def true_click_rates(utility: Floats, position: Ints | int) -> Floats:
    """True click probability from utility and place on the page (from 1); they broadcast."""
    effect = np.asarray(POSITION_EFFECTS, dtype=np.float32)[np.minimum(position, N_POSITIONS) - 1]
    return np.asarray(1 / (1 + np.exp(-(CLICK_BASE + CLICK_SLOPE * utility + effect))), dtype=np.float32)
