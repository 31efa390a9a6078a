"""Logged pages, and the scores of every product on them by models fitted on what happened before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.offpolicy.logs import ClickLog
from recsys.progress import Progress, silent
from recsys.ranking.fusion import Standardised
from recsys.schema import IMPRESSIONS
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Requests, Scorer
from recsys.settings import COMPONENTS, Context
from recsys.text.phrasebook import Phrasebook

MAX_FLOATS = 250_000_000
"""Most scores that are held (1 GB); of pages with more, those of some visitors are drawn."""

CHUNK = 256


@dataclass(frozen=True, eq=False, slots=True)
class Pages:
    """Pages of a log: impressions of one visitor at one moment on one device in one region under one policy.

    Parameters
    ----------
    shown : their impressions, columns as of `ClickLog`, with `page`, the row of each one's page
    table : one row a page: time_s, user_row, device, region, policy, visitor
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
        return [
            Context.at(datetime.fromtimestamp(moment, UTC), device=device or None, region=region or None)
            for moment, device, region in zip(
                self.table["time_s"], self.table["device"].astype(str), self.table["region"].astype(str), strict=True
            )
        ]

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

    Raises DataError: nothing happened before the first page.
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


def score_pages(scorers: Mapping[str, Scorer], pages: Pages, progress: Progress = silent) -> FloatArray:
    """Compute standardised scores, float32 of shape (n_pages, n_components, n_items); unknown shoppers are new ones."""
    contexts, rows = pages.contexts(), pages.table["user_row"].to_numpy(np.int32)
    found = []
    for start in range(0, len(pages), CHUNK):
        progress("scoring logged pages", start, len(pages))
        chunk = slice(start, start + CHUNK)
        requests = Requests(rows[chunk], tuple(contexts[chunk]))
        raw = np.stack([scorers[name].score(requests) for name in COMPONENTS], axis=1)
        found.append(np.stack([Standardised.of(each).values for each in raw]))
    progress("scoring logged pages", len(pages), len(pages))
    return np.concatenate(found)


def eligible_on(pages: Pages, log: ClickLog, train: Dataset) -> NDArray[np.bool_]:
    """Mark what could be shown on every page: available, and not had by the shopper; bool (n_pages, n_items)."""
    (first, last), moment = log.availability(), pages.table["time_s"].to_numpy()[:, None]
    eligible: NDArray[np.bool_] = (first < moment) & (moment < last)
    user = pages.table["user_row"].to_numpy()
    known = np.flatnonzero(user >= 0)
    eligible[known] &= ~train.seen()[user[known]].toarray().astype(bool)
    eligible[~eligible.any(1)] = True
    return eligible
