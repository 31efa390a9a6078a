"""Shoppers put back to an earlier moment, to be asked about situations that last choices seldom show.

Few shoppers are new when they are last seen, and few are last seen on a phone in the evening. So a replay takes each of
them back to a moment of that kind: models learn what the shopper had done by then, and are asked what was chosen next.
All cannot be taken back at once, or little would be left to learn from, so it is done for one part of the shoppers
after the other, while everybody else's whole history is known (cross-validation over shoppers).

"Given 2" protocols, which know two products of each test shopper, go back to Breese, Heckerman & Kadie (1998),
Empirical Analysis of Predictive Algorithms for Collaborative Filtering.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.splitting import MIN_POSITIVES
from recsys.errors import DataError
from recsys.evaluation.protocols.new_products import new_product_rewind
from recsys.evaluation.protocols.requests import circumstances
from recsys.evaluation.protocols.rewind import N_FOLDS, Rewind, held_out_of, history_of
from recsys.settings import CONTEXT_DIMENSIONS

N_KNOWN = 2
"""Products by which a test shopper is known where newcomers are replayed; validation shoppers by one fewer."""

EVENING_MOBILE: Mapping[str, str] = {"daypart": "evening", "device": "mobile"}


def newcomer_rewind(data: Dataset, seed: int = 0) -> Rewind:
    """Every shopper as they were with two products: which was the third?

    Raises
    ------
    DataError : no shopper has enough positives
    """
    history = history_of(data, seed)
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


def occasion_rewind(data: Dataset, occasion: Mapping[str, str], seed: int = 0) -> Rewind:
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
    history = history_of(data, seed)
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


REWINDS: Mapping[str, Callable[[Dataset, int], Rewind]] = {
    "newcomers": newcomer_rewind,
    "evening_mobile": lambda data, seed: occasion_rewind(data, EVENING_MOBILE, seed),
    "new_products": new_product_rewind,
}
"""Each replay by name."""


def _replay(
    data: Dataset, history: pd.DataFrame, asked: tuple[pd.DataFrame, pd.DataFrame], seed: int, done: str
) -> Rewind:
    validation, test = (held_out_of(data, each) for each in asked)
    n_skipped = history["user_row"].nunique() - len(test.users())
    protocol = (
        f"{done} (equal times in random order, seed {seed}): {len(test):,} shoppers tested, {len(validation):,} for "
        f"validation, {n_skipped:,} had no such moment. Done in {N_FOLDS} parts of the shoppers, each asked about by "
        f"models that know of its shoppers only what came before, and of all others everything; {data.n_items:,} "
        f"products, {len(history):,} positives"
    )
    folds = np.random.default_rng(seed).integers(0, N_FOLDS, data.n_users)
    return Rewind(data.knowing_copies(), history, validation, test, folds, protocol, n_skipped)


def _said(occasion: Mapping[str, str]) -> str:
    return " ".join(_IN_WORDS[name].format(value) for name, value in occasion.items())


_IN_WORDS = {"daypart": "in the {}", "weekday": "on a {}", "season": "in {}", "device": "on {}", "region": "in {}"}
assert set(_IN_WORDS) == set(CONTEXT_DIMENSIONS)
