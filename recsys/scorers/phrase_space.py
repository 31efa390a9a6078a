"""A supervised projection of sentence vectors of phrases.

What all phrases of a category have in common is taken off and kept as a block of its own; the rest is projected by
`supervised_directions`. Both blocks are linear in the sentence vector, and so is a learnt head
(`recsys.training.multitask`), so that a score over weighted sums of phrases splits over phrases exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.parallel import one_thread
from recsys.scorers.base import FloatArray, IntArray
from recsys.scorers.phrase_weights import SemanticSettings, unit

SHRINKAGE = 0.3
"""Share of an even spread in the covariance that phrases are whitened by."""

LEAST_AGREEMENT = 1e-3
"""Relative to the best direction; what agrees less is chance or rounding."""

MIN_REVIEWS = 200
"""Agreement of fewer reviews may be chance."""

OTHERS_PRIOR = 2.0
"""The words of n others on a product count n / (n + OTHERS_PRIOR)."""


def supervised_directions(
    vectors: FloatArray, users: IntArray, items: IntArray, data: Dataset, n_directions: int
) -> FloatArray:
    """Learn a linear map onto the directions in which people agree, float32 of shape (n_dims, n_kept).

    Agreement is the covariance between different authors on one product, and between a shopper's words and those of
    others on further products that this shopper likes; anecdotes and ways of writing have none. A direction counts by
    the square root of its agreement relative to that of the best one; mapped phrases have a mean squared length of 1.
    With fewer than MIN_REVIEWS reviews nothing is left out.

    Parameters
    ----------
    vectors : float32 of shape (n_phrases, n_dims), centred vectors of the phrases of reviews
    users, items : int of shape (n_phrases,), who wrote each phrase and of what
    """
    n_dims = vectors.shape[1]
    exact = vectors.astype(np.float64)  # rounding would pass for agreement where there is little of it
    directions = np.eye(n_dims)
    if len(np.unique(data.pair_keys(users, items))) >= MIN_REVIEWS:
        spread, agreements = np.cov(exact.T, bias=True), _agreements(exact, users, items, data)
        with one_thread():
            directions = _directions(spread.reshape(n_dims, n_dims), agreements, n_directions)
    length = np.square(exact @ directions).sum(axis=1).mean() if len(exact) else 0
    return np.asarray(directions / np.sqrt(length) if length > 0 else directions, np.float32)


def _directions(
    spread: NDArray[np.float64], agreements: Sequence[NDArray[np.float64]], n_directions: int
) -> NDArray[np.float64]:
    n_dims = len(spread)
    even = max(np.trace(spread) / n_dims, 1e-12)
    sizes, axes = np.linalg.eigh((1 - SHRINKAGE) * spread + SHRINKAGE * even * np.eye(n_dims))
    whitening = (axes / np.sqrt(sizes)) @ axes.T
    agreement = np.zeros((n_dims, n_dims))
    for product in agreements:
        whitened = whitening @ product @ whitening
        whitened = (whitened + whitened.T) / 2
        largest = np.linalg.eigvalsh(whitened)[-1]
        if largest > 0:
            agreement += whitened / largest
    sizes, axes = np.linalg.eigh(agreement)
    kept = np.argsort(-sizes)[:n_directions]
    kept = kept[sizes[kept] > LEAST_AGREEMENT * max(sizes[-1], 0)]
    if not len(kept):
        return np.eye(n_dims)
    return np.asarray(whitening @ axes[:, kept] * np.sqrt(sizes[kept] / sizes[kept[0]]))


def _agreements(
    vectors: NDArray[np.float64], users: IntArray, items: IntArray, data: Dataset
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Summed outer products: of two authors on one product, and of own words and others' on further liked products."""
    keys, groups, sizes = np.unique(data.pair_keys(users, items), return_inverse=True, return_counts=True)
    said = _sums(vectors, groups, len(keys)) / sizes[:, None]  # one mean for each author and product
    authors, products = keys // data.n_items, keys % data.n_items
    of_product = _sums(said, products, data.n_items)
    between_authors = of_product.T @ of_product - said.T @ said

    likes = data.positives()
    fans, liked = likes["user_row"].to_numpy(), likes["item_row"].to_numpy()
    wanted = data.pair_keys(fans, liked)
    own = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    wrote = keys[own] == wanted
    n_others = np.bincount(products, minlength=data.n_items)[liked] - wrote
    others = of_product[liked] - np.where(wrote[:, None], said[own], 0)
    heard = n_others > 0
    others = others[heard] / (n_others[heard, None] + OTHERS_PRIOR)
    if not len(others):
        return between_authors, np.zeros_like(between_authors)
    others -= others.mean(axis=0)
    fans, own, wrote = fans[heard], own[heard], wrote[heard]
    by_author, by_fan = _sums(said, authors, data.n_users), _sums(others, fans, data.n_users)
    return between_authors, by_author.T @ by_fan - said[own[wrote]].T @ others[wrote]


def _sums(vectors: NDArray[np.float64], groups: NDArray[np.integer[Any]], n_groups: int) -> NDArray[np.float64]:
    membership = (groups, np.arange(len(groups)))
    picked = sparse.csr_array((np.ones(len(groups)), membership), shape=(n_groups, len(groups)))
    return np.asarray(picked @ vectors)


CATEGORY_PRIOR = 20.0
"""The common part of n phrases of a category counts n / (n + CATEGORY_PRIOR)."""


@dataclass(frozen=True, slots=True, eq=False)
class PhraseSpace:
    """A learnt map from sentence vectors; a phrase's vector is [particular, in common], of n_dims in all.

    Parameters
    ----------
    mean : float32 of shape (n_encoder_dims,), of all phrases
    directions : float32 of shape (n_encoder_dims, n_directions), where people agree
    categories : int32 of shape (n_items,), category of each product
    offsets : float32 of shape (n_categories, n_directions), what a category has in common, mapped
    basis : float32 of shape (n_encoder_dims, n_basis), orthonormal, spans what the categories have in common
    category_vectors : float32 of shape (n_categories, n_basis), the second block of every phrase of a category
    category_weight : float32 of shape (1,), length of that block
    head : float32 of shape (n_dims, n_dims), by which every vector is multiplied from the right; None is the identity
    """

    mean: FloatArray
    directions: FloatArray
    categories: IntArray
    offsets: FloatArray
    basis: FloatArray
    category_vectors: FloatArray
    category_weight: FloatArray
    head: FloatArray | None = None

    @classmethod
    def learn(
        cls,
        vectors: FloatArray,
        phrases: IntArray,
        items: IntArray,
        users: IntArray,
        data: Dataset,
        settings: SemanticSettings,
    ) -> tuple[Self, FloatArray, NDArray[np.float64]]:
        """Learn the map from the phrases of some data alone.

        Parameters
        ----------
        vectors : float32 of shape (n_phrases, n_encoder_dims), of the different phrases
        phrases, items, users : of shape (n_occurrences,): row of `vectors`, product, and who wrote it (negative where
            nobody did)

        Returns
        -------
        space : the map
        mapped : float32 of shape (n_phrases, n_directions), the first block before the category is taken off
        focus : float64 of shape (n_occurrences,), share of a phrase that lies along the directions, 1 on average over
            reviews
        """
        names, categories = np.unique(data.items["category"].to_numpy(str), return_inverse=True)
        mean = np.asarray(vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1]), np.float32)
        centred, of = vectors - mean, categories[items]
        counts = sparse.csr_array((np.ones(len(of), np.float32), (of, phrases)), shape=(len(names), len(vectors)))
        n_phrases = np.bincount(of, minlength=len(names))[:, None]
        common = np.asarray((counts @ centred) / (n_phrases + CATEGORY_PRIOR), np.float32)
        particular, reviewed = centred[phrases] - common[of], users >= 0
        directions = supervised_directions(
            particular[reviewed], users[reviewed], items[reviewed], data, settings.n_directions
        )
        # The basis has no more dimensions than there are categories.
        basis = np.asarray(np.linalg.qr(common.T)[0], np.float32)
        space = cls(
            mean,
            directions,
            categories.astype(np.int32),
            np.asarray(common @ directions, np.float32),
            basis,
            np.asarray(settings.category_weight * unit(common, 1e-12) @ basis, np.float32),
            np.array([settings.category_weight], np.float32),
        )
        lengths = np.linalg.norm(particular, axis=1)
        along = np.linalg.norm(particular @ directions, axis=1)
        focus = np.divide(along, lengths, out=np.zeros_like(along), where=lengths > 1e-6).astype(np.float64)
        usual = float(focus[reviewed].mean()) if reviewed.any() else 1.0
        focus = focus / usual if usual > 0 else np.ones_like(focus)
        return space, np.asarray(centred @ directions, np.float32), focus

    @property
    def n_dims(self) -> int:
        """Length of a phrase's vector."""
        return int(self.directions.shape[1] + self.basis.shape[1])

    def with_head(self, head: FloatArray | None) -> Self:
        """The same space under another head; raises ValueError where its shape does not fit."""
        if head is not None and head.shape != (self.n_dims, self.n_dims):
            raise ValueError(f"a head of shape {head.shape} does not fit vectors of {self.n_dims} dimensions")
        return replace(self, head=None if head is None else np.asarray(head, np.float32))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """By name of the field; a head only where there is one."""
        held = {name: getattr(self, name) for name in self.__slots__}
        return {name: array for name, array in held.items() if array is not None}

    def of_products(self, mapped: FloatArray, item_rows: IntArray) -> FloatArray:
        """Vectors of phrases said of products, float32 of shape (n, n_dims), from the first block as it was learnt."""
        of = self.categories[item_rows]
        return self._headed(np.hstack([mapped - self.offsets[of], self.category_vectors[of]]))

    def of_encoded(self, encoded: FloatArray, item_row: int) -> FloatArray:
        """Vectors of phrases said of one product, float32 of shape (n, n_dims), from the encoder's."""
        rows = np.full(len(encoded), item_row, np.int32)
        return self.of_products(np.asarray((encoded - self.mean) @ self.directions, np.float32), rows)

    def of_typed(self, encoded: FloatArray) -> FloatArray:
        """Vectors of phrases said of no product, float32 of shape (n, n_dims); they may speak of any category."""
        centred = encoded - self.mean
        both = [centred @ self.directions, self.category_weight * (centred @ self.basis)]
        return self._headed(np.asarray(np.hstack(both), np.float32))

    def sums(
        self, mapped: FloatArray, weights: FloatArray, phrases: IntArray, items: IntArray, starts: NDArray[np.int64]
    ) -> FloatArray:
        """Weighted sums of the vectors of phrase occurrences, float32 of shape (n_rows, n_dims).

        Parameters
        ----------
        weights, phrases, items : of shape (n_occurrences,): weight, row of `mapped`, and product
        starts : of shape (n_rows + 1,), where the occurrences of each row start
        """
        rows = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))

        def summed(columns: NDArray[np.integer[Any]], n_columns: int) -> sparse.csr_array:
            return sparse.csr_array((weights, (rows, columns)), shape=(len(starts) - 1, n_columns), dtype=np.float32)

        by_category = summed(self.categories[items], len(self.category_vectors))
        particular = summed(phrases, len(mapped)) @ mapped - by_category @ self.offsets
        return self._headed(np.asarray(np.hstack([particular, by_category @ self.category_vectors]), np.float32))

    def _headed(self, vectors: FloatArray) -> FloatArray:
        return vectors if self.head is None else np.asarray(vectors @ self.head, np.float32)
