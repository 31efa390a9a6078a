"""True click rates on judged pages, where a demo shop's simulator knows them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.demo.clicks import ClickJudge, true_rates
from recsys.offpolicy.pages import Pages
from recsys.scorers.base import FloatArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Truth:
    """What the simulator knows of pages.

    Parameters
    ----------
    utilities : true ones of every product on every page, float32 of shape (n_pages, n_items)
    """

    pages: Pages
    utilities: FloatArray

    @classmethod
    def of(cls, judge: ClickJudge, pages: Pages, user_ids: NDArray[np.object_]) -> Self:
        """Look up the truth of all pages; raises UnknownUserError where a page has no known shopper.

        Parameters
        ----------
        user_ids : of every page
        """
        return cls(pages, judge.utilities(user_ids.tolist(), pages.contexts()))

    def rate(self, chances: FloatArray) -> float:
        """True click rate of a policy on the logged impressions, whose chances are of shape (n_pages, n_items)."""
        position = self.pages.column("position")
        counted = {
            place: np.bincount(self.pages.column("page")[position == place], minlength=len(self.pages))
            for place in self._rates
        }
        clicks = sum(
            float(counted[place] @ np.einsum("pi,pi->p", chances, rates, dtype=np.float64))
            for place, rates in self._rates.items()
        )
        return clicks / len(position)

    def rates_of_lists(self, lists: NDArray[np.int64]) -> Floats:
        """True click rate of a list on every page, float64 of shape (n_pages,): the mean over its places.

        Parameters
        ----------
        lists : item rows of shape (n_pages, n), -1 where a place is empty
        """
        rows = np.arange(len(lists))
        places = [
            np.where(lists[:, n] >= 0, true_rates(self.utilities[rows, lists[:, n]], n + 1), 0)
            for n in range(lists.shape[1])
        ]
        rates: Floats = np.mean(places, axis=0, dtype=np.float64)
        return rates

    @cached_property
    def _rates(self) -> dict[int, FloatArray]:
        """Of every product on every page, by place on the page."""
        places = np.unique(self.pages.column("position")).tolist()
        return {place: true_rates(self.utilities, place) for place in places}


def users_of(pages: Pages, data: Dataset) -> NDArray[np.object_]:
    """Id of every page's shopper, "" where nobody is known: object of shape (n_pages,)."""
    rows = pages.table["user_row"].to_numpy()
    return np.where(rows >= 0, data.user_ids.to_numpy(object)[rows], "").astype(object)
