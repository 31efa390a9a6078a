"""Every mix on the shoppers of one role, and some of them on those of both."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.evaluation.statistics.intervals import changes, mean_interval, ratio_intervals
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.panel.segments import AS_IT_WAS
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.models import METRIC, lists_of
from recsys.tuning.map_walk import Walk
from recsys.tuning.simplex_cells import N_STEPS
from recsys.tuning.weight_map import WeightMap, weight_map

N_HALVINGS = 20
"""Random halves of the test shoppers, whose answers are averaged shopper by shopper."""

Floats = NDArray[np.float64]
Ends = Mapping[str, tuple[float, float]]
"""Lowest and highest share of a component among the tied mixes, of "validation" and of "test"."""


@dataclass(frozen=True, slots=True)
class MeasuredMix:
    """One mix that matters: a named one, or the best on validation while a component has a given share.

    Parameters
    ----------
    name : of the mix, or of the component whose share is given
    validation, test : nDCG on either
    change : nDCG on test less that of the chosen mix
    tied_on_validation, tied_on_test : whether it, or some mix of the share, cannot be told from the best of all
    rank_on_validation, rank_on_test : on the map, from 1
    hindsight : nDCG of the mix of the share that turns out best on test
    """

    name: str
    weights: FusionSettings
    validation: Interval
    test: Interval
    change: Interval
    tied_on_validation: bool | None = None
    tied_on_test: bool | None = None
    rank_on_validation: int | None = None
    rank_on_test: int | None = None
    share: float | None = None
    hindsight: float | None = None


@dataclass(frozen=True, eq=False)
class MappedRole:
    """Shoppers of one role with every mix measured on them."""

    engine: LiveEngine
    map: WeightMap

    @classmethod
    def of(cls, engine: LiveEngine, k: int, progress: Progress) -> "MappedRole":
        """Measure every mix, and find those that are tied with the best."""
        return cls(engine, weight_map(engine, k, WHOLE_CATALOGUE, metrics=(METRIC,), progress=progress))

    @property
    def means(self) -> Floats:
        """Mean nDCG of every mix."""
        return self.map.means[METRIC]

    @property
    def tied(self) -> NDArray[np.bool_]:
        """Mixes that cannot be told from the best."""
        return self.map.tied[METRIC]

    def values(self, point: int) -> Floats:
        """Every shopper's own nDCG under one mix."""
        return lists_of(self.engine, self.map.settings(point), self.map.k).values[METRIC]

    def point_of(self, fusion: FusionSettings) -> int:
        """The mix on the map, or that nearest to it."""
        return self.map.cells.nearest(np.array(list(fusion.normalised().values())))

    def rank(self, point: int) -> int:
        """How many mixes are better, and one."""
        return int((self.means > self.means[point] + 1e-9).sum()) + 1


def by_halves(test: MappedRole, chosen: int, seed: int, progress: Progress = silent) -> Interval:
    """nDCG of mixes chosen on one half of the test shoppers and measured on the other, less that of the chosen one."""
    everyone = np.arange(len(test.engine.panel))
    walk = Walk(test.engine, test.map.cells, everyone, test.map.k, WHOLE_CATALOGUE, AS_IT_WAS, progress)
    column = np.array([SHOPPER_METRICS.index(METRIC)], np.int64)
    values = walk.measure(column, keep_lists=False).values[0]
    rng, gain = np.random.default_rng(seed), np.zeros(values.shape[1])
    for _ in range(N_HALVINGS):
        first = np.zeros(len(gain), bool)
        first[rng.permutation(len(gain))[: len(gain) // 2]] = True
        for half in (first, ~first):
            means = np.asarray(np.nanmean(values[:, half], axis=1), np.float64)
            best = WeightMap(test.map.cells, test.map.k, int(half.sum()), {METRIC: means}, {}).best(METRIC)
            gain[~half] += (values[best] - values[chosen])[~half] / N_HALVINGS
    return mean_interval(gain, seed)


def named_mixes(validation: MappedRole, test: MappedRole, chosen: int, seed: int) -> tuple[MeasuredMix, ...]:
    """The mixes that matter; the chosen one comes first."""
    equal = FusionSettings(*(0.25,) * len(COMPONENTS))
    named: Mapping[str, int] = {
        "Best on validation (chosen)": chosen,
        "Best on test (in hindsight)": test.map.best(METRIC),
        "Most even of those tied on validation": validation.map.most_even(validation.tied),
        "Equal weights": test.point_of(equal),
        "The shop's default weights": test.point_of(FusionSettings()),
        **{f"{name[:1].upper()}{name[1:]} alone": test.point_of(FusionSettings.only(name)) for name in COMPONENTS},
    }
    return tuple(
        replace(
            mix,
            tied_on_validation=bool(validation.tied[point]),
            tied_on_test=bool(test.tied[point]),
            rank_on_validation=validation.rank(point),
            rank_on_test=test.rank(point),
        )
        for mix, point in zip(_measured(validation, test, list(named.items()), seed), named.values(), strict=True)
    )


def best_by_share(validation: MappedRole, test: MappedRole, chosen: int, seed: int) -> tuple[MeasuredMix, ...]:
    """For every share of every component, the mix that is best on validation, and what it does on test."""
    steps = validation.map.cells.steps
    cells = [(name, step, steps[:, at] == step) for at, name in enumerate(COMPONENTS) for step in range(N_STEPS + 1)]
    best = [(name, validation.map.best(METRIC, among=among)) for name, _, among in cells]
    _, *measured = _measured(validation, test, [("", chosen), *best], seed)
    return tuple(
        replace(
            each,
            tied_on_validation=bool((validation.tied & among).any()),
            tied_on_test=bool((test.tied & among).any()),
            share=step / N_STEPS,
            hindsight=float(test.means[test.map.best(METRIC, among=among)]),
        )
        for (_, step, among), each in zip(cells, measured, strict=True)
    )


def _measured(
    validation: MappedRole, test: MappedRole, mixes: Sequence[tuple[str, int]], seed: int
) -> list[MeasuredMix]:
    """nDCG of every mix on validation, on test, and on test less that of the first."""
    points = list(dict.fromkeys(point for _, point in mixes))
    known, found = (np.stack([role.values(each) for each in points], axis=1) for role in (validation, test))
    gains = np.stack([changes(column, found[:, 0]) for column in found.T], axis=1)
    intervals = zip(*(ratio_intervals(each, seed=seed) for each in (known, found, gains)), strict=True)
    by_point = dict(zip(points, intervals, strict=True))
    return [MeasuredMix(name, test.map.settings(point), *by_point[point]) for name, point in mixes]


def tied_shares(roles: Mapping[str, MappedRole]) -> dict[str, Ends]:
    """Lowest and highest share of every component among the tied mixes."""
    inside = {name: role.map.cells.steps[role.tied] / N_STEPS for name, role in roles.items()}
    return {
        component: {name: (float(each[:, at].min()), float(each[:, at].max())) for name, each in inside.items()}
        for at, component in enumerate(COMPONENTS)
    }


def agreement(validation: MappedRole, test: MappedRole) -> dict[str, float]:
    """How far both roles rank the mixes alike; NaN where mixes are too few, or all equal."""
    tied = validation.tied
    among_tied = spearmanr(validation.means[tied], test.means[tied])[0] if tied.sum() > 2 else math.nan
    return {
        "pearson": float(np.corrcoef(validation.means, test.means)[0, 1]),
        "spearman": float(spearmanr(validation.means, test.means)[0]),
        "spearman_among_tied": float(among_tied),
        "n_tied_on_validation": int(tied.sum()),
        "n_tied_on_test": int(test.tied.sum()),
        "n_tied_on_both": int((tied & test.tied).sum()),
    }
