"""Does learning pay: a linear map of the phrase vectors and the weights, by the paper's multi-task objective?

lambda, the weight of the diversity term, is swept. Everything is learned from training data and stopped on validation
shoppers; for test, the same is learned again from training and validation together, for as many epochs. A map that does
not beat the identity on validation, with the same weights, is dropped. Today's setting is the component as it is, its
weights the mix of the weight map that is best on validation.
"""

import time
from dataclasses import dataclass, replace

from recsys.evaluation.statistics.paired import differences
from recsys.progress import Progress, silent
from recsys.scorers.base import FloatArray
from recsys.settings import FusionSettings
from recsys.studies.multitask.models import TODAY, TUNED, WEIGHTS_ALONE, Model, Shop, moved
from recsys.studies.multitask.tables import METRICS, by_knowledge, changes, conclusion, frontier, table, told_of
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result
from recsys.studies.semantic_swap import windows_in_words
from recsys.studies.tuned_weights import tuned
from recsys.studies.workspace import Workspace
from recsys.training.multitask import MultitaskSettings
from recsys.training.pairs import Pairs

LAMBDAS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True, eq=False, slots=True)
class _Heads:
    """A map learned for either role; None is the identity."""

    validation: FloatArray | None
    test: FloatArray | None


def variants(seed: int) -> dict[str, MultitaskSettings]:
    """What is learned, by name: the sweep, and what its parts are worth where diversity plays no part."""
    base = MultitaskSettings(seed=seed)
    return {
        WEIGHTS_ALONE: replace(base, head=False),
        **{f"lambda {each:g}": replace(base, diversity=each) for each in LAMBDAS},
        "without the rating term": replace(base, rating=False),
        "without the ranking term": replace(base, ranking=False),
    }


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Learn every variant, choose lambda on validation, and measure on test."""
    begun = time.monotonic()
    validation, test = Shop.both(workspace, settings, progress)
    fusion = tuned(validation.engine, settings.k, progress)
    today = Model(TODAY, None, None, fusion, validation.lists(None, fusion), test.lists(None, fusion))
    models, heads = {TODAY: today}, {}
    judged = validation.judged()
    for name, each in variants(settings.seed).items():
        models[name], heads[name] = _learned(name, each, fusion, validation, test, judged, progress)
    sweep = [models[f"lambda {each:g}"] for each in LAMBDAS]
    chosen = max(moved(sweep) or sweep, key=lambda each: each.validation.values["ndcg"].mean())
    models[TUNED] = _tuned_again(sweep[0], heads[sweep[0].name], validation, test, progress)
    told = {name: told_of(each, today, validation, test, settings.seed) for name, each in models.items()}
    return Result(
        experiment="multitask",
        protocol=f"{test.engine.panel.protocol}{windows_in_words(settings.split)} The map and the weights are "
        f"learned from {len(validation.pairs):,} "
        f"pairs of the training data, each left out in its turn, and stopped on validation pairs; for test the same is "
        f"learned again from {len(test.pairs):,} pairs, for as many epochs. lambda is chosen by nDCG@{settings.k} on "
        f"validation. Today's weights are the mix of the weight map that is best there. No variety is added.",
        data=workspace.facts(),
        settings={
            **settings.as_json(),
            "learning": {
                name: getattr(variants(settings.seed)["lambda 0"], name) for name in MultitaskSettings.__slots__
            },
        },
        conclusion=conclusion(models, told, chosen),
        caveats=(
            "What was chosen as the best of several on validation looks better there than it is; test shoppers are the "
            "ones to judge by.",
            "Today's weights were chosen by nDCG on the very validation shoppers; learned ones come from training data "
            "and are only stopped there.",
            "Diversity (ILD) is measured in the encoder's own space, never through the learned map.",
            test.engine.panel.leak_check,
        ),
        tables=(
            table(models, told, settings.k),
            by_knowledge((chosen, models[TUNED]), today, test, settings.k),
        ),
        plots=(frontier(models, told, settings.k), changes(told, settings.k)),
        figures={
            "models": {name: {m: i.as_json() for m, i in each.means.items()} for name, each in told.items()},
            "chosen": {"lambda": chosen.diversity, "epochs": chosen.epochs, "weights": chosen.fusion.normalised()}
            | {"map_kept": chosen.kept},
            "changes": {
                name: {
                    "validation": each.on_validation.change.as_json(),
                    **{metric: each.on_test[metric].change.as_json() for metric in METRICS},
                }
                for name, each in told.items()
                if name != TODAY
            },
        },
        seconds=time.monotonic() - begun,
    )


def _learned(
    name: str,
    settings: MultitaskSettings,
    start: FusionSettings,
    validation: Shop,
    test: Shop,
    judged: Pairs,
    progress: Progress,
) -> tuple[Model, _Heads]:
    def say(stage: str, done: int = 0, total: int = 0) -> None:
        progress(f"{name}: {stage}", done, total)

    found = validation.learn(start, settings, judged, say)
    if not found.epochs:
        stayed = validation.lists(None, start), test.lists(None, start)
        return Model(name, settings.diversity, 0, start, *stayed), _Heads(None, None)
    plain = validation.lists(None, found.fusion)
    again = test.learn(start, replace(settings, epochs=found.epochs), None, say)
    if found.head is None:
        lists = test.lists(None, again.fusion)
        return Model(name, settings.diversity, found.epochs, found.fusion, plain, lists), _Heads(None, None)
    mapped = validation.lists(found.head, found.fusion)
    gain = differences(mapped, plain, validation.engine.panel.facts, settings.seed)["ndcg"].change
    kept = gain.mean > 0
    judged_by = mapped if kept else plain, test.lists(again.head if kept else None, again.fusion)
    model = Model(name, settings.diversity, found.epochs, found.fusion, *judged_by, kept, gain)
    return model, _Heads(found.head, again.head)


def _tuned_again(learned: Model, heads: _Heads, validation: Shop, test: Shop, progress: Progress) -> Model:
    """One map, used whatever it is worth, its weights from the weight map as today's are: what the map alone adds."""
    engine = validation.under(heads.validation)
    fusion = tuned(engine, validation.asked.k, progress)
    lists = validation.lists(heads.validation, fusion), test.lists(heads.test, fusion)
    used = True if heads.validation is not None else None
    return Model(TUNED, learned.diversity, learned.epochs, fusion, *lists, used)
