"""What item-to-item baselines share: a score is a sum, over the products a shopper likes, of their links to an item."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.progress import Progress
from recsys.scorers.base import NO_ROW, Fitting, FloatArray, IntArray, Requests, ScorePart, Scorer, ScorerState
from recsys.scorers.features import likes_matrix


class HistoryScorer(Scorer):
    """score(u, i) = sum over the products j that u likes of link(j, i), so it splits exactly over the history.

    A new shopper, or one who liked nothing, gets 0 for every product. Subclasses learn the links.
    """

    _history: csr_array
    _titles: Sequence[str]
    _item_ids: Sequence[str]

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        data = fitting.data
        self._history = likes_matrix(data, np.ones(len(data.positives())))
        self._history.sort_indices()
        self._titles = [str(title) for title in data.items["title"]]
        self._item_ids = [str(item_id) for item_id in data.item_ids]
        self._learn(self._history, progress)

    def _score(self, requests: Requests) -> FloatArray:
        known = requests.user_rows != NO_ROW
        scores = np.zeros((len(requests), self._history.shape[1]), np.float32)
        histories = self._history[requests.user_rows[known]]
        for place, request in enumerate(np.flatnonzero(known).tolist()):
            if left_out := requests.without_of(request).items:
                own = slice(histories.indptr[place], histories.indptr[place + 1])
                histories.data[own] *= ~np.isin(histories.indices[own], left_out)
        scores[known] = self._sum_links(histories)
        return scores

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        user_row = requests.user_rows[request]
        if user_row == NO_ROW:
            return []
        liked = self._history.indices[self._history.indptr[user_row] : self._history.indptr[user_row + 1]]
        liked = liked[~np.isin(liked, requests.without_of(request).items)]
        links = self._links(liked, item_row)
        return [
            ScorePart(self._titles[row], float(link), {"kind": "history", "item_id": self._item_ids[row]})
            for row, link in zip(liked, links, strict=True)
            if link != 0
        ]

    def _state(self) -> ScorerState:
        history = {"history_indices": self._history.indices, "history_indptr": self._history.indptr}
        arrays, meta = self._learnt()
        titles = {"titles": list(self._titles), "item_ids": list(self._item_ids)}
        return ScorerState({**history, **arrays}, {**titles, **meta})

    def _restore(self, state: ScorerState) -> None:
        self._titles, self._item_ids = state.meta["titles"], state.meta["item_ids"]
        indices, indptr = state.arrays["history_indices"], state.arrays["history_indptr"]
        shape = (len(indptr) - 1, len(self._titles))
        self._history = csr_array((np.ones(len(indices), np.float32), indices, indptr), shape=shape)

    @abstractmethod
    def _learn(self, history: csr_array, progress: Progress) -> None:
        """Learn the links from histories: float32 csr of shape (n_users, n_items), 1 where a shopper likes."""

    @abstractmethod
    def _sum_links(self, histories: csr_array) -> FloatArray:
        """Sums of links for histories of shape (n_requests, n_items); float32 of the same shape."""

    @abstractmethod
    def _links(self, liked: IntArray, item_row: int) -> FloatArray:
        """link(j, item_row) for each row j in `liked`."""

    @abstractmethod
    def _learnt(self) -> tuple[Mapping[str, NDArray[Any]], Mapping[str, Any]]:
        """Own arrays and settings, for `state`."""
