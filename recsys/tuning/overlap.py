"""How much two lists of the same shopper have in common."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.scorers.base import IntArray

PERSISTENCE = 0.9
"""Chance that a reader of a list goes on to the next place; the first ten places then hold six sevenths of the weight.
"""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much the lists of all shoppers have in common.

    Parameters
    ----------
    common : mean share of a list's products that the other list holds as well, at any place
    same_products : shoppers whose lists hold the same products, in whatever order
    identical : shoppers whose lists are the same, place by place
    likeness : mean rank-biased overlap, from 0 (nothing in common) to 1 (identical), which counts the top more
    """

    common: float
    same_products: int
    identical: int
    likeness: float


def agreements(new: IntArray, old: IntArray) -> NDArray[np.float64]:
    """How much the first d places have in common, d from 1: float64 of shape (n_users, k).

    Twice the common products over the products listed, so that lists which end early are compared as far as they go;
    1 where neither list holds anything.

    Parameters
    ----------
    new, old : int32 of shape (n_users, k), item rows, best first, padded with -1
    """
    n_users, k = new.shape
    common = np.zeros((n_users, k))
    users = np.arange(n_users)
    for place in range(k):
        same = (old == new[:, place : place + 1]) & (old >= 0)
        found = same.any(1)
        # A product counts from the depth at which both lists have reached it.
        common[users[found], np.maximum(same.argmax(1), place)[found]] += 1
    listed = np.cumsum(new >= 0, axis=1) + np.cumsum(old >= 0, axis=1)
    return np.divide(2 * np.cumsum(common, axis=1), listed, out=np.ones((n_users, k)), where=listed > 0)


def likeness(agreement: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank-biased overlap of each shopper's lists, from their agreements: float64 of shape (n_users,).

    The extrapolated form: what the last place has in common is taken to go on below it, so identical lists have 1 and
    lists without a common product 0, however short.

    References
    ----------
    Webber, Moffat & Zobel (2010), ACM TOIS 28(4), equation 32.

    >>> same, swapped = np.array([[1, 2, 3]], np.int32), np.array([[2, 1, 3]], np.int32)
    >>> likeness(agreements(same, same)).round(3).tolist(), likeness(agreements(same, swapped)).round(3).tolist()
    ([1.0], [0.9])
    """
    k = agreement.shape[1]
    weights = (1 - PERSISTENCE) * PERSISTENCE ** np.arange(k)
    alike: NDArray[np.float64] = agreement @ weights + agreement[:, -1] * PERSISTENCE**k
    return alike


def overlap(new: IntArray, old: IntArray, agreement: NDArray[np.float64]) -> Overlap:
    """Summary over at least one shopper; arguments as for `agreements`, and what it gave."""
    return Overlap(
        common=float(agreement[:, -1].mean()),
        same_products=int((agreement[:, -1] == 1).sum()),
        identical=int((new == old).all(1).sum()),
        likeness=float(likeness(agreement).mean()),
    )
