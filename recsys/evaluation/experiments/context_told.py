"""What the study of context found, as tables, plots and sentences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.evaluation.experiments.context_planted import (
    Planted,
    planted_conclusion,
    planted_plot,
    planted_tables,
)
from recsys.evaluation.experiments.result import Cell, Plot, Series, Table, interval_cells
from recsys.evaluation.experiments.telling import mix_in_words, told
from recsys.evaluation.live.metric_words import LABELS
from recsys.evaluation.live.segments import KNOWLEDGE
from recsys.evaluation.paired import verdict_of
from recsys.evaluation.significance import Interval
from recsys.settings import FusionSettings

N_DEALS = 5
"""Random deals of circumstances, averaged shopper by shopper."""

LARGE_ENOUGH = 100
"""Fewest test shoppers of a group that is told of."""

NEWER = "newer acts counting more"
"""The trend, beside all acts up to the shopper's moment counted alike."""

NOTHING = Interval(math.nan, math.nan, math.nan, 0)


@dataclass(frozen=True, slots=True)
class Compared:
    """One metric of one way of using the context component.

    Parameters
    ----------
    gain : contextual less static
    loss : contextual less shuffled
    rest : shuffled less static
    lost : loss over gain, None where there is surely no gain to be lost
    """

    way: str
    metric: str
    contextual: Interval
    static: Interval
    shuffled: Interval
    gain: Interval
    loss: Interval
    rest: Interval
    lost: Interval | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One dimension of the context: nDCG with it less nDCG without it, or with it dealt at random.

    Parameters
    ----------
    why_not : why it plays no part on these data, or ""
    """

    name: str
    why_not: str = ""
    left_out_alone: Interval = NOTHING
    left_out: Interval = NOTHING
    dealt_alone: Interval = NOTHING
    dealt: Interval = NOTHING


@dataclass(frozen=True, slots=True)
class Group:
    """Shoppers who have a property in common, in the chosen mix."""

    name: str
    value: str
    n: int
    contextual: float
    static: float
    gain: Interval
    loss: Interval


@dataclass(frozen=True, eq=False, slots=True)
class Study:
    """Everything that was found.

    Parameters
    ----------
    weights : chosen on validation in the contextual, the static and the shuffled world
    planted : None where the data hide no truth
    """

    k: int
    n_users: int
    weights: Mapping[str, FusionSettings]
    compared: tuple[Compared, ...]
    parts: tuple[Part, ...]
    groups: tuple[Group, ...]
    planted: Planted | None


def conclusion(study: Study) -> tuple[str, ...]:
    """Sentences for people who read nothing else."""
    said = [_said_of(each) for each in study.compared]
    if not study.weights["contextual"].normalised()["context"]:
        said.append("The chosen mix gives context no weight, so in it nothing can change.")
    said += _said_of_parts(study.parts)
    if study.groups:
        said.append(_said_of_groups(study.groups))
    if study.planted is not None:
        said += planted_conclusion(study.planted)
    return tuple(said)


def _said_of(found: Compared) -> str:
    gained = {"better": "a gain", "worse": "a loss", "unclear": "no difference we can tell"}
    return (
        f"{found.way}, contextual reaches {_called(found)} {found.contextual.mean:.4f} and static "
        f"{found.static.mean:.4f}, {told(found.gain)}: {gained[_verdict(found.gain)]}. {_said_of_loss(found)}"
    )


def _called(found: Compared) -> str:
    name = LABELS[found.metric]
    return name if name == "nDCG" else name.lower()


def _said_of_loss(found: Compared) -> str:
    """What dealing at random takes away, and what of the gain is left after it."""
    loss, rest = _verdict(found.loss), _verdict(found.rest)
    taken = {
        "better": f"Dealt at random it loses {told(found.loss)}",
        "unclear": f"Dealt at random it loses nothing we can tell, {told(found.loss)}",
        "worse": f"Dealt at random it does better, {told(found.loss)}",
    }[loss]
    if found.lost is None or loss != "better":
        return f"{taken}."
    left = {
        "better": f"which is a part of the gain, {_percent(found.lost)}: {told(found.rest)} beside static is left",
        "unclear": f"and what is left of the gain cannot be told from nothing, {told(found.rest)}",
        "worse": f"which is all of the gain and more: it then does worse than static, {told(found.rest)}",
    }[rest]
    return f"{taken}, {left}."


def _percent(share: Interval) -> str:
    if math.isnan(share.low):
        return f"{share.mean:.0%}"
    return f"{share.mean:.0%} ({share.low:.0%} to {share.high:.0%})"


def _said_of_parts(parts: Sequence[Part]) -> list[str]:
    said = []
    for title, name in (("Context alone", "left_out_alone"), ("In the chosen mix", "left_out")):
        told_of = [(part.name, getattr(part, name)) for part in parts if not part.why_not]
        counts = [f"{part} {told(found)}" for part, found in told_of if _verdict(found) == "better"]
        hurts = [f"{part} {told(found)}" for part, found in told_of if _verdict(found) == "worse"]
        unclear = [part for part, found in told_of if _verdict(found) == "unclear"]
        sentences = [f"surely worth something: {', '.join(counts)}"] if counts else []
        sentences += [f"better left out: {', '.join(hurts)}"] if hurts else []
        sentences += [f"worth nothing we can tell: {', '.join(unclear)}"] if unclear else []
        said.append(f"{title}, by nDCG with it less nDCG without it, {'; '.join(sentences)}.")
    if missing := [f"{part.name} ({part.why_not})" for part in parts if part.why_not]:
        said.append(f"Not in these data: {'; '.join(missing)}.")
    return said


def _said_of_groups(groups: Sequence[Group]) -> str:
    n_better, n_worse = (sum(_verdict(each.gain) == verdict for each in groups) for verdict in ("better", "worse"))
    called = "group" if len(groups) == 1 else "groups"
    worse = f", in {n_worse} it surely loses" if n_worse else ""
    return (
        f"Of {len(groups)} {called} of at least {LARGE_ENOUGH} test shoppers, contextual surely gains on static in "
        f"{n_better} in the chosen mix{worse}; in the others it cannot be told."
    )


def _verdict(change: Interval) -> str:
    return verdict_of(change, higher_is_better=True)


def tables(study: Study) -> tuple[Table, ...]:
    """Contextual, static and shuffled; by dimension; by group; planted effects where they are known."""
    return (
        _compared_table(study),
        _parts_table(study),
        *((_groups_table(study),) if study.groups else ()),
        *(planted_tables(study.planted) if study.planted is not None else ()),
    )


def _with_ends(columns: Mapping[str, str]) -> dict[str, str]:
    answer: dict[str, str] = {}
    for name, title in columns.items():
        answer |= {name: title, f"{name}_low": "from", f"{name}_high": "to"}
    return answer


_COMPARED = {
    "contextual": "Contextual",
    "static": "Static",
    "shuffled": "Shuffled",
    "gain": "Contextual less static",
    "loss": "Contextual less shuffled",
    "rest": "Shuffled less static",
    "lost": "Share of the gain that shuffling loses",
}


def _compared_table(study: Study) -> Table:
    rows = []
    for each in study.compared:
        row: dict[str, Cell] = {"way": each.way, "metric": f"{LABELS[each.metric]}@{study.k}"}
        for name in _COMPARED:
            row |= interval_cells(name, getattr(each, name) or NOTHING)
        rows.append(row)
    return Table(
        "compared",
        "Contextual, static and shuffled on the same test shoppers",
        {"way": "Context", "metric": "Metric", **_with_ends(_COMPARED)},
        tuple(rows),
        "The share that shuffling loses is given only where there surely is a gain.",
    )


_PARTS = {
    "left_out_alone": "Left out, context alone",
    "left_out": "Left out, in the mix",
    "dealt_alone": "Dealt at random, context alone",
    "dealt": "Dealt at random, in the mix",
}


def _parts_table(study: Study) -> Table:
    rows = []
    for part in study.parts:
        row: dict[str, Cell] = {"part": part.name}
        for name in _PARTS:
            row |= interval_cells(name, getattr(part, name))
        rows.append({**row, "why_not": part.why_not})
    return Table(
        "parts",
        f"What each part of the context is worth: nDCG@{study.k} with it less that without it",
        {"part": "Part", **_with_ends(_PARTS), "why_not": "Not in these data"},
        tuple(rows),
        "Weights stay as chosen. The trend also says how wanted a product is at all, so leaving it out costs more than "
        "its timing; that is told by dealing it at random, and by newer acts counting more, which is the trend against "
        "all acts up to the shopper's moment counted alike.",
    )


def _groups_table(study: Study) -> Table:
    columns = {"group": "Property", "value": "Value", "n": "Shoppers", "contextual": f"nDCG@{study.k}, contextual"}
    columns |= {"static": "Static", **_with_ends({"gain": "Contextual less static"})}
    columns |= _with_ends({"loss": "Contextual less shuffled"})
    rows = []
    for each in study.groups:
        row: dict[str, Cell] = {"group": each.name, "value": each.value, "n": each.n}
        row |= {"contextual": each.contextual, "static": each.static}
        rows.append({**row, **interval_cells("gain", each.gain), **interval_cells("loss", each.loss)})
    known = "; ".join(f"{name}: {KNOWLEDGE[name]}" for name in ("hot", "warm", "cold"))
    return Table(
        "groups",
        f"By group of at least {LARGE_ENOUGH} test shoppers, in the chosen mix",
        columns,
        tuple(rows),
        f"Circumstances are those of the held-out act. {known}.",
    )


def plots(study: Study) -> tuple[Plot, ...]:
    """Gain and loss, parts, groups, and planted effects where they are known."""
    answer = [_compared_plot(study), _parts_plot(study)]
    if study.groups:
        answer.append(_groups_plot(study))
    if study.planted is not None:
        answer.append(planted_plot(study.planted))
    return tuple(answer)


def _series(title: str, x: Sequence[str], intervals: Sequence[Interval]) -> Series:
    found = [each.as_json() for each in intervals]
    return Series(title, tuple(x), *(tuple(each[end] for each in found) for end in ("mean", "low", "high")))


def _compared_plot(study: Study) -> Plot:
    rows = [each for each in study.compared if each.metric == "ndcg"]
    return Plot(
        "compared",
        f"What context gains, and what dealing it at random loses, nDCG@{study.k} with 95% intervals",
        "Context",
        f"Change of nDCG@{study.k}",
        tuple(
            _series(_COMPARED[name], [each.way for each in rows], [getattr(each, name) for each in rows])
            for name in ("gain", "loss", "rest")
        ),
        zero=True,
    )


def _parts_plot(study: Study) -> Plot:
    rows = [each for each in study.parts if not each.why_not]
    return Plot(
        "parts",
        f"nDCG@{study.k} with each part of the context less that without it, 95% intervals",
        "Part",
        f"Change of nDCG@{study.k}",
        tuple(
            _series(title, [each.name for each in rows], [getattr(each, name) for each in rows])
            for name, title in _PARTS.items()
        ),
        zero=True,
    )


def _groups_plot(study: Study) -> Plot:
    names = [f"{each.name}: {each.value}" for each in study.groups]
    return Plot(
        "groups",
        f"Contextual less static by group, nDCG@{study.k} in the chosen mix with 95% intervals",
        "Group",
        f"Change of nDCG@{study.k}",
        (_series("contextual less static", names, [each.gain for each in study.groups]),),
        zero=True,
    )


def figures(study: Study) -> dict[str, Any]:
    """For the JSON document."""
    compared: dict[str, Any] = {}
    for each in study.compared:
        compared.setdefault(each.way, {})[each.metric] = {
            name: None if (found := getattr(each, name)) is None else found.as_json() for name in _COMPARED
        }
    return {
        "weights": {world: fusion.normalised() for world, fusion in study.weights.items()},
        "weights_in_words": {world: mix_in_words(fusion) for world, fusion in study.weights.items()},
        "compared": compared,
        "parts": {
            each.name: {"why_not": each.why_not} | {name: getattr(each, name).as_json() for name in _PARTS}
            for each in study.parts
        },
        "planted": None
        if study.planted is None
        else {
            name: {
                "signs": found.signs.as_json(),
                "order": found.order.as_json(),
                "signs_beside": found.signs_beside.as_json(),
                "order_beside": found.order_beside.as_json(),
                "n_effects": found.n_effects,
                "n_zero": found.n_zero,
                "n_near_zero": found.n_near_zero,
            }
            for name, found in study.planted.recovered.items()
        },
    }
