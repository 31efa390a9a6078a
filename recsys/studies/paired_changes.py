"""Changes of shoppers' values, each with its interval, and p-values corrected for all that are compared at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.randomisation import holm, sign_flip_p
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class PairedChange:
    """A mean change; `p` is that of sign flips, corrected by Holm."""

    interval: Interval
    p: float

    @property
    def verdict(self) -> Verdict:
        """Better or worse where interval and p-value agree."""
        return verdict_of(self.interval, p=self.p)


def paired_changes(gaps: Mapping[Key, UserValues], seed: int = 0) -> dict[Key, PairedChange]:
    """The mean of every change over shoppers.

    Parameters
    ----------
    gaps : float64 of shape (n_users,) by key, what each shopper's value changed by (`intervals.changes`); NaN is left
        out

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = paired_changes({"up": rng.normal(1, 1, 400), "none": rng.normal(0, 1, 400)})
    >>> {name: each.verdict for name, each in found.items()}
    {'up': 'better', 'none': 'unclear'}
    """
    if not gaps:
        return {}
    intervals = ratio_intervals(np.stack(list(gaps.values()), axis=1), seed=seed)
    p_values = holm(np.array([sign_flip_p(gap, seed) for gap in gaps.values()])).tolist()
    return {key: PairedChange(*each) for key, *each in zip(gaps, intervals, p_values, strict=True)}
