"""Which products and categories stand on more lists under one setting than under another."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.evaluation.metrics.exposure import exposure
from recsys.scorers.base import IntArray


@dataclass(frozen=True, slots=True)
class Product:
    """A product named; `category` is "" where the catalogue names none."""

    item_row: int
    item_id: str
    title: str
    category: str


class Names:
    """Names of all products, read from the catalogue once: a data frame takes a millisecond to look up a few.

    Parameters
    ----------
    items : the catalogue
    """

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
    """One product whose exposure changes.

    Parameters
    ----------
    in_long_tail : whether it is outside the bestsellers that hold most choices
    lists_a, lists_b : on how many shoppers' lists it stands
    """

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
    """One category that stands on any list.

    Parameters
    ----------
    lists_a, lists_b : how many shoppers' lists hold a product of it
    places_a, places_b : how many places its products have on all lists together
    products_a, products_b : how many of its products anybody is shown
    n_items : how many products of it the catalogue holds
    """

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
        """Places won; below 0 places lost."""
        return self.places_b - self.places_a


def products_shown(a: IntArray, b: IntArray, names: Names, tail: NDArray[np.bool_]) -> tuple[ProductShown, ...]:
    """Every product whose number of lists changes, the greatest winner first and the greatest loser last.

    Parameters
    ----------
    a, b : int32 of shape (n_users, k), item rows, padded with -1
    names : of the catalogue
    tail : bool of shape (n_items,), whether a product belongs to the long tail
    """
    on_a, on_b = (exposure(ranked, len(tail)).astype(np.int64) for ranked in (a, b))
    change = on_b - on_a
    order = np.argsort(-change, kind="stable")
    rows = order[change[order] != 0]
    return tuple(
        ProductShown(product, bool(tail[row]), int(on_a[row]), int(on_b[row]))
        for row, product in zip(rows, names.of(rows), strict=True)
    )


def categories_shown(a: IntArray, b: IntArray, names: Names) -> tuple[CategoryShown, ...]:
    """Every category that has a place on a list, the greatest winner of places first; arguments as above."""
    known, codes = np.unique(names.categories.astype(str), return_inverse=True)
    lists_a, places_a, products_a = _counts(a, codes, len(known))
    lists_b, places_b, products_b = _counts(b, codes, len(known))
    columns = (lists_a, lists_b, places_a, places_b, products_a, products_b, np.bincount(codes, minlength=len(known)))
    found = [
        CategoryShown(str(name), *map(int, counts))
        for name, *counts in zip(known, *columns, strict=True)
        if counts[2] or counts[3]
    ]
    return tuple(sorted(found, key=lambda each: -each.change))


def _counts(
    ranked: IntArray, codes: NDArray[np.intp], n: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Lists, places and products of each category."""
    users, at = np.nonzero(ranked >= 0)
    rows = ranked[users, at]
    pairs = np.unique(users * n + codes[rows])
    return (
        np.bincount(pairs % n, minlength=n),
        np.bincount(codes[rows], minlength=n),
        np.bincount(codes[np.unique(rows)], minlength=n),
    )
