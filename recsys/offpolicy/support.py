"""Whether a log can say anything of a policy: how much of it counts, and what of the policy it never tried.

A weighted mean rests on as many impressions as its weights leave: with weights w it has the variance of about
(sum of w)^2 / sum of w^2 unweighted ones (Kish 1965). Where the logged policy could have shown everything that the
other one shows, weights average 1; a mean that is surely below says that the policy asked about shows what was never
tried, by that share of its choices. Clicks say something only beside what was shown and not clicked, and a policy that
always shows the same (propensity 1) tells of itself alone: that is refused before any work starts (`refuse_useless`).
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.reading import read_file
from recsys.data.repairs import RepairLog
from recsys.data.validation import check_file
from recsys.errors import DataError
from recsys.evaluation.statistics.intervals import FEWEST_TELLING, ratio_intervals
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimators import Log
from recsys.schema import IMPRESSIONS

_CERTAIN = 1 - 1e-6
"""Propensities from here on are 1, whatever precision they were logged with."""


def why_useless(
    click: NDArray[Any], propensity: NDArray[np.floating[Any]], items: NDArray[Any] | None = None
) -> tuple[str, str]:
    """Why no policy can be estimated from these impressions, and what would help; ("", "") where one may be.

    Parameters
    ----------
    click : 0 or 1 of every impression
    propensity : chance with which each product was shown
    items : which product was shown, by any name

    >>> why_useless(np.array([1, 1]), np.array([0.5, 0.2]))[0]
    'every one of the 2 logged impressions was clicked, so what was shown and not clicked is missing'
    """
    n, n_clicks = len(click), int(np.count_nonzero(click))
    if n_clicks == n:
        return (
            f"every one of the {n:,} logged impressions was clicked, so what was shown and not clicked is missing",
            "log every product that is shown, with click 0 where nobody clicked",
        )
    if not n_clicks:
        return (
            f"none of the {n:,} logged impressions was clicked, so no click rate can be estimated",
            "log the clicks, with click 1",
        )
    if propensity.min() >= _CERTAIN:
        return (
            f"all {n:,} logged propensities are 1: nothing else could have been shown, so nothing else can be judged",
            "log a policy that chooses partly by chance, with the chance of what it showed",
        )
    if items is not None and (items == items[0]).all():
        return (
            f"all {n:,} logged impressions are of one product, so there is nothing to choose from",
            "log what is shown of the whole catalogue",
        )
    return "", ""


def refuse_useless(click: NDArray[Any], propensity: NDArray[np.floating[Any]], items: NDArray[Any]) -> None:
    """Raise DataError with the reason where a log can say nothing of any other policy."""
    problem, remedy = why_useless(click, propensity, items)
    if problem:
        raise DataError(problem, file=IMPRESSIONS.file, remedy=remedy)


def refuse_useless_file(folder: Path) -> None:
    """The same for the log of a data folder, which is read by itself and checked; a file without rows is refused too.

    Raises DataError: the log can say nothing of any other policy, or its file breaks the canonical form.
    """
    repairs = RepairLog()
    table = check_file(read_file(folder / IMPRESSIONS.file, IMPRESSIONS, repairs), IMPRESSIONS, repairs)
    if not len(table):
        raise DataError("the file has no rows", file=IMPRESSIONS.file, remedy="log what is shown and what is clicked")
    items = table["item_id"].cat.codes.to_numpy()
    refuse_useless(table["click"].to_numpy(bool), table["propensity_score"].to_numpy(np.float64), items)


LEAST_EFFECTIVE = 200
"""A log that is worth fewer impressions than this (effective sample size) carries no estimate."""

MOST_SHARE = 0.1
"""One impression that has more than this share of all weight decides too much."""

MOST_GAP = 0.1
"""A policy that shows what was never tried in more than this share of its choices is not estimated."""


@dataclass(frozen=True, slots=True)
class Support:
    """What an estimate rests on.

    Parameters
    ----------
    n_impressions, n_visitors : in the log
    n_counted : impressions with a weight above 0
    n_clicks : clicks among these
    n_effective : impressions that the weighted ones are worth
    largest_weight, largest_share : of one impression, and its share of all weight
    mean_weight : 1 where the log could have shown all that the policy shows
    gap : share of the policy's choices that the log never tries, 0 or more; NaN where weights cannot tell
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
    """Look at the weights of a log, and say what they cannot carry."""
    weights = log.weights
    total, counted = float(weights.sum()), weights > 0
    visitors, rows = np.unique(log.visitors, return_inverse=True)
    weight, n = (np.bincount(rows, each).astype(np.float64)[:, None] for each in (weights, np.ones(len(log))))
    mean_weight = ratio_intervals(weight, n, seed)[0]
    found = Support(
        n_impressions=len(log),
        n_visitors=len(visitors),
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
    """The first reason not to believe any estimate, in words."""
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
