"""What the study of the weights found, in sentences."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.settings import FusionSettings
from recsys.studies.format import VERDICTS, mix_in_words, told

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mix:
    """One mix that matters.

    Parameters
    ----------
    validation, test : nDCG on either
    change : nDCG on test less that of the chosen mix
    rank_on_validation, rank_on_test, tied_on_validation, tied_on_test : its place on the map, None where it is on none
    """

    name: str
    weights: FusionSettings
    validation: Interval
    test: Interval
    change: Interval
    rank_on_validation: int | None = None
    rank_on_test: int | None = None
    tied_on_validation: bool | None = None
    tied_on_test: bool | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The best that can be had while a component has a given share.

    Parameters
    ----------
    weights : of the mix that is best on validation
    validation, test : its nDCG on either
    change : on test, less that of the chosen mix
    hindsight : nDCG of the mix of this share that turns out best on test
    tied_on_validation, tied_on_test : whether some mix of this share cannot be told from the best of all
    """

    component: str
    share: float
    weights: FusionSettings
    validation: float
    test: Interval
    change: Interval
    hindsight: float
    tied_on_validation: bool
    tied_on_test: bool


@dataclass(frozen=True, slots=True)
class Component:
    """Lowest and highest share of a component among the tied mixes of either role."""

    name: str
    validation: tuple[float, ...]
    test: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far validation and test see the mixes alike; NaN where too few mixes or equal values tell."""

    pearson: float
    spearman: float
    spearman_among_tied: float
    n_tied_on_validation: int
    n_tied_on_test: int
    n_tied_on_both: int


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """Everything that was found.

    Parameters
    ----------
    mixes : the chosen one first, the best on test second
    by_halves : nDCG of what is chosen on half of the test shoppers, on the other half, less that of the chosen mix
    validation, test : float64 of shape (n_mixes,), mean nDCG of every mix
    tied_on_validation : bool of the same shape
    """

    k: int
    n_users: int
    mixes: tuple[Mix, ...]
    shares: tuple[Share, ...]
    components: tuple[Component, ...]
    agreement: Agreement
    by_halves: Interval
    validation: Floats
    test: Floats
    tied_on_validation: NDArray[np.bool_]


def conclusion(study: Study) -> tuple[str, ...]:
    """Sentences for people who read nothing else."""
    chosen, hindsight = study.mixes[:2]
    found, n = study.agreement, len(study.validation)
    said = [
        f"Of {n:,} mixes the best on validation is {mix_in_words(chosen.weights)}. On {study.n_users:,} test shoppers "
        f"it reaches nDCG {chosen.test.mean:.4f} and is number {chosen.rank_on_test:,}; it is "
        f"{'among' if chosen.tied_on_test else 'not among'} the mixes that cannot be told from the best there.",
        _said_of_hindsight(study, hindsight),
        f"{found.n_tied_on_validation:,} mixes cannot be told from the best on validation, {found.n_tied_on_test:,} on "
        f"test, {found.n_tied_on_both:,} on both.",
        *(_said_of_component(each, study) for each in study.components),
        _said_of_agreement(found),
    ]
    for mix in study.mixes:
        if mix.name in ("Equal weights", "The shop's default weights"):
            said.append(
                f"{mix.name} ({mix_in_words(mix.weights)}) reach nDCG {mix.test.mean:.4f} on test, "
                f"{told(mix.change)} beside the chosen mix: {_verdict(mix.change)}."
            )
    return tuple(said)


def _said_of_hindsight(study: Study, hindsight: Mix) -> str:
    halves = study.by_halves
    gain = {
        "better": "so there is something that validation did not find",
        "worse": "so choosing on test shoppers of their own, half as many, would have done worse",
        "unclear": "which cannot be told from nothing",
    }[verdict_of(halves)]
    if hindsight.weights == study.mixes[0].weights:
        lead = "The same mix is the best on test, too."
    else:
        lead = (
            f"The best in hindsight, {mix_in_words(hindsight.weights)}, has nDCG {hindsight.test.mean:.4f} on test: "
            f"{told(hindsight.change)}, partly luck, since it was picked on the very shoppers it is measured on."
        )
    return (
        f"{lead} Picked on one half of the test shoppers and measured on the other, mixes do {told(halves)} beside the "
        f"chosen one, {gain}."
    )


def _said_of_component(component: Component, study: Study) -> str:
    def between(ends: Sequence[float]) -> str:
        return f"{ends[0]:.0%}" if ends[0] == ends[1] else f"{ends[0]:.0%} to {ends[1]:.0%}"

    could = [ends[0] == 0 for ends in (component.validation, component.test)]
    if all(could):
        zero = "It could be zero: mixes without it cannot be told from the best on either."
    elif not any(could):
        zero = "It cannot be zero: every mix without it is surely worse than the best on both."
    else:
        there, not_there = ("validation", "test") if could[0] else ("test", "validation")
        zero = f"It could be zero on {there}, but not on {not_there}."
    without = next(each for each in study.shares if each.component == component.name and each.share == 0)
    if without.weights == study.mixes[0].weights:
        beside = "The chosen mix does without it."
    else:
        beside = (
            f"Of mixes without it the best on validation does {told(without.change)} on test beside the chosen one: "
            f"{_verdict(without.change)}."
        )
    return (
        f"{component.name[:1].upper()}{component.name[1:]} has {between(component.validation)} in the tied mixes of "
        f"validation and {between(component.test)} in those of test. {zero} {beside}"
    )


def _said_of_agreement(found: Agreement) -> str:
    if math.isnan(found.pearson):
        return "All mixes do alike on validation or on test, so it cannot be said whether the two agree."
    among = (
        f"; among the mixes tied on validation it is {found.spearman_among_tied:+.2f}, so there their order on "
        f"validation {_tells(found.spearman_among_tied)} their order on test"
        if not math.isnan(found.spearman_among_tied)
        else ""
    )
    return (
        f"Over all mixes, nDCG on validation and on test go together with a correlation of {found.pearson:+.2f}; by "
        f"rank it is {found.spearman:+.2f}{among}."
    )


def _tells(correlation: float) -> str:
    if correlation >= 0.7:
        return "tells much of"
    return "tells something of" if correlation >= 0.3 else "tells next to nothing of"


def _verdict(change: Interval) -> str:
    return VERDICTS[verdict_of(change)]
