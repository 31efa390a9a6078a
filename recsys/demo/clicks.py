"""Click simulator that knows the hidden truth of a demo folder; only click probabilities and new clicks leave it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.demo.behaviour import POLICIES, fill_positions
from recsys.demo.truth import Truth, load_truth
from recsys.demo.world import N_POSITIONS, POSITION_EFFECTS, Floats, Ints, on_sale, true_click_rates
from recsys.settings import Context


@dataclass(frozen=True, eq=False, slots=True)
class Redrawn:
    """New impressions, one row for each of those that were redrawn."""

    item_rows: Ints
    propensity: NDArray[np.float64]
    clicks: NDArray[np.int8]


class ClickSimulator:
    """The truth about the clicks of one demo shop; item rows are positions in `item_ids`, the caller's catalogue."""

    def __init__(self, truth: Truth, item_ids: Sequence[str]) -> None:
        self._truth, self._item_ids = truth, list(item_ids)
        self._items = truth.item_rows(self._item_ids)
        self._row_of = np.full(len(truth.item_ids), -1)
        self._row_of[self._items] = np.arange(len(self._items))

    @classmethod
    def open(cls, folder: Path, item_ids: Sequence[str]) -> "ClickSimulator":
        """Open a demo folder; raises DataError where there is no hidden truth."""
        return cls(load_truth(folder), item_ids)

    def utilities(self, user_ids: Sequence[str], contexts: Sequence[Context]) -> Floats:
        """Compute the true utility of every product for every page, float32 of shape (n_pages, n_items)."""
        utilities = np.empty((len(user_ids), len(self._item_ids)), np.float32)
        for page, (user_id, context) in enumerate(zip(user_ids, contexts, strict=True)):
            utilities[page] = self._truth.utility(user_id, self._item_ids, context)
        return utilities

    rates = staticmethod(true_click_rates)

    def odds_by_place(self, n: int) -> NDArray[np.float64]:
        """Compute each position's odds of a click relative to the first one: float64 of shape (n,)."""
        return np.asarray(np.exp(np.array(POSITION_EFFECTS)[np.minimum(np.arange(n), N_POSITIONS - 1)]))

    def on_sale(self, item_rows: Ints, time_s: Ints) -> NDArray[np.bool_]:
        """Find which products could be bought at a moment; both broadcast."""
        return on_sale(self._truth.items, self._items[item_rows], time_s)

    def redraw(
        self,
        user_ids: Sequence[str],
        time_s: Ints,
        policy: Sequence[str],
        position: Ints,
        page: Ints,
        utilities: Floats,
        rng: np.random.Generator,
    ) -> Redrawn:
        """Draw new products by the shop's own logging policy on the same pages, and new clicks at the true rates.

        Parameters
        ----------
        user_ids, time_s, policy, position : of every impression
        page : row of `utilities` of every impression
        """
        truth, codes = self._truth, np.array([POLICIES.index(name) for name in policy])
        user = truth.user_rows(list(user_ids))
        items, propensity = fill_positions(truth.items, truth.shoppers, user, time_s, codes, rng)
        rows = self._row_of[items]
        clicks = rng.random(len(time_s)) < true_click_rates(utilities[page, rows], position)
        return Redrawn(rows, propensity, clicks.astype(np.int8))
