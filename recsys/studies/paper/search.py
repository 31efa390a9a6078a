"""One setting that lifts every metric of the paper: looked for on validation shoppers.

The one whose worst metric comes nearest to (or furthest beyond) the lift that the paper reports of it: first among
mixes of the weight map at every tenth of variety by every method, then by climbing from the best of each method.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from recsys.errors import DataError
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, reported, silent
from recsys.settings import COMPONENTS, DIVERSITY_METHODS, FusionSettings, RankingSettings
from recsys.tuning.weight_map import weight_map

PAPER: Mapping[str, tuple[float, float]] = {
    "precision": (0.75, 0.82),
    "recall": (0.68, 0.77),
    "f1": (0.71, 0.79),
    "ctr": (0.56, 0.63),
    "ild": (0.34, 0.48),
}
"""Traditional and hybrid as the paper has them, by our names of the metrics."""

MEASURED = ("precision", "recall", "f1", "ild")
"""Those that every shop can be measured by, and that a setting is looked for by. A click rate stands beside them:
nobody was shown these lists, so it is of a simulator or a model, and never counts among the lifts that are reached."""

STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
N_BASES = 30
"""Mixes of the map that are re-ranked at every strength: the most accurate ones, and the best of the front."""

STRENGTH_MOVES = (0.05, -0.05, 0.02, -0.02)
WEIGHT_MOVE = 0.05
MOST_MOVES = 12
"""A climb goes at most so many times to the best of all settings that are one such move away."""


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """One setting on the shoppers of one role, with its lifts of `MEASURED` over the traditional model."""

    settings: RankingSettings
    lifts: Mapping[str, float]

    @property
    def worst(self) -> float:
        """How near the metric that comes off worst is to the paper's lift: 1 is all of it."""
        return min(self.lifts[name] / paper_lift(name) for name in MEASURED)


def paper_lift(name: str) -> float:
    """Relative lift that the paper reports: 0.132 is +13.2%."""
    old, new = PAPER[name]
    return new / old - 1


def candidates(
    engine: LiveEngine, traditional: RankingSettings, k: int, progress: Progress = silent
) -> list[Candidate]:
    """Settings of all components worth a look, measured on validation shoppers."""
    base = engine.measure(traditional).lists
    found = weight_map(engine, k, WHOLE_CATALOGUE, metrics=(), progress=progress)
    by_accuracy = np.argsort(-found.means["recall"], kind="stable")[:N_BASES]
    front = found.efficient("recall", "ild")
    bases = dict.fromkeys([*by_accuracy.tolist(), *front.tolist()])
    settings = [
        RankingSettings(found.settings(point), WHOLE_CATALOGUE, k, strength, method)
        for point in bases
        for strength in STRENGTHS
        for method in (DIVERSITY_METHODS if strength else DIVERSITY_METHODS[:1])
    ]
    tried = {each.settings: each for each in measured(settings, engine, base, progress)}
    for method in DIVERSITY_METHODS:
        of_method = [each for each in tried.values() if each.settings.method == method]
        if of_method:
            _climb(max(of_method, key=lambda each: each.worst), tried, engine, base, progress)
    return list(tried.values())


def measured(
    settings: Sequence[RankingSettings], engine: LiveEngine, traditional: MeasuredLists, progress: Progress = silent
) -> list[Candidate]:
    """Each setting's lifts over the traditional lists of the same shoppers."""
    base, found = _averages(traditional), []
    if not all(base[name] > 0 for name in MEASURED):
        raise DataError(
            "the traditional model finds nothing that the shoppers chose, so no lift over it can be told",
            file="the data folder",
            remedy="bring more data, or lower --min-interactions",
        )
    for each in reported(progress, "re-ranking for diversity", settings):
        now = _averages(engine.measure(each).lists)
        found.append(Candidate(each, {name: now[name] / base[name] - 1 for name in MEASURED}))
    return found


def nearby(settings: RankingSettings) -> list[RankingSettings]:
    """Settings that are one move away: a little more or less variety, or a twentieth of all weight shifted."""
    strengths = [round(settings.diversity + move, 2) for move in STRENGTH_MOVES]
    around = [replace(settings, diversity=strength) for strength in strengths if 0 < strength <= 1]
    shares = {name: round(share, 4) for name, share in settings.fusion.normalised().items()}
    for source, target in permutations(COMPONENTS, 2):
        if shares[source] >= WEIGHT_MOVE - 1e-9:
            moved = {source: round(shares[source] - WEIGHT_MOVE, 4), target: round(shares[target] + WEIGHT_MOVE, 4)}
            around.append(replace(settings, fusion=FusionSettings(**{**shares, **moved})))
    return around


def _climb(
    start: Candidate,
    tried: dict[RankingSettings, Candidate],
    engine: LiveEngine,
    traditional: MeasuredLists,
    progress: Progress,
) -> None:
    """Go to the best setting nearby until there is no better one; all that was measured goes into `tried`."""
    best = start
    for _ in range(MOST_MOVES):
        around = nearby(best.settings)
        new = [each for each in around if each not in tried]
        tried.update((each.settings, each) for each in measured(new, engine, traditional, progress))
        better = max((tried[each] for each in around), key=lambda each: each.worst)
        if better.worst <= best.worst:
            return
        best = better


def _averages(lists: MeasuredLists) -> dict[str, float]:
    return {name: float(np.nanmean(lists.values[name])) for name in MEASURED}
