"""Click rates of policies: mixes on the sliders, each at several temperatures and as a list; and lifts between them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimation import PolicyEstimate
from recsys.offpolicy.mixes import N_LISTED, TEMPERATURES, LogEvaluator, MixAnswer, MixQuery
from recsys.offpolicy.support import Support
from recsys.settings import FusionSettings

GIVEN = "as asked"
"""Name of the mix that was given with the command."""

BASE = "traditional"
"""Name of the mix that all others are held against."""

TEST_SHOPPERS, LOGGED_PAGES = "test shoppers", "logged pages"
TRUTH, ESTIMATED = "truth", "estimated, doubly robust"
SHOP_LOG = "the shop's log"


@dataclass(frozen=True, eq=False, slots=True)
class PolicyRate:
    """The click rate of one policy.

    Parameters
    ----------
    log : whose impressions it is judged by
    estimates, refusal, support : as in `PolicyEstimate`
    known : by other means: a logged policy's own clicks, or the simulator's truth
    """

    policy: str
    log: str
    estimates: Mapping[str, Interval]
    refusal: str
    support: Support | None
    known: Interval | None

    @classmethod
    def of(cls, policy: str, log: str, found: PolicyEstimate, truth: float | None = None) -> Self:
        """An estimate, with the truth where it is known."""
        known = found.known if truth is None else _exactly(truth)
        return cls(policy, log, found.estimates, found.refusal, found.support, known)


@dataclass(frozen=True, slots=True)
class ClickLift:
    """Click rates of the traditional mix and of another, and the relative change.

    Parameters
    ----------
    how : TRUTH or ESTIMATED
    full : rate of the other mix
    mix : its name
    """

    where: str
    how: str
    mix: str
    traditional: float
    full: float
    lift: Interval


def lift_of_lists(
    where: str, old: NDArray[np.float64], new: NDArray[np.float64], shoppers: NDArray[np.int64], mix: str = "full"
) -> ClickLift:
    """From true rates of lists, one a page; the interval rests on shoppers."""
    change, base = (np.bincount(shoppers, each).astype(np.float64)[:, None] for each in (new - old, old))
    return ClickLift(where, TRUTH, mix, float(old.mean()), float(new.mean()), ratio_intervals(change, base)[0])


@dataclass(frozen=True, eq=False, slots=True)
class Mixes:
    """Answers, by name of the mix and temperature; 0 is the list itself."""

    sliders: LogEvaluator
    mixes: Mapping[str, FusionSettings]
    answers: Mapping[tuple[str, float], MixAnswer]

    @classmethod
    def of(cls, sliders: LogEvaluator, mixes: Mapping[str, FusionSettings]) -> Self:
        """Estimate every mix in every way."""
        names = [(name, temperature) for temperature in (0.0, *TEMPERATURES) for name in mixes]
        return cls(sliders, mixes, {each: sliders.answer(MixQuery(mixes[each[0]], each[1])) for each in names})

    def rates(self) -> list[PolicyRate]:
        """Every answer, with the truth where it is known."""
        return [
            PolicyRate.of(
                f"{name} at temperature {temperature:g}" if temperature else f"{name} as a list of {N_LISTED}",
                SHOP_LOG,
                answer.found,
                answer.truth,
            )
            for (name, temperature), answer in self.answers.items()
        ]

    def lifts(self) -> list[ClickLift]:
        """Of every mix over the traditional one on the logged pages, estimated and, in a demo shop, true."""
        return [lift for name in self.mixes if name != BASE for lift in self._lifts(name)]

    def _lifts(self, name: str) -> list[ClickLift]:
        found, truth = [], self.sliders.log_of.truth
        for temperature in TEMPERATURES:
            where = f"{LOGGED_PAGES}, policies at temperature {temperature:g}"
            old, new = (self.answers[each, temperature] for each in (BASE, name))
            if (lift := self.sliders.lift(new, old)) is not None:
                before, now = (each.found.estimates["dr"].mean for each in (old, new))
                found.append(ClickLift(where, ESTIMATED, name, before, now, lift))
            if old.truth is not None and new.truth is not None:
                change = _exactly(new.truth / old.truth - 1)
                found.append(ClickLift(where, TRUTH, name, old.truth, new.truth, change))
        if truth is not None:
            old_rates, new_rates = (
                truth.rates_of_lists(self.sliders.lists(MixQuery(self.mixes[each]))) for each in (BASE, name)
            )
            shoppers = np.unique(self.sliders.judged.pages.table["visitor"].to_numpy(), return_inverse=True)[1]
            where = f"{LOGGED_PAGES}, lists of {N_LISTED}"
            found.append(lift_of_lists(where, old_rates, new_rates, shoppers, name))
        return found


def _exactly(value: float) -> Interval:
    return Interval(value, math.nan, math.nan, 0)
