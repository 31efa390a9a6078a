"""Policies whose click rate is asked about: a setting of the sliders, made random enough to be judged, or a logged one.

A list of the best products shows one product in each place, and a log of another policy hardly ever shows the same one
there: in a shop of 1,000 products nothing can be said of it. So a setting is asked about as the policy that fills every
place independently by

    pi(i) = (1 - epsilon) * softmax(score / (temperature * spread)) + epsilon / n_eligible

which shows mostly what the setting ranks high, and everything sometimes. The spread is the standard deviation of the
page's fused scores, since mixing components that disagree narrows it: so one temperature is as keen for all settings.

A logged policy is known only where it acted. One that treats all visitors alike and changes over time shows a product
in a place at any moment about as often as when it last, or next, showed it there: its probabilities are those of the
nearest impression of the same product in the same place, divided by their sum over the products then on the shelf.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.offpolicy.kernels import best_rows, soft_chances
from recsys.parallel import cores_for
from recsys.ranking.fusion import LEAST_SPREAD, weight_vector
from recsys.scorers.base import FloatArray
from recsys.settings import FusionSettings

Floats = NDArray[np.float64]

MOST_OFF = 0.2
"""A logged policy is rebuilt at other moments only if half of its own propensities come out within this share."""


@dataclass(frozen=True, slots=True)
class SoftPolicy:
    """A setting of the sliders as a policy with probabilities.

    Parameters
    ----------
    temperature : above 0, in standard deviations of the fused score: at 1, a product one deviation better is shown 2.7
        times as often; lower keeps closer to the top of the list
    epsilon : share of places filled by any eligible product, from 0 to 1
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
        """Chance of every product in any one place, float32 of shape (n_pages, n_items), rows sum to 1.

        Parameters
        ----------
        scores : standardised, float32 of shape (n_pages, n_components, n_items)
        eligible : bool of shape (n_pages, n_items), at least one product a page
        """
        probabilities = np.empty(eligible.shape, np.float32)
        weights = weight_vector(self.fusion)
        with cores_for(eligible.size):
            soft_chances(scores, weights, eligible, self.temperature, self.epsilon, LEAST_SPREAD, probabilities)
        return probabilities


def top_lists(scores: FloatArray, fusion: FusionSettings, eligible: NDArray[np.bool_], n: int) -> NDArray[np.int64]:
    """The best products of every page, int64 of shape (n_pages, n), best first; equal scores in catalogue order.

    Where fewer than n are eligible, the places after them hold -1.
    """
    rows, weights = np.empty((len(scores), n), np.int64), weight_vector(fusion)
    with cores_for(eligible.size):
        best_rows(scores, weights, eligible, rows)
    return rows


class LoggedPolicy:
    """A policy of the log, rebuilt from its own impressions.

    Parameters
    ----------
    own : its impressions: time_s, item_row, position, propensity
    shelf : first and last moment between which each product could be shown, int64 of shape (n_items,) each
    """

    def __init__(self, own: pd.DataFrame, shelf: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
        ordered = own.sort_values(["position", "item_row", "time_s"], kind="stable")
        self._groups = {
            key: (group["time_s"].to_numpy(), group["propensity"].to_numpy())
            for key, group in ordered.groupby(["position", "item_row"], sort=False)
        }
        self._first, self._last = shelf

    def probabilities(self, time_s: NDArray[np.int64], position: NDArray[np.integer]) -> Floats:
        """Chance of every product at these moments in these places, float64 of shape (n, n_items).

        Rows sum to 1, or are 0 where the policy was never seen in that place.
        """
        found = np.zeros((len(time_s), len(self._first)))
        for (place, item), (moments, propensity) in self._groups.items():
            here = np.flatnonzero(position == place)
            found[here, item] = propensity[_nearest(moments, time_s[here])]
        found *= (self._first < time_s[:, None]) & (time_s[:, None] < self._last)
        total = found.sum(1, keepdims=True)
        np.divide(found, total, out=found, where=total > 0)
        return found

    def instability(self) -> float:
        """Half of its propensities differ by more than this share from the nearest other one of the same product in
        the same place; infinite where nothing was shown twice."""
        gaps = [_log_gaps(*group) for group in self._groups.values() if len(group[0]) > 1]
        return float(np.expm1(np.median(np.concatenate(gaps)))) if gaps else np.inf


def _nearest(moments: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place of the moment nearest to each one asked about; the earlier of two equally near."""
    after = np.clip(np.searchsorted(moments, asked), 0, len(moments) - 1)
    before = np.maximum(after - 1, 0)
    nearer: NDArray[np.int64] = np.where(
        np.abs(asked - moments[before]) <= np.abs(moments[after] - asked), before, after
    )
    return nearer


def _log_gaps(moments: NDArray[np.int64], propensity: Floats) -> Floats:
    gaps = np.diff(moments).astype(np.float64)
    before, after = np.concatenate([[np.inf], gaps]), np.concatenate([gaps, [np.inf]])
    place = np.arange(len(moments))
    nearest = np.where(before <= after, place - 1, place + 1)
    return np.asarray(np.abs(np.log(propensity / propensity[nearest])))
