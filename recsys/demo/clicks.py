"""A judge of click policies that knows the hidden truth of a demo folder, and its click simulator.

Whoever asks hands over pages, and hears true chances of a click and new clicks; nothing else of the truth comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.demo.impressions import POLICIES, Shelf, month_of
from recsys.demo.truth import Truth, load_truth
from recsys.demo.world import POSITION_EFFECTS, Floats, Ints, click_odds, on_sale
from recsys.settings import Context

N_POSITIONS = len(POSITION_EFFECTS)


@dataclass(frozen=True, eq=False, slots=True)
class Redrawn:
    """New impressions: row n of each is in the place of impression n of those asked for."""

    item_rows: Ints
    propensity: NDArray[np.float64]
    clicks: NDArray[np.int8]


def true_rates(utilities: Floats, position: Ints | int) -> Floats:
    """True chance of a click at these utilities in these places of the page, from 1; they broadcast."""
    return click_odds(utilities, np.asarray(position))


class ClickJudge:
    """The truth about the clicks of one demo shop.

    Parameters
    ----------
    item_ids : the catalogue of whoever asks; item rows are places in it
    """

    def __init__(self, truth: Truth, item_ids: Sequence[str]) -> None:
        self._truth, self._item_ids = truth, list(item_ids)
        self._items = truth.item_rows(self._item_ids)
        self._asked = np.full(len(truth.item_ids), -1)
        self._asked[self._items] = np.arange(len(self._items))

    @classmethod
    def open(cls, folder: Path, item_ids: Sequence[str]) -> "ClickJudge":
        """Of a demo folder; raises DataError where there is no hidden truth."""
        return cls(load_truth(folder), item_ids)

    def utilities(self, user_ids: Sequence[str], contexts: Sequence[Context]) -> Floats:
        """True utility of every product for every page, float32 of shape (n_pages, n_items)."""
        found = np.empty((len(user_ids), len(self._item_ids)), np.float32)
        for page, (user_id, context) in enumerate(zip(user_ids, contexts, strict=True)):
            found[page] = self._truth.utility(user_id, self._item_ids, context)
        return found

    def rates(self, utilities: Floats, position: Ints | int) -> Floats:
        """As `true_rates`."""
        return true_rates(utilities, position)

    def odds_by_place(self, n: int) -> NDArray[np.float64]:
        """What each place does to the odds of a click, of those in the first place: float64 of shape (n,)."""
        odds: NDArray[np.float64] = np.exp(np.array(POSITION_EFFECTS)[np.minimum(np.arange(n), N_POSITIONS - 1)])
        return odds

    def on_sale(self, item_rows: Ints, time_s: Ints) -> NDArray[np.bool_]:
        """Whether products could be bought at a moment; both broadcast."""
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
        """New products by the shop's own logging policy on the same pages, and new clicks by their true chances.

        Parameters
        ----------
        user_ids, time_s, policy, position : of every impression
        page : row of `utilities` of every impression
        """
        truth, n = self._truth, len(time_s)
        user = truth.user_rows(list(user_ids))
        codes = np.array([POLICIES.index(name) for name in policy])
        items, propensity, months = np.empty(n, np.int64), np.empty(n), month_of(time_s)
        for month in np.unique(months).tolist():
            here = months == month
            shelf = Shelf.of_month(truth.items, month)
            leanings = shelf.leanings(truth.shoppers, user[here], time_s[here])
            places = shelf.draw(leanings, codes[here], rng)
            items[here] = shelf.rows[places]
            propensity[here] = shelf.propensity(leanings, places, codes[here])
        rows = self._asked[items]
        clicks = rng.random(n) < self.rates(utilities[page, rows], position)
        return Redrawn(rows, propensity, clicks.astype(np.int8))
