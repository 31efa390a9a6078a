"""What is worth listening to in a phrase: the directions of meaning in which people who need not agree do agree.

Two agreements are counted on the training data, both of phrase vectors without what their whole category has in common:
what different authors say of one product, and what a shopper writes beside what others write of the other products
that this shopper likes. Anecdotes and ways of writing agree with nothing and fade; what products are judged by stays.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset
from recsys.scorers.base import FloatArray, IntArray

SHRINKAGE = 0.3
"""Share of an even spread in the covariance that phrases are whitened by."""

LEAST_AGREEMENT = 1e-3
"""Relative to the best direction; what agrees less is chance or rounding."""

MIN_REVIEWS = 200
"""Fewer reviews cannot tell agreement from chance, so every direction counts the same."""

OTHERS_PRIOR = 2.0
"""The words of n others on a product count n / (n + OTHERS_PRIOR)."""


def agreed_directions(
    vectors: FloatArray, users: IntArray, items: IntArray, data: Dataset, n_directions: int
) -> FloatArray:
    """A linear map onto the directions of agreement, float32 of shape (n_dims, n_kept).

    A direction counts by the square root of its agreement relative to that of the best one; mapped phrases have a mean
    squared length of 1. Where agreement cannot be told from chance nothing is left out.

    Parameters
    ----------
    vectors : float32 of shape (n_phrases, n_dims), centred vectors of the phrases of reviews
    users, items : int of shape (n_phrases,), who wrote each phrase and of what
    """
    n_dims = vectors.shape[1]
    exact = vectors.astype(np.float64)  # rounding would pass for agreement where there is little of it
    directions = np.eye(n_dims)
    if len(np.unique(_pair(users, items, data))) >= MIN_REVIEWS:
        directions = _directions(exact, users, items, data, n_directions)
    length = np.square(exact @ directions).sum(axis=1).mean() if len(exact) else 0
    return np.asarray(directions / np.sqrt(length) if length > 0 else directions, np.float32)


def _directions(
    exact: NDArray[np.float64], users: IntArray, items: IntArray, data: Dataset, n_directions: int
) -> NDArray[np.float64]:
    n_dims = exact.shape[1]
    spread = np.cov(exact.T, bias=True).reshape(n_dims, n_dims)
    even = max(np.trace(spread) / n_dims, 1e-12)
    sizes, axes = np.linalg.eigh((1 - SHRINKAGE) * spread + SHRINKAGE * even * np.eye(n_dims))
    whitening = (axes / np.sqrt(sizes)) @ axes.T
    agreement = np.zeros((n_dims, n_dims))
    for product in _agreements(exact, users, items, data):
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
    keys, groups, sizes = np.unique(_pair(users, items, data), return_inverse=True, return_counts=True)
    said = _sums(vectors, groups, len(keys)) / sizes[:, None]  # one mean for each author and product
    authors, products = keys // data.n_items, keys % data.n_items
    of_product = _sums(said, products, data.n_items)
    between_authors = of_product.T @ of_product - said.T @ said

    likes = data.positives()
    fans, liked = likes["user_row"].to_numpy(), likes["item_row"].to_numpy()
    wanted = _pair(fans, liked, data)
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


def _pair(users: IntArray, items: IntArray, data: Dataset) -> NDArray[np.int64]:
    return users.astype(np.int64) * data.n_items + items


def _sums(vectors: NDArray[np.float64], groups: NDArray[np.integer[Any]], n_groups: int) -> NDArray[np.float64]:
    places = (groups, np.arange(len(groups)))
    picked = sparse.csr_array((np.ones(len(groups)), places), shape=(n_groups, len(groups)))
    return np.asarray(picked @ vectors)
