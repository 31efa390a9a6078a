"""The metric between profiles of phrases: a partial whitening, and what is liked together.

References
----------
Su, Cao, Liu & Ou (2021), arXiv 2103.15316, for whitened sentence vectors. Steck (2019), WWW, for item-to-item models
whose products do not link to themselves; here the links are a bilinear form of what is written.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.scorers.base import FloatArray

EVEN_SHARE = 0.03
"""Of the mean variance, added to that of every direction: those along which hardly any product differs are noise."""

MIN_SHOPPERS = 200
"""What fewer shoppers like together may be chance."""

TASTE_RIDGE = 0.1
"""Share of an even spread by which profiles of liked products are whitened; 0.001 to 0.1 do about as well."""


def profile_metric(
    profiles: FloatArray, likes: sparse.csr_array, spread_power: float, taste_weight: float
) -> FloatArray:
    """The whitening metric plus the taste metric as `taste_weight` says, float32 of shape (n_dims, n_dims), symmetric.

    At a weight of 1 both move scores of pairs of products by as much, on average.

    Parameters
    ----------
    profiles : float32 of shape (n_items, n_dims), unit length, zeros for products without a word
    likes : of shape (n_users, n_items), not 0 where a shopper likes a product
    """
    whitening = whitening_metric(profiles, spread_power)
    taste = taste_metric(profiles, likes)
    if taste_weight == 0 or not taste.any():
        return whitening
    exact = profiles.astype(np.float64)
    spread = exact.T @ exact / max(len(exact), 1)
    ratio = _size(whitening.astype(np.float64), spread) / _size(taste, spread)
    return np.asarray(whitening + taste_weight * ratio * taste, np.float32)


def taste_metric(profiles: FloatArray, likes: sparse.csr_array) -> NDArray[np.float64]:
    """Directions of profiles that are liked together more than by chance, float64 of (n_dims, n_dims), symmetric.

    The bilinear form q_i . K q_j that comes nearest, by ridge regression, to how often different products i and j are
    liked by the same shopper, beyond what their numbers of likes explain; every shopper counts by n - 1 of n likes. All
    zeros where fewer than MIN_SHOPPERS like two products.
    """
    n_dims = profiles.shape[1]
    n_liked = np.diff(likes.indptr)
    if np.count_nonzero(n_liked > 1) < MIN_SHOPPERS:
        return np.zeros((n_dims, n_dims))
    chosen = likes[n_liked > 1]
    shape = chosen.shape
    ones = sparse.csr_array((np.ones(chosen.nnz), chosen.indices, chosen.indptr), shape=shape)
    exact, weights = profiles.astype(np.float64), 1 / (np.diff(ones.indptr) - 1)
    together = ones @ exact
    n_likes = np.asarray(ones.sum(axis=0)).ravel()
    alone = exact.T @ (np.asarray(ones.T @ weights).ravel()[:, None] * exact)
    usual = n_likes @ exact
    beyond_chance = together.T @ (weights[:, None] * together) - alone - np.outer(usual, usual) / n_likes.sum()
    spread = exact.T @ (n_likes[:, None] * exact)
    even = TASTE_RIDGE * np.trace(spread) / n_dims
    if even <= 0:
        return np.zeros((n_dims, n_dims))
    whitening = np.linalg.inv(spread + even * np.eye(n_dims))
    found = whitening @ beyond_chance @ whitening
    return np.asarray((found + found.T) / 2)


def _size(metric: NDArray[np.float64], spread: NDArray[np.float64]) -> float:
    """Root mean square of q_i . M q_j over pairs of profiles with these second moments."""
    return float(np.sqrt(max(np.trace(metric @ spread @ metric @ spread), np.finfo(np.float64).tiny)))


def whitening_metric(profiles: FloatArray, power: float) -> FloatArray:
    """The metric between two profiles, float32 of shape (n_dims, n_dims), symmetric and positive definite.

    A direction along which the profiles deviate by d from their mean counts d ** -power: most of a plain cosine comes
    from the few directions that say what kind of thing a product is, and a full whitening lets noise lead. Scaled so
    that a profile with itself comes to 1 on average; where no two profiles differ it is the identity.

    Parameters
    ----------
    profiles : float32 of shape (n_items, n_dims), unit length, zeros for products without a word, which do not count
    power : 0 gives the identity, a plain cosine; 1 half of a whitening; 2 a whole one
    """
    described = profiles[profiles.any(axis=1)].astype(np.float64)
    n_dims = profiles.shape[1]
    if not len(described):
        return np.eye(n_dims, dtype=np.float32)
    variances, axes = np.linalg.eigh(np.cov(described.T, bias=True).reshape(n_dims, n_dims))
    even = EVEN_SHARE * variances.mean()
    if even < np.finfo(np.float32).eps:
        return np.eye(n_dims, dtype=np.float32)
    metric = (axes * (np.maximum(variances, 0) + even) ** (-power / 2)) @ axes.T
    itself = np.einsum("id,de,ie->i", described, metric, described, optimize=True).mean()
    return np.asarray(metric / itself, np.float32)
