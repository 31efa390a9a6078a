"""Each shopper's share in a metric of all lists together (`exposure`), so that its spread can be resampled.

Coverage, Gini and personalisation are no means over shoppers. A plain resample, which repeats some shoppers, always
shows fewer products than the shoppers do, on lists that are more alike; so each shopper counts as what the metric would
lose without the shopper's list (the jackknife), and those shares are resampled like any other column. The target is the
metric that as many shoppers of the same population get on average.

The jackknife's variance is too large, as it counts what two shoppers do together twice, what three do three times and
so on (Efron & Stein 1981). For a metric that adds up over products those parts can be counted in the lists: a product
that exactly two lists show is lost with two shoppers and not with one. So shares are shrunk by the square root of what
the variance is over what the jackknife makes of it. In the difference of two settings, a product that the very same
shoppers are shown by both cannot change anything and does not count. For coverage the true variance is, up to rare
products on the same lists, how many new products as many shoppers again would show: products on one list - on two + on
three - ... (Good & Toulmin 1956), an alternating sum whose far terms are noise and so fade out (Efron & Thisted 1976).
For Gini one correction is enough. Personalisation is made of pairs alone, so that its correction is whole: a list that
is gone takes 2 (c - 1) shared products with each of its products, and 2 (c - 1) that could be shared with each place.

Where every product shown is on many lists, too few shoppers have any share in coverage for an interval, though it
hardly varies; its error is bounded instead (`coverage_error`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.exposure import (
    Counts,
    Exposure,
    coverage,
    exposure,
    exposure_of,
    gini,
    ordered_pairs,
    personalisation,
)

FADING = np.array([0.0, 1.0, -1.0, 0.75, -0.25])
"""Weight of products on 0, 1, 2, 3 and 4 lists in the variance of coverage; more lists count nothing."""

PAIRS_COUNT = 0.75
"""How much of the pairs' part is taken off the variance of Gini: all of it would leave the triples' part owing."""

ALL_PAIRS = 1.0
"""The same of personalisation, in which no three lists do anything together."""

Ranked = NDArray[np.int32]


def in_both(new: Ranked, old: Ranked) -> NDArray[np.bool_]:
    """Mark the positions of `new` whose product is on the same shopper's list in `old`, at any position."""
    found = np.zeros(new.shape, bool)
    for position in range(old.shape[1]):
        found |= new == old[:, position : position + 1]
    return found & (new >= 0)


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """A metric of all lists under two settings, and each product's part in it.

    Parameters
    ----------
    now, before : the metric of new and old
    new, old : float64 of shape (n_items,), what the metric loses when one list of new, or of old, is without a product
    shrinkage : what shares made of these are multiplied by
    n_single : products that exactly one list shows
    new_places, old_places : float64 of shape (k,), what it loses when one list is without a place; None where places
        play no part
    """

    now: float
    before: float
    new: Counts
    old: Counts
    shrinkage: float
    n_single: int
    new_places: Counts | None = None
    old_places: Counts | None = None


def coverage_steps(now_shown: Exposure, shown_before: Exposure, both: Counts) -> Steps:
    """Compute coverage; arguments: what is shown by new and by old, and on how many lists of the same shopper in both
    each product is, float64 of shape (n_items,).
    """
    new, old, n_items = now_shown.products, shown_before.products, len(both)
    differ = (new > both) | (old > both)
    counts = np.concatenate([new[differ], old[differ]]).astype(np.int64)
    on = np.bincount(counts, minlength=len(FADING))[: len(FADING)]
    now, before = coverage(new), coverage(old)
    shrinkage = _shrinkage(float(FADING @ on), float(on[1]))
    return Steps(now, before, (new == 1) / n_items, (old == 1) / n_items, shrinkage, int(on[1]))


def gini_steps(now_shown: Exposure, shown_before: Exposure, both: Counts) -> Steps:
    """Compute the Gini coefficient, as `coverage_steps`."""
    new, old = now_shown.products, shown_before.products
    of_new, of_old = _steps(new), _steps(old)
    shrinkage = _shrinkage_by_pairs(new, old, both, of_new, of_old, PAIRS_COUNT)
    n_single = int(np.count_nonzero(new == 1) + np.count_nonzero(old == 1))
    return Steps(gini(new), gini(old), of_new[0], of_old[0], shrinkage, n_single)


def personalisation_steps(now_shown: Exposure, shown_before: Exposure, both: Counts) -> Steps:
    """Compute personalisation, as `coverage_steps`."""
    new, old = now_shown.products, shown_before.products
    of_new, of_old = _overlap_steps(now_shown), _overlap_steps(shown_before)
    shrinkage = _shrinkage_by_pairs(new, old, both, of_new[1:], of_old[1:], ALL_PAIRS)
    n_single = int(np.count_nonzero(new == 1) + np.count_nonzero(old == 1))
    places = _place_steps(now_shown), _place_steps(shown_before)
    values = personalisation(now_shown), personalisation(shown_before)
    return Steps(*values, of_new[0], of_old[0], shrinkage, n_single, *places)


STEPS: Mapping[str, Callable[[Exposure, Exposure, Counts], Steps]] = {
    "coverage": coverage_steps,
    "gini": gini_steps,
    "personalisation": personalisation_steps,
}
"""By name of a metric of all lists together."""


def coverage_error(n_single: int, largest: float, n_items: int) -> float:
    """Bound the standard error of a coverage, or of a change of it.

    A product that is shown lambda times on average is missing from a sample with probability q = exp(-lambda), which
    adds q (1 - q) <= lambda q to the variance of their number: the chance that exactly one list shows it. So the
    expected number of products on one list, times how many of those one shopper brings, bounds the variance, and the
    upper end of its 95% interval, given how many there were (Garwood 1936), bounds that.

    `n_single`: products that exactly one list shows, of both settings together for a change; `largest`: largest share
    of one shopper in the coverage
    """
    expected = float(gammaincinv(n_single + 1, 0.975))
    return float(np.sqrt(max(largest * n_items, 1.0) * expected)) / n_items


@dataclass(frozen=True, eq=False, slots=True)
class ListChange:
    """The lists of two settings, row by row the same shoppers.

    Parameters
    ----------
    new, old : int32 of shape (n_users, n_listed), padded with -1
    moved : bool of shape (n_users,), whose list holds other products
    counts : what new shows, what old shows, and on how many lists of the same shopper in both each product is, float64
        of shape (n_items,)
    """

    new: Ranked
    old: Ranked
    moved: NDArray[np.bool_]
    counts: tuple[Exposure, Exposure, Counts]

    @classmethod
    def of(cls, new: Ranked, old: Ranked | None, n_items: int) -> Self:
        """Compare two settings, or one alone with empty lists."""
        old = np.full((len(new), 0), -1, np.int32) if old is None else old
        both = in_both(new, old)
        counts = exposure_of(new, n_items), exposure_of(old, n_items), exposure(np.where(both, new, -1), n_items)
        moved = (both.sum(1) < (new >= 0).sum(1)) | (both.sum(1) < (old >= 0).sum(1))
        return cls(new, old, moved, counts)

    def metric(self, name: str) -> tuple[float, float, UserValues]:
        """Compute a metric of `STEPS` of new and old, and each shopper's share in the difference times the shoppers."""
        steps = STEPS[name](*self.counts)
        # Exactly 0 where nothing moved: sums in another order differ by rounding.
        scale = len(self.new) * steps.shrinkage * self.moved.any()
        return steps.now, steps.before, self._shares(steps) * scale

    def coverage_error(self) -> float:
        """Bound the standard error of the change of coverage."""
        steps = coverage_steps(*self.counts)
        largest = float(np.abs(self._shares(steps)).max(initial=0.0))
        return coverage_error(steps.n_single, largest, len(steps.new))

    def _shares(self, steps: Steps) -> UserValues:
        of_new = sums_of_lists(self.new, steps.new, steps.new_places)
        return of_new - sums_of_lists(self.old, steps.old, steps.old_places)


def _steps(counts: Counts) -> tuple[Counts, Counts]:
    """By how much the Gini falls when a product loses one list, centred, and by how much that step itself changes."""
    n_items, total = len(counts), counts.sum()
    if not total:
        return np.zeros(n_items), np.zeros(n_items)
    on = np.bincount(counts.astype(np.int64))
    fewer = np.concatenate([[0], np.cumsum(on)])  # fewer[c]: products on fewer than c lists
    whole = counts.astype(np.int64)
    steps = 2 * fewer[whole] / (n_items * total)
    steps -= steps @ counts / total
    bends = np.where(counts >= 2, 2 * on[np.maximum(whole - 1, 0)] / (n_items * total), 0.0)
    return steps, bends


def _overlap_steps(found: Exposure) -> tuple[Counts, Counts, Counts]:
    """By how much personalisation falls when a product loses one list: as it is, centred; and how that changes."""
    counts, most = found.products, ordered_pairs(found.places)
    if not most:
        return (np.zeros(len(counts)),) * 3
    steps = -2 * np.maximum(counts - 1, 0) / most
    bends = np.where(counts >= 2, -2 / most, 0.0)
    return steps, steps - steps @ counts / counts.sum(), bends


def _place_steps(found: Exposure) -> Counts:
    """By how much personalisation falls when a place of one list is not filled, so that less could be shared."""
    places, most = found.places, ordered_pairs(found.places)
    if not most:
        return np.zeros(len(places))
    return 2 * np.maximum(places - 1, 0) * ordered_pairs(found.products) / most**2


def _shrinkage_by_pairs(
    new: Counts, old: Counts, both: Counts, of_new: tuple[Counts, ...], of_old: tuple[Counts, ...], pairs_count: float
) -> float:
    """Shrinkage from steps and bends of either setting, taking off so much of the pairs' part."""
    (new_step, new_bend), (old_step, old_bend) = of_new, of_old
    singles = both * (new_step - old_step) ** 2 + (new - both) * new_step**2 + (old - both) * old_step**2
    pairs = _pairs(both) * (new_bend - old_bend) ** 2
    pairs += (_pairs(new) - _pairs(both)) * new_bend**2 + (_pairs(old) - _pairs(both)) * old_bend**2
    return _shrinkage(float(singles.sum() - pairs_count * pairs.sum()), float(singles.sum()))


def _pairs(counts: Counts) -> Counts:
    return counts * (counts - 1) / 2


def _shrinkage(variance: float, jackknife: float) -> float:
    """Never less than half: a variance that few products tell is not believed to be nothing."""
    return float(np.sqrt(np.clip(variance / jackknife, 0.25, 1.0))) if jackknife > 0 else 1.0


def sums_of_lists(ranked: NDArray[np.integer], per_item: Counts, per_place: Counts | None = None) -> UserValues:
    """Sum a value over the products of each list, and one over its filled places: float64 of shape (n_users,)."""
    values = per_item[ranked] if per_place is None else per_item[ranked] + per_place
    found: UserValues = np.where(ranked >= 0, values, 0.0).sum(1)
    return found


def mean_popularity(ranked: NDArray[np.int32], popularity: NDArray[np.float64]) -> UserValues:
    """Compute the mean popularity of each list, float64 of shape (n_users,); NaN for an empty list."""
    listed = ranked >= 0
    sums, n_listed = np.where(listed, popularity[ranked], 0).sum(1), listed.sum(1)
    means: UserValues = np.divide(sums, n_listed, out=np.full(len(ranked), np.nan), where=n_listed > 0)
    return means
