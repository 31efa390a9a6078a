"""What each component is worth: every subset of them with weights of its own, against the simple models.

The weights of every subset are chosen on validation shoppers among the mixes of the weight map that use nothing else,
by nDCG; then test shoppers are looked at once. Differences are tested by sign flips, corrected by Holm for how many
settings are compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from recsys.evaluation.metrics.click_rate import Source
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.evaluation.statistics.intervals import changes
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, ShopFacts, corrected, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.click_models.format import NAMES
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, silent
from recsys.scorers import BASELINE_CLASSES
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings
from recsys.studies.format import by_verdict, change_text, signed, table_of
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Plot, Result, Table, as_json
from recsys.studies.workspace import Workspace
from recsys.training.weights import TRADITIONAL
from recsys.tuning.weight_map import weight_map

METRIC = "ndcg"
"""Weights are chosen by it, and models compared by it."""

LABELS = {name: scorer.label for name, scorer in BASELINE_CLASSES.items()} | {
    "traditional": "Traditional (collaborative + content)",
    "full": "All components",
}

REFERENCES = {"full": "all components", "traditional": "traditional"}
"""Models that every other is held against."""


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """One model on test shoppers.

    Parameters
    ----------
    weights : of the components, or None for a simple model
    """

    name: str
    lists: MeasuredLists
    weights: FusionSettings | None = None


def subsets() -> list[tuple[str, ...]]:
    """Every set of components, the smallest first, each in the order of `COMPONENTS`."""
    return [each for size in range(1, len(COMPONENTS) + 1) for each in combinations(COMPONENTS, size)]


def chosen_weights(
    validation: LiveEngine, k: int, progress: Progress = silent
) -> dict[tuple[str, ...], FusionSettings]:
    """For every subset, the mix of it that is best on validation shoppers by nDCG."""
    found = weight_map(validation, k, WHOLE_CATALOGUE, metrics=(), progress=progress)
    chosen = {}
    for subset in subsets():
        others = [column for column, name in enumerate(COMPONENTS) if name not in subset]
        inside = (found.cells.steps[:, others] == 0).all(axis=1)
        chosen[subset] = found.settings(found.best(METRIC, among=inside))
    return chosen


def models_on(test: LiveEngine, weights: Mapping[tuple[str, ...], FusionSettings], k: int) -> dict[str, Model]:
    """Every simple model and every subset on test shoppers, by name."""
    models = {name: Model(name, test.baseline(name, k)) for name in test.panel.baselines if name not in COMPONENTS}
    for subset, fusion in weights.items():
        lists = test.measure(RankingSettings(fusion, WHOLE_CATALOGUE, k)).lists
        models[name_of(subset)] = Model(name_of(subset), lists, fusion)
    return models


def name_of(subset: tuple[str, ...]) -> str:
    """A subset's name in figures: "traditional" and "full" by name, others by what is in them."""
    if subset == TRADITIONAL:
        return "traditional"
    return "full" if subset == COMPONENTS else " + ".join(subset)


def without(*names: str) -> str:
    """The name of the subset of all components but these."""
    return name_of(tuple(name for name in COMPONENTS if name not in names))


def label(name: str) -> str:
    """A model's name as people read it.

    >>> label("item_knn"), label("semantic + context")
    ('ItemKNN', 'Semantic + context')
    """
    return LABELS.get(name, name[:1].upper() + name[1:])


def against(models: Mapping[str, Model], reference: str, facts: ShopFacts, seed: int) -> dict[str, Difference]:
    """Every other model's change of `METRIC` from the reference, with verdicts corrected for how many they are."""
    base = models[reference].lists
    others = {name: each.lists for name, each in models.items() if name != reference}
    found = {name: differences(lists, base, facts, seed)[METRIC] for name, lists in others.items()}
    gaps = {name: changes(lists.values[METRIC], base.values[METRIC]) for name, lists in others.items()}
    return corrected(found, gaps, seed)


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Tune every subset, measure all, and test each against full and against traditional."""
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    weights = chosen_weights(validation, settings.k, progress)
    models, facts = models_on(test, weights, settings.k), test.panel.facts
    measured = {name: means(each.lists, facts, settings.seed) for name, each in models.items()}
    tested = {reference: against(models, reference, facts, settings.seed) for reference in REFERENCES}
    ordered = sorted(tested["full"].items(), key=lambda each: -each[1].change.mean)
    from_full = {label(name): each.change for name, each in ordered}
    titles = f"nDCG@{settings.k} of every model, less that of all components together", "Model", "Change of nDCG"
    return Result(
        protocol=f"{test.panel.protocol} Weights of every set of components are the mix of the weight map that is best "
        f"by nDCG@{settings.k} on validation shoppers, without variety. P-values are those of 9,999 sign flips, "
        "corrected by Holm over all models compared; a verdict rests on the interval and on the corrected p-value.",
        conclusion=_conclusion(models, tested),
        caveats=(test.panel.leak_check,),
        tables=(_table(models, measured, tested, settings.k, test.panel.clicks.source),),
        plots=(Plot.of_changes("against_full", titles, ("change", from_full)),),
        figures=as_json({"against": tested, "models": measured}),
    )


def _table(
    models: Mapping[str, Model],
    measured: Mapping[str, Mapping[str, Interval]],
    tested: Mapping[str, Mapping[str, Difference]],
    k: int,
    source: Source,
) -> Table:
    titles = {
        name: f"{NAMES[source] if name == 'ctr' else METRICS[name].short}@{k}" for name in (METRIC, *LIVE_METRICS)
    }
    columns = {"model": "Model", "weights": "Weights", METRIC: titles[METRIC]}
    columns |= {reference: f"Less that of {name}" for reference, name in REFERENCES.items()} | titles
    rows = [
        {"model": label(name), "weights": each.weights or "", **measured[name]}
        | {reference: tested[reference].get(name) for reference in REFERENCES}
        for name, each in models.items()
    ]
    return table_of("models", "Every model on test shoppers", rows, columns)


def _conclusion(models: Mapping[str, Model], tested: Mapping[str, Mapping[str, Difference]]) -> tuple[str, ...]:
    full = tested["traditional"]["full"]
    relative = f" ({signed(100 * full.change.mean / full.old, 1)}%)" if full.old else ""
    rivals = [name for name, each in models.items() if each.weights is None or name in COMPONENTS]
    best = max(rivals, key=lambda name: tested["full"][name].new)
    rival, left_out = tested["full"][best], {name: tested["full"][without(name)].verdict for name in COMPONENTS}
    return (
        f"All components together reach nDCG {full.new:.4f} on test shoppers, the traditional ones "
        f"{full.old:.4f}{relative}: {change_text(full.change, full.verdict)}.",
        f"The best single model is {label(best)} with nDCG {rival.new:.4f}; less that of all components "
        f"{change_text(rival.change, rival.verdict)}.",
        f"With one component left out and weights tuned again, nDCG is {by_verdict(left_out)}.",
    )
