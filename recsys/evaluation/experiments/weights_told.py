"""What the study of the weights found, as tables, plots and sentences."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.experiments.result import Cell, Plot, Series, Table, interval_cells
from recsys.evaluation.experiments.telling import mix_in_words, told
from recsys.evaluation.paired import verdict_of
from recsys.evaluation.significance import Interval
from recsys.settings import COMPONENTS, FusionSettings

Floats = NDArray[np.float64]
VERDICTS = {"better": "better", "worse": "worse", "unclear": "no difference we can tell"}


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
    }[verdict_of(halves, higher_is_better=True)]
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
    return VERDICTS[verdict_of(change, higher_is_better=True)]


def tables(study: Study) -> tuple[Table, ...]:
    """The mixes that matter, the components' shares in the tied mixes, and every share of every component."""
    k = study.k
    return (
        Table(
            "mixes",
            "The mixes that matter",
            {
                **{"mix": "Mix", "weights": "Weights"},
                **{"validation": f"nDCG@{k}, validation", "validation_low": "from", "validation_high": "to"},
                **{"test": f"nDCG@{k}, test", "test_low": "from", "test_high": "to"},
                **{"change": "Test, less the chosen mix", "change_low": "from", "change_high": "to"},
                **{"rank_on_validation": "Rank, validation", "rank_on_test": "Rank, test"},
                **{"tied_on_validation": "Tied, validation", "tied_on_test": "Tied, test"},
            },
            tuple(map(_mix_row, study.mixes)),
            f"Rank is of {len(study.validation):,} mixes; tied means that it cannot be told from the best one.",
        ),
        Table(
            "components",
            "Shares of the components in the mixes that cannot be told from the best",
            {
                **{"component": "Component", "validation_from": "Lowest, validation"},
                **{"validation_to": "Highest, validation", "test_from": "Lowest, test", "test_to": "Highest, test"},
                "zero": "Could be zero",
            },
            tuple(map(_component_row, study.components)),
        ),
        Table(
            "shares",
            "The best that can be had at every share of a component",
            {
                **{"component": "Component", "share": "Share", "weights": "Best mix on validation"},
                **{"validation": f"nDCG@{k}, validation", "test": f"nDCG@{k}, test", "test_low": "from"},
                **{"test_high": "to", "change": "Test, less the chosen mix", "change_low": "from", "change_high": "to"},
                **{"hindsight": "Best on test, in hindsight", "tied_on_validation": "Tied, validation"},
                "tied_on_test": "Tied, test",
            },
            tuple(map(_share_row, study.shares)),
            "Tied: some mix of this share cannot be told from the best of all.",
        ),
    )


def _mix_row(mix: Mix) -> dict[str, Cell]:
    return {
        "mix": mix.name,
        "weights": mix_in_words(mix.weights),
        **interval_cells("validation", mix.validation),
        **interval_cells("test", mix.test),
        **interval_cells("change", mix.change),
        "rank_on_validation": mix.rank_on_validation,
        "rank_on_test": mix.rank_on_test,
        "tied_on_validation": _yes(mix.tied_on_validation),
        "tied_on_test": _yes(mix.tied_on_test),
    }


def _component_row(component: Component) -> dict[str, Cell]:
    zero = [where for where, ends in (("validation", component.validation), ("test", component.test)) if ends[0] == 0]
    return {
        "component": component.name,
        **{f"validation_{end}": value for end, value in zip(("from", "to"), component.validation, strict=True)},
        **{f"test_{end}": value for end, value in zip(("from", "to"), component.test, strict=True)},
        "zero": "on both" if len(zero) == 2 else f"on {zero[0]} only" if zero else "no",
    }


def _share_row(share: Share) -> dict[str, Cell]:
    return {
        "component": share.component,
        "share": share.share,
        "weights": mix_in_words(share.weights),
        "validation": share.validation,
        **interval_cells("test", share.test),
        **interval_cells("change", share.change),
        "hindsight": share.hindsight,
        "tied_on_validation": _yes(share.tied_on_validation),
        "tied_on_test": _yes(share.tied_on_test),
    }


def _yes(value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def plots(study: Study) -> tuple[Plot, ...]:
    """One chart a component, and all mixes on validation against test."""
    return (*(_share_plot(study, name) for name in COMPONENTS), _scatter(study))


def _share_plot(study: Study, component: str) -> Plot:
    rows = [each for each in study.shares if each.component == component]
    x = tuple(100 * each.share for each in rows)
    on_test = [each.test.as_json() for each in rows]
    return Plot(
        f"share_{component}",
        f"The best nDCG@{study.k} that can be had at every share of the {component} component",
        f"Share of the {component} component, %",
        f"nDCG@{study.k}",
        (
            Series("best on validation, there", x, tuple(each.validation for each in rows)),
            Series(
                "the same mix on test, 95% interval",
                x,
                *(tuple(each[end] for each in on_test) for end in ("mean", "low", "high")),
            ),
            Series("best on test, in hindsight", x, tuple(each.hindsight for each in rows)),
        ),
        "line",
    )


def _scatter(study: Study) -> Plot:
    def mixes(name: str, some: NDArray[np.bool_]) -> Series:
        return Series(name, tuple(study.validation[some].tolist()), tuple(study.test[some].tolist()))

    named = [mix for mix in study.mixes if not mix.name.endswith(" alone") and "even" not in mix.name]
    return Plot(
        "agreement",
        "Every mix on validation and on test",
        f"nDCG@{study.k} on validation",
        f"nDCG@{study.k} on test, 95% interval",
        (
            mixes("worse than the best on validation", ~study.tied_on_validation),
            mixes("tied with the best on validation", study.tied_on_validation),
            *(Series(m.name, (m.validation.mean,), (m.test.mean,), *_ends(m.test)) for m in named),
        ),
    )


def _ends(interval: Interval) -> tuple[tuple[float | None], tuple[float | None]]:
    said = interval.as_json()
    return (said["low"],), (said["high"],)


def figures(study: Study) -> dict[str, Any]:
    """For the JSON document."""
    agreement = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(study.agreement).items()
    }
    return {
        "chosen": study.mixes[0].weights.normalised(),
        "best_on_test": study.mixes[1].weights.normalised(),
        "hindsight": study.mixes[1].change.as_json(),
        "by_halves": study.by_halves.as_json(),
        "agreement": agreement,
        "components": {
            each.name: {"validation": list(each.validation), "test": list(each.test)} for each in study.components
        },
    }
