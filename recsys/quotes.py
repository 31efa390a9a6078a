"""Whose words speak for a product: the strongest phrase for a shopper, verbatim, and where it stands."""

import math
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from recsys.results import Quote
from recsys.scorers.base import FloatArray, IntArray
from recsys.scorers.semantic import SemanticScorer
from recsys.text.phrasebook import ATTRIBUTES, DESCRIPTION, KINDS, REVIEW, TITLE, attributes_text


class Quotes:
    """Finds the phrases that the semantic scorer knows in the texts that they come from.

    Parameters
    ----------
    semantic : the fitted scorer; its phrases carry offsets into titles, descriptions, attributes and reviews
    items : the catalogue, in its order
    reviews : review_id (ascending), user_row, rating, time_s and text of each review
    users : user_id of each shopper, in row order
    """

    def __init__(self, semantic: SemanticScorer, items: pd.DataFrame, reviews: pa.Table, users: pa.Table) -> None:
        self._semantic, self._items, self._reviews, self._users = semantic, items, reviews, users

    def strongest(self, profile: FloatArray, item_row: int) -> Quote | None:
        """The phrase that speaks most for a product to a shopper's profile; None if the product has no words.

        Other shoppers' praise comes first, then the description, and title and attributes only where neither of them
        speaks for the product: they say little that a card does not show anyway. A complaint may speak for a product
        too, by being unlike what the shopper likes, but whoever reads it there takes it for the opposite.
        """
        own, values = self._semantic.phrase_values(profile, item_row)
        if own.start == own.stop:
            return None
        weights, kinds = self._semantic.weights[own], self._semantic.kinds[own]
        if not values.any():
            values = weights
        if (weights > 0).any():
            values = np.where(weights > 0, values, -np.inf)
        for preferred in (REVIEW, DESCRIPTION):
            telling = (kinds == preferred) & (values > 0)
            if telling.any():
                values = np.where(telling, values, -np.inf)
                break
        best = int(np.argmax(values))
        return self._at(own.start + best, item_row, float(values[best]))

    def _at(self, position: int, item_row: int, value: float) -> Quote:
        semantic = self._semantic
        kind, document = int(semantic.kinds[position]), int(semantic.documents[position])
        start, end = int(semantic.starts[position]), int(semantic.ends[position])
        item = self._items.iloc[item_row]
        user_id, rating, moment = None, math.nan, None
        if kind == REVIEW:
            review = self._reviews.slice(int(np.searchsorted(self._review_ids, document)), 1).to_pylist()[0]
            text, rating = review["text"], review["rating"]
            user_id = self._users["user_id"][review["user_row"]].as_py()
            moment = datetime.fromtimestamp(review["time_s"], UTC)
        else:
            text = {TITLE: item["title"], DESCRIPTION: item["description"]}.get(kind, "")
            if kind == ATTRIBUTES:
                text = attributes_text(item["category"], tuple(item["tags"]))
        return Quote(text[start:end], KINDS[kind], item["item_id"], user_id, rating, moment, value, text, start, end)

    @cached_property
    def _review_ids(self) -> IntArray:
        # Ids ascend in the order of the data, also after some reviews were left out.
        return np.asarray(self._reviews["review_id"].to_numpy(), np.int32)
