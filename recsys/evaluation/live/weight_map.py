"""The whole simplex of weights at once: every metric at every 0.05 step, what is tied with the best, what is efficient.

Lists stand by score alone: variety re-ranks a hundred candidates a list, which takes a minute for the whole map, and it
moves all points alike. The map says so where variety is on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.exposure import exposure, gini
from recsys.evaluation.live.cells import Cells, grid_cells
from recsys.evaluation.live.engine import LiveEngine
from recsys.evaluation.live.map_kernels import map_lists, map_values
from recsys.evaluation.live.segments import AS_IT_WAS, EVERYONE, Scenario, Segment
from recsys.evaluation.paired import HIGHER_IS_BETTER, LIVE_METRICS, SHOPPER_METRICS, WHOLE_METRICS
from recsys.evaluation.ties import tied_with_best
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, Filters, FusionSettings

N_BLOCKS = 32
"""Parts of the shoppers whose sums are kept apart, so that threads never meet."""

MAX_LIST_BYTES = 1_500_000_000
"""Most that the lists of a map may take at a time; more shoppers are walked in chunks, and ties need one walk more."""


@dataclass(frozen=True, eq=False, slots=True)
class WeightMap:
    """Every metric at every point.

    Parameters
    ----------
    cells : the grid; `cells.weights` are the points
    k : list length
    n_users : shoppers behind it
    means : float64 of shape (n_points,) by name, for `LIVE_METRICS`
    tied : bool of shape (n_points,) by name: cannot be told from the best point of that metric; for the metrics of
        `SHOPPER_METRICS` that were asked for
    """

    cells: Cells
    k: int
    n_users: int
    means: Mapping[str, NDArray[np.float64]]
    tied: Mapping[str, NDArray[np.bool_]]

    def best(self, metric: str) -> int:
        """The best point by one metric; of equal ones the most even mix. -1 where no point has a value."""
        values = self.means[metric] if HIGHER_IS_BETTER[metric] else -self.means[metric]
        if np.isnan(values).all():
            return -1
        evenness = -np.square(self.cells.weights).sum(axis=1)
        return int(np.lexsort((evenness, np.round(np.nan_to_num(values, nan=-np.inf), 9)))[-1])

    def efficient(self, first: str, second: str) -> NDArray[np.intp]:
        """The Pareto front of two metrics: points that no other beats in one without losing in the other.

        In the order of the first metric, best first.
        """
        gains = np.stack(
            [self.means[name] if HIGHER_IS_BETTER[name] else -self.means[name] for name in (first, second)], axis=1
        )
        known = np.flatnonzero(~np.isnan(gains).any(axis=1))
        order = known[np.lexsort((-gains[known, 1], -gains[known, 0]))]
        front, most = [], -np.inf
        for point in order.tolist():
            if gains[point, 1] > most:
                front.append(point)
                most = gains[point, 1]
        return np.array(front, np.intp)

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

    Parameters
    ----------
    metrics : of `SHOPPER_METRICS`, those for which the points tied with the best are wanted

    Raises
    ------
    SettingsError, ContextError : as `LiveEngine.measure` does
    """
    cells = grid_cells()
    users = np.flatnonzero(segment.mask(engine.panel.shoppers))
    wanted = tuple(name for name in metrics if name in SHOPPER_METRICS)
    walk = _Walk(engine, cells, k, filters, scenario, progress)
    n_points, n_items = len(cells.weights), engine.panel.n_items
    sums, counts = (np.zeros((n_points, len(SHOPPER_METRICS) + 1)) for _ in range(2))
    shown = np.zeros((n_points, n_items), np.int32)
    values = {name: np.empty((n_points, len(users)), np.float32) for name in wanted}
    done = 0
    for chunk in walk.chunks(users):
        progress("mapping weights", done, len(users))
        lists = walk.lists(chunk)
        for name in wanted or ("ndcg",):
            own, chunk_sums, chunk_counts = walk.values(lists, chunk, name)
            if name in values:
                values[name][:, done : done + len(chunk)] = own
        sums += chunk_sums
        counts += chunk_counts
        for point in range(n_points):
            shown[point] += exposure(lists[point], n_items).astype(np.int32)
        done += len(chunk)
    progress("mapping weights", done, len(users))
    means = dict(zip((*SHOPPER_METRICS, "listed"), _ratio(sums, counts).T, strict=True))
    profile = engine.panel.facts.profile_popularity[users]
    listed, base = means.pop("listed"), float(np.nanmean(profile)) if np.isfinite(profile).any() else np.nan
    means["coverage"] = (shown > 0).mean(axis=1)
    means["gini"] = np.array([gini(each.astype(np.float64)) for each in shown])
    means["popularity_lift"] = listed / base - 1
    found = WeightMap(cells, k, len(users), {name: means[name] for name in LIVE_METRICS}, {})
    tied = {name: _tied(values[name], found.best(name), name) for name in wanted}
    return WeightMap(cells, k, len(users), found.means, tied)


def _tied(values: NDArray[np.float32], best: int, name: str) -> NDArray[np.bool_]:
    if best < 0:
        return np.zeros(len(values), bool)
    return tied_with_best(values if HIGHER_IS_BETTER[name] else -values, best)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    answer = np.full(above.shape, np.nan)
    np.divide(above, below, out=answer, where=below > 0)
    return answer


@dataclass(frozen=True, eq=False)
class _Walk:
    """One pass over the shoppers of a panel."""

    engine: LiveEngine
    cells: Cells
    k: int
    filters: Filters
    scenario: Scenario
    progress: Progress

    def chunks(self, users: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        """Shoppers whose lists fit into memory together."""
        one = len(self.cells.weights) * self.k * self._dtype().itemsize
        size = max(1, min(MAX_LIST_BYTES // one, 1024))
        return [users[start : start + size] for start in range(0, len(users), size)]

    def lists(self, users: NDArray[np.intp]) -> NDArray[np.integer]:
        """Lists at every point, of shape (n_points, n_users, k)."""
        engine, held, cells = self.engine, self.engine.panel.scores, self.cells
        penalty = engine.penalty(self.filters)
        lists = np.empty((len(cells.weights), len(users), self.k), self._dtype())
        map_lists(
            held.static,
            engine.context_scores(self.scenario, self.progress),
            held.widths,
            held.rows,
            *engine.owned_places,
            np.isfinite(penalty) if penalty.size else np.empty(0, bool),
            cells.weights,
            cells.corners,
            cells.cells,
            cells.starts,
            users,
            lists,
        )
        return lists

    def values(
        self, lists: NDArray[np.integer], users: NDArray[np.intp], metric: str
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
        """One metric of every shopper at every point; and of all metrics the sums and counts at every point."""
        panel = self.engine.panel
        n_metrics = len(SHOPPER_METRICS) + 1
        sums, counts = (np.zeros((N_BLOCKS, len(lists), n_metrics)) for _ in range(2))
        values = np.empty(lists.shape[:2], np.float32)
        map_values(
            lists,
            panel.relevant.starts,
            panel.relevant.values,
            panel.baselines["popularity"],
            panel.bits,
            panel.tail,
            panel.vectors,
            panel.described,
            panel.popularity,
            users,
            SHOPPER_METRICS.index(metric),
            sums,
            counts,
            values,
        )
        return values, sums.sum(axis=0), counts.sum(axis=0)

    def _dtype(self) -> np.dtype:
        return np.dtype(np.int16 if self.engine.panel.n_items < 2**15 else np.int32)


assert set(WHOLE_METRICS) == {"coverage", "gini", "popularity_lift"}
