"""Click rates of mixes on the sliders, at several temperatures and as lists, and lifts between them.

Lifts on test shoppers are of lists that a demo shop's test shoppers would see, by true click rates, with the weights of
the ablation: from what was on sale at each shopper's moment, and from the whole catalogue, clicked as if all of it
could be had.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.demo.oracle import ClickSimulator
from recsys.evaluation.protocols.hold_out import contexts_at
from recsys.evaluation.statistics.intervals import ratio_intervals, sums_of_shoppers
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.estimators import PolicyEstimate, Support
from recsys.offpolicy.logged_set import N_LISTED, TEMPERATURES, LoggedEvaluationSet, MixAnswer, MixQuery
from recsys.offpolicy.policies import top_lists
from recsys.panel.panel import Panel
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.models import chosen_weights
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import TRADITIONAL

GIVEN, BASE = "as asked", "traditional"
"""Names of the mix that was given with the command, and of that which all others are compared with."""

TEST_SHOPPERS, LOGGED_PAGES = "test shoppers", "logged pages"
TRUTH, ESTIMATED = "truth", "estimated, doubly robust"
SHOP_LOG = "the shop's log"


@dataclass(frozen=True, eq=False, slots=True)
class PolicyRate:
    """The click rate of one policy by a log, and `known`: a logged policy's own clicks, or the simulator's truth."""

    policy: str
    log: str
    estimates: Mapping[str, Interval]
    refusal: str
    support: Support | None
    known: Interval | None

    @classmethod
    def of(cls, policy: str, log: str, found: PolicyEstimate, truth: float | None = None) -> Self:
        known = found.known if truth is None else _exactly(truth)
        return cls(policy, log, found.estimates, found.refusal, found.support, known)


@dataclass(frozen=True, slots=True)
class ClickLift:
    """Click rates of the traditional mix and of another, `full`, and the lift; `how` is TRUTH or ESTIMATED."""

    where: str
    how: str
    mix: str
    traditional: float
    full: float
    lift: Interval


def lift_of_lists(
    where: str, old: NDArray[np.float64], new: NDArray[np.float64], shoppers: NDArray[np.int64], mix: str = "full"
) -> ClickLift:
    """Compute a lift from true rates of lists, one a page; the interval rests on shoppers."""
    change, base = (sums_of_shoppers(each[:, None], shoppers) for each in (new - old, old))
    return ClickLift(where, TRUTH, mix, float(old.mean()), float(new.mean()), ratio_intervals(change, base)[0])


@dataclass(frozen=True, eq=False, slots=True)
class Mixes:
    """Answers, by name of the mix and temperature; 0 is the list itself."""

    sliders: LoggedEvaluationSet
    mixes: Mapping[str, FusionSettings]
    answers: Mapping[tuple[str, float], MixAnswer]

    @classmethod
    def of(cls, sliders: LoggedEvaluationSet, mixes: Mapping[str, FusionSettings]) -> Self:
        names = [(name, temperature) for temperature in (0.0, *TEMPERATURES) for name in mixes]
        return cls(sliders, mixes, {each: sliders.answer(MixQuery(mixes[each[0]], each[1])) for each in names})

    def rates(self) -> list[PolicyRate]:
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
        """Lifts of every mix over the traditional one on the logged pages, estimated and, in a demo shop, true."""
        return [lift for name in self.mixes if name != BASE for lift in self._lifts(name)]

    def _lifts(self, name: str) -> list[ClickLift]:
        found, truth = [], self.sliders.truth
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


def true_lifts(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> list[ClickLift]:
    """Compute the lifts on test shoppers; raises DataError where no truth is hidden."""
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    weights, panel = chosen_weights(validation, settings.k, progress), test.panel
    shoppers, scores = panel.shoppers, panel.scores.stacked()
    contexts = contexts_at(shoppers["moment_s"], shoppers["device"], shoppers["region"], "north")
    judge = ClickSimulator.open(workspace.data_folder, panel.items["item_id"].tolist())
    utilities = judge.utilities(shoppers["user_id"].tolist(), contexts)
    rows, may = _columns(panel)
    on_sale = judge.on_sale(np.maximum(rows, 0).astype(np.int64), shoppers["moment_s"].to_numpy(np.int64)[:, None])

    def rates(mix: tuple[str, ...], eligible: NDArray[np.bool_]) -> NDArray[np.float64]:
        columns = top_lists(scores, weights[mix], eligible, N_LISTED)
        listed = np.take_along_axis(utilities, np.take_along_axis(rows, columns, 1), 1)
        clicked = judge.rates(listed, np.arange(1, N_LISTED + 1)) * (columns >= 0)
        return np.asarray(clicked.mean(axis=1), np.float64)

    found = []
    for source, eligible in (("what was on sale", may & on_sale), ("the whole catalogue", may)):
        old, new = rates(TRADITIONAL, eligible), rates(COMPONENTS, eligible)
        where = f"{TEST_SHOPPERS}, lists of {N_LISTED} from {source}"
        found.append(lift_of_lists(where, old, new, np.arange(len(shoppers))))
    return found


def _columns(panel: Panel) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Item row of every score of every shopper, and whether it may be listed: not seen before, and no padding."""
    held, n_users = panel.scores, len(panel)
    if not held.is_whole:
        return held.rows, held.rows >= 0
    n_items = held.context.shape[1]
    may = np.ones((n_users, n_items), bool)
    users = np.repeat(np.arange(n_users), np.diff(panel.seen.starts))
    may[users, panel.seen.values] = False
    return np.broadcast_to(np.arange(n_items, dtype=np.int32), (n_users, n_items)), may
