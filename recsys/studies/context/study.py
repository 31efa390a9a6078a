"""Context: contextual against static, with context dealt at random as the control; by dimension and by group.

*Contextual*: every test shopper is asked in their own circumstances, at their own moment. *Static*: no circumstances,
and in place of the trend all acts of the training data counted alike, whenever they were, which is popularity without a
clock. *Shuffled*: circumstances and moments of the test shoppers are dealt at random among them. Weights are chosen on
validation with contextual scores, and for fairness anew with static and with shuffled ones.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, silent
from recsys.scorers.base import FloatArray
from recsys.settings import CONTEXT_DIMENSIONS, FusionSettings, RankingSettings
from recsys.studies.component_swap import tuned
from recsys.studies.context.circumstances import DIMENSIONS, Circumstances
from recsys.studies.context.planted import PlantedFigures, recovered_on
from recsys.studies.context.report import (
    LARGE_ENOUGH,
    ContextFigures,
    ContextPart,
    GroupGain,
    Worlds,
    conclusion,
    plots,
    tables,
)
from recsys.studies.format import mix_in_words
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result, as_json
from recsys.studies.workspace import Workspace

METRICS = ("ndcg", "recall")
N_DEALS = 5
"""Random deals of circumstances, averaged shopper by shopper."""

NEWER = "newer acts counting more"
"""The trend, beside all acts up to the shopper's moment counted alike."""

ALONE = FusionSettings.only("context")

_HINDSIGHT = (
    "Static counts what other shoppers did after the moment asked about, too; contextual only what came before. So "
    "static also differs in what it may know."
)

_SAME_MOMENT = "Everybody is asked at the same moment here, so dealing at random leaves the trend as it was."

Floats = NDArray[np.float64]
Values = dict[str, Floats]
"""One value a shopper, by name of `METRICS`."""


@dataclass(frozen=True, eq=False)
class ContextProbe:
    """The test shoppers, measured with other context scores."""

    circumstances: Circumstances
    k: int
    seed: int

    def values(self, scores: FloatArray, *fusions: FusionSettings) -> list[Values]:
        """Metrics of every shopper with other context scores, under each mix."""
        engine = self.circumstances.under(scores)
        return [_values(engine, fusion, self.k) for fusion in fusions]

    def dealt(self, dimensions: tuple[str, ...], *fusions: FusionSettings) -> list[Values]:
        """The same with some dimensions dealt at random, averaged over several deals shopper by shopper."""
        deals = [self.circumstances.deal(self.seed + number) for number in range(N_DEALS)]
        scores = (self.circumstances.scores(dict.fromkeys(dimensions, deal)) for deal in deals)
        by_mix = zip(*(self.values(each, *fusions) for each in scores), strict=True)
        return [{name: np.mean([one[name] for one in some], axis=0) for name in METRICS} for some in by_mix]


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Choose weights on validation, and compare on test."""
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    panel, k = test.panel, settings.k
    known = Circumstances.of(validation.panel, progress)
    circumstances = Circumstances.of(panel, progress)
    probe = ContextProbe(circumstances, k, settings.seed)
    worlds = {
        "contextual": validation,
        "static": known.under(known.static()),
        "shuffled": known.under(known.scores(dict.fromkeys(DIMENSIONS, known.deal(settings.seed)))),
    }
    weights = {world: tuned(engine, k, progress) for world, engine in worlds.items()}
    mix = weights["contextual"]
    own = _values(test, ALONE, k), _values(test, mix, k)
    static = probe.values(circumstances.static(), ALONE, mix, weights["static"])
    shuffled = probe.dealt(DIMENSIONS, ALONE, mix, weights["shuffled"])
    ways = ("Context alone", "In the chosen mix", "In the mix, weights chosen for each")
    found = ContextFigures(
        k=k,
        weights=weights,
        compared={
            way: {metric: _compared([each[metric] for each in values], settings.seed) for metric in METRICS}
            for way, values in zip(ways, zip((*own, own[1]), static, shuffled, strict=True), strict=True)
        },
        parts=_parts(probe, own, mix, progress),
        groups=_groups(probe, own[1]["ndcg"], static[1]["ndcg"], shuffled[1]["ndcg"]),
        planted=_planted(workspace, test),
        dealt=tuple(name for name in DIMENSIONS if circumstances.varies(name)),
    )
    return Result(
        protocol=f"{panel.protocol} Contextual: everybody's own circumstances and moment. Static: no circumstances, "
        "and all acts of the training data counted alike in place of the trend, whenever they were. Shuffled: "
        f"circumstances and moments dealt at random among the shoppers, the mean of {N_DEALS} deals. Weights are the "
        f"best mix by nDCG@{k} on validation with contextual scores ({mix_in_words(mix)}); chosen anew for static "
        f"({mix_in_words(weights['static'])}) and for shuffled scores, of one deal of the validation shoppers "
        f"({mix_in_words(weights['shuffled'])}). Differences are those of the same shoppers, with 95% intervals.",
        conclusion=conclusion(found),
        caveats=(
            *([_HINDSIGHT] if settings.split == "last" else []),
            *([_SAME_MOMENT] if found.dealt and "trend" not in found.dealt else []),
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


def _values(engine: LiveEngine, fusion: FusionSettings, k: int) -> Values:
    values = engine.measure(RankingSettings(fusion, WHOLE_CATALOGUE, k)).lists.values
    return {name: values[name] for name in METRICS}


def _compared(worlds: list[Floats], seed: int) -> Worlds:
    contextual, static, shuffled = worlds
    gain, loss, rest = changes(contextual, static), changes(contextual, shuffled), changes(shuffled, static)
    found = Worlds(*ratio_intervals(np.stack([*worlds, gain, loss, rest], axis=1), seed=seed))
    if found.gain.sign <= 0:
        return found
    return replace(found, lost=ratio_intervals(loss[:, None], gain[:, None], seed)[0])


def _parts(
    probe: ContextProbe, own: tuple[Values, Values], mix: FusionSettings, progress: Progress
) -> dict[str, ContextPart]:
    """What every dimension is worth: left out, and dealt at random while all others stay."""
    circumstances, found = probe.circumstances, {}
    parts = {name: (name,) for name in DIMENSIONS} | {"all circumstances": CONTEXT_DIMENSIONS}
    for done, (name, dimensions) in enumerate(parts.items()):
        progress("measuring the parts of the context", done, len(parts) + 1)
        reasons = [circumstances.why_not(each) for each in dimensions]
        if all(reasons):
            found[name] = ContextPart(reasons[0])
            continue
        others = probe.values(circumstances.scores(left_out=frozenset(dimensions)), ALONE, mix)
        if any(map(circumstances.varies, dimensions)):
            others += probe.dealt(dimensions, ALONE, mix)
        found[name] = _part(own, others, probe.seed)
    progress("measuring the parts of the context", len(parts), len(parts) + 1)
    found[NEWER] = _part(own, probe.values(circumstances.counted_alike(progress), ALONE, mix), probe.seed)
    progress("measuring the parts of the context", len(parts) + 1, len(parts) + 1)
    return found


def _part(own: tuple[Values, Values], others: list[Values], seed: int) -> ContextPart:
    """Own nDCG less that of others, by turns alone and in the mix."""
    columns = [changes(own[at % 2]["ndcg"], other["ndcg"]) for at, other in enumerate(others)]
    return ContextPart("", *ratio_intervals(np.stack(columns, axis=1), seed=seed))


def _groups(probe: ContextProbe, own: Floats, static: Floats, shuffled: Floats) -> tuple[GroupGain, ...]:
    """Gain and loss in the chosen mix, of shoppers who have a property in common that not everybody has."""
    shoppers, found = probe.circumstances.panel.shoppers, []
    columns = np.stack([own, static, changes(own, static), changes(own, shuffled)], axis=1)
    for name in ("activity", *(each for each in CONTEXT_DIMENSIONS if not probe.circumstances.why_not(each))):
        for value in sorted(set(shoppers[name]) - {""}):
            inside = (shoppers[name] == value).to_numpy(bool)
            if inside.sum() >= LARGE_ENOUGH and not inside.all():
                means = ratio_intervals(np.where(inside[:, None], columns, np.nan), seed=probe.seed)
                found.append(GroupGain(name, value, int(inside.sum()), means[0].mean, means[1].mean, *means[2:]))
    return tuple(found)


def _planted(workspace: Workspace, test: LiveEngine) -> PlantedFigures | None:
    try:
        return recovered_on(workspace.data_folder, test.panel)
    except DataError:
        return None
