"""The study of context: its figures, and their tables, plots and conclusion."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.segments import KNOWLEDGE
from recsys.settings import FusionSettings
from recsys.studies.context.planted import PlantedFigures, planted_conclusion, planted_plot, planted_tables
from recsys.studies.format import by_verdict, change_in_words, table_of
from recsys.studies.result import Plot, Series, Table

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
    gains = [
        f"{way}, contextual reaches nDCG {each['ndcg'].contextual.mean:.4f} and static "
        f"{each['ndcg'].static.mean:.4f}: {change_in_words(each['ndcg'].gain)}."
        for way, each in found.compared.items()
    ]
    first, *_ = (each["ndcg"] for each in found.compared.values())
    share = "" if math.isnan(first.lost.mean) else f" ({first.lost.mean:.0%} of the gain)"
    control = (
        f"Dealt at random, context alone loses{share} {change_in_words(first.loss)}; beside static is left "
        f"{change_in_words(first.rest)}."
        if found.dealt
        else "With this way of holding out everybody is asked at the same moment and in the same circumstances, so "
        "dealing them at random is no control."
    )
    worth = {name: each.left_out for name, each in found.parts.items() if not each.why_not}
    missing = [f"{name} ({each.why_not})" for name, each in found.parts.items() if each.why_not]
    return (
        *gains,
        control,
        *(
            [f"Of the parts in the chosen mix, {by_verdict(worth, 'worth it', 'better left out', 'unclear')}."]
            if worth
            else []
        ),
        *([f"Not in these data: {'; '.join(missing)}."] if missing else []),
        *(planted_conclusion(found.planted) if found.planted is not None else ()),
    )


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
        {"way": "Context", "metric": "Metric", **_COMPARED},
        [
            {"way": way, "metric": f"{METRICS[metric].short}@{found.k}"}
            | {name: getattr(each, name) for name in _COMPARED}
            for way, by_metric in found.compared.items()
            for metric, each in by_metric.items()
        ],
        "The share that shuffling loses is given only where there surely is a gain.",
    )
    worth = {
        "left_out_alone": "Left out, context alone",
        "left_out": "Left out, in the mix",
        "dealt_alone": "Dealt at random, context alone",
        "dealt": "Dealt at random, in the mix",
        "why_not": "Not in these data",
    }
    parts = table_of(
        "parts",
        f"What each part of the context is worth: nDCG@{found.k} with it less that without it",
        {"part": "Part", **worth},
        found.parts,
        "Weights stay as chosen. The trend also says how popular a product is at all, so leaving it out costs more "
        "than its timing; its timing is measured by dealing it at random, and by newer acts counting more, which is "
        "the trend against all acts up to the shopper's moment counted alike.",
    )
    groups = table_of(
        "groups",
        f"By group of at least {LARGE_ENOUGH} test shoppers, in the chosen mix",
        {"group": "Property", "value": "Value", "n": "Shoppers", "contextual": f"nDCG@{found.k}, contextual"}
        | {name: _COMPARED[name] for name in ("static", "gain", "loss")},
        found.groups,
        f"Circumstances are those of the held-out act. Without an interval, too few shoppers tell. {known}.",
    )
    planted = planted_tables(found.planted) if found.planted is not None else ()
    return (compared, parts, *((groups,) if found.groups else ()), *planted)


def plots(found: ContextFigures) -> tuple[Plot, ...]:
    """Gain and loss, parts, groups, and planted effects where they are known."""
    # One row a difference, so that intervals do not lie upon each other.
    compared = {
        f"{way}: {_COMPARED[name].lower()}": getattr(each["ndcg"], name)
        for way, each in found.compared.items()
        for name in ("gain", "loss", "rest")
    }
    groups = {f"{each.group}: {each.value}": each.gain for each in found.groups}
    gain = f"What context gains, and what dealing it at random loses, nDCG@{found.k} with 95% intervals"
    return (
        _changes("compared", gain, "Difference", found.k, {"change": compared}),
        _parts_plot(found, "left_out", "left out"),
        _parts_plot(found, "dealt", "dealt at random"),
        *(
            [
                _changes(
                    "groups",
                    f"Contextual less static by group, nDCG@{found.k} in the chosen mix with 95% intervals",
                    "Group",
                    found.k,
                    {"contextual less static": groups},
                )
            ]
            if groups
            else []
        ),
        *([planted_plot(found.planted)] if found.planted is not None else []),
    )


def _parts_plot(found: ContextFigures, how: str, title: str) -> Plot:
    parts = {name: each for name, each in found.parts.items() if getattr(each, how) is not NOTHING}
    return _changes(
        f"parts_{how}",
        f"nDCG@{found.k} with each part of the context as it was, less that with it {title}, 95% intervals",
        "Part",
        found.k,
        {
            "context alone": {f"{name}, context alone": getattr(each, f"{how}_alone") for name, each in parts.items()},
            "in the chosen mix": {f"{name}, in the mix": getattr(each, how) for name, each in parts.items()},
        },
    )


def _changes(name: str, title: str, what: str, k: int, series: Mapping[str, Mapping[str, Interval]]) -> Plot:
    """Changes of nDCG by name beneath each other."""
    lines = tuple(Series.of(each, tuple(some), list(some.values())) for each, some in series.items())
    return Plot(name, title, what, f"Change of nDCG@{k}", lines, zero=True)
