"""What each component is worth: every subset of them with weights of its own, against the simple models."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.paired import Difference, means
from recsys.evaluation.statistics.significance import Interval
from recsys.offpolicy.click_models.format import NAMES
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.format import by_verdict, change_text, signed, table_of
from recsys.studies.models import METRIC, Model, against, chosen_weights, label, models_on, without
from recsys.studies.result import Plot, Result, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import name_of

ACTIVITIES = ("hot", "warm", "cold")

WORTH = {"component": "Component", "shoppers": "Shoppers", "n_shoppers": "Number", "gain": "Change of nDCG with it"}

REFERENCES = {"full": "all components", "traditional": "traditional"}


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    weights = chosen_weights(validation, settings.k, progress)
    models, facts = models_on(test, weights, settings.k), test.panel.facts
    measured = {name: means(each.lists, facts, settings.seed) for name, each in models.items()}
    tested = {reference: against(models, reference, facts, settings.seed) for reference in REFERENCES}
    ordered = sorted(tested["full"].items(), key=lambda each: -each[1].change.mean)
    from_full = {label(name): each.change for name, each in ordered}
    headings = f"nDCG@{settings.k} of every model, less that of all components together", "Model", "Change of nDCG"
    titles = {name: f"{METRICS[name].short}@{settings.k}" for name in LIVE_METRICS}
    titles["ctr"] = f"{NAMES[test.panel.clicks.source]}@{settings.k}"
    columns = {"model": "Model", "weights": "Weights", METRIC: titles[METRIC]}
    columns |= {reference: f"Less that of {name}" for reference, name in REFERENCES.items()} | titles
    rows = [
        {"model": label(name), "weights": each.weights or "", **measured[name]}
        | {reference: tested[reference].get(name) for reference in REFERENCES}
        for name, each in models.items()
    ]
    worth = worth_by_activity(models, test.panel.shoppers["activity"].to_numpy(), settings.seed)
    return Result(
        protocol=f"{test.panel.protocol} Weights of every set of components are chosen as `train` chooses them, "
        f"by nDCG@{settings.k} on validation shoppers, without variety. P-values are those of 9,999 sign flips, "
        "corrected by Holm over all models compared; a verdict rests on the interval and on the corrected p-value.",
        conclusion=_conclusion(models, tested),
        caveats=(test.panel.leak_check,),
        tables=(
            table_of("models", "Every model on test shoppers", rows, columns),
            table_of("worth", "What a component is worth, weights tuned again without it", worth, WORTH),
        ),
        plots=(Plot.of_changes("against_full", headings, ("change", from_full)),),
        figures=as_json({"against": tested, "models": measured, "worth": worth}),
    )


@dataclass(frozen=True, slots=True)
class Worth:
    """nDCG of all components less that without one, over so many test shoppers of one kind; `error` is standard."""

    component: str
    shoppers: str
    n_shoppers: int
    gain: Interval
    error: float


def worth_by_activity(models: Mapping[str, Model], activity: NDArray[np.object_], seed: int) -> list[Worth]:
    """Of every component, for all shoppers, and for those about whom much, little or nothing is known."""
    found = []
    for name in COMPONENTS:
        whole, less = (models[each].lists.values[METRIC] for each in (name_of(COMPONENTS), without(name)))
        gains = changes(whole, less)
        for kind in ("all", *(kind for kind in ACTIVITIES if (activity == kind).any())):
            own = gains if kind == "all" else gains[activity == kind]
            error = float(np.std(own) / np.sqrt(len(own)))
            found.append(Worth(name, kind, len(own), mean_interval(own, seed), error))
    return found


def _conclusion(models: Mapping[str, Model], tested: Mapping[str, Mapping[str, Difference]]) -> tuple[str, ...]:
    full = tested["traditional"]["full"]
    relative = f" ({signed(100 * full.change.mean / full.old, 1)}%)" if full.old else ""
    rivals = [name for name, each in models.items() if each.weights is None or name in COMPONENTS]
    best = max(rivals, key=lambda name: tested["full"][name].new)
    rival, left_out = tested["full"][best], {name: tested["full"][without(name)].verdict for name in COMPONENTS}
    return (
        f"All components together reach nDCG {full.new:.4f} on test shoppers, the traditional ones "
        f"{full.old:.4f}{relative}: {change_text(full)}.",
        f"The best single model is {label(best)} with nDCG {rival.new:.4f}; its difference from all components is "
        f"{change_text(rival)}.",
        f"With one component left out and weights tuned again, nDCG is {by_verdict(left_out)}.",
    )
