"""Candidate products: not seen before, available, and inside the person's filters."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.scorers.base import IntArray
from recsys.settings import Filters


@dataclass(frozen=True, slots=True)
class CandidateFilter:
    """The columns of the catalogue that filters read, in catalogue order.

    Parameters
    ----------
    categories : names of the categories
    category : int32 of shape (n_items,), position in `categories`
    price : float64 of shape (n_items,), NaN where unknown
    available : bool of shape (n_items,)
    """

    categories: tuple[str, ...]
    category: IntArray
    price: NDArray[np.float64]
    available: NDArray[np.bool_]

    @classmethod
    def of(cls, items: pd.DataFrame) -> Self:
        """Read a catalogue."""
        category = pd.Categorical(items["category"])
        return cls(
            tuple(map(str, category.categories)),
            category.codes.astype(np.int32),
            items["price"].to_numpy(np.float64),
            items["available"].to_numpy(bool),
        )

    def eligible(self, filters: Filters, seen_rows: IntArray) -> NDArray[np.bool_]:
        """Mask of the products that may be listed, bool of shape (n_items,).

        A product of unknown price stays when a price range is set only if the range is open at both ends.

        Raises SettingsError: a category is not in this catalogue
        """
        mask = self.available.copy() if filters.only_available else np.ones(len(self.available), bool)
        if filters.categories:
            unknown = sorted(filters.categories - set(self.categories))
            if unknown:
                raise SettingsError(f"category {unknown[0]!r} is not in this catalogue; choose another")
            mask &= np.isin(self.category, [self.categories.index(name) for name in filters.categories])
        if filters.price_low is not None:
            mask &= self.price >= filters.price_low
        if filters.price_high is not None:
            mask &= self.price <= filters.price_high
        if not filters.include_seen:
            mask[seen_rows] = False
        return mask

    def why_not(self, filters: Filters, seen_rows: IntArray, item_row: int) -> str:
        """Why a product may not be listed, in words; "" if it may."""
        if self.eligible(filters, seen_rows)[item_row]:
            return ""
        if not filters.include_seen and item_row in seen_rows:
            return "the shopper already has it"
        if filters.only_available and not self.available[item_row]:
            return "it is not available"
        if filters.categories and self.categories[self.category[item_row]] not in filters.categories:
            return "the filter leaves out its category"
        return "the filter leaves out its price"

    def why_none(self, filters: Filters, seen_rows: IntArray) -> str:
        """Why no product at all may be listed, in words; "" if one may.

        Each reason that holds is told with the number of products that it alone leaves out.
        """
        if self.eligible(filters, seen_rows).any():
            return ""
        n_items, n_seen = len(self.available), len(np.unique(seen_rows))
        if not filters.include_seen and n_seen == n_items:
            return f"nothing is left to list: the shopper already has all {n_items:,} products"
        sold_out = int((~self.available).sum()) if filters.only_available else 0
        if sold_out == n_items:
            return f"nothing is left to list: none of the {n_items:,} products is available"
        filtered = filters.categories or filters.price_low is not None or filters.price_high is not None
        reasons = [
            f"the shopper already has {n_seen:,}" if n_seen and not filters.include_seen else "",
            f"{sold_out:,} {'is' if sold_out == 1 else 'are'} not available" if sold_out else "",
            "the filters leave out the others" if filtered else "",
        ]
        return f"nothing is left to list of {n_items:,} products: {', '.join(filter(None, reasons))}"
