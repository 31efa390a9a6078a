"""What the study of context found, in sentences."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.evaluation.metrics.registry import METRICS
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.settings import FusionSettings
from recsys.studies.context.planted import Planted, planted_conclusion
from recsys.studies.format import told

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
    dealt : dimensions in which shoppers differ; dealing the others at random changes nothing
    """

    k: int
    n_users: int
    weights: Mapping[str, FusionSettings]
    compared: tuple[Compared, ...]
    parts: tuple[Part, ...]
    groups: tuple[Group, ...]
    planted: Planted | None
    dealt: tuple[str, ...]


def conclusion(study: Study) -> tuple[str, ...]:
    """Sentences for people who read nothing else."""
    said = [_said_of(each, is_control=bool(study.dealt)) for each in study.compared]
    if not study.dealt:
        said.append(
            "With this way of holding out everybody is asked at the same moment and in the same circumstances, so "
            "dealing them at random changes nothing and is no control."
        )
    elif "trend" not in study.dealt:
        said.append(
            "With this way of holding out everybody is asked at the same moment, so dealing at random leaves the trend "
            f"as it was and changes nothing but {', '.join(study.dealt)}."
        )
    if not study.weights["contextual"].normalised()["context"]:
        said.append("The chosen mix gives context no weight, so in it nothing can change.")
    said += _said_of_parts(study.parts)
    if study.groups:
        said.append(_said_of_groups(study.groups))
    if study.planted is not None:
        said += planted_conclusion(study.planted)
    return tuple(said)


def _said_of(found: Compared, is_control: bool) -> str:
    gained = {"better": "a gain", "worse": "a loss", "unclear": "no difference we can tell"}
    return (
        f"{found.way}, contextual reaches {_called(found)} {found.contextual.mean:.4f} and static "
        f"{found.static.mean:.4f}, {told(found.gain)}: {gained[_verdict(found.gain)]}."
        f"{f' {_said_of_loss(found)}' if is_control else ''}"
    )


def _called(found: Compared) -> str:
    name = METRICS[found.metric].short
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


def _verdict(change: Interval) -> Verdict:
    return verdict_of(change)
