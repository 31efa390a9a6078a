"""Training pairs of shopper and product, each left out of what scores it, so that a learner cannot recognise it.

For the semantic component, the product is taken out of its shopper's history and the shopper's words out of the
product's profile; the other components are fitted again without it, a fifth of all pairs at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut
from recsys.errors import DataError
from recsys.evaluation.protocols.hold_out import CHUNK_USERS, circumstances, not_had
from recsys.progress import Progress, silent
from recsys.ranking.batch import standardised
from recsys.scorers import AS_THEY_ARE, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, IntArray, Requests
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, POSITIVE_RATING

SEMANTIC = COMPONENTS.index("semantic")

N_PARTS = 5
"""The other components are fitted so many times, each time without one part of the pairs."""

MAX_FLOATS = 250_000_000
"""Scores of the other components that are held at once (1 GB); beyond that the latest pairs are learned from."""


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Pairs to learn from or to validate on.

    Parameters
    ----------
    items : float32 of shape (n_items, n_dims), sums of every product's phrase vectors before a head maps them
    metric : float32 of shape (n_dims, n_dims), by which profiles are held against each other, under any head
    shares : of shape (n_pairs, n_items), float32, what each liked product counts in the shopper's profile
    own : float32 of shape (n_pairs, n_dims), sum of what the shopper wrote
    asked : int32 of shape (n_pairs,), the product of each pair
    said : float32 of shape (n_pairs, n_dims), what is taken off the product's sum: the shopper's own words about it
    scores : float32 of shape (n_pairs, n_components, n_items), standardised; the semantic row is not read
    hidden : bool of shape (n_pairs, n_items), what the shopper has, other than the product asked about
    liked : bool of shape (n_pairs,), whether the pair is a positive
    ratings : float32 of shape (n_pairs,), stars, NaN where none were given
    """

    items: FloatArray
    metric: FloatArray
    shares: sparse.csr_array
    own: FloatArray
    asked: IntArray
    said: FloatArray
    scores: FloatArray
    hidden: sparse.csr_array
    liked: NDArray[np.bool_]
    ratings: FloatArray

    def __len__(self) -> int:
        return len(self.asked)


def training_pairs(
    train: Dataset,
    semantic: SemanticScorer,
    seed: int = 0,
    progress: Progress = silent,
    settings: Mapping[str, Any] = AS_THEY_ARE,
) -> Pairs:
    """Every positive and every rated pair of the training data, each left out in its turn.

    A pair whose shopper liked nothing else is passed over, since the profile without it is empty. `semantic` is fitted
    on the same data, without a head; `settings` are of the other components, as `fit_scorers` takes them.

    Raises DataError: no shopper likes two products.
    """
    if semantic.space.head is not None:
        raise ValueError("a head is learned on top of the semantic component without one")
    acts = _acts(train)
    if not acts["liked"].any():
        raise DataError(
            "no shopper likes two products, so none can be left out to learn from",
            file=train.name,
            remedy="bring more data",
        )
    acts = acts.tail(max(1, MAX_FLOATS // (len(COMPONENTS) * train.n_items)))
    users, asked = (acts[name].to_numpy(np.int32) for name in ("user_row", "item_row"))
    parts = []
    for place, (user, item) in enumerate(zip(users.tolist(), asked.tolist(), strict=True)):
        if place % 500 == 0:
            progress("leaving pairs out", place, len(acts))
        parts.append(semantic.without_pair(user, item))
    starts = np.cumsum([0, *(len(each.liked) for each in parts)])
    shares = sparse.csr_array(
        (np.concatenate([each.shares for each in parts]), np.concatenate([each.liked for each in parts]), starts),
        shape=(len(acts), train.n_items),
    )
    return Pairs(
        semantic.item_sums(),
        semantic.metric,
        shares,
        np.stack([each.own for each in parts]),
        asked,
        np.stack([each.said for each in parts]),
        _scores_without(train, acts, seed, progress, settings),
        _hidden(train, users, asked),
        acts["liked"].to_numpy(),
        acts["rating"].to_numpy(np.float32),
    )


def can_be_left_out(train: Dataset) -> bool:
    """Whether some shopper likes two products, so that one can be left out to learn from."""
    return bool(_acts(train)["liked"].any())


def held_out_pairs(train: Dataset, held_out: HeldOut, semantic: SemanticScorer, scores: FloatArray) -> Pairs:
    """Held-out pairs, by models that have never seen them.

    `semantic`: without a head; `scores`: float32 of shape (n_users, n_components, n_items), standardised, of
    `held_out.users()`.
    """
    users, asked = held_out.user_rows, held_out.item_rows
    return Pairs(
        semantic.item_sums(),
        semantic.metric,
        sparse.csr_array(semantic.likes[users]),
        np.asarray(semantic.own_profiles[users]),
        asked,
        np.zeros((len(asked), semantic.space.n_dims), np.float32),
        scores[np.searchsorted(held_out.users(), users)],
        _hidden(train, users, asked),
        np.ones(len(asked), bool),
        np.full(len(asked), np.nan, np.float32),
    )


def _acts(train: Dataset) -> pd.DataFrame:
    """user_row, item_row, time_s, liked, rating of shoppers who like another product; one row a pair, by time."""
    pair = ["user_row", "item_row"]
    positives = train.positives()[[*pair, "time_s"]].assign(liked=True)
    low = train.reviews.loc[train.reviews["rating"] < POSITIVE_RATING, [*pair, "time_s"]].assign(liked=False)
    acts = pd.concat([positives, low], ignore_index=True).drop_duplicates(pair)
    latest = train.reviews.sort_values("time_s", kind="stable").drop_duplicates(pair, keep="last")
    acts = acts.merge(latest[[*pair, "rating"]], how="left", on=pair)
    n_liked = np.bincount(train.positives()["user_row"], minlength=train.n_users)
    acts = acts[n_liked[acts["user_row"]] > acts["liked"].to_numpy(int)]
    return acts.sort_values("time_s", kind="stable").reset_index(drop=True)


def _scores_without(
    train: Dataset, acts: pd.DataFrame, seed: int, progress: Progress, settings: Mapping[str, Any]
) -> FloatArray:
    """Standardised scores of all components but the semantic one, by models that were fitted without the pair."""
    contexts = circumstances(train, acts)
    users, items = (acts[name].to_numpy(np.int32) for name in ("user_row", "item_row"))
    parts = np.random.default_rng(seed).permutation(len(acts)) % N_PARTS
    classes = {name: kind for name, kind in COMPONENT_CLASSES.items() if name != "semantic"}
    scores = np.zeros((len(acts), len(COMPONENTS), train.n_items), np.float32)
    n_done, seen = 0, train.seen()
    for part in range(N_PARTS):
        places = np.flatnonzero(parts == part)
        rest = train.without_pairs(users[places], items[places])
        scorers = fit_scorers(classes, Fitting(rest, seed=seed), progress, settings)
        for start in range(0, len(places), CHUNK_USERS):
            progress("scoring pairs that are left out", n_done, len(acts))
            chunk = places[start : start + CHUNK_USERS]
            requests = Requests(users[chunk], tuple(contexts[place] for place in chunk))
            counting = not_had(seen, users[chunk])
            counting[np.arange(len(chunk)), items[chunk]] = True
            columns = np.array([COMPONENTS.index(name) for name in scorers])
            scores[chunk[:, None], columns] = standardised(list(scorers.values()), requests, counting)
            n_done += len(chunk)
    progress("scoring pairs that are left out", len(acts), len(acts))
    return scores


def _hidden(train: Dataset, users: IntArray, asked: IntArray) -> sparse.csr_array:
    hidden = train.seen()[users].tocoo()
    others = hidden.col != asked[hidden.row]
    marks = np.ones(int(others.sum()), bool)
    return sparse.csr_array((marks, (hidden.row[others], hidden.col[others])), shape=(len(users), train.n_items))
