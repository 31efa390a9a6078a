"""What all replays share: a moment of every shopper's own, and models that know nothing of theirs after it.

All cannot be taken back at once, or little would be left to learn from, so it is done for one part after the other,
while everything else is known (cross-validation).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import NEVER, Dataset
from recsys.data.splitting import HeldOut, Role, Round, hidden

N_FOLDS = 5
"""Parts of the shoppers (or of the products); four fifths are always known whole."""


@dataclass(frozen=True, eq=False)
class Rewind:
    """What every shopper chose at a moment of their own, asked about as if nothing of theirs were known after it.

    Parameters
    ----------
    data : everything
    history : each shopper's positives, one row a product: user_row, item_row, time_s, place (from 0, oldest first)
    validation, test : what is asked about; validation is always earlier in a shopper's history
    fold_of : int64 of shape (n_users,), part of each shopper
    protocol : what was done, in plain words, with counts
    n_skipped : shoppers with positives who are not asked about
    """

    data: Dataset
    history: pd.DataFrame
    validation: HeldOut
    test: HeldOut
    fold_of: NDArray[np.int64]
    protocol: str
    n_skipped: int

    def held_out(self, role: Role) -> HeldOut:
        """What is asked about."""
        return self.validation if role == "validation" else self.test

    def whole(self, role: Role) -> Dataset:
        """Everything but what is asked about; for validation, without what is asked in the test as well."""
        asked = (self.test,) if role == "test" else (self.test, self.validation)
        return hidden(self.data, self.data, *asked)

    def rounds(self, role: Role) -> Iterator[Round]:
        """One set of models a part: its shoppers are put back, and asked about."""
        asked = self.held_out(role)
        known = self.data
        if role == "validation":
            known = hidden(known, self.data, self.test)
        for fold in range(N_FOLDS):
            part = self._part(asked, fold)
            if len(part):
                yield self._round(known, part, fold)

    def _part(self, asked: HeldOut, fold: int) -> HeldOut:
        return asked.only(self.fold_of[asked.user_rows] == fold)

    def _round(self, known: Dataset, part: HeldOut, fold: int) -> Round:
        return Round(self._put_back(known, part), part)

    def _put_back(self, known: Dataset, part: HeldOut) -> Dataset:
        moments = np.full(self.data.n_users, NEVER)
        moments[part.user_rows] = part.moments_s
        places = np.zeros(self.data.n_users, np.int64)
        pairs = self.history.merge(
            pd.DataFrame({"user_row": part.user_rows, "item_row": part.item_rows}), on=["user_row", "item_row"]
        )
        places[pairs["user_row"]] = pairs["place"]
        before = self.history[self.history["place"].to_numpy() < places[self.history["user_row"]]]
        # Times that are whole days are often equal, and then only the place in the history says what came before.
        rewound = known.rewound(moments, before["user_row"].to_numpy(), before["item_row"].to_numpy())
        return hidden(rewound, self.data, part)


def history_of(data: Dataset, seed: int) -> pd.DataFrame:
    """Positives in the order of each shopper's life; equal times in random order, as `last_split` has them."""
    positives = data.positives()
    lots = np.random.default_rng(seed).random(len(positives))
    order = np.lexsort((lots, positives["time_s"].to_numpy(), positives["user_row"].to_numpy()))
    history = positives.iloc[order].reset_index(drop=True)
    return history.assign(place=history.groupby("user_row").cumcount())


def held_out_of(data: Dataset, pairs: pd.DataFrame) -> HeldOut:
    """Rows of a history as what is asked about."""
    users, items, moments = (pairs[name].to_numpy(copy=True) for name in ("user_row", "item_row", "time_s"))
    return HeldOut(users, items, moments, shape=(data.n_users, data.n_items))
