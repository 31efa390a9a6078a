"""Ranks and measures every shopper of a panel at every point of the simplex of weights, exactly, in compiled passes.

The simplex is cut into small tetrahedra. A score is linear in the factors of the weights, so over a tetrahedron of
factors, which is made to hold those of all points of its cell, its extremes are at corners. A product whose largest
score is below the k-th best of all smallest scores is on no list inside, which leaves a few hundred of thousands to
mix. Nothing is approximated.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import N_COLUMNS, add, clicks_on, holds, list_values, rank_weights, square
from recsys.ranking.kernels import in_parallel, inlined, insert, lane_maxima, mix, nth_largest
from recsys.ranking.rank import factor_vector
from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import COMPONENTS, FusionSettings
from recsys.training.weights import compositions

N_STEPS = 20
"""Steps of a weight from 0 to 1: the map is computed at every 0.05."""

COARSE_STEPS = 4
"""Steps of the corners; divides N_STEPS."""


@dataclass(frozen=True, eq=False, slots=True)
class Cells:
    """Points of the grid by the tetrahedron they lie in.

    Parameters
    ----------
    weights : float32 of shape (n_points, n_components), every vector of multiples of 1 / N_STEPS that sums to 1, cell
        by cell
    factors : float32 of shape (n_points, n_components), `factor_vector` of the weights
    corners : float32 of shape (n_corners, n_components), factors of the corners
    cells : int32 of shape (n_cells, n_components), corners of each cell
    room : float32 of shape (n_cells,), by how much a point of the cell may lie outside the tetrahedron of its corners:
        the least of its barycentric coordinates, turned positive
    starts : int32 of shape (n_cells + 1,), the points of cell c are starts[c] to starts[c + 1]
    steps : int32 of shape (n_points, n_components), the weights in whole steps
    """

    weights: FloatArray
    factors: FloatArray
    corners: FloatArray
    cells: IntArray
    room: FloatArray
    starts: IntArray
    steps: IntArray

    def nearest(self, weights: NDArray[np.floating]) -> int:
        """The point nearest to weights that sum to 1."""
        return int(np.square(self.weights - np.asarray(weights, np.float32)).sum(axis=1).argmin())


@lru_cache(maxsize=1)
def grid_cells() -> Cells:
    """The grid of N_STEPS, cut at COARSE_STEPS by Kuhn's triangulation of the ordered cumulative weights.

    See Freudenthal (1942), Annals of Mathematics 43(3); Kuhn (1960), IBM Journal 4(5).
    """
    size = N_STEPS // COARSE_STEPS
    by_cell: dict[tuple[tuple[int, ...], ...], list[tuple[int, ...]]] = {}
    for point in compositions(N_STEPS, len(COMPONENTS)):
        by_cell.setdefault(_cell_of(point, size), []).append(point)
    whole = sorted(cell for cell in by_cell if len(cell) == len(COMPONENTS))
    for cell in [cell for cell in by_cell if len(cell) < len(COMPONENTS)]:  # faces, edges and corners of a whole one
        by_cell[next(each for each in whole if set(cell) <= set(each))] += by_cell.pop(cell)
    corners = sorted({corner for cell in by_cell for corner in cell})
    number = {corner: index for index, corner in enumerate(corners)}
    cells = sorted(by_cell)
    steps = np.array([each for cell in cells for each in by_cell[cell]], np.int32)
    factors, at_corners = _factors(steps), _factors(np.array(corners))
    starts = np.cumsum([0, *(len(by_cell[cell]) for cell in cells)])
    which = np.array([[number[corner] for corner in cell] for cell in cells], np.int32)
    parts = zip(which, starts, starts[1:], strict=False)
    return Cells(
        weights=np.asarray(steps / N_STEPS, np.float32),
        factors=factors,
        corners=at_corners,
        cells=which,
        room=np.array([_room(at_corners[cell], factors[first:end]) for cell, first, end in parts], np.float32),
        starts=starts.astype(np.int32),
        steps=steps,
    )


def _factors(steps: NDArray[np.integer]) -> FloatArray:
    return np.stack([factor_vector(FusionSettings(*(each / N_STEPS).tolist())) for each in steps])


def _room(corners: FloatArray, points: FloatArray) -> float:
    """How far points lie outside the tetrahedron of the corners, in barycentric coordinates; 0 where none does."""
    shares = np.linalg.solve(corners.T.astype(np.float64), points.T.astype(np.float64))
    return max(0.0, -float((shares / shares.sum(axis=0)).min()))


def _cell_of(steps: tuple[int, ...], size: int) -> tuple[tuple[int, ...], ...]:
    """Corners of the tetrahedron around a point, in whole steps; only those that the point is a mixture of."""
    sums = np.cumsum(steps)[:-1].tolist()
    base = [min(value // size * size, N_STEPS - size) for value in sums]
    parts = [value - low for value, low in zip(sums, base, strict=True)]
    # Adding the largest fraction first, of equal ones the last, keeps cumulative weights in order.
    order = sorted(range(len(sums)), key=lambda at: (-parts[at], -at))
    corners, corner = [], list(base)
    shares = [size, *(parts[at] for at in order), 0]
    for at, (above, below) in enumerate(pairwise(shares)):
        if above > below:
            corners.append(_steps_of(corner))
        if at < len(order):
            corner = list(corner)
            corner[order[at]] += size
    return tuple(sorted(corners))


def _steps_of(sums: list[int]) -> tuple[int, ...]:
    return tuple(after - before for before, after in pairwise([0, *sums, N_STEPS]))


SLACK = np.float32(1e-5)
"""What single precision may add to a bound, as a share of it; products this close to it are mixed as well."""

REFRESH = 32
"""A sum of vectors that follows the changes is added up anew after so many, against drift."""


@inlined
def _bounds(low, high, a, b, c, d, room):  # type: ignore[no-untyped-def]
    """Extremes over a tetrahedron, made larger so that barycentric coordinates down to -room are inside."""
    for i in range(low.shape[0]):
        ab_low, ab_high = min(a[i], b[i]), max(a[i], b[i])
        cd_low, cd_high = min(c[i], d[i]), max(c[i], d[i])
        beside, within = room * (a[i] + b[i] + c[i] + d[i]), np.float32(1) + np.float32(4) * room
        low[i] = within * min(ab_low, cd_low) - beside
        high[i] = within * max(ab_high, cd_high) - beside


@in_parallel
def map_lists(candidates, allowed, points, corners, cells, room, starts, lanes, users, lists):  # type: ignore[no-untyped-def]
    """Every shopper's list at every point.

    Parameters
    ----------
    candidates : `panel.engine.Candidates`
    allowed : bool of shape (n_items,), what may be shown, or empty: all
    points, corners, cells, room, starts : `factors` and the others of `Cells`
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
            _bounds(low, high, at_corners[one], at_corners[two], at_corners[three], at_corners[four], room[cell])
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
