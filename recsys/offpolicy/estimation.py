"""Estimates of policies from scored pages, and of one logged policy from the impressions of another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimators import Log, Support, estimate, known_rate, support
from recsys.offpolicy.logs import ClickLog
from recsys.offpolicy.pages import ImpressionColumns, Pages, eligible_on, refits, score_pages
from recsys.offpolicy.policies import MOST_OFF, LoggedPolicy
from recsys.offpolicy.reward_model import ClickModels, fit_click_models, folds_of, item_features
from recsys.progress import Progress, silent
from recsys.scorers import AS_THEY_ARE
from recsys.scorers.base import FloatArray
from recsys.settings import COMPONENTS
from recsys.text.phrasebook import Phrasebook

N_REFITS = 6
"""Models are fitted again so often over the time of the pages, each time on everything before."""

CHUNK = 4096


@dataclass(frozen=True, eq=False)
class ScoredPages:
    """Pages with scores by models that knew nothing of them.

    Parameters
    ----------
    scores : standardised, float32 of shape (n_pages, n_components, n_items)
    eligible : what could be shown, bool of shape (n_pages, n_items)
    folds : of the click model, int64 of shape (n_pages,); all pages of a visitor are in one
    """

    pages: Pages
    scores: FloatArray
    eligible: NDArray[np.bool_]
    folds: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        log: ClickLog,
        cut_s: int,
        book: Phrasebook,
        seed: int = 0,
        progress: Progress = silent,
        settings: Mapping[str, Any] = AS_THEY_ARE,
    ) -> "ScoredPages":
        """Score the pages from a moment on, by models fitted again and again on what came before.

        `settings`: of components, as `fit_scorers` takes them; chosen on nothing later than the moment.
        Raises DataError: nothing happened before the moment, or no page came after it.
        """
        assert log.data is not None
        pages = Pages.after(log, cut_s, seed)
        scores = np.empty((len(pages), len(COMPONENTS), log.data.n_items), np.float32)
        eligible = np.empty((len(pages), log.data.n_items), bool)
        for train, scorers, rows in refits(log.data, pages, N_REFITS, book, seed, progress, settings):
            some = pages.some(rows)
            scores[rows], eligible[rows] = score_pages(scorers, some, progress), eligible_on(some, log, train)
        return cls(pages, scores, eligible, folds_of(pages.table["visitor"].to_numpy(np.int64), seed))

    @cached_property
    def _click_model(self) -> "PageClickModel":
        return PageClickModel.of(self, self.pages.shown)

    def log(self, *probabilities: FloatArray) -> list[Log]:
        """Weigh the impressions by each of some policies; probabilities are of shape (n_pages, n_items)."""
        return self._click_model.weighed_by(*probabilities)

    def listed(self, lists: NDArray[np.int64]) -> Log | None:
        """Weigh them by lists that are always shown, item rows of shape (n_pages, n); without a click model.

        Only positions on the lists count; None where the log has no impression at one.
        """
        shown = self.pages.shown[self.pages.shown["position"].between(1, lists.shape[1])]
        if not len(shown):
            return None
        of = ImpressionColumns.of(shown)
        is_listed = lists[shown["page"].to_numpy(), of.position - 1] == of.item
        return Log(of.click, of.propensity, is_listed.astype(np.float64), of.visitor)


@dataclass(frozen=True, eq=False, slots=True)
class PageClickModel:
    """Impressions on scored pages with a click model fitted on them.

    Parameters
    ----------
    page, shown : of every impression
    q_shown : click rate of every impression by the model, float64 of shape (n_impressions,)
    log_odds : of a click on every product of every page, float32 of shape (n_pages, n_items), without the position
    folds : of the click model, int64 of shape (n_pages,)
    """

    page: NDArray[np.integer[Any]]
    shown: ImpressionColumns
    models: ClickModels
    q_shown: NDArray[np.float64]
    log_odds: NDArray[np.floating[Any]]
    folds: NDArray[np.int64]

    @classmethod
    def of(cls, scored: ScoredPages, impressions: pd.DataFrame) -> Self:
        """Fit the model to impressions on these pages, which need not be those of the log."""
        page, shown, folds = impressions["page"].to_numpy(), ImpressionColumns.of(impressions), scored.folds
        features = scored.scores[page, :, shown.item].astype(np.float64)
        models = fit_click_models(features, shown.position, shown.click, shown.propensity, folds[page])
        log_odds = models.log_odds(scored.scores, folds)
        q_shown = models.rates(folds[page], shown.position, log_odds[page, shown.item]).astype(np.float64)
        return cls(page, shown, models, q_shown, log_odds, folds)

    def weighed_by(self, *probabilities: FloatArray) -> list[Log]:
        """Weigh the impressions by each policy; probabilities are float32 of shape (n_pages, n_items)."""
        positions, shown = self.models.positions, self.shown
        q_target = np.empty((len(probabilities), len(positions), len(self.folds)))
        for at, position in enumerate(positions.tolist()):
            rates = self.models.rates(self.folds, np.full(len(self.folds), position), self.log_odds)
            for policy, each in enumerate(probabilities):
                q_target[policy, at] = np.einsum("pi,pi->p", each, rates)
        of_shown = q_target[:, np.searchsorted(positions, shown.position), self.page]
        targets = (each[self.page, shown.item].astype(np.float64) for each in probabilities)
        return [
            Log(shown.click, shown.propensity, target, shown.visitor, self.q_shown, q)
            for target, q in zip(targets, of_shown, strict=True)
        ]


@dataclass(frozen=True, eq=False, slots=True)
class PolicyEstimate:
    """Estimates of one policy.

    Parameters
    ----------
    estimates : by estimator; empty where none is to be believed
    refusal : why, or ""
    support : what they rest on, or None where the policy has no probabilities
    known : its click rate by other means, or None
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
    off = policy.instability()
    if off > MOST_OFF:
        return PolicyEstimate(
            {},
            "its chances cannot be told at moments other than its own: half of them are off by more than "
            f"{off:.0%} from the nearest one of the same product in the same place, as where a policy treats each "
            "visitor differently",
            None,
            known,
        )
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
