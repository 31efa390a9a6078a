"""Baseline: the most liked products, the same for everyone."""

from collections.abc import Sequence

import numpy as np

from recsys.progress import Progress
from recsys.scorers.base import Fitting, FloatArray, Part, Requests, Scorer, ScorerState


class PopularityScorer(Scorer):
    """How many distinct shoppers of the training data liked or bought a product; the plain count.

    All of the training data counts, whatever moment is asked about: cut it with `Dataset.until` to forget what came
    after, or use `RecentPopularityScorer`, which does so for every request.
    """

    name = "popularity"

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        progress("counting likes")
        liked = fitting.data.positives()["item_row"].to_numpy()  # one row for each shopper and product
        self._counts = np.bincount(liked, minlength=fitting.data.n_items).astype(np.float32)

    def _score(self, requests: Requests) -> FloatArray:
        return np.repeat(self._counts[None, :], len(requests), axis=0)

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[Part]:
        count = float(self._counts[item_row])
        return [Part(f"liked by {count:,.0f} shoppers", count, {"kind": "popularity"})]

    def _state(self) -> ScorerState:
        return ScorerState({"counts": self._counts}, {})

    def _restore(self, state: ScorerState) -> None:
        self._counts = state.arrays["counts"]
