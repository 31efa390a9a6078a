"""The click rate that a policy would have had, estimated from impressions that another one chose.

With w = pi(a|x) / p(a|x), the chance of the shown product under the policy asked about over its logged propensity, and
q a model of the click rate that was not fitted on the same visitors:

    ips         mean of w r
    snips       sum of w r / sum of w
    dm          mean of q_target                      (the direct method: as good as its model)
    dr          mean of q_target + w (r - q_shown)    (right when the propensities or the model are)
    switch_dr   the same, without the correction where w is above a threshold

q_shown is the model's click rate of the shown product, q_target that of what the policy would show, averaged over its
choices. Every estimate is a ratio of sums over visitors, who are what is resampled: impressions of one page or one
visitor are not independent. Where too few clicks tell for that, weighted clicks are still sums of rare events, and
ips and snips carry the gamma interval of Fay & Feuer, which is rather too wide than too narrow. A known rate, which
weighs nothing, carries Wilson's interval then.

A click rate lies in [0, 1], but weighted sums need not: estimates and intervals are cut to what a rate can be. That
leaves out no value that could be true, so an interval holds the truth as often as before, and no estimate comes to lie
further from it. An interval that lies wholly outside contradicts the log it was made from, and is not given.

References
----------
Horvitz & Thompson (1952), Journal of the American Statistical Association 47(260); Swaminathan & Joachims (2015),
NIPS (self-normalised); Dudik, Langford & Li (2011), ICML (doubly robust); Wang, Agarwal & Dudik (2017), ICML (switch);
Fay & Feuer (1997), Statistics in Medicine 16(7); Wilson (1927), Journal of the American Statistical Association
22(158); Kish (1965), Survey Sampling, for the effective size of a sample in clusters.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from recsys.errors import SettingsError
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.significance import Interval

Floats = NDArray[np.float64]

ESTIMATORS = ("ips", "snips", "dm", "dr", "switch_dr")

SWITCH_SHARE = 0.99
"""The threshold of switch-DR where none is given: weights above this quantile of the positive ones are not believed."""


@dataclass(frozen=True, eq=False, slots=True)
class Log:
    """Impressions, each with what another policy thinks of it; row n of every array is the same impression.

    Parameters
    ----------
    clicks : float64 of shape (n,), 0 or 1
    propensity : float64 of shape (n,), chance of the shown product in its place when it was shown, above 0, at most 1
    target : float64 of shape (n,), the same chance under the policy asked about
    visitors : int64 of shape (n,), whose impressions belong together
    q_shown, q_target : float64 of shape (n,), the model's click rates, or None without a model
    """

    clicks: Floats
    propensity: Floats
    target: Floats
    visitors: NDArray[np.int64]
    q_shown: Floats | None = None
    q_target: Floats | None = None

    def __post_init__(self) -> None:
        n = len(self.clicks)
        for name in ("propensity", "target", "visitors", "q_shown", "q_target"):
            column = getattr(self, name)
            if column is not None and column.shape != (n,):
                raise ValueError(f"{name} has shape {column.shape}; give one number for each of {n:,} impressions")
        if not n:
            raise SettingsError("there are no logged impressions to learn from")
        usable = (self.propensity > 0) & (self.propensity <= 1 + 1e-6)  # of single precision, 1 may come out above
        if not usable.all():
            n_bad = int(np.count_nonzero(~usable))
            raise SettingsError(
                f"{n_bad:,} impressions have no propensity above 0 and at most 1, so nothing can be weighed by them"
            )
        if (self.q_shown is None) != (self.q_target is None):
            raise ValueError("a model gives q_shown and q_target, or neither")

    def __len__(self) -> int:
        return len(self.clicks)

    @property
    def weights(self) -> Floats:
        """Chance under the policy asked about over the logged one: float64 of shape (n,)."""
        return np.asarray(self.target / self.propensity)


def estimate(
    log: Log, threshold: float | None = None, seed: int = 0, n_resamples: int = 1000, level: float = 0.95
) -> dict[str, Interval]:
    """Click rate of the policy asked about, by estimator; without a model only those that need none.

    `threshold`: largest weight that switch-DR corrects by; None takes the `SWITCH_SHARE` quantile of the positive ones.

    Returns an Interval each, in [0, 1], whose n counts visitors; its ends are NaN where too few of them tell, but for
    ips and snips, and where it lies outside.
    """
    weights, clicks = log.weights, log.clicks
    above = {"ips": weights * clicks, "snips": weights * clicks}
    if log.q_shown is not None and log.q_target is not None:
        if threshold is None:
            positive = weights[weights > 0]
            threshold = float(np.quantile(positive, SWITCH_SHARE)) if len(positive) else np.inf
        correction = weights * (clicks - log.q_shown)
        above |= {"dm": log.q_target, "dr": log.q_target + correction}
        above["switch_dr"] = log.q_target + np.where(weights <= threshold, correction, 0.0)
    below = [weights if name == "snips" else np.ones(len(log)) for name in above]
    sums, totals = _by_visitor(log.visitors, *above.values()), _by_visitor(log.visitors, *below)
    found = dict(zip(above, ratio_intervals(sums, totals, seed, n_resamples, level), strict=True))
    for column, name in enumerate(("ips", "snips")):
        total = totals[:, column].sum()
        if np.isnan(found[name].low) and total > 0:
            low, high = gamma_interval(sums[:, column], float(weights.max()), level)
            found[name] = replace(found[name], low=float(low / total), high=float(high / total))
    return {name: within(each) for name, each in found.items()}


def known_rate(
    clicks: Floats, visitors: NDArray[np.int64], seed: int = 0, n_resamples: int = 1000, level: float = 0.95
) -> Interval:
    """Clicks an impression, in [0, 1], with an interval over visitors; n counts them.

    Where too few visitors tell for a bootstrap, the interval is Wilson's, with as many impressions as there would be if
    those of a visitor were all alike: rather too wide than too narrow.

    Parameters
    ----------
    clicks : float64 of shape (n,), 0 or 1
    visitors : int64 of shape (n,), whose impressions belong together
    """
    clicked, shown = _by_visitor(visitors, clicks), _by_visitor(visitors, np.ones(len(clicks)))
    found = ratio_intervals(clicked, shown, seed, n_resamples, level)[0]
    if np.isnan(found.low) and not np.isnan(found.mean):
        low, high = wilson_interval(found.mean, float(shown.sum() ** 2 / np.square(shown).sum()), level)
        found = replace(found, low=low, high=high)
    return within(found)


def wilson_interval(rate: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Ends of an interval of a share that was seen in n trials; n need not be whole.

    >>> [round(end, 3) for end in wilson_interval(1.0, 10)]
    [0.722, 1.0]
    """
    square = float(ndtri((1 + level) / 2)) ** 2
    middle, reach = rate + square / (2 * n), np.sqrt(square * (rate * (1 - rate) / n + square / (4 * n**2)))
    low, high = ((middle + side * reach) / (1 + square / n) for side in (-1, 1))
    return min(max(float(low), 0.0), rate), max(min(float(high), 1.0), rate)  # rounding leaves neither out


def within(found: Interval, low: float = 0.0, high: float = 1.0) -> Interval:
    """An interval cut to what its figure can be; without ends where it lies wholly outside."""
    ends = (found.low, found.high) if found.low <= high and found.high >= low else (np.nan, np.nan)
    mean, *kept = (float(np.clip(each, low, high)) for each in (found.mean, *ends))
    return replace(found, mean=mean, low=kept[0], high=kept[1])


def gamma_interval(weighted: Floats, largest: float, level: float = 0.95) -> tuple[float, float]:
    """Ends of an interval of the expected sum of weighted rare events.

    Parameters
    ----------
    weighted : float64 of shape (n_visitors,), weights of each visitor's events together, 0 without any
    largest : weight that one more event could have
    """
    total, square = float(weighted.sum()), float(weighted @ weighted)
    tail = (1 - level) / 2
    low = square / total * float(gammaincinv(total**2 / square, tail)) if total else 0.0
    most, most_square = total + largest, square + largest**2
    high = most_square / most * float(gammaincinv(most**2 / most_square, 1 - tail)) if most else 0.0
    return low, high


def lift(
    new: Log, old: Log, estimator: str = "dr", seed: int = 0, n_resamples: int = 1000, level: float = 0.95
) -> Interval:
    """Relative change of the click rate from one policy to another, on the same impressions; 0.125 is +12.5%.

    The rate of the old policy is resampled with that of the new one.

    `estimator`: "ips" or "dr"; the others are no means of the same impressions.
    Raises ValueError: the logs are not of the same impressions, or the estimator is another one.
    """
    if not np.array_equal(new.clicks, old.clicks) or not np.array_equal(new.visitors, old.visitors):
        raise ValueError("two policies are compared on the same impressions")
    columns = []
    for log in (new, old):
        if estimator == "ips":
            columns.append(log.weights * log.clicks)
        elif estimator == "dr" and log.q_shown is not None and log.q_target is not None:
            columns.append(log.q_target + log.weights * (log.clicks - log.q_shown))
        else:
            raise ValueError(f"two policies cannot be compared by {estimator!r} here; use ips, or dr with a model")
    change, base = (_by_visitor(new.visitors, each) for each in (columns[0] - columns[1], columns[1]))
    return within(ratio_intervals(change, base, seed, n_resamples, level)[0], -1, np.inf)


def _by_visitor(visitors: NDArray[np.int64], *columns: Floats) -> Floats:
    """Sums of columns over each visitor's impressions, float64 of shape (n_visitors, n_columns)."""
    rows = np.unique(visitors, return_inverse=True)[1]
    return np.stack([np.bincount(rows, each).astype(np.float64) for each in columns], axis=1)


LABELS = {
    "ips": "Weighted clicks (IPS)",
    "snips": "Weighted clicks over weights (SNIPS)",
    "dm": "Click model alone (DM)",
    "dr": "Click model, corrected by weighted clicks (DR)",
    "switch_dr": "The same without large weights (switch-DR)",
}


def main_estimator(estimates: Mapping[str, Interval]) -> str:
    """The one that speaks for a policy: the doubly robust one where its interval can be given."""
    given = (name for name in ("dr", "snips", "ips") if name in estimates and not math.isnan(estimates[name].low))
    return next(given, "ips")
