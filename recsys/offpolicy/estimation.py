"""Everything that an estimate of a policy rests on, put together: models, chances, and click rates of both."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimators import Log, estimate, known_rate
from recsys.offpolicy.logs import ClickLog
from recsys.offpolicy.pages import Pages, eligible_on, score_pages
from recsys.offpolicy.policies import MOST_OFF, LoggedPolicy
from recsys.offpolicy.reward_model import ClickModels, fit_click_models, folds_of, item_features
from recsys.offpolicy.support import Support, support
from recsys.progress import Progress, silent
from recsys.schema import IMPRESSIONS
from recsys.scorers import AS_THEY_ARE, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray
from recsys.text.phrasebook import Phrasebook

N_REFITS = 6
"""Models are fitted again so often over the time that is judged, each time on everything before."""

CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Judged:
    """Pages with what models that knew nothing of them say.

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
    ) -> "Judged":
        """Judge the pages from a moment on, by models fitted on what came before, again and again.

        Parameters
        ----------
        settings : of components, as `fit_scorers` takes them; chosen on nothing later than the moment

        Raises
        ------
        DataError : nothing happened before the moment, or no page came after it
        """
        assert log.data is not None
        pages = Pages.after(log, cut_s, seed)
        moments = pages.table["time_s"].to_numpy()
        starts = np.unique(np.quantile(moments, np.arange(N_REFITS) / N_REFITS, method="lower"))
        block = np.searchsorted(starts, moments, side="right") - 1
        scores = eligible = None
        for place, start in enumerate(starts.tolist()):
            train, here = log.data.until(start), np.flatnonzero(block == place)
            if not len(train.positives()):
                raise DataError(
                    "nothing was liked or bought before the impressions that are to be judged",
                    file=IMPRESSIONS.file,
                    remedy="bring reviews or events that begin before the second half of the impressions",
                )
            scorers = fit_scorers(COMPONENT_CLASSES, Fitting(train, book, seed), progress, settings)
            some = pages.some(here)
            found, may = score_pages(scorers, some, progress), eligible_on(some, log, train)
            if scores is None or eligible is None:
                scores = np.empty((len(pages), *found.shape[1:]), np.float32)
                eligible = np.empty((len(pages), found.shape[2]), bool)
            scores[here], eligible[here] = found, may
        assert scores is not None
        assert eligible is not None
        return cls(pages, scores, eligible, folds_of(pages.table["visitor"].to_numpy(np.int64), seed))

    @cached_property
    def modelled(self) -> "Modelled":
        """The impressions of the pages, with a click model fitted on them."""
        return Modelled.of(self, self.pages.shown)

    def log(self, *chances: FloatArray) -> list[Log]:
        """The impressions as each of some policies sees them, whose chances are of shape (n_pages, n_items)."""
        return self.modelled.seen_by(*chances)

    def listed(self, lists: NDArray[np.int64]) -> Log | None:
        """The same for lists that are always shown, item rows of shape (n_pages, n); without a click model.

        Only places that lists have count; None where the log says of no impression that it stood in one.
        """
        shown = self.pages.shown[self.pages.shown["position"].between(1, lists.shape[1])]
        if not len(shown):
            return None
        page, item, position = (shown[name].to_numpy() for name in ("page", "item_row", "position"))
        return Log(
            shown["click"].to_numpy(np.float64),
            shown["propensity"].to_numpy(np.float64),
            (lists[page, position.astype(np.int64) - 1] == item).astype(np.float64),
            shown["visitor"].to_numpy(np.int64),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Modelled:
    """Impressions on judged pages with a click model fitted on them, for any policies asked about.

    Parameters
    ----------
    shown : page, item_row, position, click, propensity, visitor
    q_shown : click rate of every impression by the model, float64 of shape (n_impressions,)
    log_odds : of a click on every product of every page, float32 of shape (n_pages, n_items), without the place
    """

    judged: Judged
    shown: pd.DataFrame
    models: ClickModels
    q_shown: NDArray[np.float64]
    log_odds: NDArray[np.floating[Any]]

    @classmethod
    def of(cls, judged: Judged, shown: pd.DataFrame) -> Self:
        """Fit the model."""
        page, item = shown["page"].to_numpy(), shown["item_row"].to_numpy()
        position = shown["position"].to_numpy(np.int64)
        click, propensity = (shown[name].to_numpy(np.float64) for name in ("click", "propensity"))
        features = judged.scores[page, :, item].astype(np.float64)
        models = fit_click_models(features, position, click, propensity, judged.folds[page])
        log_odds = models.log_odds(judged.scores, judged.folds)
        q_shown = models.rates(judged.folds[page], position, log_odds[page, item]).astype(np.float64)
        return cls(judged, shown, models, q_shown, log_odds)

    def seen_by(self, *chances: FloatArray) -> list[Log]:
        """The impressions as each policy sees them, whose chances are float32 of shape (n_pages, n_items)."""
        page, item = self.shown["page"].to_numpy(), self.shown["item_row"].to_numpy()
        position, visitor = (self.shown[name].to_numpy(np.int64) for name in ("position", "visitor"))
        click, propensity = (self.shown[name].to_numpy(np.float64) for name in ("click", "propensity"))
        places, folds = self.models.places, self.judged.folds
        q_target = np.empty((len(chances), len(places), len(folds)))
        for at, place in enumerate(places.tolist()):
            rates = self.models.rates(folds, np.full(len(folds), place), self.log_odds)
            for policy, each in enumerate(chances):
                q_target[policy, at] = np.einsum("pi,pi->p", each, rates)
        there = np.searchsorted(places, position)
        return [
            Log(
                click,
                propensity,
                each[page, item].astype(np.float64),
                visitor,
                self.q_shown,
                q_target[policy, there, page],
            )
            for policy, each in enumerate(chances)
        ]


@dataclass(frozen=True, eq=False, slots=True)
class Estimated:
    """What is said of one policy.

    Parameters
    ----------
    estimates : by estimator; empty where none is to be believed
    refusal : why, or ""
    support : what they rest on, or None where the policy could not even be stated
    known : its click rate by other means, or None
    """

    estimates: dict[str, Interval]
    refusal: str
    support: Support | None
    known: Interval | None = None

    @classmethod
    def of(cls, log: Log, known: Interval | None = None, seed: int = 0) -> "Estimated":
        """Estimate, unless the log cannot carry it."""
        found = support(log, seed)
        return cls({} if found.refusal else estimate(log, seed=seed), found.refusal, found, known)


def policy_pairs(log: ClickLog) -> Iterator[tuple[str, str]]:
    """Every two logged policies, as the one asked about and the one whose log is used."""
    names = sorted(set(log.impressions["policy"]) - {""})
    yield from ((asked, logged) for asked in names for logged in names if asked != logged)


def estimate_logged(log: ClickLog, asked: str, logged: str, seed: int = 0, progress: Progress = silent) -> Estimated:
    """Click rate of one logged policy from the impressions of another, beside what its own impressions had."""
    own, used = (log.impressions[log.impressions["policy"] == name] for name in (asked, logged))
    known = own_rate(own, seed)
    policy = LoggedPolicy(own, log.shelf())
    off = policy.off()
    if off > MOST_OFF:
        return Estimated(
            {},
            "its chances cannot be told at moments other than its own: half of them are off by more than "
            f"{off:.0%} from the nearest one of the same product in the same place, as where a policy treats each "
            "visitor differently",
            None,
            known,
        )
    return Estimated.of(_rebuilt(log, used.reset_index(drop=True), policy, seed, progress), known, seed)


def own_rate(own: pd.DataFrame, seed: int = 0) -> Interval:
    """Clicks an impression of a policy in its own log."""
    return known_rate(own["click"].to_numpy(np.float64), own["visitor"].to_numpy(np.int64), seed)


def _rebuilt(log: ClickLog, used: pd.DataFrame, policy: LoggedPolicy, seed: int, progress: Progress) -> Log:
    position, item = used["position"].to_numpy(np.int64), used["item_row"].to_numpy()
    click, propensity = (used[name].to_numpy(np.float64) for name in ("click", "propensity"))
    visitor = used["visitor"].to_numpy(np.int64)
    features, folds = item_features(log.categories), folds_of(visitor, seed)
    models = fit_click_models(features[item], position, click, propensity, folds)
    log_odds = np.asarray((features @ models.slopes.T).T)
    target, q_target = np.empty(len(used)), np.empty(len(used))
    for start in range(0, len(used), CHUNK):
        progress("rebuilding a logged policy", start, len(used))
        rows = np.arange(start, min(start + CHUNK, len(used)))
        chances = policy.chances(used["time_s"].to_numpy()[rows], position[rows])
        target[rows] = chances[np.arange(len(rows)), item[rows]]
        rates = models.rates(folds[rows], position[rows], log_odds[folds[rows]])
        q_target[rows] = np.einsum("pi,pi->p", chances, rates)
    progress("rebuilding a logged policy", len(used), len(used))
    q_shown = models.rates(folds, position, log_odds[folds, item]).astype(np.float64)
    return Log(click, propensity, target, visitor, q_shown, q_target)
