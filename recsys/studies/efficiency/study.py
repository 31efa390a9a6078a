"""What each component costs to train and to serve, as the catalogue grows, and what accuracy that buys.

Times are those of this machine, on one core, so they are given beside the cheapest component's as well. Accuracy is
that of the ablation: each component's worth is what all together lose without it, their weights tuned again.
"""

from dataclasses import replace

import numba
from threadpoolctl import threadpool_limits

from recsys.evaluation.statistics.paired import differences, means
from recsys.evaluation.statistics.significance import verdict_of
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.ablation import METRIC, against, chosen_weights, models_on, name_of, without
from recsys.studies.efficiency.costs import MANY, costs, machine
from recsys.studies.efficiency.report import Bought, EfficiencyFigures, conclusion, plots, tables
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result, as_json
from recsys.studies.workspace import Workspace
from recsys.training.weights import TRADITIONAL

BEYOND_TRADITIONAL = tuple(name for name in COMPONENTS if name not in TRADITIONAL)


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Measure accuracy on test shoppers, then time every model at every size."""
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    models = models_on(test, chosen_weights(validation, settings.k, progress), settings.k)
    facts, gains, lost = test.panel.facts, {}, against(models, "full", test.panel.facts, settings.seed)
    for added in (*((name,) for name in COMPONENTS), BEYOND_TRADITIONAL):
        rest = without(*added)
        gain = differences(models["full"].lists, models[rest].lists, facts, settings.seed)[METRIC]
        p = lost[rest].p  # as in the ablation: corrected for all models compared
        gains[added] = replace(gain, p=p, verdict=verdict_of(gain.change, p=p))
    data, before = workspace.data.core(settings.min_interactions), numba.get_num_threads()
    numba.set_num_threads(1)  # as a server that answers many at once gives each
    try:
        with threadpool_limits(1):
            timed = costs(data, settings.seed, progress, {"context": test.panel.context_scorers[0].settings})
    finally:
        numba.set_num_threads(before)
    ms = {each.name: each.median("one_ms") for each in timed if each.times == 1}
    found = EfficiencyFigures(
        k=settings.k,
        costs=timed,
        bought={added: Bought.of(gain, sum(ms[name] for name in added)) for added, gain in gains.items()},
        models=models,
        ndcg={name: means(each.lists, facts, settings.seed)[METRIC] for name, each in models.items()},
    )
    on = machine()
    return Result(
        protocol="Every component and simple model is fitted on the whole shop and on smaller and larger ones: smaller "
        "keep some products, drawn at random, with everything that was done with them; larger are copies of the shop "
        "side by side, products and shoppers. Fits are timed up to three times, answers thirty times one by one and "
        f"five times in batches of {MANY}, each in circumstances of real acts, a second later every time so that "
        "no earlier answer helps; medians are given. All on one core of a machine, other work on which slows it: "
        f"{on['processor']}, {on['cores']} cores, Python {on['python']}, numpy {on['numpy']}, {on['scores']}. "
        f"Reading and encoding texts comes before and is not in these times. Accuracy: {test.panel.protocol}",
        conclusion=conclusion(found),
        caveats=(
            "Times are those of one machine and one run; ratios between components carry over better than "
            "milliseconds do. Copies of a shop have as many acts a product as the shop, and phrases that repeat.",
            "What a component adds a millisecond takes its time as known: the interval is that of accuracy alone.",
            test.panel.leak_check,
        ),
        tables=tables(found),
        plots=plots(found),
        figures=as_json(
            {"machine": on, "costs": timed, "bought": {name_of(added): each for added, each in found.bought.items()}}
        ),
    )
