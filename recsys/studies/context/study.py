"""Context: contextual against static, with context dealt at random as the control; by dimension and by group.

*Contextual*: every test shopper is asked in their own circumstances, at their own moment. *Static*: no circumstances,
and in place of the trend all acts of the training data counted alike, whenever they were, which is popularity without a
clock. *Shuffled*: circumstances and moments of the test shoppers are dealt at random among them. Weights are chosen on
validation with contextual scores, and for fairness anew with static and with shuffled ones.
"""

import time
from dataclasses import dataclass

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
from recsys.studies.context.planted import Planted, judged
from recsys.studies.context.summary import LARGE_ENOUGH, N_DEALS, NEWER, Compared, Group, Part, Study, conclusion
from recsys.studies.context.tables import figures, plots, tables
from recsys.studies.format import mix_in_words
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result
from recsys.studies.workspace import Workspace

METRICS = ("ndcg", "recall")
WORLDS = ("contextual", "static", "shuffled")
ALONE = FusionSettings.only("context")

_HINDSIGHT = (
    "Static counts what other shoppers did after the moment asked about, too; contextual only what came before. So "
    "static also differs in what it may know."
)

Floats = NDArray[np.float64]
Values = dict[str, Floats]
"""One value a shopper, by name of `METRICS`."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The test shoppers, and what they are asked with."""

    circumstances: Circumstances
    k: int
    seed: int

    def values(self, scores: FloatArray, *fusions: FusionSettings) -> list[Values]:
        """Metrics of every shopper with other context scores, under each mix."""
        return [_values(self.circumstances.under(scores), fusion, self.k) for fusion in fusions]

    def dealt(self, dimensions: tuple[str, ...], *fusions: FusionSettings) -> list[Values]:
        """The same with some dimensions dealt at random, averaged over several deals shopper by shopper."""
        found = []
        for number in range(N_DEALS):
            deal = self.circumstances.deal(self.seed + number)
            found.append(self.values(self.circumstances.scores(dict.fromkeys(dimensions, deal)), *fusions))
        return [
            {name: np.mean([one[place][name] for one in found], axis=0) for name in METRICS}
            for place in range(len(fusions))
        ]


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Choose weights on validation, and compare on test."""
    begun = time.monotonic()
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    known = Circumstances.of(validation.panel, progress)
    asked = Asked(Circumstances.of(test.panel, progress), settings.k, settings.seed)
    weights = _chosen(validation, known, settings, progress)
    mix = weights["contextual"]
    own = _values(test, ALONE, settings.k), _values(test, mix, settings.k)
    static = asked.values(asked.circumstances.static(), ALONE, mix, weights["static"])
    shuffled = asked.dealt(DIMENSIONS, ALONE, mix, weights["shuffled"])
    ways = {
        "Context alone": (own[0], static[0], shuffled[0]),
        "In the chosen mix": (own[1], static[1], shuffled[1]),
        "In the mix, weights chosen for each": (own[1], static[2], shuffled[2]),
    }
    study = Study(
        k=settings.k,
        n_users=len(test.panel),
        weights=weights,
        compared=tuple(
            _compared(way, metric, [each[metric] for each in worlds], settings.seed)
            for way, worlds in ways.items()
            for metric in METRICS
        ),
        parts=_parts(asked, own, mix, progress),
        groups=_groups(asked, own[1], static[1], shuffled[1]),
        planted=_planted(workspace, test),
        dealt=tuple(name for name in DIMENSIONS if asked.circumstances.varies(name)),
    )
    panel = test.panel
    return Result(
        experiment="context",
        protocol=f"{panel.protocol} Contextual: everybody's own circumstances and moment. Static: no circumstances, "
        "and all acts of the training data counted alike in place of the trend, whenever they were. Shuffled: "
        f"circumstances and moments dealt at random among the shoppers, the mean of {N_DEALS} deals. Weights are the "
        f"best mix by nDCG@{settings.k} on validation with contextual scores ({mix_in_words(mix)}); chosen anew for "
        f"static ({mix_in_words(weights['static'])}) and for shuffled scores, of one deal of the validation shoppers "
        f"({mix_in_words(weights['shuffled'])}). Differences are those of the same shoppers, with 95% intervals.",
        data=workspace.facts(),
        settings=settings.as_json(),
        conclusion=conclusion(study),
        caveats=(
            *([_HINDSIGHT] if settings.split == "last" else []),
            "In the chosen mix, static and shuffled scores keep weights that were chosen for contextual ones, which is "
            "not fair to them; weights chosen for each are.",
            "Intervals are 95% each and are not corrected for how many are shown: of twenty parts or groups without "
            "any effect one looks as if it had one.",
            "Parts work together: what leaving out one of them costs need not add up to what all of them gain.",
            panel.leak_check,
        ),
        tables=tables(study),
        plots=plots(study),
        figures={"context": figures(study)},
        seconds=time.monotonic() - begun,
    )


def _values(engine: LiveEngine, fusion: FusionSettings, k: int) -> Values:
    found = engine.measure(RankingSettings(fusion, WHOLE_CATALOGUE, k)).lists.values
    return {name: found[name] for name in METRICS}


def _chosen(
    validation: LiveEngine, known: Circumstances, settings: ExperimentSettings, progress: Progress
) -> dict[str, FusionSettings]:
    """The best mix on validation in each of `WORLDS`."""
    engines = {
        "contextual": validation,
        "static": known.under(known.static()),
        "shuffled": known.under(known.scores(dict.fromkeys(DIMENSIONS, known.deal(settings.seed)))),
    }
    return {world: tuned(engines[world], settings.k, progress) for world in WORLDS}


def _compared(way: str, metric: str, worlds: list[Floats], seed: int) -> Compared:
    contextual, static, shuffled = worlds
    gain, loss, rest = changes(contextual, static), changes(contextual, shuffled), changes(shuffled, static)
    of = ratio_intervals(np.stack([*worlds, gain, loss, rest], axis=1), seed=seed)
    lost = ratio_intervals(loss[:, None], gain[:, None], seed)[0] if of[3].sign > 0 else None
    return Compared(way, metric, of[0], of[1], of[2], gain=of[3], loss=of[4], rest=of[5], lost=lost)


def _parts(asked: Asked, own: tuple[Values, Values], mix: FusionSettings, progress: Progress) -> tuple[Part, ...]:
    """What every dimension is worth: left out, and dealt at random while all others stay."""
    circumstances, answer = asked.circumstances, []
    told: list[tuple[str, tuple[str, ...]]] = [(name, (name,)) for name in DIMENSIONS]
    told.append(("all circumstances", CONTEXT_DIMENSIONS))
    for place, (name, dimensions) in enumerate(told):
        progress("measuring the parts of the context", place, len(told) + 1)
        reasons = [circumstances.why_not(each) for each in dimensions]
        if all(reasons):
            answer.append(Part(name, why_not=reasons[0]))
            continue
        without = asked.values(circumstances.scores(left_out=frozenset(dimensions)), ALONE, mix)
        dealt = [asked.dealt(dimensions, ALONE, mix)] if any(map(circumstances.varies, dimensions)) else []
        answer.append(_part(name, own, without, *dealt, seed=asked.seed))
    progress("measuring the parts of the context", len(told), len(told) + 1)
    counted = asked.values(circumstances.counted_alike(progress), ALONE, mix)
    answer.append(_part(NEWER, own, counted, seed=asked.seed))
    progress("measuring the parts of the context", len(told) + 1, len(told) + 1)
    return tuple(answer)


def _part(name: str, own: tuple[Values, Values], *others: list[Values], seed: int) -> Part:
    """Own nDCG less that of others, each alone and in the mix."""
    columns = [changes(own[place]["ndcg"], other[place]["ndcg"]) for other in others for place in range(len(own))]
    return Part(name, "", *ratio_intervals(np.stack(columns, axis=1), seed=seed))


def _groups(asked: Asked, own: Values, static: Values, shuffled: Values) -> tuple[Group, ...]:
    """Gain and loss in the chosen mix, of shoppers who have a property in common that not everybody has."""
    shoppers, masks = asked.circumstances.panel.shoppers, {}
    for name in ("activity", *(each for each in CONTEXT_DIMENSIONS if not asked.circumstances.why_not(each))):
        for value in sorted(set(shoppers[name]) - {""}):
            inside = (shoppers[name] == value).to_numpy(bool)
            if inside.sum() >= LARGE_ENOUGH and not inside.all():
                masks[name, value] = inside
    columns = [
        np.where(inside, each, np.nan)
        for inside in masks.values()
        for each in (
            own["ndcg"],
            static["ndcg"],
            changes(own["ndcg"], static["ndcg"]),
            changes(own["ndcg"], shuffled["ndcg"]),
        )
    ]
    if not columns:
        return ()
    found = ratio_intervals(np.stack(columns, axis=1), seed=asked.seed)
    return tuple(
        Group(
            name, value, int(inside.sum()), found[4 * at].mean, found[4 * at + 1].mean, *found[4 * at + 2 : 4 * at + 4]
        )
        for at, ((name, value), inside) in enumerate(masks.items())
    )


def _planted(workspace: Workspace, test: LiveEngine) -> Planted | None:
    try:
        return judged(workspace.data_folder, test.panel)
    except DataError:
        return None
