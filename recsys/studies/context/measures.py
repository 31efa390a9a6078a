"""What the context component is worth to each test shopper: as it is, static, shuffled, and by part and group."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.progress import Progress
from recsys.scorers.base import FloatArray
from recsys.settings import CONTEXT_DIMENSIONS, FusionSettings
from recsys.studies.context.circumstances import DIMENSIONS, Circumstances
from recsys.studies.models import METRIC, lists_of

METRICS = (METRIC, "recall")
N_DEALS = 5
"""Random deals of circumstances, averaged shopper by shopper."""

LARGE_ENOUGH = 100
"""Fewest test shoppers of a group that is reported."""

NEWER = "newer acts counting more"
"""The trend, beside all acts up to the shopper's moment counted alike."""

ALONE = FusionSettings.only("context")
NOTHING = Interval(math.nan, math.nan, math.nan, 0)


@dataclass(frozen=True, slots=True)
class ContextComparison:
    """One metric of one way of using the context component.

    Parameters
    ----------
    gain : contextual less static
    loss : contextual less shuffled
    rest : shuffled less static
    lost : loss over gain, NaN where there is surely no gain to be lost
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
    """One dimension of the context: nDCG with it less nDCG without it, or with it dealt at random.

    Parameters
    ----------
    why_not : why it plays no part on these data, or ""
    """

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


Floats = NDArray[np.float64]
Values = dict[str, Floats]
"""One value a shopper, by name of `METRICS`."""


@dataclass(frozen=True, eq=False)
class ContextProbe:
    """The test shoppers, measured with other context scores."""

    circumstances: Circumstances
    k: int
    seed: int

    def values(self, scores: FloatArray, *fusions: FusionSettings) -> list[Values]:
        """Metrics of every shopper with other context scores, under each mix."""
        engine = self.circumstances.under(scores)
        return [values_of(engine, fusion, self.k) for fusion in fusions]

    def dealt(self, dimensions: tuple[str, ...], *fusions: FusionSettings) -> list[Values]:
        """The same with some dimensions dealt at random, averaged over several deals shopper by shopper."""
        deals = [self.circumstances.deal(self.seed + number) for number in range(N_DEALS)]
        scores = (self.circumstances.scores(dict.fromkeys(dimensions, deal)) for deal in deals)
        by_mix = zip(*(self.values(each, *fusions) for each in scores), strict=True)
        return [{name: np.mean([one[name] for one in some], axis=0) for name in METRICS} for some in by_mix]


def values_of(engine: LiveEngine, fusion: FusionSettings, k: int) -> Values:
    """Metrics of every shopper under one mix."""
    values = lists_of(engine, fusion, k).values
    return {name: values[name] for name in METRICS}


def compared(contextual: Floats, static: Floats, shuffled: Floats, seed: int) -> ContextComparison:
    """One metric of every shopper, used in the three ways."""
    gain, loss, rest = changes(contextual, static), changes(contextual, shuffled), changes(shuffled, static)
    columns = np.stack([contextual, static, shuffled, gain, loss, rest], axis=1)
    found = ContextComparison(*ratio_intervals(columns, seed=seed))
    if found.gain.sign <= 0:
        return found
    return replace(found, lost=ratio_intervals(loss[:, None], gain[:, None], seed)[0])


def parts_of(
    probe: ContextProbe, own: tuple[Values, Values], mix: FusionSettings, progress: Progress
) -> dict[str, ContextPart]:
    """What every dimension is worth: left out, and dealt at random while all others stay."""
    circumstances, found = probe.circumstances, {}
    parts = {name: (name,) for name in DIMENSIONS} | {"all circumstances": CONTEXT_DIMENSIONS}
    for done, (name, dimensions) in enumerate(parts.items()):
        progress("measuring the parts of the context", done, len(parts) + 1)
        reasons = [circumstances.why_not(each) for each in dimensions]
        if all(reasons):
            found[name] = ContextPart(reasons[0])
            continue
        others = probe.values(circumstances.scores(left_out=frozenset(dimensions)), ALONE, mix)
        if any(map(circumstances.varies, dimensions)):
            others += probe.dealt(dimensions, ALONE, mix)
        found[name] = _part(own, others, probe.seed)
    progress("measuring the parts of the context", len(parts), len(parts) + 1)
    found[NEWER] = _part(own, probe.values(circumstances.counted_alike(progress), ALONE, mix), probe.seed)
    progress("measuring the parts of the context", len(parts) + 1, len(parts) + 1)
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
