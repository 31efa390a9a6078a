"""Mixes on the sliders as the experiment asks about them: each as policies of several temperatures and as a list."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from recsys.evaluation.experiments.clicks.told import LOGGED_PAGES, Lift, Row
from recsys.evaluation.experiments.clicks.true_clicks import lift_of
from recsys.evaluation.offpolicy.estimators import Log
from recsys.evaluation.offpolicy.judging import Estimated
from recsys.evaluation.offpolicy.sliders import MAIN_TEMPERATURE, N_LISTED, TEMPERATURES, Asked, Sliders
from recsys.evaluation.significance import Interval
from recsys.settings import FusionSettings

ASKED = "as asked"
"""Name of the mix that was given with the command."""

BASE = "traditional"
"""Name of the mix that all others are held against."""


@dataclass(frozen=True, eq=False, slots=True)
class Mixes:
    """Answers, by name of the mix and temperature; 0 is the list itself.

    Parameters
    ----------
    logs : the judged impressions as each sees them
    estimated : what they say of it
    """

    sliders: Sliders
    mixes: Mapping[str, FusionSettings]
    logs: Mapping[tuple[str, float], Log]
    estimated: Mapping[tuple[str, float], Estimated]

    @classmethod
    def of(cls, sliders: Sliders, mixes: Mapping[str, FusionSettings]) -> Self:
        """Ask about every mix in every way."""
        names = [(name, temperature) for temperature in (0.0, *TEMPERATURES) for name in mixes]
        found = sliders.logs([Asked(mixes[name], temperature) for name, temperature in names])
        logs = dict(zip(names, found, strict=True))
        return cls(sliders, mixes, logs, {name: sliders.estimated(log) for name, log in logs.items()})

    def rows(self) -> list[Row]:
        """Every answer, with the truth where it is known."""
        return [
            Row(
                f"{name} at temperature {temperature:g}" if temperature else f"{name} as a list of {N_LISTED}",
                "the shop's log",
                found,
                self.sliders.truth(Asked(self.mixes[name], temperature)),
                told=temperature in (0.0, MAIN_TEMPERATURE),
            )
            for (name, temperature), found in self.estimated.items()
        ]

    def lifts(self) -> list[Lift]:
        """Of every mix over the traditional one on the logged pages, estimated and, in a demo shop, true."""
        return [lift for name in self.mixes if name != BASE for lift in self._lifts(name)]

    def _lifts(self, name: str) -> list[Lift]:
        found, truth, mix = [], self.sliders.log_of.truth, "" if name == "full" else name
        for temperature in TEMPERATURES:
            where = f"{LOGGED_PAGES}, policies at temperature {temperature:g}"
            told = [self.estimated[each, temperature] for each in (BASE, name)]
            if not any(each.refusal for each in told):
                old, new = (each.estimates["dr"].mean for each in told)
                lift = self.sliders.lift(self.logs[name, temperature], self.logs[BASE, temperature])
                found.append(Lift(where, "estimated, doubly robust", old, new, lift, mix))
            if truth is not None:
                asked = (Asked(self.mixes[each], temperature) for each in (BASE, name))
                old, new = (truth.rate(self.sliders.chances(each)) for each in asked)
                found.append(Lift(where, "truth", old, new, Interval(new / old - 1, math.nan, math.nan, 0), mix))
        if truth is not None:
            lists = (self.sliders.lists(Asked(self.mixes[each])) for each in (BASE, name))
            old_rates, new_rates = map(truth.rates_of_lists, lists)
            shoppers = np.unique(self.sliders.judged.pages.table["visitor"].to_numpy(), return_inverse=True)[1]
            found.append(lift_of(f"{LOGGED_PAGES}, lists of {N_LISTED}", old_rates, new_rates, shoppers, mix))
        return found
