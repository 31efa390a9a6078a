"""Context scores of test shoppers in circumstances that were not theirs: dealt at random, left out, or without time."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.progress import Progress, silent
from recsys.ranking.fusion import Standardised
from recsys.scorers.base import FloatArray
from recsys.scorers.context import ContextScorer
from recsys.settings import CONTEXT_DIMENSIONS

TREND = "trend"
DIMENSIONS = (TREND, *CONTEXT_DIMENSIONS)
"""Parts of the context component."""

AGES = 1e12
"""Days in which an act loses a part in e: so many that a trend over them is a plain count to the last digit."""

CHUNK = 256
"""Shoppers between two reports of progress."""

Deal = NDArray[np.intp]
"""Whose circumstances each shopper gets: int of shape (n_users,), a permutation."""


@dataclass(frozen=True, eq=False)
class Circumstances:
    """The context component of one panel, taken apart.

    Parameters
    ----------
    trends : float32 of shape (n_users, n_items), the trend at each shopper's own moment
    """

    panel: Panel
    trends: FloatArray

    @classmethod
    def of(cls, panel: Panel, progress: Progress = silent) -> Self:
        """Ask for the trend at everybody's moment.

        Raises
        ------
        SettingsError : the shop is held by candidates only
        """
        if not panel.scores.is_whole:
            raise SettingsError(
                "the scores of all products for all test shoppers do not fit in memory, and other circumstances make "
                "other products candidates; raise --min-interactions"
            )
        return cls(panel, _trends(panel, panel.context_scorers, progress))

    def deal(self, seed: int) -> Deal:
        """Circumstances and moments dealt at random, each among shoppers of the same round."""
        rng, dealt = np.random.default_rng(seed), np.arange(len(self.panel))
        for number in np.unique(self.panel.rounds):
            rows = np.flatnonzero(self.panel.rounds == number)
            dealt[rows] = rng.permutation(rows)
        return dealt

    def scores(self, dealt: Mapping[str, Deal] | None = None, left_out: Set[str] = frozenset()) -> FloatArray:
        """Standardised context scores, float32 of shape (n_users, n_items).

        Parameters
        ----------
        dealt : whose part of a dimension, or of the trend, each shopper gets; their own where it is not named
        left_out : of `DIMENSIONS`, what does not count
        """
        dealt, raw = dealt or {}, np.zeros(self.trends.shape, np.float32)
        everyone = np.arange(len(raw))
        for dimension in CONTEXT_DIMENSIONS:
            if dimension in left_out:
                continue
            stated = self.panel.shoppers[dimension].to_numpy(object)[dealt.get(dimension, everyone)]
            for number, scorer in enumerate(self.panel.context_scorers):
                values, lifts = scorer.lifts.get(dimension, ((), np.empty((0, 0), np.float32)))
                for value, lift in zip(values, lifts, strict=True):
                    raw[(stated == value) & (self.panel.rounds == number)] += lift
        if TREND not in left_out:
            raw += self.trends[dealt.get(TREND, everyone)]
        return Standardised.of(raw).values

    def static(self) -> FloatArray:
        """The same for everybody: no circumstances, and all acts of the training data counted alike, whenever."""
        rows = [timeless(scorer) for scorer in self.panel.context_scorers]
        counts = np.stack([each.trend(each.known_until_s + 1) for each in rows])
        return np.asarray(Standardised.of(counts).values[self.panel.rounds])

    def counted_alike(self, progress: Progress = silent) -> FloatArray:
        """Own circumstances, and all acts up to the shopper's moment counted alike, however old."""
        scorers = tuple(map(timeless, self.panel.context_scorers))
        return replace(self, trends=_trends(self.panel, scorers, progress)).scores()

    def why_not(self, dimension: str) -> str:
        """Why a dimension plays no part on these data, or "" where it does."""
        if dimension == TREND:
            return ""
        for scorer in self.panel.context_scorers:
            if dimension in scorer.unavailable:
                return scorer.unavailable[dimension]
        if not (self.panel.shoppers[dimension] != "").any():
            return "what is held out in this way has no such circumstance"
        return ""

    def varies(self, dimension: str) -> bool:
        """Whether shoppers differ in a dimension or in their moments, so that dealing it changes anything."""
        column = "moment_s" if dimension == TREND else dimension
        return not self.why_not(dimension) and self.panel.shoppers[column].nunique() > 1

    def under(self, scores: FloatArray) -> LiveEngine:
        """The live evaluation of the panel with other context scores."""
        panel = self.panel
        return LiveEngine(replace(panel, scores=replace(panel.scores, context=np.ascontiguousarray(scores))))


def timeless(scorer: ContextScorer) -> ContextScorer:
    """The same component whose trend is a plain count of acts before the moment, however old they are."""
    other = ContextScorer.from_state(scorer.state())
    other.settings = replace(scorer.settings, trend_days=AGES, burst_weight=0.0)
    return other


def _trends(panel: Panel, scorers: tuple[ContextScorer, ...], progress: Progress) -> FloatArray:
    trends = np.empty((len(panel), panel.n_items), np.float32)
    for user, (number, context) in enumerate(zip(panel.rounds.tolist(), panel.contexts, strict=True)):
        if user % CHUNK == 0:
            progress("asking for the trend of every moment", user, len(panel))
        trends[user] = scorers[number].trend(scorers[number].moment_s(context))
    progress("asking for the trend of every moment", len(panel), len(panel))
    return trends
