"""Weights: the whole simplex of mixes on validation and on test, what is tied with the best, what choosing can gain.

The mix is chosen on validation shoppers. The best mix on test is known only afterwards, and its lead is partly luck;
how much of it choosing could really have had is measured by halves of the test shoppers: the mix that is best on one
half is measured on the other, again and again, and never on those it was chosen on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.significance import Interval
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.format import change_text, mix_in_words, table_of
from recsys.studies.models import METRIC
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.weights.mixes import (
    N_HALVINGS,
    Ends,
    Floats,
    MappedRole,
    MeasuredMix,
    agreement,
    best_by_share,
    by_halves,
    named_mixes,
    tied_shares,
)
from recsys.studies.workspace import ExperimentSettings, Workspace

ENDS = {"from": "Lowest", "to": "Highest"}


@dataclass(frozen=True, eq=False, slots=True)
class WeightsFigures:
    """Everything that was measured.

    Parameters
    ----------
    mixes : the chosen one first, the best on test second
    agreement : correlations of both roles over all mixes and among those tied on validation, and how many are tied
    by_halves : nDCG of what is chosen on half of the test shoppers, on the other half, less that of the chosen mix
    validation, test, tied_on_validation : of every mix, mean nDCG and whether it is tied with the best
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


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Map both roles, choose on validation, and see what that is worth on test."""
    engines = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    validation, test = (MappedRole.of(engine, settings.k, progress) for engine in engines)
    chosen, panel = validation.map.best(METRIC), test.engine.panel
    found = WeightsFigures(
        k=settings.k,
        n_users=len(panel),
        mixes=named_mixes(validation, test, chosen, settings.seed),
        shares=best_by_share(validation, test, chosen, settings.seed),
        components=tied_shares({"validation": validation, "test": test}),
        agreement=agreement(validation, test),
        by_halves=by_halves(test, chosen, settings.seed, progress),
        validation=validation.means,
        test=test.means,
        tied_on_validation=validation.tied,
    )
    best, in_hindsight = found.mixes[:2]
    document = {"chosen": best.weights, "best_on_test": in_hindsight.weights, "hindsight": in_hindsight.change}
    document |= {name: getattr(found, name) for name in ("by_halves", "agreement", "components")}
    return Result(
        protocol=f"{panel.protocol} All {len(validation.means):,} mixes of the four components in steps of 5% are "
        f"measured by nDCG@{settings.k}, without variety. Tied is what cannot be told from the best mix at 95%, all "
        f"mixes together. Halves: the best mix of one random half of the test shoppers is measured on the other half, "
        f"both ways, {N_HALVINGS} times.",
        conclusion=conclusion(found),
        caveats=(
            "Tied does not mean as good: these shoppers cannot tell. More shoppers make the tied region smaller.",
            "The best mix on test was chosen on the very shoppers that it is measured on, so it looks better than it "
            "is, and its interval does not allow for that.",
            "Intervals are 95% each and are not corrected for how many mixes are compared.",
            "A half has half the shoppers to choose by, so it chooses less well than all of them would.",
            panel.leak_check,
        ),
        tables=tables(found),
        plots=plots(found),
        figures={"weights": as_json(document)},
    )


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
    mixes = {"name": "Mix", "weights": "Weights", **ndcg, **change, "rank_on_validation": "Rank, validation"}
    mixes |= {"rank_on_test": "Rank, test", **tied, "tied_on_test": "Tied, test"}
    ranks = f"Rank is of {len(found.validation):,} mixes; tied means that it cannot be told from the best one."
    components = [
        {"component": name}
        | {f"{role}_{end}": share for role in ends for end, share in zip(ENDS, ends[role], strict=True)}
        for name, ends in found.components.items()
    ]
    columns = {"component": "Component"}
    columns |= {f"{role}_{end}": f"{title}, {role}" for role in ndcg for end, title in ENDS.items()}
    shares = {"name": "Component", "share": "Share", "weights": "Best mix on validation", **ndcg, **change}
    shares |= {"hindsight": "Best on test, in hindsight", **tied, "tied_on_test": "Tied, test"}
    by_share, some = "The best that can be had at every share of a component", "some mix of this share"
    tied_shares = "Shares of the components in the mixes that cannot be told from the best"
    return (
        table_of("mixes", "The mixes that matter", found.mixes, mixes, ranks),
        table_of("components", tied_shares, components, columns),
        table_of("shares", by_share, found.shares, shares, f"Tied: {some} cannot be told from the best of all."),
    )


def plots(found: WeightsFigures) -> tuple[Plot, ...]:
    """One chart a component, and all mixes on validation against test."""
    return (*(_share_plot(found, name) for name in COMPONENTS), _scatter(found))


def _share_plot(found: WeightsFigures, component: str) -> Plot:
    rows = [each for each in found.shares if each.name == component]
    x = [100 * (each.share or 0) for each in rows]
    series = (
        Series.of("best on validation, there", x, [each.validation.mean for each in rows]),
        Series.of("the same mix on test, 95% interval", x, [each.test for each in rows]),
        Series.of("best on test, in hindsight", x, [each.hindsight for each in rows]),
    )
    title = f"The best nDCG@{found.k} that can be had at every share of the {component} component"
    axes = f"Share of the {component} component, %", f"nDCG@{found.k}"
    return Plot(f"share_{component}", title, *axes, series, "line")


def _scatter(found: WeightsFigures) -> Plot:
    tied = found.tied_on_validation
    clouds = {"worse than the best on validation": ~tied, "tied with the best on validation": tied}
    series = [
        Series.of(name, found.validation[some].tolist(), found.test[some].tolist()) for name, some in clouds.items()
    ]
    named = [mix for mix in found.mixes if not mix.name.endswith(" alone") and "even" not in mix.name]
    series += [Series.of(mix.name, (mix.validation.mean,), (mix.test,)) for mix in named]
    axes = f"nDCG@{found.k} on validation", f"nDCG@{found.k} on test, 95% interval"
    return Plot("agreement", "Every mix on validation and on test", *axes, tuple(series))
