"""Differences of shoppers' values, with p-values corrected for all that are compared at once."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.paired import Difference, corrected
from recsys.evaluation.statistics.significance import verdict_of

Key = TypeVar("Key")


def paired_differences(
    pairs: Mapping[Key, tuple[UserValues, UserValues]], seed: int = 0, metric: str = "ndcg"
) -> dict[Key, Difference]:
    """The mean difference of every pair over shoppers.

    Parameters
    ----------
    pairs : new and old values, float64 of shape (n_users,), by key; shoppers without one of them (NaN) are left out

    Examples
    --------
    >>> old = np.random.default_rng(0).random(400)
    >>> found = paired_differences({"up": (old + old**2, old), "same": (old, old)})
    >>> {name: each.verdict for name, each in found.items()}
    {'up': 'better', 'same': 'unclear'}
    """
    if not pairs:
        return {}
    gaps = {key: changes(new, old) for key, (new, old) in pairs.items()}
    intervals = ratio_intervals(np.stack(list(gaps.values()), axis=1), seed=seed)
    found = {}
    for (key, gap), interval in zip(gaps.items(), intervals, strict=True):
        known = ~np.isnan(gap)
        new, old = (float(each[known].mean()) for each in pairs[key])
        found[key] = Difference(metric, new, old, interval, verdict_of(interval), int(np.count_nonzero(gap[known])))
    return corrected(found, gaps, seed)
