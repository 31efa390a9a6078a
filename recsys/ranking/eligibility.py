"""Candidate products: not seen before, available, and inside the person's filters."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.scorers.base import IntArray
from recsys.settings import Filters

_SEEN, _SOLD_OUT = "the shopper already has it", "it is not available"


@dataclass(frozen=True, slots=True)
class CandidateFilter:
    """The columns of the catalogue that filters read, in catalogue order.

    `category` holds positions in `categories`, and `price` is NaN where it is unknown.
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

    def _allowed(self, filters: Filters, seen_rows: IntArray) -> dict[str, NDArray[np.bool_]]:
        """What each rule allows, bool of shape (n_items,), by the reason that it gives against the others."""
        allowed = {}
        if not filters.include_seen:
            allowed[_SEEN] = np.ones(len(self.available), bool)
            allowed[_SEEN][seen_rows] = False
        if filters.only_available:
            allowed[_SOLD_OUT] = self.available
        if filters.categories:
            unknown = sorted(filters.categories - set(self.categories))
            if unknown:
                raise SettingsError(f"category {unknown[0]!r} is not in this catalogue; choose another")
            chosen = [self.categories.index(name) for name in filters.categories]
            allowed["the filter leaves out its category"] = np.isin(self.category, chosen)
        if filters.price_low is not None or filters.price_high is not None:
            low = -np.inf if filters.price_low is None else filters.price_low
            high = np.inf if filters.price_high is None else filters.price_high
            allowed["the filter leaves out its price"] = (self.price >= low) & (self.price <= high)
        return allowed

    def eligible(self, filters: Filters, seen_rows: IntArray) -> NDArray[np.bool_]:
        """Mask of the products that may be listed, bool of shape (n_items,).

        A product of unknown price stays when a price range is set only if the range is open at both ends.

        Raises SettingsError: a category is not in this catalogue
        """
        mask = np.ones(len(self.available), bool)
        for allowed in self._allowed(filters, seen_rows).values():
            mask &= allowed
        return mask

    def why_not(self, filters: Filters, seen_rows: IntArray, item_row: int) -> str:
        """Why a product may not be listed, in words; "" if it may."""
        reasons = self._allowed(filters, seen_rows).items()
        return next((reason for reason, allowed in reasons if not allowed[item_row]), "")

    def why_none(self, filters: Filters, seen_rows: IntArray) -> str:
        """Why no product at all may be listed, in words; "" if one may.

        Each reason comes with the number of products that it alone leaves out.
        """
        if self.eligible(filters, seen_rows).any():
            return ""
        n_items = len(self.available)
        excluded = {reason: int((~each).sum()) for reason, each in self._allowed(filters, seen_rows).items()}
        n_seen, n_sold_out = excluded.pop(_SEEN, 0), excluded.pop(_SOLD_OUT, 0)
        if n_seen == n_items:
            return f"nothing is left to list: the shopper already has all {n_items:,} products"
        if n_sold_out == n_items:
            return f"nothing is left to list: none of the {n_items:,} products is available"
        reasons = [
            f"the shopper already has {n_seen:,}" if n_seen else "",
            f"{n_sold_out:,} {'is' if n_sold_out == 1 else 'are'} not available" if n_sold_out else "",
            "the filters leave out the others" if excluded else "",
        ]
        return f"nothing is left to list of {n_items:,} products: {', '.join(filter(None, reasons))}"
