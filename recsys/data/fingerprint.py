"""A short name for the content of tables, equal for equal values however the files were written."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
from pandas.util import hash_array

_BETWEEN_TEXTS = "\x1f"


def fingerprint(tables: Mapping[str, pd.DataFrame]) -> str:
    """SHA-256, in hex, over every value of every table, with its row, column and table.

    Cells are first hashed to 64 bits each, column by column, which is what makes it cheap; lists of texts count as
    their texts in order.
    """
    digest = hashlib.sha256()
    for name, table in tables.items():
        digest.update(f"{name}:{len(table)}:{len(table.columns)};".encode())
        for column in table.columns:
            digest.update(f"{column};".encode())
            digest.update(np.ascontiguousarray(_hash_cells(table[column])).tobytes())
    return digest.hexdigest()


def _hash_cells(values: pd.Series) -> np.ndarray:
    if isinstance(values.dtype, pd.CategoricalDtype):
        hashes = np.append(hash_array(values.cat.categories.to_numpy(dtype=object), categorize=False), np.uint64(0))
        return np.asarray(hashes[values.cat.codes.to_numpy()])
    if values.dtype == object:
        flat = [f"{len(cell)}{_BETWEEN_TEXTS}{_BETWEEN_TEXTS.join(cell)}" for cell in values]
        return np.asarray(hash_array(np.array(flat, dtype=object), categorize=False))
    return np.asarray(pd.util.hash_pandas_object(values, index=False, categorize=False))
