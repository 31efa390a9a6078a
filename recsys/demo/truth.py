"""The hidden truth of a demo folder: what products are like, what shoppers want, and the utility of one for the other.

Only the generator, `oracle` and tests read it; a test holds that.
Utility is in log-odds: how well known the product is, the shopper's affinity to its department and price, tastes times
qualities, circumstances, and trend.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from recsys.data.dataset import rows_of
from recsys.demo.prose.compose import Mention
from recsys.demo.shop import APPLIES, ASPECTS, DAY, DEPARTMENTS, OF_DEPARTMENT, START, VALUES, effects
from recsys.errors import DataError, UnknownItemError, UnknownUserError
from recsys.settings import Context

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


TRUTH_FILE = "hidden_truth.safetensors"


@dataclass
class Truth:
    """What the demo shop is really like; see `load_truth`.

    Rows of `items` are as in items.parquet, of `shoppers` as they are numbered. `mentions` has int32 columns `user`,
    `item`, `aspect`, `polarity`, `start`, `end`, one row an opinion in a review; `described` the same for descriptions,
    without `user`.
    """

    items: Items
    shoppers: Shoppers
    mentions: Mapping[str, NDArray[np.int32]]
    described: Mapping[str, NDArray[np.int32]]

    def __post_init__(self) -> None:
        n_items, n_shoppers = len(self.items.base), len(self.shoppers.region)
        self.user_ids = pd.Index(numbered("U", np.arange(n_shoppers), n_shoppers), dtype=object)
        self.item_ids = pd.Index(numbered("P", np.arange(n_items), n_items), dtype=object)
        self._effects = item_effects(self.items)
        self._spans: dict[tuple[int, int], list[int]] = {}
        for at, pair in enumerate(zip(self.mentions["user"].tolist(), self.mentions["item"].tolist(), strict=True)):
            self._spans.setdefault(pair, []).append(at)

    def user_rows(self, user_ids: str | Sequence[str]) -> Ints:
        """Look up the rows of shoppers; raises UnknownUserError."""
        return rows_of(np.atleast_1d(user_ids).tolist(), self.user_ids, UnknownUserError).astype(np.int64)

    def item_rows(self, item_ids: str | Sequence[str]) -> Ints:
        """Look up the rows of products; raises UnknownItemError."""
        return rows_of(np.atleast_1d(item_ids).tolist(), self.item_ids, UnknownItemError).astype(np.int64)

    def utility(
        self, user_ids: str | Sequence[str], item_ids: str | Sequence[str], context: Context | Sequence[Context]
    ) -> Floats:
        """Compute true utility in log-odds; ids and contexts are one for all or one for each.

        A dimension that the context does not state adds nothing; without a moment there is no trend.
        """
        user, item = np.broadcast_arrays(self.user_rows(user_ids), self.item_rows(item_ids))
        users, local = np.unique(user, return_inverse=True)
        shoppers = Shoppers(**{name: getattr(self.shoppers, name)[users] for name in Shoppers.__slots__})
        contexts = [context] if isinstance(context, Context) else list(context)
        world = World(self.items, shoppers, self._effects)
        total = world.preference(local.reshape(user.shape), item) + world.circumstance(_codes(contexts), item)
        seconds = np.array([0 if one.moment is None else int(one.moment.timestamp()) for one in contexts])
        timed = np.array([one.moment is not None for one in contexts])
        return np.asarray(total + np.where(timed, trend(self.items, item, seconds), np.float32(0)), dtype=np.float32)

    def driving_aspects(self, user_id: str, item_id: str) -> list[tuple[str, float]]:
        """Rank the aspects that speak for a product to a shopper, with shares that sum to 1; none may."""
        user, item = self.user_rows(user_id)[0], self.item_rows(item_id)[0]
        aspects = OF_DEPARTMENT[self.items.department[item]]
        pull = self.shoppers.taste[user, aspects].astype(np.float64) * self.items.quality[item] * (aspects >= 0)
        pull = np.maximum(pull, 0)
        order = [column for column in np.argsort(-pull, kind="stable").tolist() if pull[column] > 0]
        return [(ASPECTS[aspects[column]], float(pull[column] / pull.sum())) for column in order]

    def mentions_of(self, user_id: str, item_id: str) -> list[Mention]:
        """List the opinions in this shopper's review of this product, in order of the text."""
        pair = (int(self.user_rows(user_id)[0]), int(self.item_rows(item_id)[0]))
        return [_mention(self.mentions, at) for at in self._spans.get(pair, [])]

    def described_as(self, item_id: str) -> list[Mention]:
        """List what the description of a product praises."""
        rows = np.flatnonzero(self.described["item"] == self.item_rows(item_id)[0])
        return [_mention(self.described, row) for row in rows.tolist()]

    def effect(self, dimension: str, value: str) -> dict[str, float]:
        """Look up the planted effect of a circumstance, in log-odds, by category label."""
        sizes = effects(dimension)[0][VALUES[dimension].index(value)]
        return {department.label: float(size) for department, size in zip(DEPARTMENTS, sizes, strict=True)}


def _codes(contexts: Sequence[Context]) -> dict[str, Ints]:
    return {
        name: np.array([values.index(value) if (value := getattr(one, name)) in values else -1 for one in contexts])
        for name, values in VALUES.items()
    }


def _mention(columns: Mapping[str, NDArray[np.int32]], at: int) -> Mention:
    aspect, polarity, start, end = (int(columns[name][at]) for name in ("aspect", "polarity", "start", "end"))
    return Mention(ASPECTS[aspect], polarity, start, end)


def save_truth(
    path: Path,
    *,
    items: Items,
    shoppers: Shoppers,
    mentions: Mapping[str, NDArray[np.int32]],
    described: Mapping[str, NDArray[np.int32]],
) -> None:
    """Write the truth as arrays, with every name in the metadata, so that other tools can read it too."""
    arrays: dict[str, NDArray[np.generic]] = {
        "position_effects": np.asarray(POSITION_EFFECTS, dtype=np.float32),
        "aspects_of_department": OF_DEPARTMENT,
    }
    for dimension in VALUES:
        arrays[f"effect.{dimension}.department"], arrays[f"effect.{dimension}.aspect"] = effects(dimension)
    for prefix, columns in (("items", items), ("shoppers", shoppers)):
        arrays.update({f"{prefix}.{name}": getattr(columns, name) for name in type(columns).__slots__})
    for prefix, spans in (("mentions", mentions), ("described", described)):
        arrays.update({f"{prefix}.{name}": column for name, column in spans.items()})
    labels = [department.label for department in DEPARTMENTS]
    widths = {"item_width": id_width(len(items.base)), "user_width": id_width(len(shoppers.region))}
    names = json.dumps({"aspects": ASPECTS, "departments": labels, "values": VALUES, **widths})
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(contiguous, path, metadata={"names": names})


def load_truth(folder: Path | str) -> Truth:
    """Read the hidden truth of a demo folder. Raises DataError: the folder has none."""
    path = Path(folder) / TRUTH_FILE
    if not path.exists():
        raise DataError(
            "there is no hidden truth here", file=TRUTH_FILE, remedy="make the folder with `python -m recsys demo`"
        )
    groups: dict[str, dict[str, Any]] = {}
    with safe_open(path, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118
            prefix, _, rest = name.partition(".")
            groups.setdefault(prefix, {})[rest] = file.get_tensor(name)
    return Truth(Items(**groups["items"]), Shoppers(**groups["shoppers"]), groups["mentions"], groups["described"])
