"""Ranks and measures every shopper of a panel at every point of the weight map, exactly, in compiled passes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import N_COLUMNS, add, clicks_on, holds, list_values, rank_weights, square
from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.evaluation.statistics.jackknife import exposure
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import Scenario
from recsys.parallel import cores_for
from recsys.progress import Progress
from recsys.ranking.kernels import in_parallel, inlined, insert, lane_maxima, mix, n_lanes, nth_largest
from recsys.scorers.base import FloatArray
from recsys.settings import Filters
from recsys.tuning.simplex_cells import Cells

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

SLACK = np.float32(1e-5)
"""What single precision may add to a bound, as a share of it; products this close to it are mixed as well."""

REFRESH = 32
"""A sum of vectors that follows the changes is added up anew after so many, against drift."""

Ranked = NDArray[np.integer]


@inlined
def _bounds(low, high, a, b, c, d):  # type: ignore[no-untyped-def]
    for i in range(low.shape[0]):
        ab_low, ab_high = min(a[i], b[i]), max(a[i], b[i])
        cd_low, cd_high = min(c[i], d[i]), max(c[i], d[i])
        low[i] = min(ab_low, cd_low)
        high[i] = max(ab_high, cd_high)


@in_parallel
def map_lists(candidates, allowed, points, corners, cells, starts, lanes, users, lists):  # type: ignore[no-untyped-def]
    """Every shopper's list at every point.

    Parameters
    ----------
    candidates : `panel.kernels.Candidates`
    allowed : bool of shape (n_items,), what may be shown, or empty: all
    points, corners, cells, starts : of `Cells`
    lanes : `n_lanes` of the lists' length
    users : intp of shape (n_ranked,)
    lists : out, of shape (n_points, n_ranked, k), catalogue rows, -1 where a list is short
    """
    static, context, widths, rows, seen_starts, seen = candidates
    k = lists.shape[2]
    for row in numba.prange(len(users)):
        user = users[row]
        free = np.ones(widths[user], np.bool_)
        for at in range(seen_starts[user], seen_starts[user + 1]):
            free[seen[at]] = False
        if allowed.shape[0]:
            for column in range(widths[user]):
                free[column] &= allowed[rows[user, column] if rows.shape[0] else column]
        columns = np.flatnonzero(free)
        width = len(columns)
        scores = np.empty((4, width), np.float32)
        for at in range(width):
            for component in range(3):
                scores[component, at] = static[user, component, columns[at]]
            scores[3, at] = context[user, columns[at]]
        at_corners = np.empty((corners.shape[0], width), np.float32)
        for corner in range(corners.shape[0]):
            mix(at_corners[corner], scores[0], scores[1], scores[2], scores[3], corners[corner])
        low, high = np.empty(width, np.float32), np.empty(width, np.float32)
        tops, best = np.empty(lanes, np.float32), np.empty(k, np.float32)
        few, mixed = np.empty((4, width), np.float32), np.empty(width, np.float32)
        which, found = np.empty(width, np.int32), np.empty(k, np.int32)
        for cell in range(cells.shape[0]):
            one, two, three, four = cells[cell, 0], cells[cell, 1], cells[cell, 2], cells[cell, 3]
            _bounds(low, high, at_corners[one], at_corners[two], at_corners[three], at_corners[four])
            lane_maxima(low, tops)
            least = nth_largest(tops, best)
            least -= SLACK * (np.float32(1) + abs(least))
            n = 0
            for at in range(width):
                if high[at] >= least:
                    which[n] = at
                    for component in range(4):
                        few[component, n] = scores[component, at]
                    n += 1
            for point in range(starts[cell], starts[cell + 1]):
                mix(mixed[:n], few[0, :n], few[1, :n], few[2, :n], few[3, :n], points[point])
                best[:] = -np.inf
                found[:] = -1
                for at in range(n):
                    insert(mixed[at], which[at], best, found)
                for at in range(k):
                    column = columns[found[at]] if found[at] >= 0 else -1
                    lists[point, row, at] = rows[user, column] if rows.shape[0] and column >= 0 else column


@inlined
def _follow(total, vectors, before, now, n_changes):  # type: ignore[no-untyped-def]
    """Turn the sum of one list's vectors into that of the next; returns the changes since it was added up."""
    n_new = 0
    for item in now:
        n_new += item >= 0 and not holds(before, item)
    if n_changes < 0 or n_changes + n_new > REFRESH or 2 * n_new >= len(now):
        total[:] = 0
        for item in now:
            if item >= 0:
                add(total, vectors[item], np.float32(1))
        return 0
    for item in before:
        if item >= 0 and not holds(now, item):
            add(total, vectors[item], np.float32(-1))
    if n_new:
        for item in now:
            if item >= 0 and not holds(before, item):
                add(total, vectors[item], np.float32(1))
    return n_changes + n_new


@in_parallel
def map_values(lists, facts, profile, users, wanted, sums, counts, values):  # type: ignore[no-untyped-def]
    """Metrics of all lists of a map: sums over shoppers of all, and the shoppers' own values of some.

    Parameters
    ----------
    lists : of shape (n_points, n_ranked, k)
    facts : `evaluation.metrics.lists.ListFacts`
    profile : float64 of shape (n_users,), mean popularity of what each shopper had, NaN without anything
    users : intp of shape (n_ranked,)
    wanted : int64 of shape (n_wanted,), columns of the metrics whose values are given
    sums, counts : out, float64 of shape (n_blocks, n_points, N_COLUMNS + 1), zeros before; the last columns are the
        mean popularities of the list and of the profile, of shoppers who have both
    values : out, float32 of shape (n_wanted, n_points, n_ranked), NaN where a shopper has no value
    """
    relevant_starts, relevant, expected, products, vectors, attraction, odds, seen, widths, rows = facts
    n_points, n_ranked, k = lists.shape
    n_blocks = sums.shape[0]
    discounts, ideals = rank_weights(k)
    no_columns = np.empty(0, np.int32)
    for block in numba.prange(n_blocks):
        total, found = np.zeros(vectors.shape[1], np.float32), np.empty(N_COLUMNS)
        # Of candidates, clicks are spread over the catalogue once a shopper, since all points look them up.
        attractions = np.empty(products.shape[0] if rows.shape[0] and attraction.shape[0] else 0, np.float32)
        for row in range(block * n_ranked // n_blocks, (block + 1) * n_ranked // n_blocks):
            user = users[row]
            held_out = relevant[relevant_starts[user] : relevant_starts[user + 1]]
            n_changes = -1
            if attractions.shape[0]:
                attractions[:] = np.nan
                for at in range(widths[user]):
                    attractions[rows[user, at]] = attraction[user, at]
            for point in range(n_points):
                now = lists[point, row]
                n_changes = _follow(total, vectors, lists[max(point - 1, 0), row], now, n_changes)
                clicked = np.nan
                if attraction.shape[0]:
                    of_user = attractions if attractions.shape[0] else attraction[user]
                    clicked = clicks_on(now, of_user, no_columns, odds, seen)
                popular = expected[user, :k]
                list_values(found, now, held_out, popular, products, discounts, ideals, square(total), clicked)
                if np.isnan(profile[user]):
                    found[N_COLUMNS - 1] = np.nan
                for at in range(len(wanted)):
                    values[at, point, row] = found[wanted[at]]
                for column in range(N_COLUMNS):
                    if not np.isnan(found[column]):
                        sums[block, point, column] += found[column]
                        counts[block, point, column] += 1
                if not np.isnan(found[N_COLUMNS - 1]):
                    sums[block, point, N_COLUMNS] += profile[user]
                    counts[block, point, N_COLUMNS] += 1


@in_parallel
def count_shared(lists, at_best, counts):  # type: ignore[no-untyped-def]
    """Add up the shoppers who are shown a product at each point and at the best point, too.

    `lists`: of shape (n_points, n_ranked, k); `at_best`: of shape (n_ranked, k), of the same shoppers; `counts`: in and
    out, whole numbers of shape (n_points, n_items).
    """
    n_points, n_ranked, k = lists.shape
    for point in numba.prange(n_points):
        for row in range(n_ranked):
            for position in range(k):
                item = lists[point, row, position]
                if item >= 0 and holds(at_best[row], item):
                    counts[point, item] += 1


@dataclass(frozen=True, eq=False, slots=True)
class MapSums:
    """Metrics of one pass.

    Parameters
    ----------
    sums, counts : float64 of shape (n_points, n_metrics), over shoppers with a value; columns are `SHOPPER_METRICS`,
        `LISTED` and `PROFILE`
    exposures : whole numbers of shape (n_points, n_items), on how many lists each product stands
    values : float32 of shape (n_wanted, n_points, n_groups), the shoppers' own values in the columns that were wanted,
        or their means over groups of `MapPasses.group_size`
    """

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]
    exposures: NDArray[np.integer]
    values: NDArray[np.float32]

    def means(self) -> NDArray[np.float64]:
        """Of shape (n_points, n_metrics), NaN where nobody has a value."""
        answer = np.full(self.sums.shape, np.nan)
        np.divide(self.sums, self.counts, out=answer, where=self.counts > 0)
        return answer


@dataclass(frozen=True, eq=False, slots=True)
class MapPasses:
    """Passes over the shoppers at `users` of the panel."""

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
        panel, facts = self.engine.panel, self.engine.panel.list_facts()
        n_points, n_items = len(self.cells.weights), panel.n_items
        sums, counts = (np.zeros((N_BLOCKS, n_points, PROFILE + 1)) for _ in range(2))
        exposures = np.zeros((n_points, n_items), self.count_dtype)
        values = np.empty((len(wanted), n_points, self.n_groups), np.float32)
        keep = keep_lists and n_points * len(self.users) * self.k * self._dtype.itemsize <= MAX_LIST_BYTES
        for start, lists in self.lists("mapping weights"):
            chunk = self.users[start : start + lists.shape[1]]
            own = np.empty((len(wanted), *lists.shape[:2]), np.float32)
            with cores_for():
                map_values(lists, facts, panel.profile_popularity, chunk, wanted, sums, counts, own)
            at = start // self.group_size
            means = _means_in_groups(own, self.group_size)
            values[:, :, at : at + means.shape[2]] = means
            for point in range(n_points):
                exposures[point] += exposure(lists[point], n_items).astype(exposures.dtype)
            if keep:
                self._held.append(lists)
        return MapSums(sums.sum(axis=0), counts.sum(axis=0), exposures, values)

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
        cells, penalty = self.cells, self.engine.penalty(self.filters)
        allowed = np.isfinite(penalty) if penalty.size else np.empty(0, bool)
        lists = np.empty((len(cells.weights), len(users), self.k), self._dtype)
        # Scores of other circumstances may take long to make, while sliders of other sessions need the cores.
        candidates = self.engine.candidates(self.scenario, self.progress)
        points, lanes = (cells.weights, cells.corners, cells.cells, cells.starts), n_lanes(self.k)
        with cores_for():
            map_lists(candidates, allowed, *points, lanes, users, lists)
        return lists

    @property
    def _dtype(self) -> "np.dtype[np.integer]":
        return np.dtype(np.int16 if self.engine.panel.n_items < 2**15 else np.int32)


def in_groups(columns: FloatArray, size: int) -> FloatArray:
    """MapSums over groups of so many neighbours along the last axis."""
    if size == 1:
        return columns
    sums: FloatArray = np.add.reduceat(columns, np.arange(0, columns.shape[-1], size), axis=-1)
    return sums


def _means_in_groups(values: FloatArray, size: int) -> FloatArray:
    """Means over groups of shoppers, of those who have a value at every point: NaN where nobody has."""
    if size == 1:
        return values
    known = np.asarray(~np.isnan(values).any(axis=1))[:, None]
    counts = in_groups(known.astype(np.float32), size)
    present: FloatArray = np.where(known, values, 0).astype(np.float32)
    sums = in_groups(present, size)
    means: FloatArray = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means
