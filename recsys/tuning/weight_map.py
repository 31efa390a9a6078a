"""Every metric at every 0.05 step of the simplex of weights, and which points are tied with the best.

Lists are by score alone: to re-rank for variety would take a minute for the whole map and moves all points alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import ListFacts
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS, SHOPPER_METRICS
from recsys.evaluation.statistics.exposure import EXPOSURE_METRICS, Exposure, exposure, filled
from recsys.evaluation.statistics.intervals import FEWEST_TELLING
from recsys.evaluation.statistics.jackknife import STEPS, coverage_error, sums_of_lists
from recsys.evaluation.statistics.paired import tied_by_gaps, tied_with_best
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import AS_IT_WAS, EVERYONE, Scenario, Segment
from recsys.parallel import cores_for, read_only
from recsys.progress import Progress, silent
from recsys.ranking.kernels import n_lanes
from recsys.scorers.base import FloatArray
from recsys.settings import COMPONENTS, Filters, FusionSettings
from recsys.training.weights import best_point
from recsys.tuning.map_kernels import Cells, count_shared, grid_cells, map_lists, map_values

MAX_STEP_BYTES = 300_000_000
"""Most that is held of every product at many points at once; more points are taken in turns."""

N_BLOCKS = 32
"""Parts of the shoppers with sums of their own, so that threads never meet."""

CHUNK = 256
"""Shoppers that are ranked between two reports of progress."""

MOST_GROUPS = 2**13
"""With more shoppers, neighbours are taken together, so that memory does not grow with the shop."""

MAX_LIST_BYTES = 300_000_000
"""Most that lists held for a second pass may take; larger ones are made again."""

LISTED, PROFILE = len(SHOPPER_METRICS), len(SHOPPER_METRICS) + 1
"""Columns behind the metrics: mean popularity of the list, and of what the shopper had."""

Ranked = NDArray[np.integer]


@dataclass(frozen=True, eq=False, slots=True)
class MapSums:
    """Metrics of one pass.

    Parameters
    ----------
    sums, counts : float64 of shape (n_points, n_metrics), over shoppers with a value; columns are `SHOPPER_METRICS`,
        `LISTED` and `PROFILE`
    exposures : whole numbers of shape (n_points, n_items), on how many lists each product stands
    places : float64 of shape (k,), on how many lists each place is filled: as many at every point, since weights leave
        nothing out
    values : float32 of shape (n_wanted, n_points, n_groups), the shoppers' own values in the columns that were wanted,
        or their means over groups of `MapPasses.group_size`
    """

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]
    exposures: NDArray[np.integer]
    places: NDArray[np.float64]
    values: NDArray[np.float32]

    def exposure_of(self, point: int) -> Exposure:
        """What the lists of one point show."""
        return Exposure(self.exposures[point].astype(np.float64), self.places)

    def means(self) -> NDArray[np.float64]:
        """Of shape (n_points, n_metrics), NaN where nobody has a value."""
        unknown = np.full(self.sums.shape, np.nan)
        return np.asarray(np.divide(self.sums, self.counts, out=unknown, where=self.counts > 0))


@dataclass(frozen=True, eq=False, slots=True)
class MapPasses:
    """Passes over the shoppers at `users` of the panel; lists are kept in `_held` while they fit."""

    engine: LiveEngine
    cells: Cells
    users: NDArray[np.intp]
    k: int
    filters: Filters
    scenario: Scenario
    progress: Progress
    _held: list[Ranked] = field(default_factory=list)

    def measure(self, wanted: NDArray[np.int64], keep_lists: bool) -> MapSums:
        """Every metric at every point; `keep_lists` where `lists` will be called again.

        `wanted`: int64 of shape (n_wanted,), columns whose values are given shopper by shopper.
        """
        panel, facts = self.engine.panel, ListFacts(*read_only(*self.engine.panel.list_facts()))
        (profile,) = read_only(panel.profile_popularity)
        n_points, n_items = len(self.cells.weights), panel.n_items
        sums, counts = (np.zeros((N_BLOCKS, n_points, PROFILE + 1)) for _ in range(2))
        exposures, places = np.zeros((n_points, n_items), self.count_dtype), np.zeros(self.k)
        values = np.empty((len(wanted), n_points, self.n_groups), np.float32)
        keep = keep_lists and n_points * len(self.users) * self.k * self._dtype.itemsize <= MAX_LIST_BYTES
        for start, lists in self.lists("mapping weights"):
            chunk = self.users[start : start + lists.shape[1]]
            own = np.empty((len(wanted), *lists.shape[:2]), np.float32)
            with cores_for():
                map_values(lists, facts, profile, chunk, wanted, sums, counts, own)
            at = start // self.group_size
            means = _means_in_groups(own, self.group_size)
            values[:, :, at : at + means.shape[2]] = means
            for point in range(n_points):
                exposures[point] += exposure(lists[point], n_items).astype(exposures.dtype)
            places += filled(lists[0])
            if keep:
                self._held.append(lists)
        return MapSums(sums.sum(axis=0), counts.sum(axis=0), exposures, places, values)

    def shared_exposure(self, best: int, points: slice) -> NDArray[np.integer]:
        """Shoppers who are shown a product both at a point and at the best one: shape (n_points, n_items)."""
        n_points = len(self.cells.weights[points])
        counts = np.zeros((n_points, self.engine.panel.n_items), self.count_dtype)
        for _, lists in self.lists("comparing with the best"):
            with cores_for():
                count_shared(lists[points], lists[best], counts)
        return counts

    @property
    def group_size(self) -> int:
        """Neighbouring shoppers that are taken together: 1 in all but large shops; never across chunks."""
        size = 1
        while size < CHUNK and len(self.users) > size * MOST_GROUPS:
            size *= 2
        return size

    @property
    def n_groups(self) -> int:
        """Groups of `group_size` shoppers."""
        return -(-len(self.users) // self.group_size)

    @property
    def count_dtype(self) -> "np.dtype[np.integer]":
        """Of counts of shoppers."""
        return np.dtype(np.uint16 if len(self.users) < 2**16 else np.int32)

    def lists(self, stage: str) -> Iterator[tuple[int, Ranked]]:
        """Chunk by chunk: the index of its first shopper, and lists of shape (n_points, n_chunk, k)."""
        n_users = len(self.users)
        for number, start in enumerate(range(0, n_users, CHUNK)):
            self.progress(stage, start, n_users)
            known = number < len(self._held)
            yield start, self._held[number] if known else self._ranked(self.users[start : start + CHUNK])
        self.progress(stage, n_users, n_users)

    def _ranked(self, users: NDArray[np.intp]) -> Ranked:
        cells, allowed = self.cells, np.isfinite(self.engine.penalty(self.filters))
        lists = np.empty((len(cells.weights), len(users), self.k), self._dtype)
        # Scores of other circumstances may take long to make, while sliders of other sessions need the cores.
        candidates = self.engine.candidates(self.scenario, self.progress)
        points, lanes = (cells.factors, cells.corners, cells.cells, cells.room, cells.starts), n_lanes(self.k)
        with cores_for():
            map_lists(candidates, allowed, *points, lanes, users, lists)
        return lists

    @property
    def _dtype(self) -> "np.dtype[np.integer]":
        return np.dtype(np.int16 if self.engine.panel.n_items < 2**15 else np.int32)


def in_groups(columns: FloatArray, size: int) -> FloatArray:
    """Sums over groups of so many neighbours along the last axis."""
    if size == 1:
        return columns
    return np.asarray(np.add.reduceat(columns, np.arange(0, columns.shape[-1], size), axis=-1))


def _means_in_groups(values: FloatArray, size: int) -> FloatArray:
    """Means over groups of shoppers, of those who have a value at every point: NaN where nobody has."""
    if size == 1:
        return values
    known = np.asarray(~np.isnan(values).any(axis=1))[:, None]
    counts = in_groups(known.astype(np.float32), size)
    sums = in_groups(np.where(known, values, 0).astype(np.float32), size)
    return np.asarray(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))


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

    `cells`: the grid; `cells.weights` are the points; `means`: float64 of shape (n_points,) by name, for
    `LIVE_METRICS`; `tied`: bool of shape (n_points,) by name of the metrics that were asked for: cannot be told from
    the best point; none where no point has a value.
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
            tied[name] = _tied_together(passes, found, best, name, shoppers)
        else:
            values = found.values[own.index(name)]
            upwards = values if METRICS[name].higher_is_better else -values
            tied[name] = tied_with_best(upwards, best, shoppers=shoppers)
    return replace(answer, tied=tied)


def _means(found: MapSums) -> dict[str, NDArray[np.float64]]:
    columns = found.means().T
    means = dict(zip(SHOPPER_METRICS, columns, strict=False))
    for name, metric in EXPOSURE_METRICS.items():
        means[name] = np.array([metric(found.exposure_of(point)) for point in range(len(found.exposures))])
    base = columns[PROFILE]
    ratio = np.divide(columns[LISTED], base, out=np.full(len(base), np.nan), where=base > 0)
    means["popularity_lift"] = ratio - 1
    return {name: means[name] for name in LIVE_METRICS}


def _tied_together(
    passes: MapPasses, found: MapSums, best: int, name: str, shoppers: NDArray[np.integer] | None
) -> NDArray[np.bool_]:
    """For a metric of all lists together: gaps by the shares that the interval of a difference rests on."""
    n_points, n_items = found.exposures.shape
    sign = 1 if METRICS[name].higher_is_better else -1
    gaps, errors = np.zeros(n_points), np.full(n_points, np.inf)
    shares = np.empty((n_points, passes.n_groups), np.float32)
    at_best = found.exposure_of(best)
    n_at_once = max(MAX_STEP_BYTES // (8 * n_items), 1)
    for first in range(0, n_points, n_at_once):
        points = range(first, min(first + n_at_once, n_points))
        kept = passes.shared_exposure(best, slice(points.start, points.stop))
        at_points = np.empty((len(points), n_items), np.float32)
        at_places: list[NDArray[np.float64] | None] = []  # less those of the best, which has as many places
        shrinkage, largest, n_single = np.zeros(len(points)), np.zeros(len(points)), np.zeros(len(points), np.int64)
        for place, point in enumerate(points):
            at_point, both = found.exposure_of(point), kept[place].astype(np.float64)
            steps = STEPS[name](at_best, at_point, both)
            gaps[point] = sign * (steps.now - steps.before)
            step_at_best, at_points[place], n_single[place] = steps.new, steps.old, steps.n_single
            of_places = steps.old_places, steps.new_places
            at_places.append(None if of_places[0] is None or of_places[1] is None else of_places[0] - of_places[1])
            if both.sum() < found.places.sum():  # else the very same lists, and no gap at all
                shrinkage[place] = sign * steps.shrinkage
        for start, lists in passes.lists("comparing with the best"):
            of_best, at = sums_of_lists(lists[best], step_at_best), start // passes.group_size
            for place, point in enumerate(points):
                own = of_best - sums_of_lists(lists[point], at_points[place], at_places[place])
                largest[place] = max(largest[place], np.abs(own).max())
                grouped = in_groups(own.astype(np.float32), passes.group_size)
                shares[point, at : at + len(grouped)] = grouped * (passes.n_groups * shrinkage[place])
        if name == "coverage" and len(passes.users) >= FEWEST_TELLING:
            errors[points.start : points.stop] = [
                coverage_error(int(n), share, n_items) for n, share in zip(n_single, largest.tolist(), strict=True)
            ]
    return tied_by_gaps(gaps, shares, most_errors=errors, shoppers=shoppers)
