"""The study of the weights: its figures, and their tables, plots and conclusion."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.significance import Interval
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.format import change_text, mix_in_words, table_of
from recsys.studies.result import Plot, Series, Table

Floats = NDArray[np.float64]
Ends = Mapping[str, tuple[float, float]]
"""Lowest and highest share of a component among the tied mixes, of "validation" and of "test"."""


@dataclass(frozen=True, slots=True)
class MeasuredMix:
    """One mix that matters: a named one, or the best on validation while a component has a given share.

    Parameters
    ----------
    name : of the mix, or of the component whose share is given
    validation, test : nDCG on either
    change : nDCG on test less that of the chosen mix
    tied_on_validation, tied_on_test : whether it, or some mix of the share, cannot be told from the best of all
    rank_on_validation, rank_on_test : on the map, from 1
    hindsight : nDCG of the mix of the share that turns out best on test
    """

    name: str
    weights: FusionSettings
    validation: Interval
    test: Interval
    change: Interval
    tied_on_validation: bool | None = None
    tied_on_test: bool | None = None
    rank_on_validation: int | None = None
    rank_on_test: int | None = None
    share: float | None = None
    hindsight: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class WeightsFigures:
    """Everything that was measured.

    Parameters
    ----------
    mixes : the chosen one first, the best on test second
    components : by name
    agreement : correlations of both roles over all mixes and among those tied on validation, and how many are tied
    by_halves : nDCG of what is chosen on half of the test shoppers, on the other half, less that of the chosen mix
    validation, test : float64 of shape (n_mixes,), mean nDCG of every mix
    tied_on_validation : bool of the same shape
    """

    k: int
    n_users: int
    mixes: tuple[MeasuredMix, ...]
    shares: tuple[MeasuredMix, ...]
    components: Mapping[str, Ends]
    agreement: Mapping[str, float]
    by_halves: Interval
    validation: Floats
    test: Floats
    tied_on_validation: NDArray[np.bool_]


def conclusion(found: WeightsFigures) -> tuple[str, ...]:
    """The chosen mix on test shoppers, what choosing better could gain, and which components could go."""
    chosen, n_tied = found.mixes[0], found.agreement
    parts = []
    for name, ends in found.components.items():
        roles = " or ".join(role for role, (low, _) in ends.items() if low > 0)
        parts.append(f"{name} cannot be zero on {roles}" if roles else f"{name} could be zero")
    return (
        f"Of {len(found.validation):,} mixes the best on validation is {mix_in_words(chosen.weights)}. On "
        f"{found.n_users:,} test shoppers it reaches nDCG {chosen.test.mean:.4f} and is number "
        f"{chosen.rank_on_test:,}, {'' if chosen.tied_on_test else 'not '}tied with the best there.",
        "Picked on one half of the test shoppers and measured on the other, mixes differ from the chosen one by "
        f"{change_text(found.by_halves)}.",
        f"{n_tied['n_tied_on_validation']:,} mixes are tied with the best on validation, {n_tied['n_tied_on_test']:,} "
        f"on test, {n_tied['n_tied_on_both']:,} on both; among them {'; '.join(parts)}.",
    )


def tables(found: WeightsFigures) -> tuple[Table, ...]:
    """The mixes that matter, the components' shares in the tied mixes, and every share of every component."""
    ndcg = {"validation": f"nDCG@{found.k}, validation", "test": f"nDCG@{found.k}, test"}
    change, tied = {"change": "Test, less the chosen mix"}, {"tied_on_validation": "Tied, validation"}
    return (
        table_of(
            "mixes",
            "The mixes that matter",
            found.mixes,
            {"name": "Mix", "weights": "Weights", **ndcg, **change}
            | {"rank_on_validation": "Rank, validation", "rank_on_test": "Rank, test"}
            | {**tied, "tied_on_test": "Tied, test"},
            f"Rank is of {len(found.validation):,} mixes; tied means that it cannot be told from the best one.",
        ),
        table_of(
            "components",
            "Shares of the components in the mixes that cannot be told from the best",
            [
                {"component": name}
                | {f"{role}_{end}": share for role in ends for end, share in zip(_ENDS, ends[role], strict=True)}
                for name, ends in found.components.items()
            ],
            {"component": "Component"}
            | {f"{role}_{end}": f"{title}, {role}" for role in ndcg for end, title in _ENDS.items()},
        ),
        table_of(
            "shares",
            "The best that can be had at every share of a component",
            found.shares,
            {"name": "Component", "share": "Share", "weights": "Best mix on validation", **ndcg, **change}
            | {"hindsight": "Best on test, in hindsight", **tied, "tied_on_test": "Tied, test"},
            "Tied: some mix of this share cannot be told from the best of all.",
        ),
    )


_ENDS = {"from": "Lowest", "to": "Highest"}


def plots(found: WeightsFigures) -> tuple[Plot, ...]:
    """One chart a component, and all mixes on validation against test."""
    return (*(_share_plot(found, name) for name in COMPONENTS), _scatter(found))


def _share_plot(found: WeightsFigures, component: str) -> Plot:
    rows = [each for each in found.shares if each.name == component]
    x = [100 * (each.share or 0) for each in rows]
    return Plot(
        f"share_{component}",
        f"The best nDCG@{found.k} that can be had at every share of the {component} component",
        f"Share of the {component} component, %",
        f"nDCG@{found.k}",
        (
            Series("best on validation, there", tuple(x), tuple(each.validation.mean for each in rows)),
            Series.of("the same mix on test, 95% interval", x, [each.test for each in rows]),
            Series("best on test, in hindsight", tuple(x), tuple(each.hindsight for each in rows)),
        ),
        "line",
    )


def _scatter(found: WeightsFigures) -> Plot:
    tied = found.tied_on_validation
    named = [mix for mix in found.mixes if not mix.name.endswith(" alone") and "even" not in mix.name]
    clouds = {"worse than the best on validation": ~tied, "tied with the best on validation": tied}
    return Plot(
        "agreement",
        "Every mix on validation and on test",
        f"nDCG@{found.k} on validation",
        f"nDCG@{found.k} on test, 95% interval",
        (
            *(
                Series(name, tuple(found.validation[some].tolist()), tuple(found.test[some].tolist()))
                for name, some in clouds.items()
            ),
            *(Series.of(mix.name, (mix.validation.mean,), (mix.test,)) for mix in named),
        ),
    )
