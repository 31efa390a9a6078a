"""What changes for single shoppers: who finds what they went on to choose, and how much of a list stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.panel import Panel
from recsys.panel.segments import DIMENSIONS
from recsys.scorers.base import IntArray
from recsys.tuning.exposure import Names, Product

MOST_CHANGED = 50

PERSISTENCE = 0.9
"""Chance that a reader of a list goes on to the next place; the first ten places then hold six sevenths of the weight.
"""

Fate = Literal["found in both", "found only in A", "found only in B", "found in neither", "nothing held out"]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How shoppers fare, counted one by one, because a mean hides who wins and who loses.

    Parameters
    ----------
    n : shoppers with something held out
    win, lose, tie : shoppers whose nDCG is higher in B, lower, the same
    gained, lost : shoppers who find something held out on their list only in B, only in A
    both, neither : shoppers who find something held out with either setting, with none
    """

    n: int
    win: int
    lose: int
    tie: int
    gained: int
    lost: int
    both: int
    neither: int


@dataclass(frozen=True, slots=True)
class HeldOutProduct:
    """Something that the shopper went on to choose, which the models were not told; None is a place off the list."""

    product: Product
    rank_a: int | None
    rank_b: int | None


@dataclass(frozen=True, slots=True)
class ShopperChange:
    """One shopper whose list changes.

    Parameters
    ----------
    user_place : place in the panel
    user_id : as the shop has it
    n_train : products in the training data
    facts : pairs of a name of `segments.DIMENSIONS` and its value, as far as known
    likeness : rank-biased overlap of both lists, 1 for identical
    n_common : products on both lists
    entered, gone : products that stand only on the list of B, only on that of A, best first
    wanted : what was held out, and where it stands
    fate : what became of it
    ndcg_a, ndcg_b : NaN where nothing was held out
    """

    user_place: int
    user_id: str
    n_train: int
    facts: tuple[tuple[str, str], ...]
    likeness: float
    n_common: int
    entered: tuple[Product, ...]
    gone: tuple[Product, ...]
    wanted: tuple[HeldOutProduct, ...]
    fate: Fate
    ndcg_a: float
    ndcg_b: float


def outcomes(a: MeasuredLists, b: MeasuredLists) -> Outcomes:
    """Count the shoppers; row u of either is the same shopper."""
    known = ~np.isnan(a.values["ndcg"]) & ~np.isnan(b.values["ndcg"])
    change = b.values["ndcg"][known] - a.values["ndcg"][known]
    on_a, on_b = (lists.values["hit_rate"][known] > 0 for lists in (a, b))
    counted = (change > 0, change < 0, change == 0, on_b & ~on_a, on_a & ~on_b, on_a & on_b, ~on_a & ~on_b)
    return Outcomes(int(known.sum()), *(int(each.sum()) for each in counted))


def most_changed(
    panel: Panel,
    names: Names,
    users: NDArray[np.intp],
    a: MeasuredLists,
    b: MeasuredLists,
    agreement: NDArray[np.float64],
    n: int = MOST_CHANGED,
) -> tuple[ShopperChange, ...]:
    """The shoppers whose lists are least alike, by rank-biased overlap; equals by how much nDCG changes, then by place.

    Parameters
    ----------
    users : place in the panel of each row of the lists
    agreement : what `overlap.agreements` says of the lists
    """
    alike = likeness(agreement)
    moved = np.abs(np.nan_to_num(b.values["ndcg"] - a.values["ndcg"]))
    changed = (a.ranked != b.ranked).any(1)
    order = np.lexsort((-moved, alike.round(9)))
    return tuple(
        _shopper(panel, names, int(users[row]), a.of(np.array([row])), b.of(np.array([row])), float(alike[row]))
        for row in order[changed[order]][:n]
    )


def _shopper(panel: Panel, names: Names, user: int, a: MeasuredLists, b: MeasuredLists, alike: float) -> ShopperChange:
    on_a, on_b = (_listed(lists.ranked[0]) for lists in (a, b))
    known = panel.shoppers.iloc[user]
    held_out = panel.relevant.values[panel.relevant.starts[user] : panel.relevant.starts[user + 1]].tolist()
    hits = tuple(bool(set(held_out) & set(listed)) for listed in (on_a, on_b))
    fates: dict[tuple[bool, ...], Fate] = {
        (True, True): "found in both",
        (True, False): "found only in A",
        (False, True): "found only in B",
        (False, False): "found in neither",
    }
    return ShopperChange(
        user_place=user,
        user_id=str(known["user_id"]),
        n_train=int(known["n_train"]),
        facts=tuple((name, str(known[name])) for name in DIMENSIONS if isinstance(known[name], str) and known[name]),
        likeness=alike,
        n_common=len(set(on_a) & set(on_b)),
        entered=names.of(row for row in on_b if row not in on_a),
        gone=names.of(row for row in on_a if row not in on_b),
        wanted=tuple(
            HeldOutProduct(product, place_of(product.item_row, on_a), place_of(product.item_row, on_b))
            for product in names.of(held_out)
        ),
        fate=fates[hits] if held_out else "nothing held out",
        ndcg_a=float(a.values["ndcg"][0]),
        ndcg_b=float(b.values["ndcg"][0]),
    )


def place_of(row: int, listed: Sequence[int]) -> int | None:
    """Rank of a product on a list, from 1, or None."""
    return listed.index(row) + 1 if row in listed else None


def _listed(ranked: IntArray) -> list[int]:
    rows: list[int] = ranked[ranked >= 0].tolist()
    return rows


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
