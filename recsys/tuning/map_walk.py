"""Passes over the shoppers of a panel: their lists at every point of the map, and what these add up to."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.exposure import exposure
from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import Scenario
from recsys.parallel import cores_for
from recsys.progress import Progress
from recsys.ranking.kernels import n_lanes
from recsys.scorers.base import FloatArray
from recsys.settings import Filters
from recsys.tuning.map_kernels import count_shared, map_lists, map_values
from recsys.tuning.simplex_cells import Cells

N_BLOCKS = 32
"""Parts of the shoppers whose sums are kept apart, so that threads never meet."""

CHUNK = 256
"""Shoppers that are ranked between two reports of progress."""

MOST_GROUPS = 2**13
"""Above as many shoppers, those next to each other are taken together, so that memory does not grow with the shop."""

MAX_LIST_BYTES = 300_000_000
"""Most that lists may take which are kept for a second pass; larger ones are made again."""

LISTED, PROFILE = len(SHOPPER_METRICS), len(SHOPPER_METRICS) + 1
"""Columns behind the metrics: mean popularity of the list, and of what the shopper had."""

Ranked = NDArray[np.integer]


@dataclass(frozen=True, eq=False, slots=True)
class Sums:
    """What one pass gathers.

    Parameters
    ----------
    sums, counts : float64 of shape (n_points, n_metrics), over shoppers with a value; columns are `SHOPPER_METRICS`,
        `LISTED` and `PROFILE`
    exposures : whole numbers of shape (n_points, n_items), on how many lists each product stands
    values : float32 of shape (n_wanted, n_points, n_groups), the shoppers' own values in the columns that were wanted,
        or their means over groups; see `Walk.group_size`
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
class Walk:
    """The shoppers to look at, and what they are shown.

    Parameters
    ----------
    users : rows of the panel
    """

    engine: LiveEngine
    cells: Cells
    users: NDArray[np.intp]
    k: int
    filters: Filters
    scenario: Scenario
    progress: Progress
    _kept: list[Ranked] = field(default_factory=list)

    def measure(self, wanted: NDArray[np.int64], keep_lists: bool) -> Sums:
        """Every metric at every point.

        Parameters
        ----------
        wanted : int64 of shape (n_wanted,), columns whose values are given shopper by shopper
        keep_lists : whether `lists` will be asked for again
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
                self._kept.append(lists)
        return Sums(sums.sum(axis=0), counts.sum(axis=0), exposures, values)

    def shared_exposure(self, best: int, points: slice) -> NDArray[np.integer]:
        """On how many lists of some points and of the best point at once, shopper by shopper, each product stands.

        Whole numbers of shape (n_points, n_items).
        """
        n_points = len(self.cells.weights[points])
        counts = np.zeros((n_points, self.engine.panel.n_items), self.count_dtype)
        for _, lists in self.lists("comparing with the best"):
            with cores_for():
                count_shared(lists[points], lists[best], counts)
        return counts

    @property
    def group_size(self) -> int:
        """How many shoppers next to each other are taken together: 1 in all but large shops; never across chunks."""
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
        """Chunk by chunk: the place of its first shopper, and lists of shape (n_points, n_chunk, k)."""
        n_users = len(self.users)
        for number, start in enumerate(range(0, n_users, CHUNK)):
            self.progress(stage, start, n_users)
            known = number < len(self._kept)
            yield start, self._kept[number] if known else self._ranked(self.users[start : start + CHUNK])
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
    """Sums over groups of so many neighbours along the last axis."""
    if size == 1:
        return columns
    sums: FloatArray = np.add.reduceat(columns, np.arange(0, columns.shape[-1], size), axis=-1)
    return sums


def _means_in_groups(values: FloatArray, size: int) -> FloatArray:
    """Means over groups of so many shoppers, of those who have a value at every point: NaN where nobody has.

    Parameters
    ----------
    values : float32 of shape (n_wanted, n_points, n_users)
    """
    if size == 1:
        return values
    known = np.asarray(~np.isnan(values).any(axis=1))[:, None]
    counts = in_groups(known.astype(np.float32), size)
    present: FloatArray = np.where(known, values, 0).astype(np.float32)
    sums = in_groups(present, size)
    means: FloatArray = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
    return means
