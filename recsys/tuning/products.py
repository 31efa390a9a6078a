"""What the products of a panel are called."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Product:
    """A product named; `category` is "" where the catalogue names none."""

    item_row: int
    item_id: str
    title: str
    category: str


class Names:
    """Names of all products, read from the catalogue once: a data frame takes a millisecond to look up a few.

    Parameters
    ----------
    items : the catalogue
    """

    def __init__(self, items: pd.DataFrame) -> None:
        self._item_ids: NDArray[np.object_] = items["item_id"].to_numpy(object)
        self._titles: NDArray[np.object_] = items["title"].to_numpy(object)
        self.categories = np.array(
            [name if isinstance(name, str) else "" for name in items["category"].to_numpy(object)], object
        )

    def of(self, rows: Iterable[int]) -> tuple[Product, ...]:
        """Products of some rows, in their order."""
        return tuple(
            Product(int(row), str(self._item_ids[row]), str(self._titles[row]), str(self.categories[row]))
            for row in rows
        )
