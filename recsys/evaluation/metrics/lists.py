"""Every metric of every shopper's list in one compiled loop; tests hold them against plain definitions.

Relevance is binary, lists hold no repeats, and k is the width of the lists. A shopper without a relevant item has no
accuracy: the value is NaN, never 0, so that averages can say how many shoppers they leave out.
"""

from typing import NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.evaluation.metrics.registry import ACCURACY_METRICS, SHOPPER_METRICS
from recsys.parallel import cores_for, read_only
from recsys.ranking.kernels import in_parallel, inlined

UserValues = NDArray[np.float64]
"""A metric of every shopper, float64 of shape (n_users,), NaN for who has no value."""

BITS, TAIL, DESCRIBED, POPULARITY = range(4)
"""Columns of `ListFacts.products`."""

N_COLUMNS = len(SHOPPER_METRICS) + 1
"""Columns that `list_values` fills: `SHOPPER_METRICS`, and the mean popularity of the list."""


HEAD_SHARE = 0.8
"""Share of the training interactions that the popular products, those outside the long tail, hold."""


class ListFacts(NamedTuple):
    """What metrics need of shoppers and products, as compiled loops take it.

    Parameters
    ----------
    relevant_starts, relevant : held-out item rows of shopper u are relevant[relevant_starts[u] : relevant_starts[u+1]]
    expected : int32 of shape (n_users, at least k), the popularity baseline's lists, or (n_users, 0)
    products : float64 of shape (n_items, 4): see `product_facts`
    vectors : float32 of shape (n_items, n_dims), unit length, or zeros for a product without words
    attraction : float32 of shape (n_users, width), chance of a click in the first position, by column; (0, 0) without
    odds, seen : of `ClickProbabilities`
    widths : int64 of shape (n_users,), how many columns each shopper has
    rows : int32 of shape (n_users, width), item row of each column, ascending; (0, 0) where columns are item rows
    """

    relevant_starts: NDArray[np.int64]
    relevant: NDArray[np.int32]
    expected: NDArray[np.int32]
    products: NDArray[np.float64]
    vectors: NDArray[np.float32]
    attraction: NDArray[np.float32]
    odds: NDArray[np.float64]
    seen: NDArray[np.float64]
    widths: NDArray[np.int64]
    rows: NDArray[np.int32]

    @classmethod
    def of_held_out(cls, relevant: csr_array, products: NDArray[np.float64], vectors: NDArray[np.float32]) -> Self:
        """Without a baseline and without clicks."""
        held_out = relevant.astype(bool)  # a copy, so that dropping stored zeros leaves the caller's matrix alone
        held_out.eliminate_zeros()
        starts, rows = held_out.indptr.astype(np.int64), held_out.indices.astype(np.int32)
        none, even = np.empty((relevant.shape[0], 0), np.int32), np.ones(1)
        return cls(starts, rows, none, products, vectors, np.empty((0, 0), np.float32), even, even, starts, none[:0])


def long_tail_mask(popularity: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the products of the long tail: bool of shape (n_items,).

    The head is the smallest set of most chosen products that together hold at least 80% of the interactions
    (Abdollahpouri, Burke & Mobasher 2019, FLAIRS). Products as popular as the last of them join it, so that ties are
    never cut. A product that nobody chose is always in the tail; where all are chosen equally often there is none.

    `popularity`: float of shape (n_items,), in how many shoppers' training histories each product is.

    >>> long_tail_mask(np.array([70.0, 10.0, 10.0, 5.0, 5.0, 0.0])).tolist()
    [False, False, False, True, True, True]
    """
    popularity = np.asarray(popularity, np.float64)
    downwards = np.sort(popularity)[::-1]
    held = np.cumsum(downwards)
    if not len(held) or held[-1] <= 0:
        return np.ones(len(popularity), bool)
    # Counts are whole numbers; the hair's breadth keeps 0.8 * total from landing just above one.
    last = int(np.searchsorted(held, HEAD_SHARE * held[-1] * (1 - 1e-12)))
    tail: NDArray[np.bool_] = popularity < downwards[last]
    return tail


def product_facts(
    popularity: NDArray[np.float64], n_train_users: int, tail: NDArray[np.bool_], vectors: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Compute bits of surprise, in the long tail, has a vector, and popularity: float64 of shape (n_items, 4).

    A product is -log2 p bits, p = (shoppers who have it + 1) / (all shoppers + 1): the +1 acts as one more shopper who
    has everything, so that a product nobody has is log2(n + 1) bits and one that everybody has is 0.

    Parameters
    ----------
    popularity : float64 of shape (n_items,), in how many shoppers' training histories each product is
    n_train_users : how many shoppers those are
    tail : bool of shape (n_items,), see `long_tail_mask`

    References
    ----------
    Zhou et al. (2010), PNAS 107(10); Vargas & Castells (2011), RecSys.
    """
    bits = np.log2((n_train_users + 1) / (np.asarray(popularity, np.float64) + 1))
    return np.stack([bits, tail, (vectors != 0).any(axis=1), popularity], axis=1).astype(np.float64)


def measure_lists(ranked: NDArray[np.int32], facts: ListFacts, users: NDArray[np.intp]) -> dict[str, UserValues]:
    """Compute every metric of `SHOPPER_METRICS` at k of the lists of some shoppers, by name, read-only.

    Parameters
    ----------
    ranked : int32 of shape (n_ranked, k), item rows, best first, padded with -1
    users : intp of shape (n_ranked,), the shopper of each list
    """
    values = np.empty((N_COLUMNS, len(ranked)))
    (ranked,), facts = read_only(ranked), ListFacts(*read_only(*facts))
    with cores_for(ranked.size):
        _measure(ranked, users, facts, values)
    values.flags.writeable = False
    return dict(zip(SHOPPER_METRICS, values, strict=False))


def list_metrics(
    ranked: NDArray[np.int32],
    relevant: csr_array,
    k: int,
    item_vectors: NDArray[np.float32] | None,
    popularity: NDArray[np.float64],
    n_train_users: int,
) -> dict[str, UserValues]:
    """Compute accuracy, variety and novelty at k of many lists, by name: all `EVALUATED_METRICS` of one list.

    Parameters
    ----------
    ranked : int32 of shape (n_users, n_listed), item rows, best first, no repeats, padded with -1; first k are read
    relevant : bool of shape (n_users, n_items), the held-out items, rows as in `ranked`
    item_vectors : float32 of shape (n_items, n_dims), unit length in the encoder's own space, zeros for a product
        without text; None where no encoder took part, which makes every ILD NaN
    popularity, n_train_users : as for `product_facts`

    Raises ValueError: shapes disagree, k is below 1, a row is outside the catalogue, or a list repeats a product.

    >>> held_out = csr_array(np.array([[False, False, True, True]]))
    >>> values = list_metrics(np.array([[0, 1, 2]], np.int32), held_out, 3, None, np.zeros(4), 5)
    >>> round(float(values["ndcg"][0]), 4), float(values["recall"][0])
    (0.3066, 0.5)
    """
    if k < 1:
        raise ValueError(f"k={k} is not a list length; give at least 1")
    n_users, n_items = relevant.shape
    if ranked.ndim != 2 or len(ranked) != n_users:
        raise ValueError(f"ranked has shape {ranked.shape}, but relevant has {n_users} rows; give one list a row")
    if len(popularity) != n_items or (item_vectors is not None and len(item_vectors) != n_items):
        raise ValueError(f"popularity and item_vectors need one entry for each of the {n_items} products of relevant")
    ranked = ranked[:, :k]
    if ranked.size and (ranked.max() >= n_items or ranked.min() < -1):
        raise ValueError(f"ranked holds rows outside the catalogue of {n_items} products (only -1 pads a list)")
    ordered = np.sort(ranked, axis=1)
    repeats = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(1)
    if repeats.any():
        raise ValueError(f"the list in row {int(repeats.argmax())} of ranked shows a product twice")

    lists = np.full((n_users, k), -1, np.int32)
    lists[:, : ranked.shape[1]] = ranked
    vectors = np.empty((n_items, 0), np.float32) if item_vectors is None else item_vectors
    products = product_facts(popularity, n_train_users, np.zeros(n_items, bool), vectors)
    values = measure_lists(lists, ListFacts.of_held_out(relevant, products, vectors), np.arange(len(lists)))
    return {name: values[name] for name in (*ACCURACY_METRICS, "ild", "novelty")}


@inlined
def holds(items, wanted):  # type: ignore[no-untyped-def]
    """Whether a product is among these."""
    found = False
    for item in items:
        found |= item == wanted
    return found


@inlined
def add(total, vector, sign):  # type: ignore[no-untyped-def]
    """Add a vector to a sum, or take it off."""
    for i in range(total.shape[0]):
        total[i] += sign * vector[i]


@numba.njit(nogil=True, cache=True, fastmath=True)  # summed in any order, which vectorises it
def square(total):  # type: ignore[no-untyped-def]
    """Squared length of a vector: of a sum of vectors it holds every pair twice and each vector with itself once."""
    answer = np.float32(0)
    for i in range(total.shape[0]):
        answer += total[i] * total[i]
    return answer


@numba.njit(nogil=True, cache=True)
def rank_weights(k):  # type: ignore[no-untyped-def]
    """What a hit at each of k ranks counts in nDCG, and the gains of ideal lists with 0 to k hits."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideals = np.zeros(k + 1)
    for n in range(k):
        ideals[n + 1] = ideals[n] + discounts[n]
    return discounts, ideals


@inlined
def column_of(rows, item):  # type: ignore[no-untyped-def]
    """Column of a product among ascending item rows, -1 where there is none; its own row where `rows` is empty."""
    column = np.int64(item)
    if rows.shape[0]:
        column = np.int64(np.searchsorted(rows, item))
        if column == rows.shape[0] or rows[column] != item:
            column = np.int64(-1)
    return column


@inlined
def clicks_on(items, attraction, rows, odds, seen):  # type: ignore[no-untyped-def]
    """Expected clicks on one list; NaN where a product is not among the shopper's columns."""
    clicked = 0.0
    for position in range(items.shape[0]):
        item = items[position]
        if item >= 0:
            at = column_of(rows, item)
            if at < 0:
                clicked = np.nan
                break
            last = min(position, odds.shape[0] - 1)
            first = np.float64(attraction[at])
            clicked += seen[last] * first * odds[last] / (1 - first + first * odds[last])
    return clicked


@inlined
def list_values(values, items, held_out, expected, products, discounts, ideals, squared, clicked):  # type: ignore[no-untyped-def]
    """Fill `values`, float64 of shape (N_COLUMNS,), with the metrics of one list.

    `held_out` and `expected` hold item rows, of what the shopper went on to choose and of the popularity baseline's
    list; `discounts` and `ideals` are `rank_weights`, `squared` is the `square` of the sum of the list's vectors, and
    `clicked` the `clicks_on` it, NaN where nothing is known of clicks.
    """
    k, n_relevant = items.shape[0], held_out.shape[0]
    n_listed, n_hits, first, n_unexpected = 0, 0, 0, 0
    gain, precisions, surprise, n_tail, n_described, popularity = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for position in range(k):
        item = items[position]
        if item < 0:
            break
        n_listed += 1
        surprise += products[item, BITS]
        n_tail += products[item, TAIL]
        n_described += products[item, DESCRIBED]
        popularity += products[item, POPULARITY]
        if holds(held_out, item):
            n_hits += 1
            gain += discounts[position]
            precisions += n_hits / (position + 1)
            first = first if first > 0 else position + 1
            n_unexpected += not holds(expected, item)
    values[:] = np.nan
    if n_relevant > 0:
        possible = min(n_relevant, k)
        values[0] = n_hits / k
        values[1] = n_hits / n_relevant
        values[2] = 2 * n_hits / (k + n_relevant)  # 2PR / (P + R) with P = hits / k and R = hits / n_relevant
        values[3] = gain / ideals[possible]
        values[4] = precisions / possible
        values[5] = 1 / first if first > 0 else 0.0
        values[6] = 1.0 if n_hits > 0 else 0.0
        if expected.shape[0]:
            values[9] = n_unexpected / k
    if n_described > 1:
        values[7] = 1 - (squared - n_described) / (n_described * (n_described - 1))
    if n_listed > 0:
        values[8] = surprise / n_listed
        values[10] = n_tail / n_listed
        values[12] = popularity / n_listed
    values[11] = clicked / k


assert (*ACCURACY_METRICS, "ild", "novelty", "serendipity", "long_tail", "ctr") == SHOPPER_METRICS


@in_parallel
def _measure(ranked, users, facts, values):  # type: ignore[no-untyped-def]
    relevant_starts, relevant, expected, products, vectors, attraction, odds, seen, widths, rows = facts
    n_ranked, k = ranked.shape
    discounts, ideals = rank_weights(k)
    no_columns = np.empty(0, np.int32)
    for row in numba.prange(n_ranked):
        user, items = users[row], ranked[row]
        clicked = np.nan
        if attraction.shape[0]:  # a pass of its own, so that the processor waits for many places of memory at once
            columns = rows[user, : widths[user]] if rows.shape[0] else no_columns
            clicked = clicks_on(items, attraction[user], columns, odds, seen)
        total = np.zeros(vectors.shape[1], np.float32)
        for item in items:
            if item >= 0:
                add(total, vectors[item], np.float32(1))
        held_out = relevant[relevant_starts[user] : relevant_starts[user + 1]]
        squared, found = square(total), values[:, row]
        list_values(found, items, held_out, expected[user, :k], products, discounts, ideals, squared, clicked)
