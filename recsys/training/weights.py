"""Fusion weights chosen by nDCG@k on validation shoppers, by a grid over the simplex of weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, Self

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut
from recsys.evaluation.metrics.expected import EQUAL
from recsys.evaluation.protocols.hold_out import not_had
from recsys.parallel import cores_for, read_only
from recsys.progress import Progress, silent
from recsys.ranking.batch import best_of_each
from recsys.ranking.rank import factor_vector
from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import COMPONENTS, FusionSettings

Subset = tuple[str, ...]
"""Some components, in the order of `COMPONENTS`."""

TRADITIONAL: Subset = ("collaborative", "content")

PERSONAL_SHARE = 3
"""Of weights that do about as well, one in so many is taken: those that give the most personal lists."""

MAX_LISTS = 500
"""By so many shoppers' lists it is told how personal weights are."""

OVERLAP_ERROR = 0.01
"""To so much it is known by them what lists have in common."""

POINTS_A_REPORT = 16
"""Progress is told after so many weight vectors."""


@dataclass(frozen=True, slots=True, eq=False)
class ValidationScores:
    """Scores of validation shoppers, and what was held out of them.

    `values`: standardised scores, float32 of shape (n_users, n_components, n_items); `eligible`: bool of shape
    (n_users, n_items); `pair_users`, `pair_items`: int32 of shape (n_pairs,), held-out products by row of `values` and
    catalogue row.
    """

    values: FloatArray
    eligible: NDArray[np.bool_]
    pair_users: IntArray
    pair_items: IntArray

    @classmethod
    def of(cls, values: FloatArray, train: Dataset, held_out: HeldOut, users: NDArray[np.int32]) -> Self:
        """Scores of the shoppers in these rows; eligible is what they do not have in the training data."""
        pairs = held_out.relevant()[users].tocoo()
        order = np.argsort(pairs.row, kind="stable")
        pair_users, pair_items = pairs.row[order].astype(np.int32), pairs.col[order].astype(np.int32)
        return cls(values, not_had(train.seen(), users), pair_users, pair_items)

    def only(self, which: NDArray[np.bool_]) -> "ValidationScores":
        """Some of the shoppers, bool of shape (n_users,)."""
        row, kept = np.cumsum(which, dtype=np.int32) - 1, which[self.pair_users]
        pair_users = row[self.pair_users[kept]].astype(np.int32)
        return ValidationScores(self.values[which], self.eligible[which], pair_users, self.pair_items[kept])

    @classmethod
    def together(cls, parts: "Sequence[ValidationScores]") -> "ValidationScores":
        """Scores of several rounds; a shopper of two rounds counts in each."""
        if len(parts) == 1:
            return parts[0]
        starts = np.cumsum([0, *(len(each.values) for each in parts)]).tolist()
        pair_users = [(each.pair_users + start).astype(np.int32) for each, start in zip(parts, starts, strict=False)]
        n_components, width = parts[0].values.shape[1], max(each.values.shape[2] for each in parts)
        values = np.zeros((starts[-1], n_components, width), np.float32)
        eligible = np.zeros((starts[-1], width), bool)
        for each, start in zip(parts, starts, strict=False):
            rows, own = slice(start, start + len(each.values)), each.values.shape[2]
            values[rows, :, :own], eligible[rows, :own] = each.values, each.eligible
        return cls(values, eligible, np.concatenate(pair_users), np.concatenate([each.pair_items for each in parts]))

    def contenders(self, n: int) -> "ValidationScores":
        """Only products that can come into a shopper's list: the n best of each component, and those held out.

        Every shopper has columns of their own, those beyond the last are not eligible.
        """
        n_users = len(self.values)
        kept = best_of_each(self.values, self.eligible, n)
        kept[self.pair_users, self.pair_items] = True
        n_kept = kept.sum(axis=1)
        values = np.zeros((n_users, self.values.shape[1], int(n_kept.max(initial=0))), np.float32)
        eligible = np.zeros((n_users, values.shape[2]), bool)
        for user in range(n_users):
            columns = np.flatnonzero(kept[user])
            values[user, :, : len(columns)] = self.values[user][:, columns]
            eligible[user, : len(columns)] = self.eligible[user, columns]
        place = np.cumsum(kept, axis=1, dtype=np.int32) - 1
        return ValidationScores(values, eligible, self.pair_users, place[self.pair_users, self.pair_items])


def compositions(total: int, parts: int) -> list[tuple[int, ...]]:
    """Every way of writing a number as a sum of so many whole numbers from 0, in lexicographic order.

    >>> compositions(2, 2)
    [(0, 2), (1, 1), (2, 0)]
    """
    if parts == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in compositions(total - first, parts - 1)]


def simplex_grid(n_components: int, n_steps: int) -> FloatArray:
    """Every weight vector whose entries are multiples of 1 / n_steps and sum to 1, float32 of shape (n_points, n).

    >>> len(simplex_grid(4, 10)), len(simplex_grid(2, 20))
    (286, 21)
    """
    return np.array(compositions(n_steps, n_components), np.float32) / np.float32(n_steps)


def best_point(quality: NDArray[np.float64], grid: FloatArray, among: NDArray[np.bool_] | None = None) -> int:
    """The weight vector of highest quality, of all or of some; of equal ones the most even. -1 where none has a value.

    >>> best_point(np.array([0.5, 0.7, 0.7]), np.array([[0.5, 0.5], [1, 0], [0.4, 0.6]], np.float32))
    2
    """
    known = ~np.isnan(quality) if among is None else ~np.isnan(quality) & among
    if not known.any():
        return -1
    evenness = -np.square(grid).sum(axis=1)
    return int(np.lexsort((evenness, np.where(known, np.round(quality, 9), -np.inf)))[-1])


def best_weights(
    scores: ValidationScores,
    names: tuple[str, ...],
    k: int,
    n_steps: int = 10,
    progress: Progress = silent,
    served: ValidationScores | None = None,
) -> tuple[FusionSettings, float]:
    """Weights that do about as well as any and give the most personal lists, of the named components; their nDCG@k.

    Of a grid of factors of 1 / n_steps, those points count that fall short of the best one, shopper by shopper, by at
    most one standard error. The third whose lists have least in common from shopper to shopper is taken, and of that
    the middle: the best point itself is best by luck as well, the more so the more points there are. On eleven shops,
    chosen by one choice of every shopper and measured by another, that served better than the best point, with a
    quarter less in common. In whole hundredths, as sliders hold them.

    `served`: scores by which it is told how much lists have in common, of shoppers who are served at one moment, since
    lists of different moments differ whoever they are for; where there are none, those that weights are chosen by.
    """
    grid = _over_all(simplex_grid(len(names), n_steps if len(names) > 2 else 2 * n_steps), names)
    tied = grid[as_good_as_any(gains_on(scores, grid, k, progress), grid)]
    overlaps = overlap_of_weights(served or scores, tied, k)
    most = np.sort(overlaps)[-(-len(tied) // PERSONAL_SHARE) - 1]
    personal = tied[overlaps <= most + OVERLAP_ERROR]  # of lists that have as much in common none is passed over
    middle = personal.mean(axis=0, dtype=np.float64)
    weights = FusionSettings.of_factors(map(float, middle)).in_percent()
    return weights, float(ndcg_of_weights(scores, factor_vector(weights)[None], k)[0])


def as_good_as_any(gains: NDArray[np.float64], grid: FloatArray, errors: float = 1.0) -> NDArray[np.intp]:
    """Places of the points that fall short of the best one by at most so many standard errors of the difference.

    `gains`: of every shopper at each point, float64 of shape (n_points, n_users), NaN where nothing was held out.
    """
    known = gains[:, ~np.isnan(gains[0])]
    best = max(best_point(known.mean(axis=1), grid), 0)
    short = known - known[best]
    error = short.std(axis=1) / np.sqrt(max(known.shape[1], 1))
    return np.flatnonzero(short.mean(axis=1) + errors * error >= -1e-12)


def overlap_of_weights(scores: ValidationScores, grid: FloatArray, k: int) -> NDArray[np.float64]:
    """The mean share of a list that two shoppers have in common at each point of a grid, float64 of shape (n_points,).

    Of at most MAX_LISTS shoppers, evenly spread.
    """
    rows = np.unique(np.linspace(0, len(scores.values) - 1, min(len(scores.values), MAX_LISTS)).astype(np.intp))
    values, eligible = scores.values[rows], scores.eligible[rows]
    overlaps = np.zeros(len(grid))
    for point, factors in enumerate(grid):
        fused = np.where(eligible, np.einsum("ukn,k->un", values, factors), -np.inf)
        n = min(k, fused.shape[1])
        listed = np.argpartition(-fused, n - 1, axis=1)[:, :n]
        may = np.take_along_axis(eligible, listed, axis=1)
        n_lists = np.bincount(listed[may], minlength=fused.shape[1])
        overlaps[point] = float(n_lists @ (n_lists - 1)) / max(len(rows) * (len(rows) - 1) * n, 1)
    return overlaps


def name_of(subset: Subset) -> str:
    """A subset's name in figures: "traditional" and "full" by name, others by what is in them."""
    if subset == TRADITIONAL:
        return "traditional"
    return "full" if subset == COMPONENTS else " + ".join(subset)


def subsets() -> list[Subset]:
    """Every set of components, the smallest first."""
    return [each for size in range(1, len(COMPONENTS) + 1) for each in combinations(COMPONENTS, size)]


def choose_weights(
    scores: ValidationScores,
    k: int,
    progress: Progress = silent,
    served: ValidationScores | None = None,
    among: Sequence[Subset] = (TRADITIONAL, COMPONENTS),
) -> dict[str, FusionSettings]:
    """Weights of some sets of components, by name, by nDCG@k over the validation shoppers (`best_weights`)."""
    return {name_of(each): best_weights(scores, each, k, progress=progress, served=served)[0] for each in among}


def _over_all(points: FloatArray, names: tuple[str, ...]) -> FloatArray:
    grid = np.zeros((len(points), len(COMPONENTS)), np.float32)
    grid[:, [COMPONENTS.index(name) for name in names]] = points
    return grid


def gains_on(scores: ValidationScores, grid: FloatArray, k: int, progress: Progress = silent) -> NDArray[np.float64]:
    """`gains_of_weights` with progress, float64 of shape (n_points, n_users)."""
    gains = []
    for start in range(0, len(grid), POINTS_A_REPORT):
        progress("choosing weights", start, len(grid))
        gains.append(gains_of_weights(scores, grid[start : start + POINTS_A_REPORT], k))
    progress("choosing weights", len(grid), len(grid))
    return np.concatenate(gains)


def ndcg_of_weights(scores: ValidationScores, grid: FloatArray, k: int) -> NDArray[np.float64]:
    """Mean nDCG@k over the shoppers at each weight vector, float64 of shape (n_points,)."""
    gains = gains_of_weights(scores, grid, k)
    return np.asarray(gains[:, ~np.isnan(gains[0])].mean(axis=1)) if len(grid) else np.empty(0)


def gains_of_weights(
    scores: ValidationScores, grid: FloatArray, k: int, metric: Literal["ndcg", "recall"] = "ndcg"
) -> NDArray[np.float64]:
    """A metric at k of every shopper at each weight vector, float64 (n_points, n_users); NaN where none is held out.

    With a eligible products above a held-out one and e as high, itself included, its rank is each of a + 1 to a + e
    with chance 1 / e: the mean over all orders of equal products (see `expected`), so nothing is sorted, and a silent
    component gains what a draw would.
    """
    n_users = len(scores.values)
    gains = np.zeros((len(grid), n_users))
    discounts = 1 / np.log2(np.arange(2, k + 2)) if metric == "ndcg" else np.ones(k)
    worth = np.concatenate([[0], np.cumsum(discounts)])
    starts = np.searchsorted(scores.pair_users, np.arange(n_users + 1))
    points = np.asarray(grid, np.float32)
    values, eligible, items = read_only(scores.values, scores.eligible, scores.pair_items)
    with cores_for():
        _gains(values, eligible, starts, items, points, worth, EQUAL, gains)
    n_relevant = np.diff(starts)
    ideal = worth[np.minimum(n_relevant, k)] if metric == "ndcg" else n_relevant
    return np.where(n_relevant > 0, gains / np.where(ideal > 0, ideal, 1), np.nan)


@numba.njit(parallel=True, nogil=True, fastmath=True, cache=True)
def _gains(values, eligible, starts, pair_items, grid, worth, tolerance, gains):  # type: ignore[no-untyped-def]
    n_users, n_components, _ = values.shape
    k = len(worth) - 1
    for user in numba.prange(n_users):
        if starts[user] < starts[user + 1]:
            rows = np.flatnonzero(eligible[user])
            own, fused = np.empty((n_components, len(rows)), np.float32), np.empty(len(rows), np.float32)
            for component in range(n_components):
                own[component] = values[user, component][rows]
            for point in range(len(grid)):
                fused[:] = 0
                for component in range(n_components):
                    weight = grid[point, component]
                    if weight > 0:
                        for i in range(len(rows)):
                            fused[i] += weight * own[component, i]
                for pair in range(starts[user], starts[user + 1]):
                    target = np.float32(0)
                    for component in range(n_components):
                        target += grid[point, component] * values[user, component, pair_items[pair]]
                    above, level = 0, 0
                    for i in range(len(rows)):
                        lead = fused[i] - target
                        above += lead > tolerance
                        level += lead >= -tolerance
                    if above < k:
                        equal = max(level - above, 1)
                        gains[point, user] += (worth[min(above + equal, k)] - worth[above]) / equal
