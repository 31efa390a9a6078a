"""Every metric of every shopper's list at once, in array operations; `definitions` says what each one means."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

SHOPPERS_AT_ONCE = 8192
"""How many shoppers' summed vectors are held at a time: 13 MB at 384 dimensions."""

UserValues = NDArray[np.float64]


def list_metrics(
    ranked: NDArray[np.int32],
    relevant: csr_array,
    k: int,
    item_vectors: NDArray[np.float32] | None,
    popularity: NDArray[np.float64],
    n_train_users: int,
) -> dict[str, UserValues]:
    """Metrics at k of many lists.

    Parameters
    ----------
    ranked : int32 of shape (n_users, n_listed), item rows, best first, no repeats, padded with -1; first k are read
    relevant : bool of shape (n_users, n_items), the held-out items, rows as in `ranked`
    k : cut-off, at least 1
    item_vectors : float32 of shape (n_items, n_dims), unit length in the encoder's own space, zeros for a product
        without text; None where no encoder took part, which makes every ILD NaN
    popularity : float64 of shape (n_items,), in how many shoppers' training histories each product is
    n_train_users : how many shoppers those are

    Returns
    -------
    float64 arrays of shape (n_users,) by name: `EVALUATED_METRICS` but coverage

    Raises
    ------
    ValueError : shapes disagree, k is below 1, a row is outside the catalogue, or a list repeats a product
    """
    ranked = _checked(ranked, relevant, k, item_vectors, popularity)
    listed = ranked >= 0
    held_out = relevant.astype(bool)  # a copy, so that dropping stored zeros leaves the caller's matrix alone
    held_out.eliminate_zeros()
    hits = hits_of(ranked, held_out)
    values = _accuracy(hits, np.diff(held_out.indptr).astype(np.float64), k)
    values["ild"] = _diversity(ranked, listed, item_vectors)
    bits = np.log2((n_train_users + 1) / (np.asarray(popularity, np.float64) + 1))
    values["novelty"] = _ratio(np.where(listed, bits[ranked], 0).sum(1), listed.sum(1))
    return values


def shown(ranked: NDArray[np.int32], n_items: int) -> csr_array:
    """Which products each list shows: float32 of shape (n_users, n_items), 1 where it does; -1 is skipped."""
    listed = ranked >= 0
    indptr = np.concatenate([[0], np.cumsum(listed.sum(1))])
    items = ranked[listed]
    return csr_array((np.ones(len(items), np.float32), items, indptr), shape=(len(ranked), n_items))


def _checked(
    ranked: NDArray[np.int32],
    relevant: csr_array,
    k: int,
    item_vectors: NDArray[np.float32] | None,
    popularity: NDArray[np.float64],
) -> NDArray[np.int32]:
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
    return ranked


def hits_of(ranked: NDArray[np.int32], held_out: csr_array) -> NDArray[np.bool_]:
    """Which places hold a held-out item: bool, shaped as `ranked`; every entry that `held_out` stores counts."""
    n_users, n_items = held_out.shape
    if not held_out.nnz:
        return np.zeros(ranked.shape, bool)
    # One sorted key for every (shopper, relevant item) pair turns membership into a binary search.
    users = np.repeat(np.arange(n_users, dtype=np.int64), np.diff(held_out.indptr))
    keys = np.sort(users * n_items + held_out.indices)
    wanted = np.arange(n_users, dtype=np.int64)[:, None] * n_items + ranked
    found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    matches: NDArray[np.bool_] = (ranked >= 0) & (keys[found] == wanted)
    return matches


def _accuracy(hits: NDArray[np.bool_], n_relevant: UserValues, k: int) -> dict[str, UserValues]:
    n_places = hits.shape[1]
    ranks = np.arange(1, n_places + 1)
    n_hits = hits.sum(1)
    possible = np.minimum(n_relevant, k)
    ideal = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])[possible.astype(np.int64)]
    first = np.where(hits.any(1), 1 / (hits.argmax(1) + 1), 0.0) if n_places else np.zeros(len(hits))
    values = {
        "precision": n_hits / k,
        "recall": _ratio(n_hits, n_relevant),
        "f1": 2 * n_hits / (k + n_relevant),  # 2PR / (P + R) with P = hits / k and R = hits / n_relevant
        "ndcg": _ratio(hits @ (1 / np.log2(ranks + 1)), ideal),
        "map": _ratio((np.cumsum(hits, axis=1) / ranks * hits).sum(1), possible),
        "mrr": first,
        "hit_rate": (n_hits > 0).astype(np.float64),
    }
    return {name: np.where(n_relevant > 0, value, np.nan) for name, value in values.items()}


def _diversity(
    ranked: NDArray[np.int32], listed: NDArray[np.bool_], item_vectors: NDArray[np.float32] | None
) -> UserValues:
    if item_vectors is None:
        return np.full(len(ranked), np.nan)
    lengths = np.einsum("id,id->i", item_vectors, item_vectors, dtype=np.float64)
    described = listed & (lengths[ranked] > 0)
    # |sum of vectors|^2 holds every pair twice and every vector with itself once, so no pair is visited at all.
    squares = np.empty(len(ranked))
    for start in range(0, len(ranked), SHOPPERS_AT_ONCE):
        block = slice(start, start + SHOPPERS_AT_ONCE)
        sums = shown(np.where(described[block], ranked[block], -1), len(item_vectors)) @ item_vectors
        squares[block] = np.einsum("ud,ud->u", sums, sums, dtype=np.float64)
    own = np.where(described, lengths[ranked], 0).sum(1)
    n_described = described.sum(1)
    return 1 - _ratio(squares - own, n_described * (n_described - 1))


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> UserValues:
    """Elementwise quotient, NaN where there is nothing to divide by."""
    answer = np.full(len(above), np.nan)
    np.divide(above, below, out=answer, where=below > 0)
    return answer
