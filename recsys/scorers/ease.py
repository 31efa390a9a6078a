"""Baseline: EASE, the closed-form linear autoencoder over products."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from recsys.progress import Progress
from recsys.scorers.base import FloatArray, IntArray, ScorerState
from recsys.scorers.history import HistoryScorer


class EASEScorer(HistoryScorer):
    """link(j, i) = -P_ji / P_ii with P the inverse of (co-occurrences + regularisation), and no link to itself.

    Learning takes time cubed and memory squared in the number of products, so only the `max_items` most liked ones take
    part; the others get the score 0 and link to nothing.

    Parameters
    ----------
    regularisation : added to the diagonal, above 0; 500 is best on the validation items of the Steam set, 200 to 2,000
        hardly worse
    max_items : most products that take part; 4,000 take 64 MB in the model and a few seconds

    References
    ----------
    Steck (2019), Embarrassingly shallow autoencoders for sparse data, WWW.
    """

    name = "ease"

    def __init__(self, regularisation: float = 500.0, max_items: int = 4000) -> None:
        super().__init__()
        if not regularisation > 0 or max_items < 1:
            raise ValueError(
                f"regularisation={regularisation}, max_items={max_items} are not usable; give above 0 and at least 1"
            )
        self.regularisation, self.max_items = regularisation, max_items

    def _learn(self, history: csr_array, progress: Progress) -> None:
        likes = np.asarray(history.sum(0), np.int64)
        popular = np.argsort(-likes, kind="stable")[: self.max_items]
        self._kept = np.sort(popular[likes[popular] > 0]).astype(np.int32)
        progress("fitting EASE")
        chosen = history[:, self._kept].astype(np.float64)
        gram = (chosen.T @ chosen).toarray()
        np.fill_diagonal(gram, gram.diagonal() + self.regularisation)
        inverse = cho_solve(cho_factor(gram, overwrite_a=True), np.eye(len(gram)), overwrite_b=True)
        inverse /= -inverse.diagonal()
        np.fill_diagonal(inverse, 0)
        self._weights = inverse.astype(np.float32)

    def _sum_links(self, histories: csr_array) -> FloatArray:
        sums = np.zeros(histories.shape, np.float32)
        sums[:, self._kept] = histories[:, self._kept] @ self._weights
        return sums

    def _links(self, liked: IntArray, item_row: int) -> FloatArray:
        links = np.zeros(len(liked), np.float32)
        column = np.flatnonzero(self._kept == item_row)
        taking_part = np.isin(liked, self._kept)
        if len(column):
            links[taking_part] = self._weights[np.searchsorted(self._kept, liked[taking_part]), column[0]]
        return links

    def _learnt(self) -> tuple[Mapping[str, NDArray[Any]], Mapping[str, Any]]:
        settings = {"regularisation": self.regularisation, "max_items": self.max_items}
        return {"kept": self._kept, "weights": self._weights}, settings

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        self.regularisation, self.max_items = float(state.meta["regularisation"]), int(state.meta["max_items"])
        self._kept, self._weights = state.arrays["kept"], state.arrays["weights"]
