"""Weights: the whole simplex of mixes on validation and on test, what is tied with the best, what choosing can gain.

The best mix on test is known only afterwards, and its lead is partly luck. What choosing could really have gained is
measured by halves of the test shoppers: the best mix on one half is measured on the other, again and again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from recsys.evaluation.metrics.registry import SHOPPER_METRICS
from recsys.evaluation.statistics.intervals import changes, mean_interval, ratio_intervals
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.segments import AS_IT_WAS
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, WHOLE_CATALOGUE, FusionSettings
from recsys.studies.format import change_text, mix_in_words, table_of
from recsys.studies.models import METRIC, lists_of
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import best_point
from recsys.tuning.map_kernels import N_STEPS
from recsys.tuning.weight_map import MapPasses, WeightMap, weight_map

N_HALVINGS = 20
"""Random halves of the test shoppers."""

OVERLAPS = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Shares that the lists of two shoppers may have in common, on the mean."""

ENDS = {"from": "Lowest", "to": "Highest"}

Floats = NDArray[np.float64]
Ends = Mapping[str, tuple[float, float]]
"""Lowest and highest share of a component among the tied mixes, by role."""


@dataclass(frozen=True, slots=True)
class MeasuredMix:
    """nDCG of a named mix, or of the best on validation while the component of this name has a given share.

    `overlap`, `overlap_on_test`: what the lists of two shoppers have in common, each served at their own moment.
    `change` is on test, less the chosen mix; ties are those of the mix, or of some mix of the share, with the best of
    all; ranks on the map begin at 1; `hindsight` is nDCG of the mix of the share that turns out best on test.
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
    overlap: float | None = None
    overlap_on_test: float | None = None


@dataclass(frozen=True, eq=False)
class MappedRole:
    """Shoppers of one role, with every mix measured on them by mean nDCG, and which are tied with the best."""

    engine: LiveEngine
    map: WeightMap

    @classmethod
    def of(cls, engine: LiveEngine, k: int, progress: Progress) -> "MappedRole":
        return cls(engine, weight_map(engine, k, WHOLE_CATALOGUE, metrics=(METRIC,), progress=progress))

    @property
    def means(self) -> Floats:
        return self.map.means[METRIC]

    @property
    def overlaps(self) -> Floats:
        return 1 - self.map.means["personalisation"]

    @property
    def tied(self) -> NDArray[np.bool_]:
        return self.map.tied[METRIC]

    def values(self, point: int) -> Floats:
        """Every shopper's own nDCG under one mix."""
        return lists_of(self.engine, self.map.settings(point), self.map.k).values[METRIC]

    def point_of(self, fusion: FusionSettings) -> int:
        """The mix on the map, or that nearest to it."""
        return self.map.cells.nearest(np.array(list(fusion.normalised().values())))

    def rank(self, point: int) -> int:
        """How many mixes are better, and one."""
        return int((self.means > self.means[point] + 1e-9).sum()) + 1


def by_halves(test: MappedRole, chosen: int, seed: int, progress: Progress = silent) -> Interval:
    """nDCG of mixes chosen on one half of the test shoppers and measured on the other, less that of the chosen one."""
    everyone = np.arange(len(test.engine.panel))
    walk = MapPasses(test.engine, test.map.cells, everyone, test.map.k, WHOLE_CATALOGUE, AS_IT_WAS, progress)
    column = np.array([SHOPPER_METRICS.index(METRIC)], np.int64)
    values = walk.measure(column, keep_lists=False).values[0]
    rng, gain = np.random.default_rng(seed), np.zeros(values.shape[1])
    for _ in range(N_HALVINGS):
        first = np.zeros(len(gain), bool)
        first[rng.permutation(len(gain))[: len(gain) // 2]] = True
        for half in (first, ~first):
            best = best_point(np.asarray(np.nanmean(values[:, half], axis=1), np.float64), test.map.cells.weights)
            gain[~half] += (values[best] - values[chosen])[~half] / N_HALVINGS
    return mean_interval(gain, seed)


def named_mixes(validation: MappedRole, test: MappedRole, chosen: int, seed: int) -> tuple[MeasuredMix, ...]:
    """The mixes that matter; the chosen one comes first."""
    equal = FusionSettings(*(0.25,) * len(COMPONENTS))
    named: Mapping[str, int] = {
        "Best on validation (chosen)": chosen,
        "Best on test (in hindsight)": test.map.best(METRIC),
        "Most even of those tied on validation": validation.map.most_even(validation.tied),
        "Equal weights": test.point_of(equal),
        "The shop's default weights": test.point_of(FusionSettings()),
        **{f"{name[:1].upper()}{name[1:]} alone": test.point_of(FusionSettings.only(name)) for name in COMPONENTS},
    }
    return tuple(
        replace(
            mix,
            tied_on_validation=bool(validation.tied[point]),
            tied_on_test=bool(test.tied[point]),
            rank_on_validation=validation.rank(point),
            rank_on_test=test.rank(point),
        )
        for mix, point in zip(_measured(validation, test, list(named.items()), seed), named.values(), strict=True)
    )


def best_by_share(validation: MappedRole, test: MappedRole, chosen: int, seed: int) -> tuple[MeasuredMix, ...]:
    """For every share of every component, the mix that is best on validation, and what it does on test."""
    steps = validation.map.cells.steps
    cells = [(name, step, steps[:, at] == step) for at, name in enumerate(COMPONENTS) for step in range(N_STEPS + 1)]
    best = [(name, validation.map.best(METRIC, among=among)) for name, _, among in cells]
    _, *measured = _measured(validation, test, [("", chosen), *best], seed)
    return tuple(
        replace(
            each,
            tied_on_validation=bool((validation.tied & among).any()),
            tied_on_test=bool((test.tied & among).any()),
            share=step / N_STEPS,
            hindsight=float(test.means[test.map.best(METRIC, among=among)]),
        )
        for (_, step, among), each in zip(cells, measured, strict=True)
    )


def best_by_overlap(validation: MappedRole, test: MappedRole, chosen: int, seed: int) -> tuple[MeasuredMix, ...]:
    """The chosen mix, and the best on validation whose lists have at most so much in common there, on test."""
    best = [("Any", chosen)]
    for most in OVERLAPS:
        among = validation.overlaps <= most
        if among.any() and (point := validation.map.best(METRIC, among=among)) != best[-1][1]:
            best.append((f"At most {most:.0%}", point))
    return tuple(
        replace(
            mix,
            tied_on_validation=bool(validation.tied[point]),
            overlap=float(validation.overlaps[point]),
            overlap_on_test=float(test.overlaps[point]),
        )
        for mix, (_, point) in zip(_measured(validation, test, best, seed), best, strict=True)
    )


def _measured(
    validation: MappedRole, test: MappedRole, mixes: Sequence[tuple[str, int]], seed: int
) -> list[MeasuredMix]:
    """nDCG of every mix on validation, on test, and on test less that of the first."""
    points = list(dict.fromkeys(point for _, point in mixes))
    known, found = (np.stack([role.values(each) for each in points], axis=1) for role in (validation, test))
    gains = np.stack([changes(column, found[:, 0]) for column in found.T], axis=1)
    intervals = zip(*(ratio_intervals(each, seed=seed) for each in (known, found, gains)), strict=True)
    by_point = dict(zip(points, intervals, strict=True))
    return [MeasuredMix(name, test.map.settings(point), *by_point[point]) for name, point in mixes]


def tied_shares(roles: Mapping[str, MappedRole]) -> dict[str, Ends]:
    """Lowest and highest share of every component among the tied mixes."""
    inside = {name: role.map.cells.steps[role.tied] / N_STEPS for name, role in roles.items()}
    return {
        component: {name: (float(each[:, at].min()), float(each[:, at].max())) for name, each in inside.items()}
        for at, component in enumerate(COMPONENTS)
    }


def agreement(validation: MappedRole, test: MappedRole) -> dict[str, float]:
    """How far both roles rank the mixes alike; NaN where mixes are too few, or all equal."""
    tied = validation.tied
    among_tied = spearmanr(validation.means[tied], test.means[tied])[0] if tied.sum() > 2 else math.nan
    return {
        "pearson": float(np.corrcoef(validation.means, test.means)[0, 1]),
        "spearman": float(spearmanr(validation.means, test.means)[0]),
        "spearman_among_tied": float(among_tied),
        "n_tied_on_validation": int(tied.sum()),
        "n_tied_on_test": int(test.tied.sum()),
        "n_tied_on_both": int((tied & test.tied).sum()),
    }


@dataclass(frozen=True, eq=False, slots=True)
class WeightsFigures:
    """Everything that was measured.

    Of `mixes` the chosen one is the first, the best on test the second; `frontier` is of `best_by_overlap`,
    `components`, `agreement` and `by_halves` are as the functions of these names have them; the last three are of every
    mix, means of nDCG and ties with the best.
    """

    k: int
    n_users: int
    mixes: tuple[MeasuredMix, ...]
    shares: tuple[MeasuredMix, ...]
    frontier: tuple[MeasuredMix, ...]
    components: Mapping[str, Ends]
    agreement: Mapping[str, float]
    by_halves: Interval
    validation: Floats
    test: Floats
    tied_on_validation: NDArray[np.bool_]


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    engines = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    validation, test = (MappedRole.of(engine, settings.k, progress) for engine in engines)
    chosen, panel = validation.map.best(METRIC), test.engine.panel
    found = WeightsFigures(
        k=settings.k,
        n_users=len(panel),
        mixes=named_mixes(validation, test, chosen, settings.seed),
        shares=best_by_share(validation, test, chosen, settings.seed),
        frontier=best_by_overlap(validation, test, chosen, settings.seed),
        components=tied_shares({"validation": validation, "test": test}),
        agreement=agreement(validation, test),
        by_halves=by_halves(test, chosen, settings.seed, progress),
        validation=validation.means,
        test=test.means,
        tied_on_validation=validation.tied,
    )
    best, in_hindsight = found.mixes[:2]
    document = {"chosen": best.weights, "best_on_test": in_hindsight.weights, "hindsight": in_hindsight.change}
    document |= {name: getattr(found, name) for name in ("by_halves", "agreement", "components", "frontier")}
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
    frontier = {"name": "In common", "weights": "Best mix on validation", "overlap": "In common, validation"}
    frontier |= {"overlap_on_test": "In common, test", **ndcg, **change, **tied}
    more_personal = "What it costs where the lists of two shoppers have less in common"
    return (
        table_of("mixes", "The mixes that matter", found.mixes, mixes, ranks),
        table_of("components", tied_shares, components, columns),
        table_of("frontier", more_personal, found.frontier, frontier, "Everybody is served at their own moment."),
        table_of("shares", by_share, found.shares, shares, f"Tied: {some} cannot be told from the best of all."),
    )


def plots(found: WeightsFigures) -> tuple[Plot, ...]:
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
