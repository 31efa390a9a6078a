"""Baselines: most liked products, of all time and lately."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.progress import Progress
from recsys.scorers.base import Fitting, FloatArray, Requests, ScorePart, Scorer
from recsys.settings import Context


class PopularityScorer(Scorer):
    """How many distinct shoppers of the training data liked or bought a product; the plain count.

    All of the training data counts, whatever moment is asked about: cut it with `Dataset.until` to forget what came
    after, or use `RecentPopularityScorer`, which does so for every request.

    >>> import pandas as pd
    >>> from recsys.scorers.base import NO_ROW
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
