"""Logged pages, scores of every product on them by models of what happened before, and true click rates in a demo."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.demo.oracle import ClickSimulator
from recsys.errors import DataError
from recsys.evaluation.protocols.hold_out import contexts_at, not_had, scores_in
from recsys.offpolicy.estimators import Log
from recsys.offpolicy.logs import ClickLog
from recsys.offpolicy.reward_model import ClickModels, fit_click_models, folds_of
from recsys.progress import Progress, silent
from recsys.schema import IMPRESSIONS
from recsys.scorers import AS_THEY_ARE, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.settings import COMPONENTS, Context
from recsys.text.phrasebook import Phrasebook

MAX_FLOATS = 250_000_000
"""Most scores that are held (1 GB); of pages with more, those of some visitors are drawn."""

N_REFITS = 6
"""Models are fitted again so often over the time of the pages, each time on everything before."""


@dataclass(frozen=True, eq=False, slots=True)
class Pages:
    """Pages of a log: impressions of one visitor at one moment on one device in one region under one policy.

    `shown`: their impressions, columns as of `ClickLog`, with `page`, the row of each one's page; `table`: one row a
    page: time_s, user_row, device, region, policy, visitor.
    """

    shown: pd.DataFrame
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    @classmethod
    def after(cls, log: ClickLog, moment_s: int, seed: int = 0, most: int = MAX_FLOATS) -> Self:
        """Take the pages at the moment or later, `most` at most. Raises DataError: there are none."""
        shown = log.impressions[log.impressions["time_s"] >= moment_s].reset_index(drop=True)
        if not len(shown):
            raise DataError(
                "no impression is later than what models can be fitted on",
                file=IMPRESSIONS.file,
                remedy="bring impressions that go on after the first reviews or events",
            )
        names = ["time_s", "user_row", "device", "region", "policy", "visitor"]
        n_pages = shown[names].drop_duplicates().shape[0]
        most = min(most, max(1, MAX_FLOATS // (len(COMPONENTS) * len(log.categories))))
        if n_pages > most:
            visitors = shown["visitor"].unique()
            n_drawn = max(1, len(visitors) * most // n_pages)
            drawn = np.random.default_rng(seed).choice(visitors, n_drawn, replace=False)
            shown = shown[shown["visitor"].isin(drawn)].reset_index(drop=True)
        page = shown.groupby(names, sort=False, observed=True).ngroup()
        return cls(shown.assign(page=page), shown[names].drop_duplicates().reset_index(drop=True))

    def some(self, rows: NDArray[np.integer[Any]]) -> Self:
        """Only these pages, by row, ascending."""
        theirs = self.shown[self.shown["page"].isin(rows)]
        shown = theirs.assign(page=np.searchsorted(rows, theirs["page"])).reset_index(drop=True)
        return type(self)(shown, self.table.iloc[rows].reset_index(drop=True))

    def contexts(self) -> list[Context]:
        """The circumstances of every page."""
        return contexts_at(self.table["time_s"], self.table["device"], self.table["region"], "north")

    def column(self, name: str) -> NDArray[Any]:
        """One column of the impressions."""
        return np.asarray(self.shown[name].to_numpy())


class ImpressionColumns(NamedTuple):
    """Impressions as the estimators take them, each of shape (n_impressions,)."""

    item: NDArray[np.integer[Any]]
    position: NDArray[np.int64]
    visitor: NDArray[np.int64]
    click: NDArray[np.float64]
    propensity: NDArray[np.float64]

    @classmethod
    def of(cls, shown: pd.DataFrame) -> Self:
        """From a table of impressions."""
        position, visitor = (shown[name].to_numpy(np.int64) for name in ("position", "visitor"))
        click, propensity = (shown[name].to_numpy(np.float64) for name in ("click", "propensity"))
        return cls(shown["item_row"].to_numpy(), position, visitor, click, propensity)


def refits(
    data: Dataset,
    pages: Pages,
    n_refits: int,
    book: Phrasebook,
    seed: int,
    progress: Progress,
    settings: Mapping[str, Any],
) -> Iterator[tuple[Dataset, dict[str, Scorer], NDArray[np.intp]]]:
    """Fit components anew, a like number of pages apart: each time on everything before, with the pages up to the next.

    Raises as `require_earlier_likes` does.
    """
    moments = pages.table["time_s"].to_numpy()
    starts = np.unique(np.quantile(moments, np.arange(n_refits) / n_refits, method="lower"))
    block = np.searchsorted(starts, moments, side="right") - 1
    for number, start in enumerate(starts.tolist()):
        train = data.until(int(start))
        require_earlier_likes(train)
        scorers = fit_scorers(COMPONENT_CLASSES, Fitting(train, book, seed), progress, settings)
        yield train, scorers, np.flatnonzero(block == number)


def require_earlier_likes(train: Dataset) -> None:
    """Raise DataError where nothing happened before the impressions from which models could learn."""
    if not len(train.positives()):
        raise DataError(
            "nothing was liked or bought before the impressions that are to be judged",
            file=IMPRESSIONS.file,
            remedy="bring reviews or events that begin before the second half of the impressions",
        )


def middle_of(log: ClickLog) -> int:
    """The moment before which half of the impressions were made, in seconds since 1970."""
    return int(log.impressions["time_s"].iloc[len(log.impressions) // 2])


def score_pages(scorers: Mapping[str, Scorer], pages: Pages, train: Dataset, progress: Progress = silent) -> FloatArray:
    """Compute standardised scores, float32 of shape (n_pages, n_components, n_items); unknown shoppers are new ones."""
    users, components = pages.table["user_row"].to_numpy(np.int32), [scorers[name] for name in COMPONENTS]
    return scores_in(components, users, pages.contexts(), train.seen(), "scoring logged pages", progress)


def eligible_on(pages: Pages, log: ClickLog, train: Dataset) -> NDArray[np.bool_]:
    """Mark what could be shown on every page: available, and not had by the shopper; bool (n_pages, n_items)."""
    (first, last), moment = log.availability(), pages.table["time_s"].to_numpy()[:, None]
    eligible: NDArray[np.bool_] = (first < moment) & (moment < last)
    eligible &= not_had(train.seen(), pages.table["user_row"].to_numpy(np.int32))
    eligible[~eligible.any(1)] = True
    return eligible


@dataclass(frozen=True, eq=False)
class ScoredPages:
    """Pages with scores by models that knew nothing of them.

    `scores`: standardised, float32 of shape (n_pages, n_components, n_items); `eligible`: what could be shown, bool of
    shape (n_pages, n_items); `folds`: of the click model, int64 of shape (n_pages,); all pages of a visitor are in one.
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
            scores[rows] = score_pages(scorers, some, train, progress)
            eligible[rows] = eligible_on(some, log, train)
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


@dataclass(frozen=True, eq=False)
class TrueClickRates:
    """True utilities of every product on every page, float32 of shape (n_pages, n_items)."""

    pages: Pages
    utilities: FloatArray

    @classmethod
    def of(cls, judge: ClickSimulator, pages: Pages, user_ids: NDArray[np.object_]) -> Self:
        """Look up the truth of pages and their shoppers; raises UnknownUserError where a page has no known shopper."""
        return cls(pages, judge.utilities(user_ids.tolist(), pages.contexts()))

    def rate(self, probabilities: FloatArray) -> float:
        """True click rate of a policy on the logged impressions; probabilities of shape (n_pages, n_items)."""
        shown_at, page, clicks = self.pages.column("position"), self.pages.column("page"), 0.0
        for position, rates in self._rates.items():
            n_shown = np.bincount(page[shown_at == position], minlength=len(self.pages))
            clicks += float(n_shown @ np.einsum("pi,pi->p", probabilities, rates, dtype=np.float64))
        return clicks / len(page)

    def rates_of_lists(self, lists: NDArray[np.int64]) -> NDArray[np.float64]:
        """True click rate of a list on every page, float64 of shape (n_pages,): the mean over its positions.

        `lists`: item rows of shape (n_pages, n), -1 where a position is empty.
        """
        rows = np.arange(len(lists))
        rates = [
            np.where(lists[:, n] >= 0, ClickSimulator.rates(self.utilities[rows, lists[:, n]], n + 1), 0)
            for n in range(lists.shape[1])
        ]
        return np.asarray(np.mean(rates, axis=0, dtype=np.float64))

    @cached_property
    def _rates(self) -> dict[int, FloatArray]:
        positions = np.unique(self.pages.column("position")).tolist()
        return {position: ClickSimulator.rates(self.utilities, position) for position in positions}


def users_of(pages: Pages, data: Dataset) -> NDArray[np.object_]:
    """Id of every page's shopper, "" where nobody is known: object of shape (n_pages,)."""
    rows = pages.table["user_row"].to_numpy()
    return np.where(rows >= 0, data.user_ids.to_numpy(object)[rows], "").astype(object)
