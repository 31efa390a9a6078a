"""Whether chances are right on the whole: what was expected beside what came, from the least likely to the likeliest.

References
----------
Niculescu-Mizil & Caruana (2005), ICML (reliability diagrams); Naeini, Cooper & Hauskrecht (2015), AAAI (expected
calibration error).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_GROUPS = 10
N_BINS = 4000
LEAST = 1e-12

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Groups of about equally many expected events, the least likely first.

    Parameters
    ----------
    groups : mean chance, events expected and events observed, a group each
    n : events observed
    error : sum of |observed - expected| over the groups, as a share of the events
    by_chance : what that sum comes to on average where every chance is right
    """

    groups: tuple[tuple[float, float, float], ...]
    n: float
    error: float
    by_chance: float

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Calibration":
        """From what `dataclasses.asdict` gave, also by way of JSON."""
        return cls(**{**saved, "groups": tuple(tuple(each) for each in saved["groups"])})


class Tally:
    """Adds up chances and what came of them, however many."""

    def __init__(self) -> None:
        self._sums = np.zeros((4, N_BINS))

    def add(self, chances: Floats, happened: Floats, weights: Floats | float = 1.0) -> None:
        """Chances in [0, 1] with the events that came of them, all of one shape; weights count each more or less."""
        place = np.log(np.maximum(chances.ravel(), LEAST)) / -np.log(LEAST) + 1
        bins = np.minimum((place * N_BINS).astype(np.int64), N_BINS - 1)
        counted = np.broadcast_to(np.asarray(weights, np.float64), chances.shape).ravel()
        expected = chances.ravel() * counted
        # A weighted event has the variance of its squared weight times p (1 - p).
        variance = expected * counted * (1 - chances.ravel())
        for row, column in enumerate((counted, expected, happened.ravel() * counted, variance)):
            self._sums[row] += np.bincount(bins, column, N_BINS)

    def calibration(self, n_groups: int = N_GROUPS) -> Calibration:
        """Groups of about equally many expected events; raises ValueError where none was observed."""
        counted, expected, observed, variance = self._sums
        n = float(observed.sum())
        if not n:
            raise ValueError("nothing came of any chance, so none can be checked")
        before = np.cumsum(expected) - expected
        group = np.minimum((n_groups * before / expected.sum()).astype(np.int64), n_groups - 1)
        sums = np.stack([np.bincount(group, column, n_groups) for column in self._sums])
        counted, expected, observed, variance = sums[:, sums[0] > 0]
        return Calibration(
            groups=tuple(zip((expected / counted).tolist(), expected.tolist(), observed.tolist(), strict=True)),
            n=n,
            error=float(np.abs(observed - expected).sum() / n),
            by_chance=float(np.sqrt(2 / np.pi * variance).sum() / n),
        )
