"""The click rate that a policy would have had, estimated from impressions that another one chose.

With w = pi(a|x) / p(a|x), the probability of the shown product under the evaluated policy over its logged propensity,
and q a model of the click rate that was not fitted on the same visitors:

    ips         mean of w r
    snips       sum of w r / sum of w
    dm          mean of q_target                      (the direct method: as good as its model)
    dr          mean of q_target + w (r - q_shown)    (right when the propensities or the model are)
    switch_dr   the same, without the correction where w is above the `SWITCH_SHARE` quantile of positive weights

q_shown is the model's click rate of the shown product, q_target that of what the policy would show, averaged over its
choices. Every estimate is a ratio of sums over visitors, who are what is resampled: impressions of one page or one
visitor are not independent. Where too few clicks tell for that, ips and snips carry the gamma interval of Fay & Feuer
for sums of weighted rare events, and a known rate Wilson's; both are rather too wide than too narrow.

A click rate lies in [0, 1], but weighted sums need not: estimates and intervals are cut to that, which leaves out no
value that could be true. An interval that lies wholly outside contradicts its log, and is not given.

References
----------
Horvitz & Thompson (1952), Journal of the American Statistical Association 47(260); Swaminathan & Joachims (2015),
NIPS (self-normalised); Dudik, Langford & Li (2011), ICML (doubly robust); Wang, Agarwal & Dudik (2017), ICML (switch);
Fay & Feuer (1997), Statistics in Medicine 16(7); Wilson (1927), Journal of the American Statistical Association
22(158); Kish (1965), Survey Sampling, for the effective size of weighted and of clustered samples.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from recsys.errors import SettingsError
from recsys.evaluation.statistics.intervals import FEWEST_TELLING, LEVEL, ratio_intervals, sums_of_shoppers
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.logs import why_useless

Floats = NDArray[np.float64]

LABELS = {
    "ips": "Weighted clicks (IPS)",
    "snips": "Weighted clicks over weights (SNIPS)",
    "dm": "Click model alone (DM)",
    "dr": "Click model, corrected by weighted clicks (DR)",
    "switch_dr": "The same without large weights (switch-DR)",
}
ESTIMATORS = tuple(LABELS)

SWITCH_SHARE = 0.99
"""Weights above this quantile of the positive ones are not corrected by in switch-DR."""

LEAST_EFFECTIVE = 200
"""A log that is worth fewer impressions than this (effective sample size) carries no estimate."""

MOST_SHARE = 0.1
"""One impression that has more than this share of all weight decides too much."""

MOST_GAP = 0.1
"""A policy that shows what was never tried in more than this share of its choices is not estimated."""


@dataclass(frozen=True, eq=False, slots=True)
class Log:
    """Impressions weighed by an evaluated policy; row n of every array is the same impression.

    Parameters
    ----------
    clicks : float64 of shape (n,), 0 or 1
    propensity : float64 of shape (n,), probability that the shown product was shown there, above 0, at most 1
    target : float64 of shape (n,), the same probability under the evaluated policy
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
        """Probability under the evaluated policy over the logged one: float64 of shape (n,)."""
        return np.asarray(self.target / self.propensity)


def _outcomes(log: Log) -> dict[str, Floats]:
    """What each estimator averages over impressions, float64 of shape (n,); without a model only for ips and snips."""
    weights, clicks = log.weights, log.clicks
    outcomes = {"ips": weights * clicks, "snips": weights * clicks}
    if log.q_shown is not None and log.q_target is not None:
        positive = weights[weights > 0]
        threshold = float(np.quantile(positive, SWITCH_SHARE)) if len(positive) else np.inf
        correction = weights * (clicks - log.q_shown)
        outcomes |= {"dm": log.q_target, "dr": log.q_target + correction}
        outcomes["switch_dr"] = log.q_target + np.where(weights <= threshold, correction, 0.0)
    return outcomes


def estimate(log: Log, seed: int = 0, n_resamples: int = 1000) -> dict[str, Interval]:
    """Estimate the click rate of the evaluated policy, by estimator; without a model only those that need none.

    The n of an Interval counts visitors; ends are NaN where too few of them tell, but for ips and snips.
    """
    weights, outcomes = log.weights, _outcomes(log)
    per = [weights if name == "snips" else np.ones(len(log)) for name in outcomes]
    sums, totals = (sums_of_shoppers(np.stack(each, axis=1), log.visitors) for each in ([*outcomes.values()], per))
    found = dict(zip(outcomes, ratio_intervals(sums, totals, seed, n_resamples), strict=True))
    for column, name in enumerate(("ips", "snips")):
        total = totals[:, column].sum()
        if np.isnan(found[name].low) and total > 0:
            low, high = gamma_interval(sums[:, column], float(weights.max()))
            found[name] = replace(found[name], low=float(low / total), high=float(high / total))
    return {name: within(each) for name, each in found.items()}


def known_rate(clicks: Floats, visitors: NDArray[np.int64], seed: int = 0) -> Interval:
    """Compute clicks an impression, with an interval over visitors; `clicks` (0 or 1) and `visitors` have shape (n,).

    Wilson's interval takes as many impressions as there would be if those of a visitor were all alike.
    """
    clicked, shown = (sums_of_shoppers(each[:, None], visitors) for each in (clicks, np.ones(len(clicks))))
    found = ratio_intervals(clicked, shown, seed)[0]
    if np.isnan(found.low) and not np.isnan(found.mean):
        low, high = wilson_interval(found.mean, float(shown.sum() ** 2 / np.square(shown).sum()))
        found = replace(found, low=low, high=high)
    return within(found)


def wilson_interval(rate: float, n: float) -> tuple[float, float]:
    """Compute the ends of an interval of a share seen in n trials; n need not be whole.

    >>> [round(end, 3) for end in wilson_interval(1.0, 10)]
    [0.722, 1.0]
    """
    square = float(ndtri((1 + LEVEL) / 2)) ** 2
    middle, reach = rate + square / (2 * n), np.sqrt(square * (rate * (1 - rate) / n + square / (4 * n**2)))
    low, high = ((middle + side * reach) / (1 + square / n) for side in (-1, 1))
    return min(max(float(low), 0.0), rate), max(min(float(high), 1.0), rate)  # rounding leaves neither out


def within(found: Interval, low: float = 0.0, high: float = 1.0) -> Interval:
    """Cut an interval to what its figure can be; without ends where it lies wholly outside."""
    ends = (found.low, found.high) if found.low <= high and found.high >= low else (np.nan, np.nan)
    mean, new_low, new_high = (float(np.clip(each, low, high)) for each in (found.mean, *ends))
    return replace(found, mean=mean, low=new_low, high=new_high)


def gamma_interval(weighted: Floats, largest: float) -> tuple[float, float]:
    """Compute the ends of an interval of the expected sum of weighted rare events.

    `weighted`: float64 of shape (n_visitors,), weights of each visitor's events together, 0 without any; `largest`:
    weight that one more event could have.
    """
    total, square = float(weighted.sum()), float(weighted @ weighted)
    tail = (1 - LEVEL) / 2
    low = square / total * float(gammaincinv(total**2 / square, tail)) if total else 0.0
    most, most_square = total + largest, square + largest**2
    high = most_square / most * float(gammaincinv(most**2 / most_square, 1 - tail)) if most else 0.0
    return low, high


def lift(new: Log, old: Log, seed: int = 0) -> Interval:
    """Compute the relative change of the click rate between policies on the same impressions; 0.125 is +12.5%.

    Doubly robust, or by weighted clicks alone without a model. The rate of the old policy is resampled with that of the
    new one. Raises ValueError: the logs are not of the same impressions.
    """
    if not np.array_equal(new.clicks, old.clicks) or not np.array_equal(new.visitors, old.visitors):
        raise ValueError("two policies are compared on the same impressions")
    estimator = "ips" if new.q_target is None else "dr"
    now, before = (_outcomes(log)[estimator] for log in (new, old))
    change, base = (sums_of_shoppers(each[:, None], new.visitors) for each in (now - before, before))
    return within(ratio_intervals(change, base, seed)[0], -1, np.inf)


def main_estimator(estimates: Mapping[str, Interval]) -> str:
    """Choose the estimator that counts for a policy: the doubly robust one where its interval can be given."""
    given = (name for name in ("dr", "snips", "ips") if name in estimates and not math.isnan(estimates[name].low))
    return next(given, "ips")


@dataclass(frozen=True, slots=True)
class Support:
    """What an estimate rests on.

    Parameters
    ----------
    n_counted, n_clicks : impressions with a weight above 0, and clicks among these
    n_effective : impressions that the weighted ones are worth
    largest_weight, largest_share : of one impression, and its share of all weight
    mean_weight : 1 where the log could have shown all that the policy shows
    gap : by how much it is surely below: the share of the policy's choices that were never tried; NaN where unknown
    refusal : why no estimate is to be believed, or ""
    """

    n_impressions: int
    n_visitors: int
    n_counted: int
    n_clicks: int
    n_effective: float
    largest_weight: float
    largest_share: float
    mean_weight: Interval
    gap: float
    refusal: str

    def as_json(self) -> dict[str, Any]:
        """Every figure; NaN becomes null."""
        figures = {name: getattr(self, name) for name in self.__slots__ if name not in ("mean_weight", "refusal")}
        plain = {name: None if np.isnan(value) else value for name, value in figures.items()}
        return {**plain, "mean_weight": self.mean_weight.as_json(), "refusal": self.refusal or None}


def support(log: Log, seed: int = 0) -> Support:
    """Measure what the weights of a log carry, and why they may carry no estimate.

    With weights w a mean has the variance of about (sum of w)^2 / sum of w^2 unweighted impressions (Kish 1965).
    """
    weights = log.weights
    total, counted = float(weights.sum()), weights > 0
    weight, n = (sums_of_shoppers(each[:, None], log.visitors) for each in (weights, np.ones(len(log))))
    mean_weight = ratio_intervals(weight, n, seed)[0]
    found = Support(
        n_impressions=len(log),
        n_visitors=len(n),
        n_counted=int(counted.sum()),
        n_clicks=int(log.clicks[counted].sum()),
        n_effective=total**2 / float(weights @ weights) if total else 0.0,
        largest_weight=float(weights.max()),
        largest_share=float(weights.max() / total) if total else np.nan,
        mean_weight=mean_weight,
        gap=max(0.0, 1 - mean_weight.high) if not np.isnan(mean_weight.high) else np.nan,
        refusal="",
    )
    useless, _ = why_useless(log.clicks, log.propensity)
    return replace(found, refusal=useless or _refusal(found))


def _refusal(found: Support) -> str:
    if not found.n_counted:
        return "the log never shows what this policy would show"
    if found.n_effective < LEAST_EFFECTIVE:
        return (
            f"what the log tells of this policy is worth {found.n_effective:,.0f} of its {found.n_impressions:,} "
            f"impressions; at least {LEAST_EFFECTIVE} are needed"
        )
    if found.n_clicks < FEWEST_TELLING:
        return f"only {found.n_clicks} clicks on what this policy would show; at least {FEWEST_TELLING} are needed"
    if found.largest_share > MOST_SHARE:
        return f"one impression has {found.largest_share:.0%} of all weight; at most {MOST_SHARE:.0%} is sound"
    if found.gap > MOST_GAP:
        return f"at least {found.gap:.0%} of what this policy shows was never tried in the log"
    if found.mean_weight.low > 1:
        return (
            f"weights average {found.mean_weight.mean:.2f} where propensities that are right make 1, so the logged "
            "propensities are not those of the impressions"
        )
    return ""


@dataclass(frozen=True, eq=False, slots=True)
class PolicyEstimate:
    """Estimates of one policy by estimator; empty where none is to be believed, with the refusal.

    `support`: what they rest on; None where the policy has no probabilities; `known`: its click rate by other means.
    """

    estimates: dict[str, Interval]
    refusal: str
    support: Support | None
    known: Interval | None = None

    @classmethod
    def of(cls, log: Log, known: Interval | None = None, seed: int = 0) -> "PolicyEstimate":
        """Estimate, unless the log cannot carry it."""
        found = support(log, seed)
        return cls({} if found.refusal else estimate(log, seed=seed), found.refusal, found, known)
