"""What each component costs to train and to serve, as the catalogue grows, and what accuracy that buys.

Times are those of this machine, on one core, so they are given beside the cheapest component's as well. Accuracy is
that of the ablation: each component's worth is what all together lose without it, their weights tuned again.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numba
from threadpoolctl import threadpool_limits

from recsys.evaluation.statistics.paired import differences, means
from recsys.evaluation.statistics.significance import verdict_of
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.ablation import METRIC, against, chosen_weights, models_on, name_of
from recsys.studies.efficiency import tables as telling
from recsys.studies.efficiency.costs import MANY, Cost, costs, machine
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result
from recsys.studies.workspace import Workspace
from recsys.training.weight_choice import TRADITIONAL

BEYOND_TRADITIONAL = tuple(name for name in COMPONENTS if name not in TRADITIONAL)


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Measure accuracy on test shoppers, then time every model at every size."""
    begun = time.monotonic()
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    models = models_on(test, chosen_weights(validation, settings.k, progress), settings.k)
    facts = test.panel.facts
    ndcg = {name: means(each.lists, facts, settings.seed)[METRIC] for name, each in models.items()}
    gains, lost = {}, against(models, "full", facts, settings.seed)
    for added in (*((name,) for name in COMPONENTS), BEYOND_TRADITIONAL):
        rest = name_of(tuple(name for name in COMPONENTS if name not in added))
        gain = differences(models["full"].lists, models[rest].lists, facts, settings.seed)[METRIC]
        p = lost[rest].p  # as in the ablation: corrected for all models compared
        gains[added] = replace(gain, p=p, verdict=verdict_of(gain.change, p=p))
    found = _timed(workspace, settings, progress, {"context": test.panel.context_scorers[0].settings})
    own = [each for each in found if each.times == 1]
    served = telling.served_ms(own)
    return Result(
        experiment="efficiency",
        protocol="Every component and simple model is fitted on the whole shop and on smaller and larger ones: smaller "
        "keep some products, drawn at random, with everything that was done with them; larger are copies of the shop "
        "side by side, products and shoppers. Fits are timed up to three times, answers thirty times one by one and "
        f"five times in batches of {MANY}, each in circumstances of real acts, a second later every time so that "
        "no earlier answer helps; medians are given. All on one core of one machine, other work on which slows it: "
        f"{telling.in_words(machine())}. Reading and encoding texts comes before and is not in these times. "
        f"Accuracy: {test.panel.protocol}",
        data=workspace.facts(),
        settings=settings.as_json(),
        conclusion=telling.conclusion(own, found, gains, served),
        caveats=(
            "Times are those of one machine and one run; ratios between components carry over better than "
            "milliseconds do. Copies of a shop have as many acts a product as the shop, and phrases that repeat.",
            "What a component adds a millisecond takes its time as known: the interval is that of accuracy alone.",
            test.panel.leak_check,
        ),
        tables=(telling.cost_table(found), telling.bought_table(gains, served, settings.k)),
        plots=(
            telling.by_size(found, "fit_s"),
            telling.by_size(found, "one_ms"),
            telling.accuracy_by_time(models, ndcg, served, settings.k),
        ),
        figures={
            "machine": machine(),
            "costs": [telling.cost_figures(each) for each in found],
            "bought": {
                name_of(added): telling.bought_figures(each, telling.ms_of(added, served))
                for added, each in gains.items()
            },
        },
        seconds=time.monotonic() - begun,
    )


def _timed(
    workspace: Workspace, settings: ExperimentSettings, progress: Progress, chosen: Mapping[str, Any]
) -> Sequence[Cost]:
    """Costs on one core, as a server that answers many at once gives each."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        with threadpool_limits(1):
            return costs(workspace.data.core(settings.min_interactions), settings.seed, progress, chosen)
    finally:
        numba.set_num_threads(before)
