"""An estimate with its confidence interval, p-values of paired changes, and the one rule that makes a verdict of them.

If two settings were equal, each shopper's difference could as well have had the other sign. How often a mean of
differences with signs drawn at random is as far from 0 as the one seen is the p-value (Fisher's randomisation test;
Smucker, Allan & Carterette 2007, CIKM, for rankings). Holm (1979), Scandinavian Journal of Statistics 6(2), keeps the
chance of any false finding among several at the level of one, whatever their dependence.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ZERO = 1e-5
"""An end is 0 where it is this much nearer to 0 than the interval reaches: sums on resamples are of single precision,
and resamples of whole numbers often land on exactly no change, which rounding must not turn into one."""

ROUNDING = 1e-6
"""Changes this much smaller than the largest value of the metric are none; diversity comes from vectors of single
precision."""

MOST_P = 0.05
"""A larger p-value, corrected for all that were compared at once, gives no verdict."""

BLOCK = 2_000_000
"""Signs drawn at a time."""

Verdict = Literal["better", "worse", "unclear"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate on the `n` shoppers that have a value, with its confidence interval; NaN where there is none.

    `n_skipped`: shoppers left out because they have no value (NaN)
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
    """Decide whether a change is for the better; no verdict is made anywhere else.

    "better" or "worse" where the interval leaves out 0 and p is at most `MOST_P`, else "unclear".

    Parameters
    ----------
    change : new - old, or any other quantity that is 0 where nothing changed
    p : p-value, corrected for all that were compared at once; None where a change stands alone

    >>> up = Interval(0.2, 0.1, 0.3, 900)
    >>> verdict_of(up), verdict_of(up, higher_is_better=False), verdict_of(up, p=0.27)
    ('better', 'worse', 'unclear')
    """
    if not change.sign or (p is not None and not p <= MOST_P):
        return "unclear"
    return "better" if (change.sign > 0) == higher_is_better else "worse"


def sign_flip_p(differences: NDArray[np.float64], seed: int = 0, n_flips: int = 9_999) -> float:
    """Two-sided p-value of a mean of paired differences, one a shopper; NaN is left out, 1 where nobody differs.

    `differences`: float64 of shape (n_users,), without rounding, see `intervals.changes`; the smallest p-value is
    1 / (n_flips + 1)
    """
    sizes = np.sort(np.abs(differences[~np.isnan(differences)]))
    largest = sizes[-1] if len(sizes) else 0.0
    if not largest > 0:
        return 1.0
    # Sizes in order, at most 1: neither the unit nor the order of shoppers nor which of two comes first changes p.
    scaled = (sizes[sizes > ROUNDING * largest] / largest).astype(np.float32)
    seen = abs(float(np.nansum(differences))) / largest
    least = seen - 1e-5 * float(np.linalg.norm(scaled))  # sums of single precision that are equal but for rounding
    rng, n_beyond = np.random.default_rng(seed), 0
    at_once = max(1, BLOCK // len(scaled))
    for start in range(0, n_flips, at_once):
        signs = rng.integers(0, 2, (min(at_once, n_flips - start), len(scaled)), dtype=np.int8)
        sums = (2 * signs - 1).astype(np.float32) @ scaled
        n_beyond += int(np.count_nonzero(np.abs(sums) >= least))
    return (n_beyond + 1) / (n_flips + 1)


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values corrected for how many there are: float64 of the same shape, in the same order.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(4).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    steps = p_values[order] * (len(p_values) - np.arange(len(p_values)))
    answer = np.empty(len(p_values))
    answer[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return answer
