"""How right the estimators are, where the truth is known: a demo shop's log simulated again and again.

Each simulated log draws as many visitors as there are, with replacement, and takes all of their pages; on every page
the shop's own logging policy draws new products, and the simulator new clicks. Scores are not made again: the evaluated
policies stay what they are, and their click rate over all visitors' pages is known exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.demo.oracle import ClickSimulator
from recsys.offpolicy.estimators import ESTIMATORS, estimate, support
from recsys.offpolicy.pages import PageClickModel, Pages, ScoredPages
from recsys.progress import Progress, silent
from recsys.scorers.base import FloatArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrueClickRates:
    """What the simulator knows of pages.

    `utilities`: true ones of every product on every page, float32 of shape (n_pages, n_items).
    """

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

    def rates_of_lists(self, lists: NDArray[np.int64]) -> Floats:
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
        """Of every product on every page, by position."""
        positions = np.unique(self.pages.column("position")).tolist()
        return {position: ClickSimulator.rates(self.utilities, position) for position in positions}


def users_of(pages: Pages, data: Dataset) -> NDArray[np.object_]:
    """Id of every page's shopper, "" where nobody is known: object of shape (n_pages,)."""
    rows = pages.table["user_row"].to_numpy()
    return np.where(rows >= 0, data.user_ids.to_numpy(object)[rows], "").astype(object)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The errors of one estimator over simulated logs.

    Parameters
    ----------
    n : logs in which it gave an interval
    held : share of these intervals that held the truth
    bias, rmse : mean and root mean square of estimate less truth
    width : mean width of the intervals
    """

    n: int
    held: float
    bias: float
    rmse: float
    width: float


@dataclass(frozen=True, eq=False)
class Simulator:
    """The clicks of a demo shop on scored pages. `user_ids`: of every page."""

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
        truths = [self.truth.rate(each) for each in policies]
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
