"""Mixes on the sliders as the experiment asks about them: each as policies of several temperatures and as a list."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.mixes import MAIN_TEMPERATURE, N_LISTED, TEMPERATURES, LogEvaluator, MixAnswer, MixQuery
from recsys.settings import FusionSettings
from recsys.studies.clicks.summary import LOGGED_PAGES, Lift, Row
from recsys.studies.clicks.true_clicks import lift_of

ASKED = "as asked"
"""Name of the mix that was given with the command."""

BASE = "traditional"
"""Name of the mix that all others are held against."""


@dataclass(frozen=True, eq=False, slots=True)
class Mixes:
    """Answers, by name of the mix and temperature; 0 is the list itself."""

    sliders: LogEvaluator
    mixes: Mapping[str, FusionSettings]
    answers: Mapping[tuple[str, float], MixAnswer]

    @classmethod
    def of(cls, sliders: LogEvaluator, mixes: Mapping[str, FusionSettings]) -> Self:
        """Ask about every mix in every way."""
        names = [(name, temperature) for temperature in (0.0, *TEMPERATURES) for name in mixes]
        return cls(sliders, mixes, {each: sliders.answer(MixQuery(mixes[each[0]], each[1])) for each in names})

    def rows(self) -> list[Row]:
        """Every answer, with the truth where it is known."""
        return [
            Row(
                f"{name} at temperature {temperature:g}" if temperature else f"{name} as a list of {N_LISTED}",
                "the shop's log",
                answer.found,
                answer.truth,
                told=temperature in (0.0, MAIN_TEMPERATURE),
            )
            for (name, temperature), answer in self.answers.items()
        ]

    def lifts(self) -> list[Lift]:
        """Of every mix over the traditional one on the logged pages, estimated and, in a demo shop, true."""
        return [lift for name in self.mixes if name != BASE for lift in self._lifts(name)]

    def _lifts(self, name: str) -> list[Lift]:
        found, truth, mix = [], self.sliders.log_of.truth, "" if name == "full" else name
        for temperature in TEMPERATURES:
            where = f"{LOGGED_PAGES}, policies at temperature {temperature:g}"
            old, new = (self.answers[each, temperature] for each in (BASE, name))
            if (lift := self.sliders.lift(new, old)) is not None:
                before, now = (each.found.estimates["dr"].mean for each in (old, new))
                found.append(Lift(where, "estimated, doubly robust", before, now, lift, mix))
            if old.truth is not None and new.truth is not None:
                change = Interval(new.truth / old.truth - 1, math.nan, math.nan, 0)
                found.append(Lift(where, "truth", old.truth, new.truth, change, mix))
        if truth is not None:
            lists = (self.sliders.lists(MixQuery(self.mixes[each])) for each in (BASE, name))
            old_rates, new_rates = map(truth.rates_of_lists, lists)
            shoppers = np.unique(self.sliders.judged.pages.table["visitor"].to_numpy(), return_inverse=True)[1]
            found.append(lift_of(f"{LOGGED_PAGES}, lists of {N_LISTED}", old_rates, new_rates, shoppers, mix))
        return found
