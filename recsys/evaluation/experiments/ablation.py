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

from recsys.evaluation.experiments.registry import ExperimentSettings
from recsys.evaluation.experiments.result import Cell, Plot, Result, Series, Table, interval_cells, interval_columns
from recsys.evaluation.experiments.telling import mix_in_words, signed, told
from recsys.evaluation.experiments.workspace import Workspace
from recsys.evaluation.live.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.evaluation.live.metric_words import LABELS as LABELS_OF_METRICS
from recsys.evaluation.live.weight_map import WeightMap, weight_map
from recsys.evaluation.paired import LIVE_METRICS, Difference, Lists, differences, means
from recsys.evaluation.protocol import TRADITIONAL
from recsys.evaluation.randomisation import holm, sign_flip_p
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings

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
    lists: Lists
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
    against = {reference: _against(models, reference, test, settings.seed) for reference in ("full", "traditional")}
    rows = tuple(_row(each, of[name], against) for name, each in models.items())
    return Result(
        experiment="ablation",
        protocol=f"{test.panel.protocol} Weights of every set of components are the mix of the weight map that is best "
        f"by nDCG@{settings.k} on validation shoppers, without variety. P-values are those of 9,999 sign flips, "
        "corrected by Holm over all models compared.",
        data=workspace.facts(),
        settings=settings.as_json(),
        conclusion=_conclusion(models, of, against),
        caveats=(test.panel.leak_check,),
        tables=(Table("models", "Every model on test shoppers", _columns(settings.k), rows),),
        plots=(_plot(models, against["full"], settings.k),),
        figures={"models": {name: {m: i.as_json() for m, i in each.items()} for name, each in of.items()}},
        seconds=time.monotonic() - begun,
    )


def _only(found: WeightMap, subset: tuple[str, ...]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    others = [place for place, name in enumerate(COMPONENTS) if name not in subset]
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]] = (found.cells.steps[:, others] == 0).all(axis=1)
    return inside


@dataclass(frozen=True, slots=True)
class _Tested:
    difference: Difference
    p: float
    p_corrected: float


def _against(models: Mapping[str, Model], reference: str, test: LiveEngine, seed: int) -> dict[str, _Tested]:
    base, names = models[reference], [name for name in models if name != reference]
    changes = {name: differences(models[name].lists, base.lists, test.panel.facts, seed)[METRIC] for name in names}
    p = np.array([sign_flip_p(models[n].lists.values[METRIC] - base.lists.values[METRIC], seed) for n in names])
    return {
        name: _Tested(changes[name], float(raw), float(corrected))
        for name, raw, corrected in zip(names, p, holm(p), strict=True)
    }


def _columns(k: int) -> dict[str, str]:
    columns = {"model": "Model", "weights": "Weights"}
    columns |= _metric_columns(METRIC, k)
    for reference in ("full", "traditional"):
        said = "all components" if reference == "full" else reference
        columns |= {
            **interval_columns(f"{reference}_change", f"Less that of {said}"),
            f"{reference}_p": "p, corrected",
        }
    for name in LIVE_METRICS:
        columns |= _metric_columns(name, k)
    return columns


def _metric_columns(name: str, k: int) -> dict[str, str]:
    return interval_columns(name, f"{LABELS_OF_METRICS[name]}@{k}")


def _row(model: Model, of: Mapping[str, object], against: Mapping[str, Mapping[str, _Tested]]) -> dict[str, Cell]:
    weights = "" if model.weights is None else mix_in_words(model.weights)
    row: dict[str, Cell] = {"model": label(model.name), "weights": weights}
    for name, interval in of.items():
        row |= interval_cells(name, interval)  # type: ignore[arg-type]
    for reference, tested in against.items():
        if model.name in tested:
            row |= interval_cells(f"{reference}_change", tested[model.name].difference.change)
            row[f"{reference}_p"] = tested[model.name].p_corrected
    return row


def _plot(models: Mapping[str, Model], tested: Mapping[str, _Tested], k: int) -> Plot:
    names = sorted(tested, key=lambda name: -tested[name].difference.change.mean)
    return Plot(
        "against_full",
        f"nDCG@{k} of every model, less that of all components together",
        "Model",
        f"Change of nDCG@{k}",
        (Series.of("change", tuple(map(label, names)), [tested[name].difference.change for name in names]),),
        "points",
        zero=True,
    )


def _conclusion(
    models: Mapping[str, Model], of: Mapping[str, Mapping[str, object]], against: Mapping[str, Mapping[str, _Tested]]
) -> tuple[str, ...]:
    full = against["traditional"]["full"]
    base = full.difference.old
    verdict = {"better": "better", "worse": "worse", "unclear": "no difference we can tell"}[full.difference.verdict]
    relative = signed(100 * full.difference.change.mean / base, 1)
    relative = signed(100 * full.difference.change.mean / base, 1)
    said = [
        f"All components together reach nDCG {full.difference.new:.4f} on test shoppers, the traditional ones "
        f"{base:.4f}: {told(full.difference.change)}, {relative}%, {verdict}."
    ]
    rivals = {n: each for n, each in against["full"].items() if models[n].weights is None or "+" not in n}
    rivals = {n: each for n, each in rivals.items() if n != "traditional"}
    best = max(rivals, key=lambda name: rivals[name].difference.new)
    gap = against["full"][best].difference
    ahead = {"better": "still ahead", "worse": "behind", "unclear": "not told from it"}[gap.verdict]
    said.append(
        f"The best single model is {label(best)} with nDCG {gap.new:.4f}. Held against all components together it is "
        f"{told(gap.change)}: {ahead}."
    )
    for component in COMPONENTS:
        rest = name_of(tuple(name for name in COMPONENTS if name != component))
        lost = against["full"][rest].difference
        what = {"worse": "costs", "better": "gains", "unclear": "changes nothing we can tell in"}[lost.verdict]
        said.append(f"Leaving out {component}, with weights tuned again, {what} nDCG: {told(lost.change)}.")
    return tuple(said)
