"""Policies whose click rate is estimated: a setting of the sliders, made random enough, or a logged one.

A list of the best products shows one product at each position, and a log of another policy hardly ever shows the same
one there. So a setting is evaluated as the policy that fills every position independently by

    pi(i) = (1 - epsilon) * softmax(score / (temperature * spread)) + epsilon / n_eligible

which shows mostly what the setting ranks high, and everything sometimes. The spread is the standard deviation of the
page's fused scores, since mixing components that disagree narrows it: so one temperature is as keen for all settings.
How right estimates are is measured where the truth is known, on simulated logs of a demo shop.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

import numba
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.demo.oracle import ClickSimulator
from recsys.errors import SettingsError
from recsys.offpolicy.estimators import ESTIMATORS, Log, PolicyEstimate, estimate, known_rate, support
from recsys.offpolicy.logs import ClickLog
from recsys.offpolicy.pages import ImpressionColumns, PageClickModel, ScoredPages, TrueClickRates
from recsys.offpolicy.reward_model import fit_click_models, folds_of, item_features
from recsys.parallel import cores_for, read_only
from recsys.progress import Progress, silent
from recsys.ranking.kernels import in_parallel, inlined, insert, mix
from recsys.ranking.rank import factor_vector
from recsys.scorers.base import FloatArray
from recsys.settings import FusionSettings

Floats = NDArray[np.float64]

LEAST_SPREAD = 1e-4
"""Of fused scores that differ by less, none is above another."""

MOST_OFF = 0.2
"""A logged policy is rebuilt at other moments only if half of its own propensities come out within this share."""

CHUNK = 4096


@dataclass(frozen=True, slots=True)
class SoftPolicy:
    """A setting of the sliders as a policy with probabilities.

    `temperature`: above 0, in standard deviations of the fused score: at 1, a product one deviation better is shown 2.7
    times as often; lower keeps closer to the top of the list; `epsilon`: share of positions filled by any eligible
    product, from 0 to 1.
    """

    fusion: FusionSettings
    temperature: float = 1.0
    epsilon: float = 0.25

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and 0 <= self.epsilon <= 1):
            raise SettingsError(
                f"temperature={self.temperature} and epsilon={self.epsilon} make no policy; give a temperature above 0 "
                "and an epsilon from 0 to 1"
            )

    def probabilities(self, scores: FloatArray, eligible: NDArray[np.bool_]) -> FloatArray:
        """Probability of every product at any one position, float32 of shape (n_pages, n_items), rows sum to 1.

        `scores`: standardised, float32 of shape (n_pages, n_components, n_items); `eligible`: bool of shape (n_pages,
        n_items), at least one product a page.
        """
        probabilities = np.empty(eligible.shape, np.float32)
        weights, (scores, eligible) = factor_vector(self.fusion), read_only(scores, eligible)
        with cores_for(eligible.size):
            _soft_probabilities(scores, weights, eligible, self.temperature, self.epsilon, LEAST_SPREAD, probabilities)
        return probabilities


def top_lists(scores: FloatArray, fusion: FusionSettings, eligible: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """List the best products of every page, int64 of shape (n_pages, n), best first; equal scores in catalogue order.

    Where fewer than n are eligible, the positions after them hold -1.
    """
    rows, weights = np.empty((len(scores), n), np.int64), factor_vector(fusion)
    scores, eligible = read_only(scores, eligible)
    with cores_for(eligible.size):
        _best_rows(scores, weights, eligible, rows)
    return rows


@inlined
def _score_range(fused, eligible):  # type: ignore[no-untyped-def]
    """How many may be shown, and best score and standard deviation of their scores."""
    n, total, best = 0, 0.0, -np.inf
    for item in range(fused.shape[0]):
        if eligible[item]:
            n += 1
            total += fused[item]
            best = max(best, fused[item])
    mean, squares = total / n, 0.0
    for item in range(fused.shape[0]):
        if eligible[item]:
            squares += (fused[item] - mean) ** 2
    return n, best, np.sqrt(squares / n)


@in_parallel
def _soft_probabilities(scores, weights, eligible, temperature, epsilon, least_spread, answer):  # type: ignore[no-untyped-def]
    for page in numba.prange(scores.shape[0]):
        fused = np.empty(scores.shape[2], np.float32)
        mix(fused, scores[page, 0], scores[page, 1], scores[page, 2], scores[page, 3], weights)
        n, best, spread = _score_range(fused, eligible[page])
        scale = np.float32(1 / (temperature * max(spread, least_spread)))
        total = 0.0
        for item in range(fused.shape[0]):
            if eligible[page, item]:
                weight = np.exp((fused[item] - np.float32(best)) * scale)
                fused[item] = weight
                total += weight
        share, least = np.float32((1 - epsilon) / total), np.float32(epsilon / n)
        for item in range(fused.shape[0]):
            answer[page, item] = fused[item] * share + least if eligible[page, item] else np.float32(0)


@in_parallel
def _best_rows(scores, weights, eligible, rows):  # type: ignore[no-untyped-def]
    for page in numba.prange(scores.shape[0]):
        fused = np.empty(scores.shape[2], np.float32)
        mix(fused, scores[page, 0], scores[page, 1], scores[page, 2], scores[page, 3], weights)
        best, found = np.full(rows.shape[1], -np.inf, np.float32), rows[page]
        found[:] = -1
        for item in range(fused.shape[0]):
            if eligible[page, item]:
                insert(fused[item], item, best, found)


class LoggedPolicy:
    """A policy of the log, rebuilt at moments other than its own.

    One that treats all visitors alike and changes over time shows a product at a position at any moment about as often
    as when it last, or next, showed it there: its probabilities are those of the nearest impression of the same product
    at the same position, divided by their sum over the products that could be shown then.

    `own`: its impressions: time_s, item_row, position, propensity; `availability`: first and last moment between which
    each product could be shown, int64 of shape (n_items,) each.
    """

    def __init__(self, own: pd.DataFrame, availability: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
        ordered = own.sort_values(["position", "item_row", "time_s"], kind="stable")
        self._groups = {
            key: (group["time_s"].to_numpy(), group["propensity"].to_numpy())
            for key, group in ordered.groupby(["position", "item_row"], sort=False)
        }
        self._first, self._last = availability

    def probabilities(self, time_s: NDArray[np.int64], position: NDArray[np.integer]) -> Floats:
        """Probability of every product at these moments and positions, float64 of shape (n, n_items).

        Rows sum to 1, or are 0 where the policy was never seen at that position.
        """
        found = np.zeros((len(time_s), len(self._first)))
        for (shown_at, item), (moments, propensity) in self._groups.items():
            here = np.flatnonzero(position == shown_at)
            found[here, item] = propensity[_nearest(moments, time_s[here])]
        found *= (self._first < time_s[:, None]) & (time_s[:, None] < self._last)
        total = found.sum(1, keepdims=True)
        np.divide(found, total, out=found, where=total > 0)
        return found

    def instability(self) -> float:
        """Median relative difference of its propensities from the nearest other one of the same product and position;
        infinite where nothing was shown twice."""
        gaps = [_log_gaps(*group) for group in self._groups.values() if len(group[0]) > 1]
        return float(np.expm1(np.median(np.concatenate(gaps)))) if gaps else np.inf


def _nearest(moments: NDArray[np.int64], time_s: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the moment nearest to each time; the earlier of two equally near."""
    after = np.clip(np.searchsorted(moments, time_s), 0, len(moments) - 1)
    before = np.maximum(after - 1, 0)
    is_before = np.abs(time_s - moments[before]) <= np.abs(moments[after] - time_s)
    return np.where(is_before, before, after)


def _log_gaps(moments: NDArray[np.int64], propensity: Floats) -> Floats:
    """Absolute log ratio of each propensity to that of the nearest other moment; the earlier of two equally near."""
    gaps = np.concatenate([[np.inf], np.diff(moments).astype(np.float64), [np.inf]])
    nearest = np.arange(len(moments)) + np.where(gaps[:-1] <= gaps[1:], -1, 1)
    return np.asarray(np.abs(np.log(propensity / propensity[nearest])))


def policy_pairs(log: ClickLog) -> Iterator[tuple[str, str]]:
    """Yield every two logged policies, as the evaluated one and the one whose log is used."""
    names = sorted(set(log.impressions["policy"]) - {""})
    return permutations(names, 2)


def estimate_logged(
    log: ClickLog, evaluated: str, logged: str, seed: int = 0, progress: Progress = silent
) -> PolicyEstimate:
    """Estimate one logged policy from the impressions of another, beside the click rate of its own impressions."""
    own, used = (log.impressions[log.impressions["policy"] == name] for name in (evaluated, logged))
    known = known_rate(own["click"].to_numpy(np.float64), own["visitor"].to_numpy(np.int64), seed)
    policy = LoggedPolicy(own, log.availability())
    if (off := policy.instability()) > MOST_OFF:
        refusal = (
            f"its chances cannot be told at moments other than its own: half of them are off by more than {off:.0%} "
            "from the nearest one of the same product in the same place, as where a policy treats each visitor "
            "differently"
        )
        return PolicyEstimate({}, refusal, None, known)
    return PolicyEstimate.of(_rebuilt(log, used.reset_index(drop=True), policy, seed, progress), known, seed)


def _rebuilt(log: ClickLog, used: pd.DataFrame, policy: LoggedPolicy, seed: int, progress: Progress) -> Log:
    shown = ImpressionColumns.of(used)
    item, position = shown.item, shown.position
    features, folds = item_features(log.categories), folds_of(shown.visitor, seed)
    models = fit_click_models(features[item], position, shown.click, shown.propensity, folds)
    log_odds = np.asarray((features @ models.slopes.T).T)
    target, q_target = np.empty(len(used)), np.empty(len(used))
    for start in range(0, len(used), CHUNK):
        progress("rebuilding a logged policy", start, len(used))
        rows = np.arange(start, min(start + CHUNK, len(used)))
        probabilities = policy.probabilities(used["time_s"].to_numpy()[rows], position[rows])
        target[rows] = probabilities[np.arange(len(rows)), item[rows]]
        rates = models.rates(folds[rows], position[rows], log_odds[folds[rows]])
        q_target[rows] = np.einsum("pi,pi->p", probabilities, rates)
    progress("rebuilding a logged policy", len(used), len(used))
    q_shown = models.rates(folds, position, log_odds[folds, item]).astype(np.float64)
    return Log(shown.click, shown.propensity, target, shown.visitor, q_shown, q_target)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The errors of one estimator over simulated logs.

    `n`, `held`, `width`: logs in which it gave an interval, share of these that held the truth, and their mean width;
    `bias`, `rmse`: mean and root mean square of estimate less truth.
    """

    n: int
    held: float
    bias: float
    rmse: float
    width: float


@dataclass(frozen=True, eq=False)
class Simulator:
    """A demo shop's log simulated again and again; `user_ids`: of every page.

    Each simulated log draws as many visitors as there are, with replacement, and takes all of their pages; on every
    page the shop's own logging policy draws new products, and the simulator new clicks. Scores are not made again:
    evaluated policies stay what they are, and their click rate over all visitors' pages is known exactly.
    """

    judge: ClickSimulator
    judged: ScoredPages
    truth: TrueClickRates
    user_ids: NDArray[np.object_]

    def accuracy(
        self,
        policies: Sequence[FloatArray],
        n_logs: int,
        seed: int = 0,
        n_resamples: int = 1000,
        progress: Progress = silent,
    ) -> list[tuple[dict[str, Accuracy], int]]:
        """Measure every policy's estimators over simulated logs, and count how many of these would be refused."""
        rng, pages = np.random.default_rng(seed), self.judged.pages
        page, position, time_s, policy = (pages.column(name) for name in ("page", "position", "time_s", "policy"))
        users, (visitors, of) = self.user_ids[page], np.unique(pages.column("visitor"), return_inverse=True)
        theirs = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of))[:-1])
        found = np.full((len(policies), len(ESTIMATORS), n_logs, 3), np.nan)
        n_refused = [0] * len(policies)
        for one in range(n_logs):
            progress("simulating logs", one, n_logs)
            drawn = rng.integers(0, len(visitors), len(visitors))
            rows = np.concatenate([theirs[each] for each in drawn])
            who, by = users[rows].tolist(), policy[rows].tolist()
            new = self.judge.redraw(who, time_s[rows], by, position[rows], page[rows], self.truth.utilities, rng)
            shown = pages.shown.iloc[rows].assign(
                item_row=new.item_rows,
                click=new.clicks,
                propensity=new.propensity,
                visitor=np.repeat(np.arange(len(drawn)), [len(theirs[each]) for each in drawn]),
            )
            for number, log in enumerate(PageClickModel.of(self.judged, shown).weighed_by(*policies)):
                n_refused[number] += bool(support(log, seed).refusal)
                made = estimate(log, seed=seed + one, n_resamples=n_resamples)
                found[number, :, one] = [(made[name].mean, made[name].low, made[name].high) for name in ESTIMATORS]
        progress("simulating logs", n_logs, n_logs)
        truths = map(self.truth.rate, policies)
        return [
            ({name: _accuracy(one, truth) for name, one in zip(ESTIMATORS, each, strict=True)}, refused)
            for each, truth, refused in zip(found, truths, n_refused, strict=True)
        ]


def _accuracy(found: Floats, truth: float) -> Accuracy:
    mean, low, high = found.T
    given = ~np.isnan(low)
    error = mean - truth
    return Accuracy(
        n=int(given.sum()),
        held=float(np.mean((low <= truth) & (truth <= high), where=given)) if given.any() else float("nan"),
        bias=float(error.mean()),
        rmse=float(np.sqrt(np.mean(np.square(error)))),
        width=float(np.mean(high - low, where=given)) if given.any() else float("nan"),
    )
