"""What each shopper did before: which products they have, and the story as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys.scorers.base import NO_ROW, IntArray


class Histories:
    """The acts of all shoppers, as `recsys.artifacts.tables.history_arrays` lays them out.

    Parameters
    ----------
    acts : `starts` of shape (n_users + 1,), the others one entry an act, newest first within a shopper
    kinds : names that `acts["kind"]` numbers
    items : the catalogue, in its order
    reviews : text of each review, by the rows that `acts["review_row"]` holds
    """

    def __init__(
        self, acts: Mapping[str, NDArray[Any]], kinds: Sequence[str], items: pd.DataFrame, reviews: pa.Table
    ) -> None:
        self._acts, self._items, self._reviews = acts, items, reviews
        self._kinds = np.array(kinds, dtype=object)

    def seen(self, user_row: int) -> IntArray:
        """Rows of the products that a shopper already has, ascending; none for NO_ROW."""
        if user_row == NO_ROW:
            return np.empty(0, np.int32)
        own = self._of(user_row)
        return np.unique(self._acts["item_row"][own][self._acts["owned"][own]])

    def table(self, user_row: int) -> pd.DataFrame:
        """What a shopper did, newest first: item_id, title, category, kind, rating, timestamp, text ("" for events)."""
        own, acts, texts = self._of(user_row), self._acts, self._reviews["text"]
        rows = acts["item_row"][own]
        frame = self._items[["item_id", "title", "category"]].iloc[rows].reset_index(drop=True)
        return frame.assign(
            kind=self._kinds[acts["kind"][own]],
            rating=acts["rating"][own],
            timestamp=pd.to_datetime(acts["time_s"][own], unit="s", utc=True),
            text=[texts[int(review)].as_py() if review >= 0 else "" for review in acts["review_row"][own]],
        )

    def _of(self, user_row: int) -> slice:
        starts = self._acts["starts"]
        return slice(int(starts[user_row]), int(starts[user_row + 1]))
