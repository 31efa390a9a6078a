"""LightFM: a hybrid factor model (WARP) over identities and metadata of products and shoppers.

LightFM only fits; scores come from its matrices, which is many times faster than its own `predict`. A feature that no
positive interaction touched has a vector of zeros, so that a cold product is scored by its metadata, and a cold shopper
by the region, instead of by random initial numbers.

References
----------
Kula (2015), Metadata embeddings for user and item cold-start recommendations, arXiv 1507.08439.
"""

from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent
from recsys.scorers.base import (
    NO_ROW,
    Exclusions,
    Fitting,
    FloatArray,
    IntArray,
    Requests,
    ScorePart,
    Scorer,
    ScorerState,
)
from recsys.scorers.features import csr_arrays, csr_from, item_features, most_frequent


@dataclass(frozen=True, slots=True)
class LightFMSettings:
    """Settings of LightFM; `recsys.training.engine_choice` chooses them for a shop.

    Parameters
    ----------
    n_dims : length of every vector
    n_epochs : passes over the positive interactions
    learning_rate : of Adagrad
    metadata_share : weight of all metadata features of a product together, beside 1 for its identity
    """

    n_dims: int = 16
    n_epochs: int = 40
    learning_rate: float = 0.01
    metadata_share: float = 0.5


class LightFMScorer(Scorer):
    """Dot product of a shopper's and a product's learnt vectors, plus the product's learnt bias."""

    name, label, SETTINGS = "lightfm", "LightFM", LightFMSettings
    ARRAYS = (
        *("feature_vectors", "item_factors", "user_factors", "region_factors"),
        *("homes", "like_starts", "like_rows"),
    )
    META = ("regions",)

    def __init__(self, settings: LightFMSettings | None = None) -> None:
        super().__init__(settings)
        # The last shopper's whole vector, for leaving out products one by one; replaced whole, never changed.
        self._folded: tuple[int, FloatArray] = (NO_ROW, np.empty(0, np.float32))

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        from lightfm import LightFM

        settings = self.settings
        self._model = LightFM(
            no_components=settings.n_dims, loss="warp", learning_rate=settings.learning_rate, random_state=fitting.seed
        )
        self._train(fitting, settings.n_epochs, progress)

    def trained_on(self, fitting: Fitting, n_epochs: int) -> Self:
        """The model that this one, which was fitted here on the same data, is after more epochs: so many in all."""
        other = copy(self)
        other.settings = replace(self.settings, n_epochs=n_epochs)
        other._model = deepcopy(self._model)
        other._train(fitting, n_epochs - self.settings.n_epochs, silent)
        return other

    def _train(self, fitting: Fitting, n_epochs: int, progress: Progress) -> None:
        data, settings, model = fitting.data, self.settings, self._model
        self.item_features, self.feature_names = _item_features(data, settings.metadata_share)
        user_features, self.regions, self.homes = _user_features(data)
        pairs = data.positives()
        # Only shoppers who liked something take part: with the others the random start of everybody would depend on
        # who first came after the moment at which the data was cut.
        learners, learner_rows = np.unique(pairs["user_row"].to_numpy(), return_inverse=True)
        learnt = np.concatenate([learners, np.arange(data.n_users, user_features.shape[1])])
        matrix = sparse.coo_matrix(
            (np.ones(len(pairs), np.float32), (learner_rows.astype(np.int32), np.array(pairs["item_row"], np.int32))),
            shape=(len(learners), data.n_items),
        )
        compiled_users, compiled_items = _narrow(user_features[learners][:, learnt]), _narrow(self.item_features)
        for epoch in range(n_epochs):
            progress("fitting LightFM", epoch, n_epochs)
            # One thread: LightFM's parallel updates race, and the same seed must give the same model.
            model.fit_partial(matrix, compiled_users, compiled_items, epochs=1, num_threads=1)
        progress("fitting LightFM", n_epochs, n_epochs)

        touched_items = np.zeros(data.n_items, np.float32)
        touched_items[pairs["item_row"].unique()] = 1
        learnt_item_features = np.asarray(self.item_features.T @ touched_items) > 0
        learnt_user_features = np.asarray(user_features[learners].sum(axis=0)) > 0
        liked = pairs.sort_values(["user_row", "item_row"])
        self.like_starts: NDArray[np.int64] = np.searchsorted(liked["user_row"], np.arange(data.n_users + 1))
        self.like_rows: IntArray = liked["item_row"].to_numpy(np.int32)
        vectors = np.hstack([model.item_embeddings, model.item_biases[:, None]]).astype(np.float32)
        self.feature_vectors: FloatArray = vectors * learnt_item_features[:, None]
        user_vectors = np.zeros((user_features.shape[1], settings.n_dims), np.float32)
        user_vectors[learnt] = model.user_embeddings * learnt_user_features[learnt, None]
        self.user_factors: FloatArray = _with_bias_column(np.asarray(user_features @ user_vectors))
        self.region_factors: FloatArray = _with_bias_column(user_vectors[data.n_users :])
        self.item_factors: FloatArray = np.ascontiguousarray(self.item_features @ self.feature_vectors, np.float32)

    def _user_vectors(self, requests: Requests) -> FloatArray:
        """Shape (n_requests, n_dims + 1); the last column is 1 and picks up the product's bias."""
        vectors = self.user_factors[requests.user_rows]
        for request in range(len(requests)):
            if requests.user_rows[request] == NO_ROW or requests.exclusions[request]:
                vectors[request, :-1] = sum(self._halves(requests, request))
                vectors[request, -1] = 1
        return vectors

    def _halves(self, requests: Requests, request: int) -> tuple[FloatArray, FloatArray]:
        """The shopper's own vector and that of their region, float32 of shape (n_dims,) each; zeros where unknown."""
        row, exclusions = int(requests.user_rows[request]), requests.exclusions[request]
        region = self._region(requests, request)
        home = self._region_vector(region)
        own = np.zeros_like(home)
        if row != NO_ROW:
            own = self.user_factors[row, :-1] - home
            if exclusions.items:
                own = own - self.effect_of(row, exclusions.items)
        if region >= 0 and f"region:{self.regions[region]}" in exclusions.features:
            home = np.zeros_like(home)
        return own, home

    @property
    def features(self) -> frozenset[str]:
        """Names of the attributes ("brand:Northpeak") and regions ("region:north") that can be left out."""
        return frozenset(self.feature_names) | {f"region:{name}" for name in self.regions}

    def _region_vector(self, region: int) -> FloatArray:
        """Of shape (n_dims,); zeros for -1."""
        n_dims = self.item_factors.shape[1] - 1
        return self.region_factors[region, :-1] if region >= 0 else np.zeros(n_dims, np.float32)

    def _region(self, requests: Requests, request: int) -> int:
        """Position in `regions` of the shopper's home region, or of a new shopper's present one; -1 for none."""
        row, region = int(requests.user_rows[request]), requests.contexts[request].region
        if row != NO_ROW:
            return int(self.homes[row])
        if region not in self.regions or "region" in requests.exclusions[request].circumstances:
            return -1
        return self.regions.index(region)

    def effect_of(self, user_row: int, item_rows: Sequence[int]) -> FloatArray:
        """What some liked products did to a shopper's own vector, float32 of shape (n_dims,): see `fold_in`."""
        liked = self.like_rows[self.like_starts[user_row] : self.like_starts[user_row + 1]]
        kept = liked[~np.isin(liked, item_rows)]
        if len(kept) == len(liked):
            return np.zeros_like(self.user_factors[user_row, :-1])
        known, with_all = self._folded
        if known != user_row:
            with_all = self._fold(user_row, liked)
            self._folded = user_row, with_all
        return with_all - self._fold(user_row, kept)

    def _fold(self, user_row: int, liked: IntArray) -> FloatArray:
        from recsys.scorers.fold_in import folded_in  # compiles on first use

        offset = self._region_vector(int(self.homes[user_row]))
        factors, settings = self.item_factors, self.settings
        return folded_in(factors[:, :-1], factors[:, -1], offset, liked, settings.n_epochs, settings.learning_rate)

    def _score(self, requests: Requests) -> FloatArray:
        vectors = self._user_vectors(requests)
        scores = np.asarray(vectors @ self.item_factors.T)
        for request, exclusions in enumerate(requests.exclusions):
            excluded = self._columns(exclusions)
            if len(excluded):
                lost = self.feature_vectors[excluded] @ vectors[request]
                scores[request] -= self.item_features[:, excluded] @ lost
        return scores

    def _columns(self, exclusions: Exclusions) -> NDArray[np.int64]:
        """Columns of the product features that do not count."""
        known, n_items = exclusions.features & set(self.feature_names), len(self.item_factors)
        columns = [n_items + self.feature_names.index(name) for name in known]
        columns += [int(name[8:]) for name in exclusions.features if name.startswith("product:")]
        return np.array(sorted(columns), np.int64)

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        """One part for each feature of the product with each feature of the shopper, and with the bias, "everybody"."""
        own, home = self._halves(requests, request)
        region = self._region(requests, request)
        sides = [("everybody", self.feature_vectors[:, -1:], np.ones(1, np.float32))]
        if requests.user_rows[request] != NO_ROW:
            sides.append(("this shopper", self.feature_vectors[:, :-1], own))
        if region >= 0 and home.any():
            sides.append((f"region:{self.regions[region]}", self.feature_vectors[:, :-1], home))
        row = slice(self.item_features.indptr[item_row], self.item_features.indptr[item_row + 1])
        features, weights = self.item_features.indices[row], self.item_features.data[row]
        counting = ~np.isin(features, self._columns(requests.exclusions[request]))
        features, weights = features[counting], weights[counting]
        n_items = len(self.item_factors)
        parts = []
        for who, vectors, vector in sides:
            values = weights * (vectors[features] @ vector)
            for feature, value in zip(features.tolist(), values.tolist(), strict=True):
                itself = feature < n_items
                name = f"product:{feature}" if itself else self.feature_names[feature - n_items]
                label = f"{'this product itself' if itself else name} × {who}"
                parts.append(ScorePart(label, value, {"kind": "item feature", "feature": name, "with": who}))
        return parts

    def _state(self) -> ScorerState:
        state = super()._state()
        arrays = {**state.arrays, **csr_arrays("item_features", self.item_features)}
        return ScorerState(arrays, {**state.meta, "features": self.feature_names})

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        self.feature_names = state.meta["features"]
        shape = (len(self.item_factors), len(self.feature_vectors))
        self.item_features = csr_from(state.arrays, "item_features", shape)


def _item_features(data: Dataset, metadata_share: float) -> tuple[sparse.csr_array, tuple[str, ...]]:
    """Identity beside metadata; each product's metadata weights sum to `metadata_share`."""
    names, features = item_features(data.items)
    counts = np.maximum(np.diff(features.indptr), 1)
    metadata = sparse.diags_array((metadata_share / counts).astype(np.float32)) @ features
    matrix = sparse.csr_array(sparse.hstack([sparse.eye_array(data.n_items, dtype=np.float32), metadata], format="csr"))
    return matrix.astype(np.float32), names


def _user_features(data: Dataset) -> tuple[sparse.csr_array, tuple[str, ...], IntArray]:
    """Identity beside the region from which a shopper came most often; its names, and each shopper's, -1 for none."""
    names = most_frequent(data.interactions(), "region", data.n_users)
    regions = tuple(sorted(set(names) - {""}))
    homes = pd.Index(regions, dtype=object).get_indexer(names).astype(np.int32)
    users = np.flatnonzero(homes >= 0)
    shape = (data.n_users, len(regions))
    region = sparse.csr_array((np.ones(len(users), np.float32), (users, homes[users])), shape=shape)
    matrix = sparse.hstack([sparse.eye_array(data.n_users, dtype=np.float32), region], format="csr")
    return sparse.csr_array(matrix.astype(np.float32)), regions, homes


def _narrow(matrix: sparse.csr_array) -> sparse.csr_matrix:
    """The same matrix as LightFM's compiled loop wants it: float32 with 32-bit indices."""
    narrow = sparse.csr_matrix(matrix, dtype=np.float32)
    narrow.indices, narrow.indptr = narrow.indices.astype(np.int32), narrow.indptr.astype(np.int32)
    return narrow


def _with_bias_column(vectors: NDArray[Any]) -> FloatArray:
    return np.hstack([vectors, np.ones((len(vectors), 1))]).astype(np.float32)
