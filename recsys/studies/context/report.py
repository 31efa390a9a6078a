"""The study of context: its figures, and their tables, plots and conclusion."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.panel.segments import KNOWLEDGE
from recsys.settings import FusionSettings
from recsys.studies.context.planted import PlantedFigures, planted_conclusion, planted_plot, planted_tables
from recsys.studies.format import by_verdict, change_text, table_of
from recsys.studies.result import Plot, Table

LARGE_ENOUGH = 100
"""Fewest test shoppers of a group that is reported."""

NOTHING = Interval(math.nan, math.nan, math.nan, 0)


@dataclass(frozen=True, slots=True)
class Worlds:
    """One metric of one way of using the context component.

    Parameters
    ----------
    gain : contextual less static
    loss : contextual less shuffled
    rest : shuffled less static
    lost : loss over gain, NaN where there is surely no gain to be lost
    """

    contextual: Interval
    static: Interval
    shuffled: Interval
    gain: Interval
    loss: Interval
    rest: Interval
    lost: Interval = NOTHING


@dataclass(frozen=True, slots=True)
class ContextPart:
    """One dimension of the context: nDCG with it less nDCG without it, or with it dealt at random.

    Parameters
    ----------
    why_not : why it plays no part on these data, or ""
    """

    why_not: str = ""
    left_out_alone: Interval = NOTHING
    left_out: Interval = NOTHING
    dealt_alone: Interval = NOTHING
    dealt: Interval = NOTHING


@dataclass(frozen=True, slots=True)
class GroupGain:
    """Shoppers who have a property in common, in the chosen mix."""

    group: str
    value: str
    n: int
    contextual: float
    static: float
    gain: Interval
    loss: Interval


@dataclass(frozen=True, eq=False, slots=True)
class ContextFigures:
    """Everything that was measured.

    Parameters
    ----------
    weights : chosen on validation in the contextual, the static and the shuffled world
    compared : by way of using the component, the chosen mix second, and by metric
    parts : by name
    planted : None where the data hide no truth
    dealt : dimensions in which shoppers differ; dealing the others at random changes nothing
    """

    k: int
    weights: Mapping[str, FusionSettings]
    compared: Mapping[str, Mapping[str, Worlds]]
    parts: Mapping[str, ContextPart]
    groups: tuple[GroupGain, ...]
    planted: PlantedFigures | None
    dealt: tuple[str, ...]


def conclusion(found: ContextFigures) -> tuple[str, ...]:
    """What context gains, whether dealing it at random loses that, and which parts matter."""
    ndcg = {way: each["ndcg"] for way, each in found.compared.items()}
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


_COMPARED = {
    "contextual": "Contextual",
    "static": "Static",
    "shuffled": "Shuffled",
    "gain": "Contextual less static",
    "loss": "Contextual less shuffled",
    "rest": "Shuffled less static",
    "lost": "Share of the gain that shuffling loses",
}


def tables(found: ContextFigures) -> tuple[Table, ...]:
    """Contextual, static and shuffled; by dimension; by group; planted effects where they are known."""
    known = "; ".join(f"{name}: {KNOWLEDGE[name]}" for name in ("hot", "warm", "cold"))
    compared = table_of(
        "compared",
        "Contextual, static and shuffled on the same test shoppers",
        [
            {"way": way, "metric": f"{METRICS[metric].short}@{found.k}"}
            | {name: getattr(each, name) for name in _COMPARED}
            for way, by_metric in found.compared.items()
            for metric, each in by_metric.items()
        ],
        {"way": "Context", "metric": "Metric", **_COMPARED},
        "The share that shuffling loses is given only where there surely is a gain.",
    )
    worth = {"left_out_alone": "Left out, context alone", "left_out": "Left out, in the mix"}
    worth |= {"dealt_alone": "Dealt at random, context alone", "dealt": "Dealt at random, in the mix"}
    worth |= {"why_not": "Not in these data"}
    parts = table_of(
        "parts",
        f"What each part of the context is worth: nDCG@{found.k} with it less that without it",
        [{"part": part} | {name: getattr(each, name) for name in worth} for part, each in found.parts.items()],
        {"part": "Part", **worth},
        "Weights stay as chosen. The trend also says how popular a product is at all, so leaving it out costs more "
        "than its timing; its timing is measured by dealing it at random, and by newer acts counting more, which is "
        "the trend against all acts up to the shopper's moment counted alike.",
    )
    groups = table_of(
        "groups",
        f"By group of at least {LARGE_ENOUGH} test shoppers, in the chosen mix",
        found.groups,
        {"group": "Property", "value": "Value", "n": "Shoppers", "contextual": f"nDCG@{found.k}, contextual"}
        | {name: _COMPARED[name] for name in ("static", "gain", "loss")},
        f"Circumstances are those of the held-out act. Without an interval, too few shoppers tell. {known}.",
    )
    planted = planted_tables(found.planted) if found.planted is not None else ()
    return (compared, parts, *((groups,) if found.groups else ()), *planted)


def plots(found: ContextFigures) -> tuple[Plot, ...]:
    """Gain and loss, parts, groups, and planted effects where they are known."""
    ndcg, change = f"nDCG@{found.k}", f"Change of nDCG@{found.k}"
    # One row a difference, so that intervals do not lie upon each other.
    compared = {
        f"{way}: {_COMPARED[name].lower()}": getattr(each["ndcg"], name)
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
