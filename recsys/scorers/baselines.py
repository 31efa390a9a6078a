"""Baselines: most liked products, of all time and lately, and item-to-item models (ItemKNN, EASE)."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, vstack

from recsys.progress import Progress
from recsys.scorers.base import NO_ROW, Fitting, FloatArray, IntArray, Requests, ScorePart, Scorer, ScorerState
from recsys.scorers.features import likes_matrix
from recsys.settings import Context

ITEMS_AT_ONCE = 512
"""Products whose co-occurrences are held at a time, which bounds memory."""


class PopularityScorer(Scorer):
    """How many distinct shoppers of the training data liked or bought a product; the plain count.

    All of the training data counts, whatever moment is asked about: cut it with `Dataset.until` to forget what came
    after, or use `RecentPopularityScorer`, which does so for every request.

    >>> import pandas as pd
    >>> from recsys.data.dataset import Dataset
    >>> items = pd.DataFrame({"item_id": ["tent", "stove"], "title": ["Ridge tent", "Gas stove"]})
    >>> day = pd.Timestamp("2024-03-01", tz="UTC")
    >>> bought = pd.DataFrame({"user_id": ["ann"], "item_id": ["tent"], "event": ["purchase"], "timestamp": [day]})
    >>> data = Dataset.from_frames(items, events=bought)
    >>> scores = PopularityScorer().fit(Fitting(data)).score(Requests.one(NO_ROW, Context()))
    >>> scores[0, data.item_ids.get_indexer(["tent", "stove"])].tolist()
    [1.0, 0.0]
    """

    name, label = "popularity", "Popularity"
    ARRAYS = ("counts",)

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        progress("counting likes")
        liked = fitting.data.positives()["item_row"].to_numpy()  # one row for each shopper and product
        self.counts: FloatArray = np.bincount(liked, minlength=fitting.data.n_items).astype(np.float32)

    def _score(self, requests: Requests) -> FloatArray:
        return np.repeat(self.counts[None, :], len(requests), axis=0)

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        count = float(self.counts[item_row])
        return [ScorePart(f"liked by {count:,.0f} shoppers", count, {"kind": "popularity"})]


class RecentPopularityScorer(Scorer):
    """Likes of a product in the last days before the request's moment, ties settled by all its likes until then.

    The score is recent + earlier, where recent counts the likes in [moment - window_days, moment) and earlier is the
    product's share, below 1, of all likes before the moment: it settles ties and never outweighs a recent like.
    Nothing at or after the moment is counted. A request without a moment asks about the end of the training data.

    `window_days`: length of the window, above 0; 7 as in the reference protocol, 14 to 30 find slightly more on Steam.
    """

    name, label = "recent_popularity", "Recent popularity"
    ARRAYS, META = ("items", "times_s"), ("window_days", "n_items", "end_s")

    def __init__(self, window_days: float = 7.0) -> None:
        super().__init__()
        if not window_days > 0:
            raise ValueError(f"window_days={window_days} is not a length of time; give a number above 0")
        self.window_days = window_days

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        progress("counting likes by time")
        liked = fitting.data.positives()  # sorted by time
        self.n_items = fitting.data.n_items
        self.items = liked["item_row"].to_numpy(np.int32)
        self.times_s = liked["time_s"].to_numpy(np.int64)
        self.end_s = fitting.data.known_until_s + 1  # the first moment after all that is known

    def _score(self, requests: Requests) -> FloatArray:
        scores = np.empty((len(requests), self.n_items), np.float32)
        for request, recent, before in self._counts(requests.contexts):
            np.add(recent, before / (before.sum() + 1), out=scores[request], casting="same_kind")
        return scores

    def _counts(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
        """Each request with its likes in the window and before the moment, (n_items,) each, in the order of moments.

        Both counts are carried from one moment to the next, so every like is added once and dropped once however many
        requests there are. The arrays are overwritten by the next step.
        """
        moments = np.array([self.end_s if c.moment is None else c.moment.timestamp() for c in contexts], np.float64)
        ends = np.searchsorted(self.times_s, moments, side="left")
        starts = np.searchsorted(self.times_s, moments - self.window_days * 86_400, side="left")
        recent, before = np.zeros(self.n_items, np.int64), np.zeros(self.n_items, np.int64)
        start = end = 0
        for request in np.argsort(moments, kind="stable"):
            arrived = self.items[end : ends[request]]
            np.add.at(recent, arrived, 1)
            np.add.at(before, arrived, 1)
            np.subtract.at(recent, self.items[start : starts[request]], 1)
            start, end = starts[request], ends[request]
            yield int(request), recent, before

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        _, recent, before = next(self._counts(requests.contexts[request : request + 1]))
        n_recent, n_before = int(recent[item_row]), int(before[item_row])
        return [
            ScorePart(
                f"liked {n_recent:,} times in the last {self.window_days:g} days", float(n_recent), {"kind": "recent"}
            ),
            ScorePart(
                f"liked {n_before:,} times in all until then", n_before / (int(before.sum()) + 1), {"kind": "earlier"}
            ),
        ]


class HistoryScorer(Scorer):
    """score(u, i) = sum over the products j that u likes of link(j, i), so it splits exactly over the history.

    A new shopper, or one who liked nothing, gets 0 for every product. Subclasses learn the links.
    """

    META: ClassVar[tuple[str, ...]] = ("titles", "item_ids")

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        data = fitting.data
        self._history = likes_matrix(data, np.ones(len(data.positives())))
        self._history.sort_indices()
        self.titles = [str(title) for title in data.items["title"]]
        self.item_ids = [str(item_id) for item_id in data.item_ids]
        self._learn(self._history, progress)

    def _score(self, requests: Requests) -> FloatArray:
        known = requests.user_rows != NO_ROW
        scores = np.zeros((len(requests), self._history.shape[1]), np.float32)
        histories = self._history[requests.user_rows[known]]
        for row, request in enumerate(np.flatnonzero(known).tolist()):
            if ablated := requests.exclusions[request].items:
                own = slice(histories.indptr[row], histories.indptr[row + 1])
                histories.data[own] *= ~np.isin(histories.indices[own], ablated)
        scores[known] = self._sum_links(histories)
        return scores

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        user_row = requests.user_rows[request]
        if user_row == NO_ROW:
            return []
        liked = self._history.indices[self._history.indptr[user_row] : self._history.indptr[user_row + 1]]
        liked = liked[~np.isin(liked, requests.exclusions[request].items)]
        return [
            ScorePart(self.titles[row], float(link), {"kind": "history", "item_id": self.item_ids[row]})
            for row, link in zip(liked, self._links(liked, item_row), strict=True)
            if link != 0
        ]

    def _state(self) -> ScorerState:
        history = {"history_indices": self._history.indices, "history_indptr": self._history.indptr}
        state = super()._state()
        return ScorerState({**history, **state.arrays}, state.meta)

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        indices, indptr = state.arrays["history_indices"], state.arrays["history_indptr"]
        shape = (len(indptr) - 1, len(self.titles))
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


class ItemKNNScorer(HistoryScorer):
    """ItemKNN: link(j, i) = common(j, i) / (sqrt(likes(j) likes(i)) + shrinkage), for the neighbours of i only.

    The defaults stand where recall on the validation items of the Steam set levels off: most products there have a
    handful of likes, and without much shrinkage chance pairs win (recall@10 0.14 against 0.21).

    Parameters
    ----------
    n_neighbours : how many of the nearest products each product keeps
    shrinkage : pulls links that rest on few shoppers towards 0; at least 0

    References
    ----------
    Sarwar et al. (2001), WWW; shrinkage as in Bell & Koren (2007), ICDM.
    """

    name, label = "item_knn", "ItemKNN"
    META = (*HistoryScorer.META, "n_neighbours", "shrinkage")

    def __init__(self, n_neighbours: int = 200, shrinkage: float = 100.0) -> None:
        super().__init__()
        if n_neighbours < 1 or shrinkage < 0:
            raise ValueError(
                f"n_neighbours={n_neighbours}, shrinkage={shrinkage} are not usable; give at least 1 and at least 0"
            )
        self.n_neighbours, self.shrinkage = n_neighbours, shrinkage

    def _learn(self, history: csr_array, progress: Progress) -> None:
        n_items = history.shape[1]
        lengths = np.sqrt(np.asarray(history.sum(0), np.float64))
        by_item = history.T.tocsr()
        blocks = []
        for start in range(0, n_items, ITEMS_AT_ONCE):
            progress("linking products", start, n_items)
            common = (by_item[start : start + ITEMS_AT_ONCE] @ history).tocoo()
            rows, columns = common.coords
            cosines = common.data / (lengths[rows + start] * lengths[columns] + self.shrinkage)
            cosines[rows + start == columns] = 0
            kept = _largest(rows, cosines, self.n_neighbours)
            blocks.append(
                csr_array((cosines[kept].astype(np.float32), (rows[kept], columns[kept])), shape=common.shape)
            )
        progress("linking products", n_items, n_items)
        # Row i of the blocks holds the neighbours of i; scoring goes from a liked product to what it links to.
        self._from_liked = vstack(blocks, format="csr").T.tocsr()
        self._from_liked.sort_indices()

    def _sum_links(self, histories: csr_array) -> FloatArray:
        return np.asarray((histories @ self._from_liked).toarray())

    def _links(self, liked: IntArray, item_row: int) -> FloatArray:
        return np.asarray(self._from_liked[liked].tocsc()[:, [item_row]].toarray()[:, 0])

    def _state(self) -> ScorerState:
        state, links = super()._state(), self._from_liked
        arrays = {"link_values": links.data, "link_indices": links.indices, "link_indptr": links.indptr}
        return ScorerState({**state.arrays, **arrays}, state.meta)

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        values, indices, indptr = (state.arrays[f"link_{part}"] for part in ("values", "indices", "indptr"))
        self._from_liked = csr_array((values, indices, indptr), shape=(len(indptr) - 1, len(indptr) - 1))


def _largest(rows: IntArray, values: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Positions of the n largest positive values of each row; equal values in the order given."""
    order = np.lexsort((-values, rows))
    order = order[values[order] > 0]
    sorted_rows = rows[order]
    first = np.searchsorted(sorted_rows, sorted_rows, side="left")
    return np.asarray(order[np.arange(len(order)) - first < n])


class EASEScorer(HistoryScorer):
    """EASE: link(j, i) = -P_ji / P_ii with P the inverse of (co-occurrences + regularisation); none to itself.

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

    name, label = "ease", "EASE"
    ARRAYS = ("items", "weights")
    META = (*HistoryScorer.META, "regularisation", "max_items")

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
        self.items: IntArray = np.sort(popular[likes[popular] > 0]).astype(np.int32)
        progress("fitting EASE")
        chosen = history[:, self.items].astype(np.float64)
        gram = (chosen.T @ chosen).toarray()
        np.fill_diagonal(gram, gram.diagonal() + self.regularisation)
        inverse = cho_solve(cho_factor(gram, overwrite_a=True), np.eye(len(gram)), overwrite_b=True)
        inverse /= -inverse.diagonal()
        np.fill_diagonal(inverse, 0)
        self.weights: FloatArray = inverse.astype(np.float32)

    def _sum_links(self, histories: csr_array) -> FloatArray:
        sums = np.zeros(histories.shape, np.float32)
        sums[:, self.items] = histories[:, self.items] @ self.weights
        return sums

    def _links(self, liked: IntArray, item_row: int) -> FloatArray:
        links = np.zeros(len(liked), np.float32)
        column = np.flatnonzero(self.items == item_row)
        taking_part = np.isin(liked, self.items)
        if len(column):
            links[taking_part] = self.weights[np.searchsorted(self.items, liked[taking_part]), column[0]]
        return links
