"""Click rates of settings of the sliders by a shop's own log: as the list of a mix, and as policies close to it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.errors import SettingsError
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimators import Log, PolicyEstimate, lift
from recsys.offpolicy.logged_set import LoggedEvaluationSet
from recsys.offpolicy.policies import SoftPolicy, top_lists
from recsys.ranking.eligibility import CandidateFilter
from recsys.scorers.base import FloatArray
from recsys.settings import Filters, FusionSettings

TEMPERATURES = (0.25, 0.5, 1.0)
MAIN_TEMPERATURE = 1.0
"""One deviation of the score makes a product 2.7 times as frequent; a log of the demo's size carries it well."""

N_LISTED = 4
"""Length of the lists that are evaluated."""

NO_PLACES = f"the log does not say which products stood in the first {N_LISTED} places"

EVERYTHING = Filters(only_available=False)


@dataclass(frozen=True, slots=True)
class MixQuery:
    """A setting of the sliders, and how closely pages follow it.

    Parameters
    ----------
    temperature : as of `SoftPolicy`; 0 is the list of the best products itself
    filters : what may be shown of what was available; what a shopper has is never shown again
    """

    fusion: FusionSettings
    temperature: float = MAIN_TEMPERATURE
    filters: Filters = EVERYTHING


@dataclass(frozen=True, eq=False, slots=True)
class MixAnswer:
    """The estimate of a setting.

    Parameters
    ----------
    log : the impressions weighed by it; None where they cannot be
    found : its click rate, or why there is none
    truth : its true click rate on these pages, or None where no simulator knows it
    """

    asked: MixQuery
    log: Log | None
    found: PolicyEstimate
    truth: float | None


class LogEvaluator:
    """Estimates of settings by a logged evaluation set; immutable but for what is computed once."""

    def __init__(self, log: LoggedEvaluationSet) -> None:
        self.log_of = log
        self.judged, self.seed = log.judged, log.seed

    def answer(self, query: MixQuery) -> MixAnswer:
        """Estimate a setting; raises SettingsError as `eligible` does."""
        truth, log = self.log_of.truth, None
        if query.temperature:
            probabilities = self.probabilities(query)
            (log,) = self.judged.log(probabilities)
            known = truth.rate(probabilities) if truth else None
        else:
            lists = self.lists(query)
            log = self.judged.listed(lists)
            known = float(truth.rates_of_lists(lists).mean()) if truth else None
        found = PolicyEstimate.of(log, seed=self.seed) if log else PolicyEstimate({}, NO_PLACES, None)
        return MixAnswer(query, log, found, known)

    def lift(self, new: MixAnswer, old: MixAnswer) -> Interval | None:
        """Compute the relative change of the click rate between settings (`estimators.lift`); None where refused."""
        if new.log is None or old.log is None or new.found.refusal or old.found.refusal:
            return None
        return lift(new.log, old.log, self.seed)

    def probabilities(self, query: MixQuery) -> FloatArray:
        """Probabilities of `SoftPolicy`, float32 of shape (n_pages, n_items), for a temperature above 0."""
        policy = SoftPolicy(query.fusion, query.temperature)
        return policy.probabilities(self.judged.scores, self.eligible(query.filters))

    def lists(self, query: MixQuery) -> NDArray[np.int64]:
        """The best products of every page, item rows of shape (n_pages, N_LISTED)."""
        return top_lists(self.judged.scores, query.fusion, self.eligible(query.filters), N_LISTED)

    def eligible(self, filters: Filters) -> NDArray[np.bool_]:
        """What could be shown on every page, bool of shape (n_pages, n_items).

        Raises SettingsError: on some page nothing could.
        """
        shown_again = replace(filters, include_seen=True)
        eligible = self.judged.eligible & self._candidates.eligible(shown_again, np.empty(0, np.int32))
        empty = int((~eligible.any(1)).sum())
        if empty:
            raise SettingsError(
                f"on {empty:,} of {len(eligible):,} logged pages nothing that these filters leave was on the shelf; "
                "filter less"
            )
        return eligible

    @cached_property
    def _candidates(self) -> CandidateFilter:
        return CandidateFilter.of(self.log_of.items)
