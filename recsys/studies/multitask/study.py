"""Does learning pay: a linear map of the phrase vectors and the weights, by the paper's multi-task objective?

lambda, the weight of the diversity term, is swept. Everything is learned from training data and stopped on validation
shoppers; for test, the same is learned again from training and validation together, for as many epochs. A map that does
not beat the identity on validation, with the same weights, is dropped. Today's setting is the component as it is, its
weights the mix of the weight map that is best on validation.
"""

from dataclasses import asdict, replace

from recsys.progress import Progress, silent
from recsys.studies.component_swap import tuned, window_note
from recsys.studies.multitask import report
from recsys.studies.multitask.learning import (
    TODAY,
    TUNED,
    WEIGHTS_ALONE,
    LearningRole,
    MultitaskModel,
    learned_model,
    moved,
    tuned_model,
)
from recsys.studies.multitask.report import SWEEP, ModelFigures, MultitaskFigures
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result, as_json
from recsys.studies.workspace import Workspace
from recsys.training.multitask import MultitaskSettings

LAMBDAS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Learn every variant, choose lambda on validation, and measure on test."""
    roles = LearningRole.both(workspace, settings, progress)
    figures = measure(roles, settings, progress)
    panel = roles[1].role.engine.panel
    return Result(
        protocol=f"{panel.protocol}{window_note(settings.split)} The map and the weights are learned from "
        f"{len(roles[0].pairs):,} pairs of the training data, each left out in its turn, and stopped on validation "
        f"pairs; for test the same is learned again from {len(roles[1].pairs):,} pairs, for as many epochs. lambda is "
        f"chosen by nDCG@{settings.k} on validation. Today's weights are the mix of the weight map that is best there. "
        "No variety is added.",
        settings={"learning": asdict(MultitaskSettings(seed=settings.seed))},
        conclusion=report.conclusion(figures),
        caveats=report.caveats(panel.leak_check),
        tables=report.tables(figures, settings.k),
        plots=report.plots(figures, settings.k),
        figures=as_json(figures),
    )


def variants(seed: int) -> dict[str, MultitaskSettings]:
    """Every setting of the objective by name: the sweep, and its parts where diversity plays none."""
    base = MultitaskSettings(seed=seed)
    return {
        WEIGHTS_ALONE: replace(base, head=False),
        **{f"{SWEEP}{each:g}": replace(base, diversity=each) for each in LAMBDAS},
        "without the rating term": replace(base, rating=False),
        "without the ranking term": replace(base, ranking=False),
    }


def measure(
    roles: tuple[LearningRole, LearningRole], settings: ExperimentSettings, progress: Progress = silent
) -> MultitaskFigures:
    """Every variant, today's setting, and the map alone."""
    validation, test = roles
    fusion = tuned(validation.role.engine, settings.k, progress)
    today = MultitaskModel(TODAY, None, None, fusion, validation.lists(None, fusion), test.lists(None, fusion))
    judged, models = validation.held_out_pairs(), {TODAY: today}
    for name, each in variants(settings.seed).items():
        models[name] = learned_model(name, each, fusion, roles, judged, progress)
    sweep = [models[f"{SWEEP}{each:g}"] for each in LAMBDAS]
    chosen = max(moved(sweep) or sweep, key=lambda each: each.validation.values["ndcg"].mean())
    models[TUNED] = tuned_model(sweep[0], roles, progress)
    facts = validation.role.engine.panel.facts, test.role.engine.panel.facts
    return MultitaskFigures(
        {name: ModelFigures.of(each, today, *facts, settings.seed) for name, each in models.items()}, chosen.name
    )
