"""Shoppers rewound to an earlier moment (given-n), or products to the day they came, with the next choice held out.

Done for one part of the shoppers (or of the products) after the other, while everything else is known
(cross-validation). "Given 2" protocols go back to Breese, Heckerman & Kadie (1998), Empirical Analysis of Predictive
Algorithms for Collaborative Filtering.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import NEVER, Dataset
from recsys.data.splitting import MIN_POSITIVES, HeldOut, Role, Round, held_out_of, hidden
from recsys.errors import DataError
from recsys.evaluation.protocols.hold_out import circumstances

N_FOLDS = 5
"""Parts of the shoppers (or of the products); four fifths are always known whole."""

N_KNOWN = 2
"""Products by which a test shopper is known as a newcomer; validation shoppers by one fewer."""

EVENING_MOBILE: Mapping[str, str] = {"daypart": "evening", "device": "mobile"}

_OCCASIONS = {"daypart": "in the {}", "weekday": "on a {}", "season": "in {}", "device": "on {}", "region": "in {}"}


@dataclass(frozen=True, eq=False)
class Rewind:
    """Held-out choices at a moment of each shopper's own, after which nothing of theirs is known.

    Parameters
    ----------
    data : everything
    history : each shopper's positives, one row a product: user_row, item_row, time_s, position (from 0, oldest first)
    validation, test : what is held out; validation is always earlier in a shopper's history
    fold_of : int64, part of each shopper, or of each product where these are new
    protocol : what was done, in plain words, with counts
    n_skipped : shoppers with positives of whom nothing is held out
    of_products : whether the products of a part are taken for new: nothing that anybody did with them is known
    """

    data: Dataset
    history: pd.DataFrame
    validation: HeldOut
    test: HeldOut
    fold_of: NDArray[np.int64]
    protocol: str
    n_skipped: int
    of_products: bool = False

    def held_out(self, role: Role) -> HeldOut:
        """Held-out pairs of a role."""
        return self.validation if role == "validation" else self.test

    def whole(self, role: Role) -> Dataset:
        """Everything but the held-out pairs; for validation, without those of the test as well."""
        pairs = (self.test,) if role == "test" else (self.test, self.validation)
        return hidden(self.data, self.data, *pairs)

    def n_asked(self, role: Role) -> int:
        """How many shoppers are asked in all rounds: each is in one."""
        return len(self.held_out(role).users())

    def rounds(self, role: Role) -> Iterator[Round]:
        """Yield one round a part, whose shoppers (or products) are rewound."""
        pairs, known = self.held_out(role), self.data
        if role == "validation":
            known = hidden(known, self.data, self.test)
        part_of = self.fold_of[pairs.item_rows if self.of_products else pairs.user_rows]
        for fold in range(N_FOLDS):
            part = pairs.only(part_of == fold)
            if not len(part):
                continue
            train, new_rows = self._rewound(known, part), None
            if self.of_products:
                new_rows = np.flatnonzero(self.fold_of == fold)
                train = train.without_items(new_rows)
            yield Round(train, part, new_rows)

    def _rewound(self, known: Dataset, part: HeldOut) -> Dataset:
        moments = np.full(self.data.n_users, NEVER)
        moments[part.user_rows] = part.moments_s
        first_hidden = np.zeros(self.data.n_users, np.int64)
        pairs = self.history.merge(
            pd.DataFrame({"user_row": part.user_rows, "item_row": part.item_rows}), on=["user_row", "item_row"]
        )
        first_hidden[pairs["user_row"]] = pairs["position"]
        before = self.history[self.history["position"].to_numpy() < first_hidden[self.history["user_row"]]]
        # Times that are whole days are often equal, and then only the position in the history says what came before.
        rewound = known.rewound(moments, before["user_row"].to_numpy(), before["item_row"].to_numpy())
        return hidden(rewound, self.data, part)


def newcomer_rewind(data: Dataset, seed: int = 0) -> Rewind:
    """Hold out every shopper's third product; raises DataError where no shopper has enough positives."""
    history = _history_of(data, seed)
    tested = history[_sizes(history) >= MIN_POSITIVES]
    too_few = f"no shopper has {MIN_POSITIVES} positives, so none can be put back to when there were {N_KNOWN}"
    _require(not tested.empty, data, too_few)
    validation, test = (tested[tested["position"] == position] for position in (N_KNOWN - 1, N_KNOWN))
    done = (
        f"every shopper as they were when only {N_KNOWN} products of theirs were known: the next one is the test; for "
        "validation, as they were with one product fewer"
    )
    return _of_shoppers(data, history, validation, test, seed, done)


def occasion_rewind(data: Dataset, occasion: Mapping[str, str], seed: int = 0) -> Rewind:
    """Hold out every shopper's last choice on some occasion, such as in the evening on a phone.

    Validation is the choice before it on the same occasion. At least one product is known each time.

    `occasion`: circumstances by dimension of `CONTEXT_DIMENSIONS`.

    Raises DataError: the data does not know these circumstances, or nobody chose anything in them.
    """
    in_words = " ".join(_OCCASIONS[name].format(value) for name, value in occasion.items())
    no_hours = f"nothing is known of choices {in_words}: all times are whole days"
    _require("daypart" not in occasion or data.has_time_of_day, data, no_hours, "bring times with hours and minutes")
    history = _history_of(data, seed)
    contexts = circumstances(data, history)
    fits = np.array([all(getattr(each, name) == value for name, value in occasion.items()) for each in contexts], bool)
    there = history[fits & (history["position"].to_numpy() > 0)]
    last_first = there.iloc[::-1].groupby("user_row").cumcount().reindex(there.index).to_numpy()
    validation, test = there[last_first == 1], there[last_first == 0]
    too_few = f"no shopper chose anything {in_words} twice"
    _require(not validation.empty, data, too_few, "use more data, or another occasion")
    done = (
        f"every shopper as they were before the last product that they chose {in_words}, which is the test; for "
        "validation, before the last but one chosen so; at least one product of theirs is known each time"
    )
    return _of_shoppers(data, history, validation, test, seed, done)


def new_product_rewind(data: Dataset, seed: int = 0) -> Rewind:
    """Hold out every shopper's last product as if it were new to the shop; validation is the product before it.

    What is known of a new product is what the shop itself says: title, description, attributes.

    Raises DataError: no shopper has enough positives, or there are too few products to take turns.
    """
    history = _history_of(data, seed)
    sizes = _sizes(history)
    among = f"{MIN_POSITIVES} positives among at least {N_FOLDS} products"
    too_few = f"no shopper has {among}, so none can be asked about new ones"
    _require(bool((sizes >= MIN_POSITIVES).any()) and data.n_items >= N_FOLDS, data, too_few)
    from_the_end = np.where(sizes >= MIN_POSITIVES, sizes - 1 - history["position"].to_numpy(), -1)
    validation, test = (held_out_of(data, history[from_the_end == position]) for position in (1, 0))
    n_skipped = history["user_row"].nunique() - len(test)
    protocol = (
        f"every product as if it were new: in {N_FOLDS} parts of the products (drawn at random, seed {seed}), all "
        "interactions, events and reviews of a part's products are taken away, and shoppers whose last positive is one "
        "of them are asked which it was; for validation, those whose last but one is (equal times in random order): "
        f"{len(test):,} shoppers tested, {len(validation):,} for validation, {n_skipped:,} with fewer than "
        f"{MIN_POSITIVES} positives learned from only. Of the shoppers asked, models know what came before, of all "
        f"others everything, but nothing of the part's products; {data.n_items:,} products, {len(history):,} positives"
    )
    parts = np.random.default_rng(seed).permutation(data.n_items) % N_FOLDS
    return Rewind(data.knowing_copies(), history, validation, test, parts, protocol, n_skipped, of_products=True)


REWINDS: Mapping[str, Callable[[Dataset, int], Rewind]] = {
    "newcomers": newcomer_rewind,
    "evening_mobile": lambda data, seed: occasion_rewind(data, EVENING_MOBILE, seed),
    "new_products": new_product_rewind,
}
"""Each rewind by name."""


def _require(is_met: bool, data: Dataset, problem: str, remedy: str = "use more data") -> None:
    if not is_met:
        raise DataError(problem, file=data.name, remedy=remedy)


def _of_shoppers(
    data: Dataset, history: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame, seed: int, done: str
) -> Rewind:
    n_tested = test["user_row"].nunique()
    n_skipped = history["user_row"].nunique() - n_tested
    protocol = (
        f"{done} (equal times in random order, seed {seed}): {len(test):,} shoppers tested, {len(validation):,} for "
        f"validation, {n_skipped:,} had no such moment. Done in {N_FOLDS} parts of the shoppers, each asked about by "
        f"models that know of its shoppers only what came before, and of all others everything; {data.n_items:,} "
        f"products, {len(history):,} positives"
    )
    folds = np.random.default_rng(seed).integers(0, N_FOLDS, data.n_users)
    pairs = held_out_of(data, validation), held_out_of(data, test)
    return Rewind(data.knowing_copies(), history, *pairs, folds, protocol, n_skipped)


def _history_of(data: Dataset, seed: int) -> pd.DataFrame:
    """Positives, each shopper's oldest first; equal times in random order, as in `last_split`."""
    positives = data.positives()
    lots = np.random.default_rng(seed).random(len(positives))
    order = np.lexsort((lots, positives["time_s"].to_numpy(), positives["user_row"].to_numpy()))
    history = positives.iloc[order].reset_index(drop=True)
    return history.assign(position=history.groupby("user_row").cumcount())


def _sizes(history: pd.DataFrame) -> NDArray[np.int64]:
    """How many positives the shopper of each row has."""
    return np.asarray(history.groupby("user_row")["position"].transform("size"), np.int64)
