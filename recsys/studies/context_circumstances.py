"""What the context component is worth to test shoppers: in circumstances of theirs or of others, in part, or static."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.progress import Progress, reported, silent
from recsys.ranking.batch import standardise
from recsys.scorers.base import FloatArray
from recsys.scorers.context import ContextScorer
from recsys.settings import CONTEXT_DIMENSIONS, FusionSettings
from recsys.studies.models import METRIC, lists_of
from recsys.studies.result import NOTHING

TREND = "trend"
DIMENSIONS = (TREND, *CONTEXT_DIMENSIONS)

NEWER = "newer acts counting more"
"""The trend, beside all acts up to the shopper's moment counted alike."""

AGES = 1e12
"""Days in which an act loses a part in e: so many that a trend over them is a plain count to the last digit."""

CHUNK = 256
"""Shoppers between two reports of progress."""

METRICS = (METRIC, "recall")
N_SHUFFLES = 5
"""Random orders of circumstances, averaged shopper by shopper."""

LARGE_ENOUGH = 100
"""Fewest test shoppers of a group that is reported."""

ALONE = FusionSettings.only("context")

Floats = NDArray[np.float64]
Values = dict[str, Floats]
"""One value a shopper, by name of `METRICS`."""

Permutation = NDArray[np.intp]
"""Whose circumstances each shopper gets: int of shape (n_users,), a permutation."""


@dataclass(frozen=True, slots=True)
class ContextComparison:
    """One metric: gain is contextual less static, loss contextual less shuffled, rest shuffled less static.

    `lost` is loss over gain, NaN where there is surely no gain to be lost.
    """

    contextual: Interval
    static: Interval
    shuffled: Interval
    gain: Interval
    loss: Interval
    rest: Interval
    lost: Interval = NOTHING


@dataclass(frozen=True, slots=True)
class ContextPart:
    """One dimension: nDCG with it less that without it, or with it shuffled; or why these data have none."""

    why_not: str = ""
    left_out_alone: Interval = NOTHING
    left_out: Interval = NOTHING
    dealt_alone: Interval = NOTHING
    dealt: Interval = NOTHING


@dataclass(frozen=True, slots=True)
class GroupGain:
    """Shoppers who have a property in common, in the chosen mix."""

    group: str
    value: str
    n: int
    contextual: float
    static: float
    gain: Interval
    loss: Interval


@dataclass(frozen=True, eq=False)
class Circumstances:
    """The context component of one panel, and the trend at each shopper's moment, float32 (n_users, n_items)."""

    panel: Panel
    trends: FloatArray

    @classmethod
    def of(cls, panel: Panel, progress: Progress = silent) -> Self:
        """Compute the trend at everybody's moment, for a panel that holds the whole catalogue."""
        return cls(panel, _trends(panel, panel.context_scorers, progress))

    def permutation(self, seed: int) -> Permutation:
        """Circumstances and moments in random order, each among shoppers of the same round."""
        rng, order = np.random.default_rng(seed), np.arange(len(self.panel))
        for number in np.unique(self.panel.rounds):
            rows = np.flatnonzero(self.panel.rounds == number)
            order[rows] = rng.permutation(rows)
        return order

    def scores(self, shuffled: Mapping[str, Permutation] | None = None, left_out: Set[str] = frozenset()) -> FloatArray:
        """Standardised context scores, float32 of shape (n_users, n_items), without the dimensions left out.

        `shuffled` says whose part of a dimension, or of the trend, each shopper gets; their own where it is not named.
        """
        shuffled, raw = shuffled or {}, np.zeros(self.trends.shape, np.float32)
        everyone = np.arange(len(raw))
        for dimension in (each for each in CONTEXT_DIMENSIONS if each not in left_out):
            stated = self.panel.shoppers[dimension].to_numpy(object)[shuffled.get(dimension, everyone)]
            for number, scorer in enumerate(self.panel.context_scorers):
                values, lifts = scorer.lifts.get(dimension, ((), np.empty((0, 0), np.float32)))
                for value, lift in zip(values, lifts, strict=True):
                    raw[(stated == value) & (self.panel.rounds == number)] += lift
        if TREND not in left_out:
            raw += self.trends[shuffled.get(TREND, everyone)]
        return self._standardised(raw)

    def static(self) -> FloatArray:
        """The same for everybody: no circumstances, and all acts of the training data counted alike, whenever."""
        rows = [timeless(scorer) for scorer in self.panel.context_scorers]
        counts = np.stack([each.trend(each.known_until_s + 1) for each in rows])
        return self._standardised(counts[self.panel.rounds])

    def counted_alike(self, progress: Progress = silent) -> FloatArray:
        """Own circumstances, and all acts up to the shopper's moment counted alike, however old."""
        scorers = tuple(map(timeless, self.panel.context_scorers))
        return replace(self, trends=_trends(self.panel, scorers, progress)).scores()

    def _standardised(self, raw: FloatArray) -> FloatArray:
        standardise(raw[:, None], self.panel.counting(range(len(raw))))
        return raw

    def why_not(self, dimension: str) -> str:
        """Why a dimension plays no part on these data, or "" where it does."""
        if dimension == TREND:
            return ""
        for scorer in self.panel.context_scorers:
            if dimension in scorer.unavailable:
                return scorer.unavailable[dimension]
        has_any = (self.panel.shoppers[dimension] != "").any()
        return "" if has_any else "what is held out in this way has no such circumstance"

    def varies(self, dimension: str) -> bool:
        """Whether shoppers differ in a dimension or in their moments, so that shuffling it changes anything."""
        column = "moment_s" if dimension == TREND else dimension
        return not self.why_not(dimension) and self.panel.shoppers[column].nunique() > 1

    def under(self, scores: FloatArray) -> LiveEngine:
        panel = self.panel
        return LiveEngine(panel.with_scores(replace(panel.scores, context=np.ascontiguousarray(scores))))


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


@dataclass(frozen=True, eq=False)
class ContextProbe:
    """The test shoppers, measured with other context scores."""

    circumstances: Circumstances
    k: int
    seed: int

    def values(self, scores: FloatArray, *fusions: FusionSettings) -> list[Values]:
        engine = self.circumstances.under(scores)
        return [values_of(engine, fusion, self.k) for fusion in fusions]

    def shuffled(self, dimensions: tuple[str, ...], *fusions: FusionSettings) -> list[Values]:
        """The same with some dimensions shuffled, averaged over several orders, shopper by shopper."""
        orders = [self.circumstances.permutation(self.seed + number) for number in range(N_SHUFFLES)]
        scores = (self.circumstances.scores(dict.fromkeys(dimensions, order)) for order in orders)
        by_mix = zip(*(self.values(each, *fusions) for each in scores), strict=True)
        return [{name: np.mean([one[name] for one in some], axis=0) for name in METRICS} for some in by_mix]


def values_of(engine: LiveEngine, fusion: FusionSettings, k: int) -> Values:
    values = lists_of(engine, fusion, k).values
    return {name: values[name] for name in METRICS}


def compared(contextual: Floats, static: Floats, shuffled: Floats, *, seed: int) -> ContextComparison:
    gain, loss, rest = changes(contextual, static), changes(contextual, shuffled), changes(shuffled, static)
    columns = np.stack([contextual, static, shuffled, gain, loss, rest], axis=1)
    found = ContextComparison(*ratio_intervals(columns, seed=seed))
    if found.gain.sign <= 0:
        return found
    return replace(found, lost=ratio_intervals(loss[:, None], gain[:, None], seed)[0])


def parts_of(
    probe: ContextProbe, own: tuple[Values, Values], mix: FusionSettings, progress: Progress
) -> dict[str, ContextPart]:
    """What every dimension is worth: left out, and shuffled while all others stay."""
    circumstances, found = probe.circumstances, {}
    parts = {name: (name,) for name in DIMENSIONS} | {"all circumstances": CONTEXT_DIMENSIONS}
    for name, dimensions in reported(progress, "measuring the parts of the context", parts.items()):
        reasons = [circumstances.why_not(each) for each in dimensions]
        if all(reasons):
            found[name] = ContextPart(reasons[0])
            continue
        others = probe.values(circumstances.scores(left_out=frozenset(dimensions)), ALONE, mix)
        if any(map(circumstances.varies, dimensions)):
            others += probe.shuffled(dimensions, ALONE, mix)
        found[name] = _part(own, others, probe.seed)
    found[NEWER] = _part(own, probe.values(circumstances.counted_alike(progress), ALONE, mix), probe.seed)
    return found


def _part(own: tuple[Values, Values], others: list[Values], seed: int) -> ContextPart:
    """Own nDCG less that of others, by turns alone and in the mix."""
    columns = [changes(own[at % 2][METRIC], other[METRIC]) for at, other in enumerate(others)]
    return ContextPart("", *ratio_intervals(np.stack(columns, axis=1), seed=seed))


def groups_of(probe: ContextProbe, own: Floats, static: Floats, shuffled: Floats) -> tuple[GroupGain, ...]:
    """Gain and loss in the chosen mix, of shoppers who have a property in common that not everybody has."""
    shoppers, found = probe.circumstances.panel.shoppers, []
    columns = np.stack([own, static, changes(own, static), changes(own, shuffled)], axis=1)
    for name in ("activity", *(each for each in CONTEXT_DIMENSIONS if not probe.circumstances.why_not(each))):
        for value in sorted(set(shoppers[name]) - {""}):
            inside = (shoppers[name] == value).to_numpy(bool)
            if inside.sum() >= LARGE_ENOUGH and not inside.all():
                means = ratio_intervals(np.where(inside[:, None], columns, np.nan), seed=probe.seed)
                found.append(GroupGain(name, value, int(inside.sum()), means[0].mean, means[1].mean, *means[2:]))
    return tuple(found)
