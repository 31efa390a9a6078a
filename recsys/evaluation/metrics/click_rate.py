"""How likely each shopper clicks each product at each position of a list, and by what source.

    chance of a click at position r = seen[r] * p * odds[r] / (1 - p + p * odds[r])

p is the attraction: the chance of a click at the first position. A position may change the odds of a click, as in the
demo shop's simulator and in a logistic model of a log; or it may be looked at less often, as in the position-based
model of Craswell et al. (2008, WSDM), where odds are 1. The click rate of a list is the mean over its k positions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from recsys.scorers.base import FloatArray

Source = Literal["simulator", "log", "reviews", "none"]

LONGEST = 100
"""Positions that odds and examination are given for; later ones count as the last."""


@dataclass(frozen=True, eq=False, slots=True)
class ClickProbabilities:
    """The clicks of one role's shoppers; without a source, nobody has a click rate.

    Parameters
    ----------
    source : the truth of a demo shop's simulator, a model of a shop's log, a simulation from choices alone, or nothing
    attraction : float32 of shape (n_users, width), by column of the panel's scores; of shape (0, 0) without a source
    odds, seen : float64 of shape (LONGEST,), see above
    facts : what it rests on, JSON-like; in words by `offpolicy.click_models.format`
    """

    source: Source = "none"
    attraction: FloatArray = field(default_factory=lambda: np.empty((0, 0), np.float32))
    odds: NDArray[np.float64] = field(default_factory=lambda: np.ones(LONGEST))
    seen: NDArray[np.float64] = field(default_factory=lambda: np.ones(LONGEST))
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether there is any click rate."""
        return self.source != "none"

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        """From the parts of a panel that `as_parts` gave."""
        return cls(facts["source"], arrays["clicks.attraction"], arrays["clicks.odds"], arrays["clicks.seen"], facts)

    def as_parts(self) -> dict[str, NDArray[Any]]:
        """Arrays as a panel keeps them; the facts are kept in its manifest."""
        return {
            "clicks.attraction": np.asarray(self.attraction, np.float32),
            "clicks.odds": self.odds,
            "clicks.seen": self.seen,
        }
