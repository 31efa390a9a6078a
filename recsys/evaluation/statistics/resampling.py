"""How often each resample draws each shopper: the one set of resamples that all intervals rest on.

Every function that asks for the same number of shoppers and the same seed is given the same draws, which is what makes
the intervals of all models and metrics rest on the same shoppers, and differences between two settings paired.

Counts are held as bytes, and the last `CELLS_KEPT` of them are kept: a thousand resamples of up to `MOST_UNITS`
shoppers stay in memory once drawn. `sums_on_resamples` gathers more shoppers than that into as many groups of (nearly)
equal size, drawn at random, and resamples the groups: sums over groups are as independent as shoppers are, so the
spread is the same, and neither time nor memory grows with the shop. With 16,384 groups the width of an interval is
known to within half a percent, which is less than what a thousand resamples leave open.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

CELLS_AT_ONCE = 2**20
"""Size of a block of counts (1 MB), which bounds memory however many shoppers there are."""

CELLS_KEPT = 2**26
"""How many counts are kept for the next call (64 MB); all of one thousand resamples of 16,384 shoppers take 16 MB."""

MOST_UNITS = 2**14
"""How many shoppers, or groups of shoppers, `sums_on_resamples` draws from."""


def resample_counts(n_units: int, seed: int, n_resamples: int) -> Iterator[NDArray[np.uint8]]:
    """How often each resample draws each unit, in blocks of shape (n_block, n_units), read-only.

    Raises
    ------
    ValueError : n_resamples is below 1
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples={n_resamples} is not usable; give at least 1")
    size = max(1, CELLS_AT_ONCE // n_units)
    for block, start in enumerate(range(0, n_resamples, size)):
        yield _counts_block(n_units, seed, block, min(size, n_resamples - start))


def sums_on_resamples(columns: NDArray[np.float32], seed: int, n_resamples: int) -> NDArray[np.float32]:
    """Sum of every column over the shoppers that each resample draws: float32 of shape (n_resamples, n_columns).

    Parameters
    ----------
    columns : float32 of shape (n_users, n_columns), without NaN, best centred and of unit spread
    """
    columns = grouped(columns, seed)
    sums = np.empty((n_resamples, columns.shape[1]), np.float32)
    done = 0
    for counts in resample_counts(len(columns), seed, n_resamples):
        np.matmul(counts.astype(np.float32), columns, out=sums[done : done + len(counts)])
        done += len(counts)
    return sums


def grouped(columns: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """The columns themselves, or their sums over `MOST_UNITS` random groups where there are more shoppers than that."""
    if len(columns) <= MOST_UNITS:
        return columns
    starts = np.linspace(0, len(columns), MOST_UNITS, endpoint=False).astype(np.int64)
    sums: NDArray[np.float32] = np.add.reduceat(columns[_order(len(columns), seed)], starts, axis=0)
    return sums


def sums_of_shoppers(rows: NDArray[Any], shoppers: NDArray[np.integer]) -> NDArray[Any]:
    """Rows of one shopper added up, of shape (n_shoppers, n_columns), so that resampling takes or leaves the shopper.

    >>> sums_of_shoppers(np.array([[1.0], [2.0], [4.0]]), np.array([7, 7, 9])).tolist()
    [[3.0], [4.0]]
    """
    _, places = np.unique(shoppers, return_inverse=True)
    whose = (np.ones(len(places), rows.dtype), (places, np.arange(len(places))))
    return np.asarray(csr_array(whose, shape=(int(places.max()) + 1, len(places))) @ rows)


@lru_cache(maxsize=CELLS_KEPT // CELLS_AT_ONCE)
def _counts_block(n_units: int, seed: int, block: int, n_block: int) -> NDArray[np.uint8]:
    drawn = np.random.default_rng([seed, block]).integers(0, n_units, (n_block, n_units))
    drawn += np.arange(n_block)[:, None] * n_units
    counts = np.bincount(drawn.ravel(), minlength=n_block * n_units).reshape(n_block, n_units).astype(np.uint8)
    counts.flags.writeable = False
    return counts


@lru_cache(maxsize=1)
def _order(n_users: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, n_users]).permutation(n_users)
