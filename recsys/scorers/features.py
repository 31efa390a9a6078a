"""Attributes of products (category, brand, price band, tags), likes by shopper, and sparse matrices in states."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.dataset import Dataset

N_PRICE_BANDS = 5

BAD_RATING = 2.0
"""A review of so few stars or fewer is a complaint."""

MIN_ITEMS = 2
"""Features of fewer products relate none to another."""


def item_features(items: pd.DataFrame) -> tuple[tuple[str, ...], sparse.csr_array]:
    """Features of a catalogue, but for those of fewer than MIN_ITEMS products.

    Names, "kind:value" such as "brand:Northpeak", and a float32 matrix of shape (n_items, n_features), 1 where a
    product has a feature.
    """
    columns = [_column("category", items["category"]), _column("brand", items["brand"])]
    tags = items["tags"].explode().dropna().astype(str)
    pairs = pd.concat([*columns, _price_bands(items["price"]), _column("tag", tags)])
    pairs = pd.DataFrame({"item": pairs.index.to_numpy(), "name": pairs.to_numpy()}).drop_duplicates()
    counts = pairs["name"].value_counts()
    names = sorted(counts.index[counts >= MIN_ITEMS])
    pairs = pairs[pairs["name"].isin(names)]
    codes = pd.Index(names).get_indexer(pairs["name"]) if names else np.empty(0, np.int64)
    matrix = sparse.csr_array(
        (np.ones(len(pairs), np.float32), (pairs["item"].to_numpy(np.int64), codes)), shape=(len(items), len(names))
    )
    matrix.sort_indices()
    return tuple(names), matrix


def _column(kind: str, values: pd.Series) -> pd.Series:
    values = values[values != ""]
    return kind + ":" + values.astype(str)


def _price_bands(prices: pd.Series) -> pd.Series:
    """Fifths of the catalogue by price, named by their bounds; equal prices share a band."""
    known = prices.dropna()
    if known.nunique() < 2:
        return pd.Series([], dtype=str, index=pd.Index([], dtype=np.int64))
    edges = np.unique(np.quantile(known, np.linspace(0, 1, N_PRICE_BANDS + 1)))
    band = np.clip(np.searchsorted(edges, known.to_numpy(), side="right") - 1, 0, len(edges) - 2)
    labels = np.array([f"price:{low:g} to {high:g}" for low, high in pairwise(edges)])
    return pd.Series(labels[band], index=known.index)


def recency_of_likes(data: Dataset, half_life_days: float) -> NDArray[np.float64]:
    """Weight of each row of `data.positives()`: 1 at its shopper's last like, half for every half-life before it."""
    likes = data.positives()
    age_days = (likes.groupby("user_row")["time_s"].transform("max") - likes["time_s"]).to_numpy() / 86_400
    return np.asarray(np.exp2(-age_days / half_life_days))


def disliked_pairs(data: Dataset) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows of shoppers and products of every pair that the shopper complained of and never liked, each once.

    A complaint is a review of BAD_RATING stars or fewer, or an event of as low a strength.
    """
    acts = data.interactions()
    bad = acts.loc[acts["strength"] <= (BAD_RATING - 3) / 2, ["user_row", "item_row"]].drop_duplicates()
    users, items = bad["user_row"].to_numpy(np.int32), bad["item_row"].to_numpy(np.int32)
    likes = data.positives()
    never = ~np.isin(data.pair_keys(users, items), data.pair_keys(likes["user_row"], likes["item_row"]))
    return users[never], items[never]


def signed_history(data: Dataset, liked: NDArray[np.floating[Any]], disliked: float) -> sparse.csr_array:
    """Shoppers by products, float32: a weight for each row of `data.positives()`, and -`disliked` for each dislike."""
    likes, (users, items) = data.positives(), disliked_pairs(data)
    rows = np.concatenate([likes["user_row"].to_numpy(np.int32), users])
    columns = np.concatenate([likes["item_row"].to_numpy(np.int32), items])
    values = np.concatenate([liked, np.full(len(users), -disliked)]).astype(np.float32)
    kept = values != 0
    shape = (data.n_users, data.n_items)
    return sparse.csr_array((values[kept], (rows[kept], columns[kept])), shape=shape)


def most_frequent(table: pd.DataFrame, column: str, n_users: int) -> NDArray[np.object_]:
    """Each shopper's most frequent value that is not empty (the alphabetically first of equals), "" without any."""
    known = pd.DataFrame({"user_row": table["user_row"], "value": table[column].astype(str)}).query("value != ''")
    counts = known.groupby(["user_row", "value"]).size().rename("n").reset_index()
    counts = counts.sort_values(["user_row", "n", "value"], ascending=[True, False, True]).drop_duplicates("user_row")
    return np.asarray(counts.set_index("user_row")["value"].reindex(range(n_users), fill_value=""), object)


def row_normalised(matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows scaled to unit length; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sparse.csr_array(sparse.diags_array(scale.astype(np.float32)) @ matrix)


def csr_arrays(prefix: str, matrix: sparse.csr_array) -> dict[str, NDArray[np.generic]]:
    """A sparse matrix as three arrays for a scorer's state."""
    return {
        f"{prefix}.data": np.ascontiguousarray(matrix.data),
        f"{prefix}.indices": matrix.indices.astype(np.int32),
        f"{prefix}.indptr": matrix.indptr.astype(np.int64),
    }


def likes_matrix(data: Dataset, weights: NDArray[np.floating[Any]]) -> sparse.csr_array:
    """Shoppers by products, float32 of shape (n_users, n_items): a weight for each row of `data.positives()`."""
    likes = data.positives()
    pairs = (likes["user_row"].to_numpy(), likes["item_row"].to_numpy())
    return sparse.csr_array((weights.astype(np.float32), pairs), shape=(data.n_users, data.n_items))


def csr_from(arrays: Mapping[str, NDArray[Any]], prefix: str, shape: tuple[int, int]) -> sparse.csr_array:
    """The sparse matrix that `csr_arrays` took apart; the arrays may be read-only maps.

    Raises ValueError: they are no matrix of this shape; SciPy would read outside its memory and end the process.
    """
    data, indices, indptr = (arrays[f"{prefix}.{part}"] for part in ("data", "indices", "indptr"))
    try:
        matrix = sparse.csr_array((data, indices, indptr), shape=shape, copy=False)
        matrix.check_format(full_check=True)
    except ValueError as error:
        raise ValueError(f"{prefix} is not a sparse matrix of shape {shape}") from error
    return matrix
