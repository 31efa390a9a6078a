"""Every metric at every 0.05 step of the simplex of weights, and which points are tied with the best.

Lists are by score alone: to re-rank for variety would take a minute for the whole map and moves all points alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS, SHOPPER_METRICS
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.evaluation.statistics.jackknife import STEPS, coverage_error, gini, sums_of_lists
from recsys.evaluation.statistics.paired import tied_by_gaps, tied_with_best
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import AS_IT_WAS, EVERYONE, Scenario, Segment
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, Filters, FusionSettings
from recsys.training.weights import best_point
from recsys.tuning.map_passes import LISTED, PROFILE, MapPasses, MapSums, in_groups
from recsys.tuning.simplex_cells import Cells, grid_cells

MAX_STEP_BYTES = 300_000_000
"""Most that is held of every product at many points at once; more points are taken in turns."""


def pareto_front(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Points that no other beats in one of two values without losing in the other, by the first value, best first.

    >>> pareto_front(np.array([[1, 0.5], [2, 0.1], [1, 0.4], [0, np.nan]])).tolist()
    [1, 0]
    """
    known = np.flatnonzero(~np.isnan(values).any(axis=1))
    order = known[np.lexsort((-values[known, 1], -values[known, 0]))]
    most = np.maximum.accumulate(np.concatenate([[-np.inf], values[order, 1]]))
    return np.asarray(order[values[order, 1] > most[:-1]])


@dataclass(frozen=True, eq=False, slots=True)
class WeightMap:
    """Every metric at every point.

    Parameters
    ----------
    cells : the grid; `cells.weights` are the points
    means : float64 of shape (n_points,) by name, for `LIVE_METRICS`
    tied : bool of shape (n_points,) by name of the metrics that were asked for: cannot be told from the best point;
        none where no point has a value
    """

    cells: Cells
    k: int
    n_users: int
    means: Mapping[str, NDArray[np.float64]]
    tied: Mapping[str, NDArray[np.bool_]]

    def best(self, metric: str, among: NDArray[np.bool_] | None = None) -> int:
        """The best point by one metric, as `best_point`."""
        return best_point(self._upwards(metric), self.cells.weights, among)

    def most_even(self, among: NDArray[np.bool_]) -> int:
        """The point of some whose weights differ least; -1 where there are none."""
        evenness = -np.square(self.cells.weights).sum(axis=1)
        return int(np.where(among, evenness, -np.inf).argmax()) if among.any() else -1

    def efficient(self, first: str, second: str) -> NDArray[np.intp]:
        """The Pareto front of two metrics, by the first metric, best first."""
        return pareto_front(np.stack([self._upwards(first), self._upwards(second)], axis=1))

    def _upwards(self, metric: str) -> NDArray[np.float64]:
        return self.means[metric] if METRICS[metric].higher_is_better else -self.means[metric]

    def settings(self, point: int) -> FusionSettings:
        """The weights of one point."""
        shares = (self.cells.steps[point] / self.cells.steps[point].sum()).tolist()
        return FusionSettings(**dict(zip(COMPONENTS, shares, strict=True)))


def weight_map(
    engine: LiveEngine,
    k: int,
    filters: Filters,
    scenario: Scenario = AS_IT_WAS,
    segment: Segment = EVERYONE,
    metrics: tuple[str, ...] = ("ndcg",),
    progress: Progress = silent,
) -> WeightMap:
    """Measure every point of the grid.

    `metrics`: of `LIVE_METRICS`, those for which the points tied with the best are wanted.

    Raises SettingsError, ContextError: as `LiveEngine.measure` does.
    """
    cells = grid_cells()
    users = np.flatnonzero(segment.mask(engine.panel.shoppers))
    passes = MapPasses(engine, cells, users, k, filters, scenario, progress)
    columns = {name: place for place, name in enumerate(SHOPPER_METRICS)} | {"popularity_lift": LISTED}
    own = [name for name in metrics if name in columns]
    wanted = np.array([columns[name] for name in own], np.int64)
    found = passes.measure(wanted, keep_lists=any(name in STEPS for name in metrics))
    answer = WeightMap(cells, k, engine.panel.n_shoppers(users), _means(found), {})
    # Of a shop so large that shoppers are taken together, each row counts as one.
    shoppers = engine.panel.facts.of(users).shoppers if passes.group_size == 1 else None
    tied = {}
    for name in metrics:
        best = answer.best(name)
        if best < 0:
            tied[name] = np.zeros(len(cells.weights), bool)
        elif name in STEPS:
            tied[name] = _tied_together(passes, found.exposures, best, name, shoppers)
        else:
            values = found.values[own.index(name)]
            upwards = values if METRICS[name].higher_is_better else -values
            tied[name] = tied_with_best(upwards, best, shoppers=shoppers)
    return replace(answer, tied=tied)


def _means(found: MapSums) -> dict[str, NDArray[np.float64]]:
    columns = found.means().T
    means = dict(zip(SHOPPER_METRICS, columns, strict=False))
    means["coverage"] = (found.exposures > 0).mean(axis=1)
    means["gini"] = np.array([gini(each.astype(np.float64)) for each in found.exposures])
    base = columns[PROFILE]
    ratio = np.divide(columns[LISTED], base, out=np.full(len(base), np.nan), where=base > 0)
    means["popularity_lift"] = ratio - 1
    return {name: means[name] for name in LIVE_METRICS}


def _tied_together(
    passes: MapPasses, exposures: NDArray[np.integer], best: int, name: str, shoppers: NDArray[np.integer] | None
) -> NDArray[np.bool_]:
    """For a metric of all lists together: gaps by the shares that the interval of a difference rests on."""
    n_points, n_items = exposures.shape
    sign = 1 if METRICS[name].higher_is_better else -1
    gaps, errors = np.zeros(n_points), np.full(n_points, np.inf)
    shares = np.empty((n_points, passes.n_groups), np.float32)
    at_best = exposures[best].astype(np.float64)
    n_at_once = max(MAX_STEP_BYTES // (8 * n_items), 1)
    for first in range(0, n_points, n_at_once):
        points = range(first, min(first + n_at_once, n_points))
        kept = passes.shared_exposure(best, slice(points.start, points.stop))
        at_points = np.empty((len(points), n_items), np.float32)
        shrinkage, largest, n_single = np.zeros(len(points)), np.zeros(len(points)), np.zeros(len(points), np.int64)
        for place, point in enumerate(points):
            counts, both = exposures[point].astype(np.float64), kept[place].astype(np.float64)
            steps = STEPS[name](at_best, counts, both)
            gaps[point] = sign * (steps.now - steps.before)
            step_at_best, at_points[place], n_single[place] = steps.new, steps.old, steps.n_single
            if both.sum() < max(at_best.sum(), counts.sum()):  # else the very same lists, and no gap at all
                shrinkage[place] = sign * steps.shrinkage
        for start, lists in passes.lists("comparing with the best"):
            of_best, at = sums_of_lists(lists[best], step_at_best), start // passes.group_size
            for place, point in enumerate(points):
                own = of_best - sums_of_lists(lists[point], at_points[place])
                largest[place] = max(largest[place], np.abs(own).max())
                grouped = in_groups(own.astype(np.float32), passes.group_size)
                shares[point, at : at + len(grouped)] = grouped * (passes.n_groups * shrinkage[place])
        if name == "coverage" and len(passes.users) >= FEWEST_TELLING:
            errors[points.start : points.stop] = [
                coverage_error(int(n), share, n_items) for n, share in zip(n_single, largest.tolist(), strict=True)
            ]
    return tied_by_gaps(gaps, shares, most_errors=errors, shoppers=shoppers)
