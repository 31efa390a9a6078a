"""How two profiles are held against each other: every direction counts by how little products differ along it.

Most of a plain cosine comes from the few directions along which nearly all products differ, what kind of thing they
are; what tells apart products of one kind is hardly heard, and other components know the kind anyway. So a direction
counts in inverse proportion to the deviation of the products' profiles along it. That is half of a full whitening,
which would count it by the inverse of the variance and let what is mostly noise lead. It is linear in either profile,
so that a score still splits over phrases exactly.

References
----------
Su, Cao, Liu & Ou (2021), arXiv 2103.15316, for whitened sentence vectors.
"""

import numpy as np

from recsys.scorers.base import FloatArray

EVEN_SHARE = 0.03
"""Of the mean variance, added to that of every direction: those along which hardly any product differs are noise."""


def spread_metric(profiles: FloatArray, power: float) -> FloatArray:
    """What stands between two profiles, float32 of shape (n_dims, n_dims), symmetric and positive definite.

    A direction along which the profiles deviate by d from their mean counts d ** -power. It is scaled so that a profile
    held against itself comes to 1 on average, as in a cosine; where no two profiles differ it is the identity.

    Parameters
    ----------
    profiles : float32 of shape (n_items, n_dims), unit length, zeros for products without a word, which do not count
    power : 0 gives the identity, a plain cosine; 1 half of a whitening; 2 a whole one
    """
    told = profiles[profiles.any(axis=1)].astype(np.float64)
    n_dims = profiles.shape[1]
    if not len(told):
        return np.eye(n_dims, dtype=np.float32)
    variances, axes = np.linalg.eigh(np.cov(told.T, bias=True).reshape(n_dims, n_dims))
    even = EVEN_SHARE * variances.mean()
    if even < np.finfo(np.float32).eps:
        return np.eye(n_dims, dtype=np.float32)
    metric = (axes * (np.maximum(variances, 0) + even) ** (-power / 2)) @ axes.T
    itself = np.einsum("id,de,ie->i", told, metric, told, optimize=True).mean()
    return np.asarray(metric / itself, np.float32)
