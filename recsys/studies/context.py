"""What context gains: contextual against static scores, with shuffled ones as the control; by dimension, by group."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from recsys.evaluation.metrics.registry import METRICS as DEFINITIONS
from recsys.evaluation.statistics.significance import verdict_of
from recsys.panel.segments import KNOWLEDGE
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings
from recsys.studies.context_circumstances import (
    ALONE,
    DIMENSIONS,
    LARGE_ENOUGH,
    METRICS,
    N_SHUFFLES,
    Circumstances,
    ContextComparison,
    ContextPart,
    ContextProbe,
    GroupGain,
    compared,
    groups_of,
    parts_of,
    values_of,
)
from recsys.studies.context_planted import (
    PlantedFigures,
    planted_conclusion,
    planted_plot,
    planted_tables,
    recovered_on,
)
from recsys.studies.format import by_verdict, change_text, mix_in_words, table_of
from recsys.studies.models import METRIC, tuned
from recsys.studies.result import NOTHING, Plot, Result, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace, require_all_scores

HINDSIGHT = (
    "Static counts what other shoppers did after the moment asked about, too; contextual only what came before. So "
    "static also differs in what it may know."
)
SAME_MOMENT = "Everybody is asked at the same moment here, so dealing at random leaves the trend as it was."

COMPARED = {
    "contextual": "Contextual",
    "static": "Static",
    "shuffled": "Shuffled",
    "gain": "Contextual less static",
    "loss": "Contextual less shuffled",
    "rest": "Shuffled less static",
    "lost": "Share of the gain that shuffling loses",
}


@dataclass(frozen=True, eq=False, slots=True)
class ContextFigures:
    """Everything that was measured; `planted` is None where the data hide no truth.

    Weights were chosen on validation for contextual, static and shuffled scores. `compared` is by way of using the
    component, and by metric. Shoppers differ in the dimensions `dealt`; dealing others at random changes nothing.
    """

    k: int
    weights: Mapping[str, FusionSettings]
    compared: Mapping[str, Mapping[str, ContextComparison]]
    parts: Mapping[str, ContextPart]
    groups: tuple[GroupGain, ...]
    planted: PlantedFigures | None
    dealt: tuple[str, ...]


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    data, split = workspace.split(settings)
    require_all_scores(split, data.n_items, "other circumstances make other products candidates")
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    panel, k = test.panel, settings.k
    known, circumstances = Circumstances.of(validation.panel, progress), Circumstances.of(panel, progress)
    probe = ContextProbe(circumstances, k, settings.seed)
    engines = {
        "contextual": validation,
        "static": known.under(known.static()),
        "shuffled": known.under(known.scores(dict.fromkeys(DIMENSIONS, known.permutation(settings.seed)))),
    }
    weights = {use: tuned(engine, k, progress) for use, engine in engines.items()}
    mix = weights["contextual"]
    own = values_of(test, ALONE, k), values_of(test, mix, k)
    static = probe.values(circumstances.static(), ALONE, mix, weights["static"])
    shuffled = probe.shuffled(DIMENSIONS, ALONE, mix, weights["shuffled"])
    ways = ("Context alone", "In the chosen mix", "In the mix, weights chosen for each")
    found = ContextFigures(
        k=k,
        weights=weights,
        compared={
            way: {metric: compared(*(each[metric] for each in values), seed=settings.seed) for metric in METRICS}
            for way, values in zip(ways, zip((*own, own[1]), static, shuffled, strict=True), strict=True)
        },
        parts=parts_of(probe, own, mix, progress),
        groups=groups_of(probe, own[1][METRIC], static[1][METRIC], shuffled[1][METRIC]),
        planted=recovered_on(workspace.data_folder, panel),
        dealt=tuple(name for name in DIMENSIONS if circumstances.varies(name)),
    )
    return Result(
        protocol=f"{panel.protocol} Contextual: everybody's own circumstances and moment. Static: no circumstances, "
        "and all acts of the training data counted alike in place of the trend, whenever they were. Shuffled: "
        f"circumstances and moments dealt at random among the shoppers, the mean of {N_SHUFFLES} deals. Weights are "
        f"the best mix by nDCG@{k} on validation with contextual scores ({mix_in_words(mix)}); chosen anew for static "
        f"({mix_in_words(weights['static'])}) and for shuffled scores, of one deal of the validation shoppers "
        f"({mix_in_words(weights['shuffled'])}). Differences are those of the same shoppers, with 95% intervals.",
        conclusion=conclusion(found),
        caveats=(
            *([HINDSIGHT] if settings.split == "last" else []),
            *([SAME_MOMENT] if found.dealt and "trend" not in found.dealt else []),
            *([] if mix.context else ["The chosen mix gives context no weight, so in it nothing can change."]),
            "In the chosen mix, static and shuffled scores keep weights that were chosen for contextual ones, which is "
            "not fair to them; weights chosen for each are.",
            "Intervals are 95% each and are not corrected for how many are shown: of twenty parts or groups without "
            "any effect one looks as if it had one.",
            "Parts work together: what leaving out one of them costs need not add up to what all of them gain.",
            panel.leak_check,
        ),
        tables=tables(found),
        plots=plots(found),
        figures={"context": as_json(found)},
    )


def conclusion(found: ContextFigures) -> tuple[str, ...]:
    ndcg = {way: each[METRIC] for way, each in found.compared.items()}
    points = [
        f"{way}, contextual reaches nDCG {each.contextual.mean:.4f} and static {each.static.mean:.4f}: "
        f"{change_text(each.gain)}."
        for way, each in ndcg.items()
    ]
    alone = next(iter(ndcg.values()))
    if found.dealt:
        share = "" if math.isnan(alone.lost.mean) else f" ({alone.lost.mean:.0%} of the gain)"
        points.append(
            f"Dealt at random, context alone loses{share} {change_text(alone.loss)}; beside static is left "
            f"{change_text(alone.rest)}."
        )
    else:
        points.append("All are asked in the same circumstances here, so dealing them at random is no control.")
    worth = {name: verdict_of(each.left_out) for name, each in found.parts.items() if not each.why_not}
    missing = [f"{name} ({each.why_not})" for name, each in found.parts.items() if each.why_not]
    if worth:
        points.append(f"In the chosen mix, nDCG with each part, beside that without it, is {by_verdict(worth)}.")
    if missing:
        points.append(f"Not in these data: {'; '.join(missing)}.")
    return (*points, *(planted_conclusion(found.planted) if found.planted is not None else ()))


def tables(found: ContextFigures) -> tuple[Table, ...]:
    compared = [
        {"way": way, "metric": f"{DEFINITIONS[metric].short}@{found.k}"}
        | {name: getattr(each, name) for name in COMPARED}
        for way, by_metric in found.compared.items()
        for metric, each in by_metric.items()
    ]
    worth = {"left_out_alone": "Left out, context alone", "left_out": "Left out, in the mix"}
    worth |= {"dealt_alone": "Dealt at random, context alone", "dealt": "Dealt at random, in the mix"}
    worth |= {"why_not": "Not in these data"}
    parts = [{"part": part} | {name: getattr(each, name) for name in worth} for part, each in found.parts.items()]
    groups = {"group": "Property", "value": "Value", "n": "Shoppers", "contextual": f"nDCG@{found.k}, contextual"}
    groups |= {name: COMPARED[name] for name in ("static", "gain", "loss")}
    known = "; ".join(f"{name}: {KNOWLEDGE[name]}" for name in ("hot", "warm", "cold"))
    tables = [
        table_of(
            "compared",
            "Contextual, static and shuffled on the same test shoppers",
            compared,
            {"way": "Context", "metric": "Metric", **COMPARED},
            "The share that shuffling loses is given only where there surely is a gain.",
        ),
        table_of(
            "parts",
            f"What each part of the context is worth: nDCG@{found.k} with it less that without it",
            parts,
            {"part": "Part", **worth},
            "Weights stay as chosen. The trend also says how popular a product is at all, so leaving it out costs more "
            "than its timing; its timing is measured by dealing it at random, and by newer acts counting more, which "
            "is the trend against all acts up to the shopper's moment counted alike.",
        ),
        table_of(
            "groups",
            f"By group of at least {LARGE_ENOUGH} test shoppers, in the chosen mix",
            found.groups,
            groups,
            f"Circumstances are those of the held-out act. Without an interval, too few shoppers tell. {known}.",
        ),
    ]
    planted = planted_tables(found.planted) if found.planted is not None else ()
    return (*(each for each in tables if each.rows), *planted)


def plots(found: ContextFigures) -> tuple[Plot, ...]:
    ndcg, change = f"nDCG@{found.k}", f"Change of nDCG@{found.k}"
    # One row a difference, so that intervals do not lie upon each other.
    compared = {
        f"{way}: {COMPARED[name].lower()}": getattr(each[METRIC], name)
        for way, each in found.compared.items()
        for name in ("gain", "loss", "rest")
    }
    title = f"What context gains, and what dealing it at random loses, {ndcg} with 95% intervals"
    drawn = [Plot.of_changes("compared", (title, "Difference", change), ("change", compared))]
    for how, words in (("left_out", "left out"), ("dealt", "dealt at random")):
        parts = {name: each for name, each in found.parts.items() if getattr(each, how) is not NOTHING}
        title = f"{ndcg} with each part of the context as it was, less that with it {words}, 95% intervals"
        alone = {f"{name}, context alone": getattr(each, f"{how}_alone") for name, each in parts.items()}
        in_mix = {f"{name}, in the mix": getattr(each, how) for name, each in parts.items()}
        series = ("context alone", alone), ("in the chosen mix", in_mix)
        drawn.append(Plot.of_changes(f"parts_{how}", (title, "Part", change), *series))
    if found.groups:
        title = f"Contextual less static by group, {ndcg} in the chosen mix with 95% intervals"
        gains = {f"{each.group}: {each.value}": each.gain for each in found.groups}
        drawn.append(Plot.of_changes("groups", (title, "Group", change), ("contextual less static", gains)))
    if found.planted is not None:
        drawn.append(planted_plot(found.planted))
    return tuple(drawn)
