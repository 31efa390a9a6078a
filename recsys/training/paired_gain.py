"""Whether something chosen for a shop is better beyond doubt on validation shoppers than what a model has otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.significance import Interval, holm, sign_flip_p, verdict_of

Values = NDArray[np.float64]
"""A metric of every validation shopper, float64 of shape (n_users,)."""

Tried = TypeVar("Tried")


@dataclass(frozen=True, slots=True)
class Compared(Generic[Tried]):
    """One thing against another, on the same shoppers.

    Parameters
    ----------
    settings : what was tried
    ndcg, base : means of either
    change : ndcg - base, paired
    p : by sign flips, corrected for all that were compared at once
    """

    name: str
    settings: Tried
    ndcg: float
    base: float
    change: Interval
    p: float

    @property
    def is_better(self) -> bool:
        """Beyond doubt; never where too few shoppers differ to tell."""
        return verdict_of(self.change, p=self.p) == "better"


def compare(
    tried: Mapping[str, Tried], measured: Mapping[str, Values], base: str, seed: int = 0
) -> tuple[Compared[Tried], ...]:
    """Everything that was tried against one of it, by p-values corrected for their number, in the order tried.

    Parameters
    ----------
    measured : nDCG of every shopper, by what was tried
    base : name of what the others are held against
    """
    names = [name for name in tried if name != base]
    if not names:
        return ()
    gaps = np.stack([changes(measured[name], measured[base]) for name in names], axis=1)
    p_values = holm(np.array([sign_flip_p(column, seed) for column in gaps.T]))
    return tuple(
        Compared(
            name, tried[name], float(np.nanmean(measured[name])), float(np.nanmean(measured[base])), change, float(p)
        )
        for name, change, p in zip(names, ratio_intervals(gaps, seed=seed), p_values, strict=True)
    )
