"""What each component is worth: every subset of them with weights of its own, against the simple models.

The weights of every subset are chosen on validation shoppers among the mixes of the weight map that use nothing else,
by nDCG; then test shoppers are looked at once. Differences are tested by sign flips, corrected by Holm for how many
settings are compared.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from recsys.evaluation.metrics.click_rate import Source
from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.evaluation.statistics.intervals import changes
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, ShopFacts, corrected, differences, means
from recsys.offpolicy.click_models.format import NAMES
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings
from recsys.studies.format import VERDICTS, mix_in_words, signed, told
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Cell, Plot, Result, Series, Table, interval_cells, interval_columns
from recsys.studies.workspace import Workspace
from recsys.training.weight_choice import TRADITIONAL
from recsys.tuning.weight_map import WeightMap, weight_map

METRIC = "ndcg"
"""Weights are chosen by it, and models compared by it."""


LABELS = {
    "recent_popularity": "Recent popularity",
    "item_knn": "ItemKNN",
    "ease": "EASE",
    "traditional": "Traditional (collaborative + content)",
    "full": "All components",
}


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
    return {each: found.settings(found.best(METRIC, among=_only(found, each))) for each in subsets()}


def models_on(test: LiveEngine, weights: Mapping[tuple[str, ...], FusionSettings], k: int) -> dict[str, Model]:
    """Every simple model and every subset on test shoppers, by name."""
    models = {name: Model(name, test.baseline(name, k)) for name in test.panel.baselines if name not in COMPONENTS}
    for subset, fusion in weights.items():
        lists = test.measure(RankingSettings(fusion, WHOLE_CATALOGUE, k)).lists
        models[name_of(subset)] = Model(name_of(subset), lists, fusion)
    return models


def name_of(subset: tuple[str, ...]) -> str:
    """As it stands in tables: "traditional" and "full" by name, others by what is in them."""
    if subset == TRADITIONAL:
        return "traditional"
    return "full" if subset == COMPONENTS else " + ".join(subset)


def label(name: str) -> str:
    """As people read it.

    >>> label("item_knn"), label("semantic + context")
    ('ItemKNN', 'Semantic + context')
    """
    return LABELS.get(name, name[:1].upper() + name[1:])


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Tune every subset, measure all, and test each against full and against traditional."""
    begun = time.monotonic()
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    weights = chosen_weights(validation, settings.k, progress)
    models, facts = models_on(test, weights, settings.k), test.panel.facts
    of = {name: means(each.lists, facts, settings.seed) for name, each in models.items()}
    tested = {reference: against(models, reference, facts, settings.seed) for reference in ("full", "traditional")}
    rows = tuple(_row(each, of[name], tested) for name, each in models.items())
    return Result(
        experiment="ablation",
        protocol=f"{test.panel.protocol} Weights of every set of components are the mix of the weight map that is best "
        f"by nDCG@{settings.k} on validation shoppers, without variety. P-values are those of 9,999 sign flips, "
        "corrected by Holm over all models compared; a verdict rests on the interval and on the corrected p-value.",
        data=workspace.facts(),
        settings=settings.as_json(),
        conclusion=_conclusion(models, tested),
        caveats=(test.panel.leak_check,),
        tables=(Table("models", "Every model on test shoppers", _columns(settings.k, test.panel.clicks.source), rows),),
        plots=(_plot(tested["full"], settings.k),),
        figures={
            "against": {
                reference: {n: _json(each) for n, each in found.items()} for reference, found in tested.items()
            },
            "models": {name: {m: i.as_json() for m, i in each.items()} for name, each in of.items()},
        },
        seconds=time.monotonic() - begun,
    )


def _only(found: WeightMap, subset: tuple[str, ...]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    others = [place for place, name in enumerate(COMPONENTS) if name not in subset]
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]] = (found.cells.steps[:, others] == 0).all(axis=1)
    return inside


def against(models: Mapping[str, Model], reference: str, facts: ShopFacts, seed: int) -> dict[str, Difference]:
    """Every other model's change of `METRIC` from the reference, with verdicts corrected for how many they are."""
    base = models[reference].lists
    others = {name: each.lists for name, each in models.items() if name != reference}
    found = {name: differences(lists, base, facts, seed)[METRIC] for name, lists in others.items()}
    gaps = {name: changes(lists.values[METRIC], base.values[METRIC]) for name, lists in others.items()}
    return corrected(found, gaps, seed)


def _columns(k: int, source: Source) -> dict[str, str]:
    columns = {"model": "Model", "weights": "Weights"}
    columns |= _metric_columns(METRIC, k, source)
    for reference in ("full", "traditional"):
        said = "all components" if reference == "full" else reference
        columns |= {
            **interval_columns(f"{reference}_change", f"Less that of {said}"),
            f"{reference}_p": "p, corrected",
            f"{reference}_verdict": "Verdict",
        }
    for name in LIVE_METRICS:
        columns |= _metric_columns(name, k, source)
    return columns


def _metric_columns(name: str, k: int, source: Source) -> dict[str, str]:
    called = NAMES[source] if name == "ctr" else METRICS[name].short
    return interval_columns(name, f"{called}@{k}")


def _json(found: Difference) -> dict[str, object]:
    return {"change": found.change.as_json(), "p_corrected": found.p, "verdict": found.verdict}


def _row(model: Model, of: Mapping[str, object], tested: Mapping[str, Mapping[str, Difference]]) -> dict[str, Cell]:
    weights = "" if model.weights is None else mix_in_words(model.weights)
    row: dict[str, Cell] = {"model": label(model.name), "weights": weights}
    for name, interval in of.items():
        row |= interval_cells(name, interval)  # type: ignore[arg-type]
    for reference, found in tested.items():
        if model.name in found:
            row |= interval_cells(f"{reference}_change", found[model.name].change)
            row[f"{reference}_p"] = found[model.name].p
            row[f"{reference}_verdict"] = VERDICTS[found[model.name].verdict]
    return row


def _plot(tested: Mapping[str, Difference], k: int) -> Plot:
    names = sorted(tested, key=lambda name: -tested[name].change.mean)
    return Plot(
        "against_full",
        f"nDCG@{k} of every model, less that of all components together",
        "Model",
        f"Change of nDCG@{k}",
        (Series.of("change", tuple(map(label, names)), [tested[name].change for name in names]),),
        "points",
        zero=True,
    )


def _conclusion(models: Mapping[str, Model], tested: Mapping[str, Mapping[str, Difference]]) -> tuple[str, ...]:
    full = tested["traditional"]["full"]
    relative = f", {signed(100 * full.change.mean / full.old, 1)}%" if full.old else ""
    said = [
        f"All components together reach nDCG {full.new:.4f} on test shoppers, the traditional ones {full.old:.4f}: "
        f"{_told(full)}{relative}: {VERDICTS[full.verdict]}."
    ]
    rivals = {n: each for n, each in tested["full"].items() if models[n].weights is None or "+" not in n}
    rivals = {n: each for n, each in rivals.items() if n != "traditional"}
    best = max(rivals, key=lambda name: rivals[name].new)
    gap = tested["full"][best]
    ahead = {"better": "still ahead", "worse": "behind", "unclear": "not told from it"}[gap.verdict]
    said.append(
        f"The best single model is {label(best)} with nDCG {gap.new:.4f}. Held against all components together it is "
        f"{_told(gap)}: {ahead}."
    )
    for component in COMPONENTS:
        rest = name_of(tuple(name for name in COMPONENTS if name != component))
        lost = tested["full"][rest]
        what = {"worse": "costs", "better": "gains", "unclear": "changes nothing we can tell in"}[lost.verdict]
        said.append(f"Leaving out {component}, with weights tuned again, {what} nDCG: {_told(lost)}.")
    return tuple(said)


def _told(found: Difference) -> str:
    """Both things that its verdict rests on."""
    return f"{told(found.change)}, p {found.p:.2g} corrected"
