"""Changes of lists between two settings: of products, of categories, and of single shoppers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.evaluation.statistics.exposure import exposure
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.panel import Panel
from recsys.panel.segments import DIMENSIONS
from recsys.scorers.base import IntArray

MOST_CHANGED = 50

PERSISTENCE = 0.9
"""Chance that a reader goes on to the next rank; the first ten then hold six sevenths of the weight."""

Fate = Literal["found in both", "found only in A", "found only in B", "found in neither", "nothing held out"]


@dataclass(frozen=True, slots=True)
class Product:
    """A product named; `category` is "" where the catalogue names none."""

    item_row: int
    item_id: str
    title: str
    category: str


class Names:
    """Names of all products of a catalogue, read once: a data frame takes a millisecond to look up a few."""

    def __init__(self, items: pd.DataFrame) -> None:
        self._item_ids: NDArray[np.object_] = items["item_id"].to_numpy(object)
        self._titles: NDArray[np.object_] = items["title"].to_numpy(object)
        self.categories = np.array(
            [name if isinstance(name, str) else "" for name in items["category"].to_numpy(object)], object
        )

    def of(self, rows: Iterable[int]) -> tuple[Product, ...]:
        """Products of some rows, in their order."""
        return tuple(
            Product(int(row), str(self._item_ids[row]), str(self._titles[row]), str(self.categories[row]))
            for row in rows
        )


@dataclass(frozen=True, slots=True)
class ProductShown:
    """A product's number of lists under either setting."""

    product: Product
    in_long_tail: bool
    lists_a: int
    lists_b: int

    @property
    def change(self) -> int:
        """Lists won; below 0 lists lost."""
        return self.lists_b - self.lists_a


@dataclass(frozen=True, slots=True)
class CategoryShown:
    """Lists with a product of a category, ranks that its products have on all lists, its products on any and in all."""

    category: str
    lists_a: int
    lists_b: int
    places_a: int
    places_b: int
    products_a: int
    products_b: int
    n_items: int

    @property
    def change(self) -> int:
        """Ranks won; below 0 lost."""
        return self.places_b - self.places_a


def products_shown(a: IntArray, b: IntArray, names: Names, tail: NDArray[np.bool_]) -> tuple[ProductShown, ...]:
    """Every product whose number of lists changes, the greatest winner first and the greatest loser last.

    `a`, `b`: int32 of shape (n_users, k), item rows, padded with -1; `tail`: bool of shape (n_items,), the long tail.
    """
    on_a, on_b = (exposure(ranked, len(tail)).astype(np.int64) for ranked in (a, b))
    order = np.argsort(on_a - on_b, kind="stable")
    rows = order[on_a[order] != on_b[order]]
    return tuple(
        ProductShown(product, bool(tail[row]), int(on_a[row]), int(on_b[row]))
        for row, product in zip(rows, names.of(rows), strict=True)
    )


def categories_shown(a: IntArray, b: IntArray, names: Names) -> tuple[CategoryShown, ...]:
    """Every category on any list, the greatest winner of ranks first; arguments as for `products_shown`."""
    known, codes = np.unique(names.categories.astype(str), return_inverse=True)
    pairs = zip(_counts(a, codes, len(known)), _counts(b, codes, len(known)), strict=True)
    columns = (*(counts for pair in pairs for counts in pair), np.bincount(codes, minlength=len(known)))
    found = [
        CategoryShown(str(name), *map(int, counts))
        for name, *counts in zip(known, *columns, strict=True)
        if counts[2] or counts[3]
    ]
    return tuple(sorted(found, key=lambda each: -each.change))


def _counts(ranked: IntArray, codes: NDArray[np.intp], n: int) -> tuple[NDArray[np.intp], ...]:
    users, at = np.nonzero(ranked >= 0)
    rows = ranked[users, at]
    pairs = np.unique(users * n + codes[rows])
    return (
        np.bincount(pairs % n, minlength=n),
        np.bincount(codes[rows], minlength=n),
        np.bincount(codes[np.unique(rows)], minlength=n),
    )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Numbers of shoppers by how they fare, because a mean hides who wins and who loses.

    Parameters
    ----------
    n : shoppers with something held out
    win, lose, tie : whose nDCG is higher in B, lower, the same
    gained, lost : who find something held out only in B, only in A
    both, neither : who find something held out with either setting, with none
    """

    n: int
    win: int
    lose: int
    tie: int
    gained: int
    lost: int
    both: int
    neither: int


@dataclass(frozen=True, slots=True)
class HeldOutProduct:
    """A held-out product; its rank is None where it is off the list."""

    product: Product
    rank_a: int | None
    rank_b: int | None


@dataclass(frozen=True, slots=True)
class ShopperChange:
    """One shopper whose list changes.

    Parameters
    ----------
    position : in the panel
    facts : pairs of a name of `segments.DIMENSIONS` and its value, as far as known
    likeness : rank-biased overlap of both lists, 1 for identical
    n_common : products on both lists
    entered, gone : products only on the list of B, only on that of A, best first
    wanted : what was held out
    ndcg_a, ndcg_b : NaN where nothing was held out
    """

    position: int
    user_id: str
    n_train: int
    facts: tuple[tuple[str, str], ...]
    likeness: float
    n_common: int
    entered: tuple[Product, ...]
    gone: tuple[Product, ...]
    wanted: tuple[HeldOutProduct, ...]
    fate: Fate
    ndcg_a: float
    ndcg_b: float


def outcomes(a: MeasuredLists, b: MeasuredLists) -> Outcomes:
    """Count the shoppers; row u of either is the same shopper."""
    known = ~np.isnan(a.values["ndcg"]) & ~np.isnan(b.values["ndcg"])
    change = b.values["ndcg"][known] - a.values["ndcg"][known]
    on_a, on_b = (lists.values["hit_rate"][known] > 0 for lists in (a, b))
    counted = (change > 0, change < 0, change == 0, on_b & ~on_a, on_a & ~on_b, on_a & on_b, ~on_a & ~on_b)
    return Outcomes(int(known.sum()), *(int(each.sum()) for each in counted))


def most_changed(
    panel: Panel,
    names: Names,
    users: NDArray[np.intp],
    a: MeasuredLists,
    b: MeasuredLists,
    agreement: NDArray[np.float64],
) -> tuple[ShopperChange, ...]:
    """The shoppers whose lists are least alike, by rank-biased overlap; equals by how much nDCG changes, then in order.

    `users`: position in the panel of each row of the lists; `agreement`: `agreements` of the lists.
    """
    alike = likeness(agreement)
    moved = np.abs(np.nan_to_num(b.values["ndcg"] - a.values["ndcg"]))
    changed = (a.ranked != b.ranked).any(1)
    order = np.lexsort((-moved, alike.round(9)))
    return tuple(
        _shopper(panel, names, int(users[row]), a.of(np.array([row])), b.of(np.array([row])), float(alike[row]))
        for row in order[changed[order]][:MOST_CHANGED]
    )


def _shopper(panel: Panel, names: Names, user: int, a: MeasuredLists, b: MeasuredLists, alike: float) -> ShopperChange:
    on_a, on_b = ([row for row in lists.ranked[0].tolist() if row >= 0] for lists in (a, b))
    known, held_out = panel.shoppers.iloc[user], panel.relevant.row(user).tolist()
    return ShopperChange(
        position=user,
        user_id=str(known["user_id"]),
        n_train=int(known["n_train"]),
        facts=tuple((name, str(known[name])) for name in DIMENSIONS if isinstance(known[name], str) and known[name]),
        likeness=alike,
        n_common=len(set(on_a) & set(on_b)),
        entered=names.of(row for row in on_b if row not in on_a),
        gone=names.of(row for row in on_a if row not in on_b),
        wanted=tuple(
            HeldOutProduct(product, rank_in(product.item_row, on_a), rank_in(product.item_row, on_b))
            for product in names.of(held_out)
        ),
        fate=_fate(held_out, on_a, on_b),
        ndcg_a=float(a.values["ndcg"][0]),
        ndcg_b=float(b.values["ndcg"][0]),
    )


def _fate(held_out: Sequence[int], on_a: Sequence[int], on_b: Sequence[int]) -> Fate:
    if not held_out:
        return "nothing held out"
    in_a, in_b = (not set(held_out).isdisjoint(listed) for listed in (on_a, on_b))
    if in_a:
        return "found in both" if in_b else "found only in A"
    return "found only in B" if in_b else "found in neither"


def rank_in(row: int, listed: Sequence[int]) -> int | None:
    """Rank of a product on a list, from 1, or None."""
    return listed.index(row) + 1 if row in listed else None


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much the lists of all shoppers have in common.

    Parameters
    ----------
    common : mean share of a list's products that the other list holds as well, at any rank
    same_products : shoppers whose lists hold the same products, in whatever order
    identical : shoppers whose lists are the same, rank by rank
    likeness : mean rank-biased overlap, from 0 (nothing in common) to 1 (identical), which counts the top more
    """

    common: float
    same_products: int
    identical: int
    likeness: float


def agreements(new: IntArray, old: IntArray) -> NDArray[np.float64]:
    """Agreement of the first d ranks, d from 1: float64 of shape (n_users, k).

    Twice the common products over the products listed, so that lists which end early are compared as far as they go;
    1 where neither list holds anything. `new` and `old` are int32 of shape (n_users, k), padded with -1.
    """
    n_users, k = new.shape
    common = np.zeros((n_users, k))
    users = np.arange(n_users)
    for rank in range(k):
        same = (old == new[:, rank : rank + 1]) & (old >= 0)
        found = same.any(1)
        # A product counts from the depth at which both lists have reached it.
        common[users[found], np.maximum(same.argmax(1), rank)[found]] += 1
    listed = np.cumsum(new >= 0, axis=1) + np.cumsum(old >= 0, axis=1)
    return np.divide(2 * np.cumsum(common, axis=1), listed, out=np.ones((n_users, k)), where=listed > 0)


def likeness(agreement: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank-biased overlap of each shopper's lists, from their agreements: float64 of shape (n_users,).

    Extrapolated: what the last rank has in common is taken to go on below it (Webber, Moffat & Zobel 2010, ACM TOIS
    28(4), equation 32), so identical lists have 1 and lists without a common product 0, however short.

    >>> same, swapped = np.array([[1, 2, 3]], np.int32), np.array([[2, 1, 3]], np.int32)
    >>> likeness(agreements(same, same)).round(3).tolist(), likeness(agreements(same, swapped)).round(3).tolist()
    ([1.0], [0.9])
    """
    k = agreement.shape[1]
    weights = (1 - PERSISTENCE) * PERSISTENCE ** np.arange(k)
    return np.asarray(agreement @ weights + agreement[:, -1] * PERSISTENCE**k)


def overlap(new: IntArray, old: IntArray, agreement: NDArray[np.float64]) -> Overlap:
    """Summary over at least one shopper; arguments as for `agreements`, and its result."""
    return Overlap(
        common=float(agreement[:, -1].mean()),
        same_products=int((agreement[:, -1] == 1).sum()),
        identical=int((new == old).all(1).sum()),
        likeness=float(likeness(agreement).mean()),
    )
