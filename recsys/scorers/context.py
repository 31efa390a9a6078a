"""Context component: log-lifts of a product in the circumstances of a request, and its trend.

For each circumstance v of a dimension (daypart, weekday, season, device, region) a product's part is
log(p(v | product) / p(v)), where p(v | product) is shrunken to its category's and that to the shop's. The part of the
trend is the logarithm of an exponentially decayed count of the product's acts, strictly before the moment asked about,
and, where a shop's shoppers follow it, of a second count that looks at the last days only.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from recsys.data.dataset import Dataset
from recsys.progress import Progress
from recsys.scorers.base import Fitting, FloatArray, IntArray, Requests, ScorePart, Scorer, ScorerState
from recsys.settings import DAYPARTS, SEASONS, WEEKDAYS, Context, season_of

DAY_S = 86_400
BLOCK_ACTS = 128
"""Acts that are decayed together: to the last of them once, and from there to every moment asked about."""

N_DECAY_TIMES = 20
"""Older than so many decay times an act counts less than a billionth, and nothing."""

MIN_SHARE_KNOWN = 0.05
"""A dimension that fewer acts than this state is not offered."""


@dataclass(frozen=True, slots=True)
class ContextSettings:
    """Settings of the context component.

    Parameters
    ----------
    item_shrinkage : acts that a product needs before its own habits count as much as its category's
    category_shrinkage : acts that a category needs before its habits count as much as the shop's
    trend_days : age at which an act counts 1/e in the trend
    trend_prior : acts that every product is credited with, which keeps the logarithm of few acts tame
    trend_weight : of the trend beside 1 for each circumstance
    burst_days, burst_prior, burst_weight : the same of the last days alone, whose prior is that of a product much in
        demand, so that only a burst of acts counts; its weight stands beside that of the trend, 0 leaves it out
    """

    item_shrinkage: float = 100.0
    category_shrinkage: float = 100.0
    trend_days: float = 30.0
    trend_prior: float = 0.03
    trend_weight: float = 1.0
    burst_days: float = 7.0
    burst_prior: float = 10.0
    burst_weight: float = 0.0


def log_count(decayed: NDArray[np.floating[Any]], prior: float) -> FloatArray:
    """Logarithm of decayed counts of acts, 0 without any: float32 of the same shape."""
    return np.asarray(np.log1p(np.asarray(decayed, np.float32) / np.float32(prior)))


class ContextScorer(Scorer):
    """Sum of the log-lifts of the stated circumstances and the trend as of the moment."""

    name, label, SETTINGS = "context", "Context", ContextSettings
    ARRAYS, META = ("times_s", "rows"), ("unavailable", "known_until_s", "n_items")

    def __init__(self, settings: ContextSettings | None = None) -> None:
        super().__init__(settings)
        # Requests of one sitting ask about one moment, so the last answer is kept; replaced whole, never changed.
        self._trend: tuple[int, FloatArray] = (-1, np.empty(0, np.float32))
        self._blocks: dict[float, tuple[NDArray[np.int64], csr_array]] = {}

    def _fit(self, fitting: Fitting, progress: Progress) -> None:
        data = fitting.data
        progress("fitting the context model", 0, 2)
        acts = data.interactions()
        acts = acts[acts["strength"] > 0]
        categories = pd.Categorical(data.items["category"])
        self.lifts: dict[str, tuple[tuple[str, ...], FloatArray]] = {}
        self.unavailable: dict[str, str] = {}
        for dimension, (values, codes, reason) in _circumstances(data, acts).items():
            if reason:
                self.unavailable[dimension] = reason
            else:
                self.lifts[dimension] = values, self._lift(acts, codes, len(values), categories)
        progress("fitting the context model", 1, 2)
        # Looking only is no sign of a trend where buying is on record too; elsewhere it is all there is.
        decided = acts["positive"].to_numpy(bool)
        acts = acts[decided] if decided.any() else acts
        self.times_s: NDArray[np.int64] = acts["time_s"].to_numpy(np.int64)
        self.rows: IntArray = acts["item_row"].to_numpy(np.int32)
        self.known_until_s = data.known_until_s
        self.n_items = data.n_items
        progress("fitting the context model", 2, 2)

    def _lift(self, acts: pd.DataFrame, codes: IntArray, n_values: int, categories: pd.Categorical) -> FloatArray:
        """Log-lifts, float32 of shape (n_values, n_items)."""
        known = codes >= 0
        rows, codes = acts["item_row"].to_numpy()[known], codes[known]
        strength = acts["strength"].to_numpy(np.float64)[known]
        n_items, n_categories = len(categories), len(categories.categories)
        of_item = np.zeros((n_values, n_items))
        np.add.at(of_item, (codes, rows), strength)
        of_category = np.zeros((n_values, n_categories))
        np.add.at(of_category.T, categories.codes, of_item.T)
        # Half an act for each value keeps every share above zero.
        shop = (of_category.sum(axis=1) + 0.5) / (of_category.sum() + 0.5 * n_values)
        kappa = self.settings.category_shrinkage
        category = (of_category + kappa * shop[:, None]) / (of_category.sum(axis=0) + kappa)
        kappa = self.settings.item_shrinkage
        share = (of_item + kappa * category[:, categories.codes]) / (of_item.sum(axis=0) + kappa)
        return np.asarray(np.log(share / shop[:, None]), np.float32)

    def trend(self, moment_s: int) -> FloatArray:
        """Logarithm of each product's decayed acts strictly before a moment, 0 without any: float32 (n_items,)."""
        known_s, latest = self._trend
        if known_s != moment_s:
            latest = np.ascontiguousarray(self.trends(np.array([moment_s]))[0])
            self._trend = moment_s, latest
        return latest

    def trends(self, moments_s: NDArray[np.int64]) -> FloatArray:
        """`trend` of several moments, float32 of shape (n_moments, n_items)."""
        settings = self.settings
        lifted = log_count(self.decayed(moments_s, settings.trend_days), settings.trend_prior)
        if settings.burst_weight:
            burst = log_count(self.decayed(moments_s, settings.burst_days), settings.burst_prior)
            lifted = lifted + np.float32(settings.burst_weight) * burst
        return np.asarray(np.float32(settings.trend_weight) * lifted)

    def decayed(self, moments_s: NDArray[np.int64], days: float) -> NDArray[np.float64]:
        """Each product's acts strictly before each moment, one of age `days` counting 1/e: (n_moments, n_items)."""
        anchors_s, blocks = self._blocks_of(days)
        ages_s = moments_s[:, None] - anchors_s
        shares = np.exp(-np.maximum(ages_s, 0) / (days * DAY_S))
        ends = np.searchsorted(self.times_s, moments_s)
        n_whole = ends // BLOCK_ACTS
        number = np.arange(len(anchors_s))
        shares[(number >= n_whole[:, None]) | (ages_s > N_DECAY_TIMES * days * DAY_S)] = 0
        counts = np.asarray(shares @ blocks)
        for row, (moment_s, start, end) in enumerate(zip(moments_s, n_whole * BLOCK_ACTS, ends, strict=True)):
            latest = slice(start, end)
            np.add.at(counts[row], self.rows[latest], np.exp((self.times_s[latest] - moment_s) / (days * DAY_S)))
        return counts

    def _blocks_of(self, days: float) -> tuple[NDArray[np.int64], csr_array]:
        """When each block of BLOCK_ACTS acts ends, and its acts decayed until then: (n_blocks, n_items)."""
        if days not in self._blocks:
            n_acts = len(self.rows) // BLOCK_ACTS * BLOCK_ACTS
            times_s, rows = self.times_s[:n_acts], self.rows[:n_acts]
            anchors_s = times_s[BLOCK_ACTS - 1 :: BLOCK_ACTS]
            block = np.arange(n_acts) // BLOCK_ACTS
            weights = np.exp((times_s - anchors_s[block]) / (days * DAY_S))
            blocks = coo_array((weights, (block, rows)), shape=(len(anchors_s), self.n_items)).tocsr()
            self._blocks = {**self._blocks, days: (anchors_s, blocks)}
        return self._blocks[days]

    def moment_s(self, context: Context) -> int:
        """The moment asked about in seconds, or the end of the training data."""
        return int(context.moment.timestamp()) if context.moment is not None else self.known_until_s + 1

    def parts(self, context: Context, excluded: Set[str] = frozenset()) -> dict[str, FloatArray]:
        """The score's summands by dimension, each float32 of shape (n_items,); a value never seen adds nothing.

        `excluded`: dimensions, or "trend", that do not count.
        """
        self._require_fitted()
        parts = self.lifts_in(context.stated())
        parts["trend"] = self.trend(self.moment_s(context))
        return {dimension: part for dimension, part in parts.items() if dimension not in excluded}

    def lifts_in(self, stated: Mapping[str, str]) -> dict[str, FloatArray]:
        """The parts of circumstances, by dimension."""
        parts = {}
        for dimension, value in stated.items():
            values, lifts = self.lifts.get(dimension, ((), None))
            if lifts is not None and value in values:
                parts[dimension] = lifts[values.index(value)]
        return parts

    def _score(self, requests: Requests) -> FloatArray:
        scores = np.zeros((len(requests), self.n_items), np.float32)
        alike: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for request, context in enumerate(requests.contexts):
            excluded = requests.exclusions[request].circumstances
            stated = tuple(each for each in context.stated().items() if each[0] not in excluded)
            alike.setdefault(stated, []).append(request)
        for stated, which in alike.items():
            for lifts in self.lifts_in(dict(stated)).values():
                scores[which] += lifts
        moving = [at for at, each in enumerate(requests.exclusions) if "trend" not in each.circumstances]
        moments_s = np.array([self.moment_s(requests.contexts[at]) for at in moving], np.int64)
        if len(set(moments_s.tolist())) == 1:
            scores[moving] += self.trend(int(moments_s[0]))
        elif moving:
            different, place = np.unique(moments_s, return_inverse=True)
            scores[moving] += self.trends(different)[place]
        return scores

    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        context = requests.contexts[request]
        stated = context.stated()
        return [
            ScorePart(
                "wanted lately" if dimension == "trend" else f"{dimension}: {stated[dimension]}",
                float(values[item_row]),
                {"kind": "circumstance", "dimension": dimension, "value": stated.get(dimension, "")},
            )
            for dimension, values in self.parts(context, requests.exclusions[request].circumstances).items()
        ]

    def _state(self) -> ScorerState:
        state = super()._state()
        lifts = {f"lift.{dimension}": lifts for dimension, (_, lifts) in self.lifts.items()}
        values = {dimension: list(values) for dimension, (values, _) in self.lifts.items()}
        return ScorerState({**state.arrays, **lifts}, {**state.meta, "values": values})

    def _restore(self, state: ScorerState) -> None:
        super()._restore(state)
        values = state.meta["values"]
        self.lifts = {name: (tuple(each), state.arrays[f"lift.{name}"]) for name, each in values.items()}


def _circumstances(data: Dataset, acts: pd.DataFrame) -> dict[str, tuple[tuple[str, ...], IntArray, str]]:
    """By dimension: values, each act's value as a position among them (-1 unknown), why unavailable ("" if not)."""
    times = pd.DatetimeIndex(pd.to_datetime(acts["time_s"].to_numpy(), unit="s", utc=True))
    seasons = np.array([SEASONS.index(season_of(month, data.hemisphere)) for month in range(1, 13)], np.int32)
    no_hours = "" if data.has_time_of_day else "the data's timestamps are whole days, so the time of day is not known"
    found: dict[str, tuple[tuple[str, ...], IntArray, str]] = {
        "daypart": (DAYPARTS, (times.hour // 6).to_numpy(np.int32), no_hours),
        "weekday": (WEEKDAYS, times.day_of_week.to_numpy(np.int32), ""),
        "season": (SEASONS, seasons[times.month - 1], ""),
    }
    for dimension in ("device", "region"):
        column = pd.Categorical(acts[dimension].astype(str).replace("", None))
        is_known = len(column) > 0 and (column.codes >= 0).mean() >= MIN_SHARE_KNOWN
        reason = "" if is_known else f"the data does not say the {dimension} of its reviews and events"
        found[dimension] = tuple(map(str, column.categories)), column.codes.astype(np.int32), reason
    if not len(acts):
        return {
            name: (values, codes, "the data has no reviews or events") for name, (values, codes, _) in found.items()
        }
    return found
