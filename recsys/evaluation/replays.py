"""Shoppers put back to an earlier moment, to be asked about situations that last choices seldom show.

Few shoppers are new when they are last seen, and few are last seen on a phone in the evening. So a replay takes each of
them back to a moment of that kind: models learn what the shopper had done by then, and are asked what was chosen next.
All cannot be taken back at once, or little would be left to learn from, so it is done for one part of the shoppers
after the other, while everybody else's whole history is known (cross-validation over shoppers).

"Given 2" protocols, which know two products of each test shopper, go back to Breese, Heckerman & Kadie (1998),
Empirical Analysis of Predictive Algorithms for Collaborative Filtering.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import NEVER, Dataset
from recsys.data.splitting import MIN_POSITIVES, HeldOut, Role, Round
from recsys.errors import DataError
from recsys.evaluation.asking import circumstances
from recsys.settings import CONTEXT_DIMENSIONS

N_FOLDS = 5
"""Parts of the shoppers; four fifths are always known whole."""

N_KNOWN = 2
"""Products by which a test shopper is known where newcomers are replayed; validation shoppers by one fewer."""

EVENING_MOBILE: Mapping[str, str] = {"daypart": "evening", "device": "mobile"}


@dataclass(frozen=True, eq=False)
class Replay:
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
        known = self.data.without_pairs(self.test.user_rows, self.test.item_rows)
        if role == "test":
            return known
        return known.without_pairs(self.validation.user_rows, self.validation.item_rows)

    def rounds(self, role: Role) -> Iterator[Round]:
        """One set of models a part: its shoppers are put back, and asked about."""
        asked = self.held_out(role)
        known = self.data
        if role == "validation":
            known = known.without_pairs(self.test.user_rows, self.test.item_rows)
        for fold in range(N_FOLDS):
            part = asked.only(self.fold_of[asked.user_rows] == fold)
            if len(part):
                yield Round(self._put_back(known, part), part)

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
        return rewound.without_pairs(part.user_rows, part.item_rows)


def newcomer_replay(data: Dataset, seed: int = 0) -> Replay:
    """Every shopper as they were with two products: which was the third?

    Raises
    ------
    DataError : no shopper has enough positives
    """
    history = _history(data, seed)
    sizes = history.groupby("user_row")["place"].transform("size").to_numpy()
    tested = history[(sizes >= MIN_POSITIVES)]
    if tested.empty:
        raise DataError(
            f"no shopper has {MIN_POSITIVES} positives, so none can be put back to when there were {N_KNOWN}",
            file=data.name,
            remedy="use more data",
        )
    test = tested[tested["place"] == N_KNOWN]
    validation = tested[tested["place"] == N_KNOWN - 1]
    return _replay(
        data,
        history,
        (validation, test),
        seed,
        f"every shopper as they were when only {N_KNOWN} products of theirs were known: the next one is the test; for "
        "validation, as they were with one product fewer",
    )


def occasion_replay(data: Dataset, occasion: Mapping[str, str], seed: int = 0) -> Replay:
    """Every shopper at the last choice that they made on some occasion, such as in the evening on a phone.

    Validation is the choice before it on the same occasion. At least one product is known each time.

    Parameters
    ----------
    occasion : circumstances by dimension of `CONTEXT_DIMENSIONS`

    Raises
    ------
    DataError : the data does not know these circumstances, or nobody chose anything in them
    """
    said = _said(occasion)
    if "daypart" in occasion and not data.has_time_of_day:
        raise DataError(
            f"nothing is known of choices {said}: all times are whole days",
            file=data.name,
            remedy="bring times with hours and minutes",
        )
    history = _history(data, seed)
    contexts = circumstances(data, history)
    fits = np.array([all(getattr(each, name) == value for name, value in occasion.items()) for each in contexts], bool)
    there = history[fits & (history["place"].to_numpy() > 0)]
    last_first = there.iloc[::-1].groupby("user_row").cumcount().reindex(there.index).to_numpy()
    test, validation = there[last_first == 0], there[last_first == 1]
    if validation.empty:
        raise DataError(
            f"no shopper chose anything {said} twice", file=data.name, remedy="use more data, or another occasion"
        )
    return _replay(
        data,
        history,
        (validation, test),
        seed,
        f"every shopper as they were before the last product that they chose {said}, which is the test; for "
        "validation, before the last but one chosen so; at least one product of theirs is known each time",
    )


REPLAYS: Mapping[str, Callable[[Dataset, int], Replay]] = {
    "newcomers": newcomer_replay,
    "evening_mobile": lambda data, seed: occasion_replay(data, EVENING_MOBILE, seed),
}
"""Each replay by name."""


def _history(data: Dataset, seed: int) -> pd.DataFrame:
    """Positives in the order of each shopper's life; equal times in random order, as `last_split` has them."""
    positives = data.positives()
    lots = np.random.default_rng(seed).random(len(positives))
    order = np.lexsort((lots, positives["time_s"].to_numpy(), positives["user_row"].to_numpy()))
    history = positives.iloc[order].reset_index(drop=True)
    return history.assign(place=history.groupby("user_row").cumcount())


def _replay(
    data: Dataset, history: pd.DataFrame, asked: tuple[pd.DataFrame, pd.DataFrame], seed: int, done: str
) -> Replay:
    validation, test = (_held_out(data, each) for each in asked)
    n_skipped = history["user_row"].nunique() - len(test.users())
    protocol = (
        f"{done} (equal times in random order, seed {seed}): {len(test):,} shoppers tested, {len(validation):,} for "
        f"validation, {n_skipped:,} had no such moment. Done in {N_FOLDS} parts of the shoppers, each asked about by "
        f"models that know of its shoppers only what came before, and of all others everything; {data.n_items:,} "
        f"products, {len(history):,} positives"
    )
    folds = np.random.default_rng(seed).integers(0, N_FOLDS, data.n_users)
    return Replay(data, history, validation, test, folds, protocol, n_skipped)


def _held_out(data: Dataset, pairs: pd.DataFrame) -> HeldOut:
    users, items, moments = (pairs[name].to_numpy(copy=True) for name in ("user_row", "item_row", "time_s"))
    return HeldOut(users, items, moments, shape=(data.n_users, data.n_items))


def _said(occasion: Mapping[str, str]) -> str:
    return " ".join(_IN_WORDS[name].format(value) for name, value in occasion.items())


_IN_WORDS = {"daypart": "in the {}", "weekday": "on a {}", "season": "in {}", "device": "on {}", "region": "in {}"}
assert set(_IN_WORDS) == set(CONTEXT_DIMENSIONS)
