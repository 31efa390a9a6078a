"""Item-to-item models: score(u, i) = sum over the products j that u likes of weight(u, j) * link(j, i).

So a score splits exactly over the shopper's history. ItemKNN and EASE learn the links; `LinkSettings` are common to
both. A new shopper, or one who liked nothing, gets 0 for every product.

References
----------
Sarwar et al. (2001), WWW; shrinkage as in Bell & Koren (2007), ICDM. Steck (2019), Embarrassingly shallow autoencoders
for sparse data, WWW. Jeunen, van Balen & Goethals (2020), Closed-form models for collaborative filtering with side
information, RecSys.
"""

from abc import abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Self

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import spotrf, spotri
from scipy.sparse import csr_array, diags_array, hstack, vstack

from recsys.data.dataset import Dataset
from recsys.parallel import cores_for, read_only
from recsys.progress import Progress
from recsys.scorers.base import NO_ROW, Fitting, FloatArray, IntArray, Requests, ScorePart, Scorer, ScorerState
from recsys.scorers.features import csr_arrays, csr_from, item_features, likes_matrix, recency_of_likes, row_normalised

ITEMS_AT_ONCE = 512
"""Products whose links are held at a time, which bounds memory."""


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What is common to item-to-item models.

    `half_life_days`: a product liked so long before the shopper's last one counts half; None counts all the same.
    """

    half_life_days: float | None = None

    def __post_init__(self) -> None:
        if self.half_life_days is not None and not self.half_life_days > 0:
            raise ValueError(f"half_life_days={self.half_life_days} is not a length of time; give a number above 0")


@dataclass(frozen=True, slots=True)
class ItemKNNSettings(LinkSettings):
    """Settings of ItemKNN.

    The defaults stand where recall on the validation items of the Steam set levels off: most products there have a
    handful of likes, and without much shrinkage chance pairs win (recall@10 0.14 against 0.21).

    Parameters
    ----------
    n_neighbours : how many of the nearest products each product keeps
    shrinkage : pulls links that rest on few shoppers towards 0; at least 0
    """

    n_neighbours: int = 200
    shrinkage: float = 100.0

    def __post_init__(self) -> None:
        LinkSettings.__post_init__(self)
        if self.n_neighbours < 1 or self.shrinkage < 0:
            raise ValueError(
                f"n_neighbours={self.n_neighbours}, shrinkage={self.shrinkage} are not usable; give at least 1 and at "
                "least 0"
            )


@dataclass(frozen=True, slots=True)
class EASESettings(LinkSettings):
    """Settings of EASE.

    Parameters
    ----------
    regularisation : added to the diagonal, above 0; 500 is best on the validation items of the Steam set, and 100 to
        2,000 are hardly worse there or on four other shops
    attribute_weight : that two products share all their attributes counts as much as that so many shoppers like both;
        at 0 a product that nobody likes has no links
    max_items : most products that take part, the most liked ones; fitting takes time cubed and memory squared in them
    n_links : how many links, the largest in size, each product keeps; 500 do as well as all of them
    """

    regularisation: float = 500.0
    attribute_weight: float = 0.0
    max_items: int = 12_000
    n_links: int = 500

    def __post_init__(self) -> None:
        LinkSettings.__post_init__(self)
        if not self.regularisation > 0 or self.attribute_weight < 0 or min(self.max_items, self.n_links) < 1:
            raise ValueError(
                f"regularisation={self.regularisation}, attribute_weight={self.attribute_weight}, max_items="
                f"{self.max_items}, n_links={self.n_links} are not usable; give above 0, at least 0, and at least 1"
            )


class ItemLinksScorer(Scorer):
    """Base of the item-to-item models; subclasses learn the links."""

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        data = fitting.data
        self.likes = _likes(data, self.settings.half_life_days)
        self.links = self._learn(data, progress)
        self.links.sort_indices()

    def with_likes(self, data: Dataset, half_life_days: float | None) -> Self:
        """The same links with likes, of the data that was fitted, that fade otherwise."""
        self._require_fitted()
        other = copy(self)
        other.settings = replace(self.settings, half_life_days=half_life_days)
        other.likes = _likes(data, half_life_days)
        return other

    def _score(self, requests: Requests) -> FloatArray:
        asked = np.flatnonzero(requests.user_rows != NO_ROW)
        scores = np.zeros((len(requests), self.links.shape[1]), np.float32)
        histories = self.likes[requests.user_rows[asked]]
        for row, request in enumerate(asked.tolist()):
            if ablated := requests.exclusions[request].items:
                own = slice(histories.indptr[row], histories.indptr[row + 1])
                histories.data[own] *= ~np.isin(histories.indices[own], ablated)
        starts, liked, weights = read_only(histories.indptr, histories.indices, histories.data)
        link_starts, linked, links = read_only(self.links.indptr, self.links.indices, self.links.data)
        with cores_for(scores.size):
            _add_links(asked, starts, liked, weights, link_starts, linked, links, scores)
        return scores

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        user_row = requests.user_rows[request]
        if user_row == NO_ROW:
            return []
        own = slice(self.likes.indptr[user_row], self.likes.indptr[user_row + 1])
        liked, weights = self.likes.indices[own], self.likes.data[own]
        kept = ~np.isin(liked, requests.exclusions[request].items)
        liked, weights = liked[kept], weights[kept]
        values = weights * self.links[liked].tocsc()[:, [item_row]].toarray()[:, 0]
        return [
            ScorePart(f"product:{row}", float(value), {"kind": "history", "feature": f"product:{row}"})
            for row, value in zip(liked, values, strict=True)
            if value != 0
        ]

    def _state(self) -> ScorerState:
        state = super()._state()
        sparse = {**csr_arrays("likes", self.likes), **csr_arrays("links", self.links)}
        return ScorerState({**state.arrays, **sparse}, {**state.meta, "shape": list(self.likes.shape)})

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        n_users, n_items = state.meta["shape"]
        self.likes = csr_from(state.arrays, "likes", (n_users, n_items))
        self.links = csr_from(state.arrays, "links", (n_items, n_items))

    @abstractmethod
    def _learn(self, data: Dataset, progress: Progress) -> csr_array:
        """Learn link(j, i), float32 csr of shape (n_items, n_items)."""


class ItemKNNScorer(ItemLinksScorer):
    """ItemKNN: link(j, i) = common(j, i) / (sqrt(likes(j) likes(i)) + shrinkage), for the neighbours of i only."""

    name, label, SETTINGS = "item_knn", "ItemKNN", ItemKNNSettings

    def _learn(self, data: Dataset, progress: Progress) -> csr_array:
        likes = _likes(data, None)
        lengths = np.sqrt(np.asarray(likes.sum(0), np.float64))
        by_item = likes.T.tocsr()
        blocks = []
        for start in range(0, data.n_items, ITEMS_AT_ONCE):
            progress("linking products", start, data.n_items)
            common = (by_item[start : start + ITEMS_AT_ONCE] @ likes).tocoo()
            rows, columns = common.coords
            cosines = common.data / (lengths[rows + start] * lengths[columns] + self.settings.shrinkage)
            cosines[rows + start == columns] = 0
            kept = _largest(rows, cosines, self.settings.n_neighbours)
            blocks.append(
                csr_array((cosines[kept].astype(np.float32), (rows[kept], columns[kept])), shape=common.shape)
            )
        progress("linking products", data.n_items, data.n_items)
        # Row i of the blocks holds the neighbours of i; scoring goes from a liked product to what it links to.
        return vstack(blocks, format="csr").T.tocsr()


class EASEScorer(ItemLinksScorer):
    """EASE: link(j, i) = -P_ji / P_ii with P the inverse of (co-occurrences + attributes + regularisation).

    No product links to itself. Products beyond `max_items` get the score 0 and link to nothing.
    """

    name, label, SETTINGS = "ease", "EASE", EASESettings
    ARRAYS = ("items",)

    def _learn(self, data: Dataset, progress: Progress) -> csr_array:
        settings, likes = self.settings, _likes(data, None)
        n_likes = np.asarray(likes.sum(0), np.int64)
        popular = np.argsort(-n_likes, kind="stable")[: settings.max_items]
        self.items: IntArray = np.sort(popular[(n_likes[popular] > 0) | (settings.attribute_weight > 0)])
        self.items = self.items.astype(np.int32)
        progress("fitting EASE", 0, 2)
        rows = [csr_array(likes[:, self.items].T)]  # of which the gram matrix is the product with itself
        if settings.attribute_weight:
            rows.append(_attributes(data)[self.items] * np.float32(np.sqrt(settings.attribute_weight)))
        gram = _gram(csr_array(hstack(rows, format="csr")))
        gram[np.diag_indices_from(gram)] += np.float32(settings.regularisation)
        inverse = _inverse(gram)
        progress("fitting EASE", 1, 2)
        of_which, from_which, values = _strongest(inverse.T, settings.n_links)  # the same matrix, row by row
        values /= -inverse.diagonal()[of_which]
        links = csr_array((values, (self.items[from_which], self.items[of_which])), shape=(data.n_items,) * 2)
        progress("fitting EASE", 2, 2)
        return links


@numba.njit(parallel=True, nogil=True, cache=True)
def _add_links(requests, starts, liked, weights, link_starts, linked, links, scores):  # type: ignore[no-untyped-def]
    """Add the links of what each shopper likes to their row of scores, dense at once: a sparse product is slower."""
    for user in numba.prange(len(requests)):
        own = scores[requests[user]]
        for at in range(starts[user], starts[user + 1]):
            for link in range(link_starts[liked[at]], link_starts[liked[at] + 1]):
                own[linked[link]] += weights[at] * links[link]


def _likes(data: Dataset, half_life_days: float | None) -> csr_array:
    """What every shopper likes, weighed by how long before their last like: float32 csr of shape (n_users, n_items)."""
    likes = data.positives()
    weights = np.ones(len(likes)) if half_life_days is None else recency_of_likes(data, half_life_days)
    history = likes_matrix(data, weights)
    history.sort_indices()
    return history


def _attributes(data: Dataset) -> csr_array:
    """Attributes of products, rare ones more, float32 csr of shape (n_items, n_features) with rows of length 1.

    What all products have counts nothing; a product with no other attribute has zeros.
    """
    _, features = item_features(data.items)
    n_items = np.asarray(features.sum(axis=0)).ravel()
    rarity = np.log(data.n_items / np.maximum(n_items, 1)).astype(np.float32)
    return row_normalised(csr_array(features @ diags_array(rarity)))


def _gram(rows: csr_array) -> FloatArray:
    """Dense products of all rows with one another, block by block: whole, the sparse one takes more memory."""
    gram, columns = np.empty((rows.shape[0],) * 2, np.float32), rows.T.tocsr()
    for start in range(0, len(gram), ITEMS_AT_ONCE):
        gram[start : start + ITEMS_AT_ONCE] = (rows[start : start + ITEMS_AT_ONCE] @ columns).toarray()
    return gram


def _inverse(positive: FloatArray) -> FloatArray:
    """The inverse of a symmetric positive definite matrix, which is overwritten where that is possible."""
    if not len(positive):
        return positive
    # The transpose is the same matrix, in the order of memory that LAPACK works on in place.
    factor, failed = spotrf(positive.T, lower=1, overwrite_a=1)
    if not failed:
        inverse, failed = spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise np.linalg.LinAlgError("the co-occurrences cannot be inverted")
    for start in range(0, len(inverse), ITEMS_AT_ONCE):  # block by block: a whole copy would double the memory
        stop = start + ITEMS_AT_ONCE
        inverse[start:stop, stop:] = inverse[stop:, start:stop].T
        block = inverse[start:stop, start:stop]
        block[...] = np.tril(block) + np.tril(block, -1).T
    return np.asarray(inverse)


def _strongest(matrix: FloatArray, n: int) -> tuple[NDArray[np.intp], NDArray[np.intp], FloatArray]:
    """The n entries of each row that are largest in size, the diagonal left out: rows, columns, values."""
    found = []
    for start in range(0, len(matrix), ITEMS_AT_ONCE):
        block = np.abs(matrix[start : start + ITEMS_AT_ONCE])
        np.fill_diagonal(block[:, start:], 0)
        least = np.partition(block, -n, axis=1)[:, -n, None] if n < len(matrix) else np.float32(0)
        rows, columns = np.nonzero((block >= least) & (block > 0))
        found.append((rows + start, columns, matrix[rows + start, columns]))
    if not found:
        return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32)
    rows, columns, values = (np.concatenate(each) for each in zip(*found, strict=True))
    return rows, columns, values


def _largest(rows: IntArray, values: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Positions of the n largest positive values of each row; equal values in the order given."""
    order = np.lexsort((-values, rows))
    order = order[values[order] > 0]
    sorted_rows = rows[order]
    first = np.searchsorted(sorted_rows, sorted_rows, side="left")
    return np.asarray(order[np.arange(len(order)) - first < n])
