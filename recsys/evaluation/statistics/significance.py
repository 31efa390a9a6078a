"""An estimate with its confidence interval, and the one rule that makes a verdict of it."""

import math
from dataclasses import dataclass
from typing import Literal

ZERO = 1e-5
"""An end is 0 where it is this much nearer to 0 than the interval reaches: sums on resamples are of single precision,
and resamples of whole numbers often land on exactly no change, which rounding must not turn into one."""

MOST_P = 0.05
"""A larger p-value, corrected for all that were compared at once, tells nothing."""

Verdict = Literal["better", "worse", "unclear"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval.

    Parameters
    ----------
    mean : the estimate on all shoppers that have a value; NaN when none has
    low, high : ends of the interval; NaN where there is none
    n : shoppers behind the estimate
    n_skipped : shoppers left out because they have no value (NaN)
    """

    mean: float
    low: float
    high: float
    n: int
    n_skipped: int = 0

    @property
    def is_given(self) -> bool:
        """Whether there is an interval, and not an estimate alone."""
        return not math.isnan(self.low) and not math.isnan(self.high)

    @property
    def sign(self) -> int:
        """1 where the whole interval is above 0, -1 where it is below, 0 where it is not or there is none.

        Scale does not matter: an end that is 0 but for rounding is 0, see `ZERO`.

        >>> Interval(0.2, 0.1, 0.3, 9).sign, Interval(-0.2, -0.4, 1e-19, 9).sign, Interval(-2e9, -3e9, -1e9, 9).sign
        (1, 0, -1)
        """
        least = ZERO * max(abs(self.low), abs(self.high), abs(self.mean))
        return int(self.low > least) - int(self.high < -least)

    def as_json(self) -> dict[str, float | None]:
        """Mean, low and high; None (JSON null) where there is no number, as JSON has no NaN."""
        values = {"mean": self.mean, "low": self.low, "high": self.high}
        return {name: None if math.isnan(value) else value for name, value in values.items()}


def verdict_of(change: Interval, higher_is_better: bool = True, p: float | None = None) -> Verdict:
    """Tell whether a change is for the better: the only place where a verdict is made.

    Parameters
    ----------
    change : new - old, or any other quantity that is 0 where nothing changed
    p : p-value, corrected for all that were compared at once; None where a change stands alone

    Returns
    -------
    "better" or "worse" where the interval leaves out 0 and p is at most `MOST_P`, else "unclear"

    >>> up = Interval(0.2, 0.1, 0.3, 900)
    >>> verdict_of(up), verdict_of(up, higher_is_better=False), verdict_of(up, p=0.27)
    ('better', 'worse', 'unclear')
    """
    if not change.sign or (p is not None and not p <= MOST_P):
        return "unclear"
    return "better" if (change.sign > 0) == higher_is_better else "worse"
