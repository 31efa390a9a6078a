"""Does learning pay: a linear map of the phrase vectors and the weights, by the paper's multi-task objective?

lambda, the weight of the diversity term, is swept. A map that does not beat the identity on validation, with the same
weights, is dropped. Today's setting is the component as it is, with the best mix of the weight map on validation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, ShopFacts, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.progress import Progress, prefixed, silent
from recsys.scorers.base import FloatArray
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings
from recsys.studies.format import change_text, table_of
from recsys.studies.models import METRIC, SemanticRole, tuned, window_note
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.encoder import make_phrasebook
from recsys.training.multitask import MultitaskSettings, learn
from recsys.training.pairs import Pairs, held_out_pairs, training_pairs

TODAY, WEIGHTS_ALONE, TUNED = "today", "weights alone", "learned map, weights tuned as today's"

LAMBDAS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
METRICS = {METRIC: "nDCG", "recall": "Recall", "ild": "Diversity (ILD)"}

SWEEP = "lambda "
"""Names of the models of the sweep begin so."""


@dataclass(frozen=True, eq=False, slots=True)
class MultitaskModel:
    """One model on both roles; `epochs`, `has_map` and `map_gain` are None where nothing, or no map, was learned.

    `fusion` is of validation; test has weights that were learned again, or the same where they were tuned. `map_gain`
    is nDCG with the map less that without it, on validation, the weights being the same. `heads` are the maps of
    validation and test, used or not; None is the identity.
    """

    name: str
    epochs: int | None
    fusion: FusionSettings
    validation: MeasuredLists
    test: MeasuredLists
    has_map: bool | None = None
    map_gain: Interval | None = None
    heads: tuple[FloatArray | None, FloatArray | None] = (None, None)


@dataclass(frozen=True, eq=False, slots=True)
class LearningRole:
    """One role of a shop: its shoppers, the semantic component fitted without a head, and the pairs to learn from."""

    role: SemanticRole
    semantic: SemanticScorer
    pairs: Pairs

    @classmethod
    def both(cls, workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> tuple[Self, Self]:
        """Validation and test, fitted as their panels were; raises as `SemanticRole.both` does."""
        roles = SemanticRole.both(workspace, settings, progress)
        book, found = make_phrasebook(roles[0].data, progress), []
        for role in roles:
            semantic = role.fit(book, progress)
            context = {"context": role.engine.panel.context_scorers[0].settings}
            pairs = training_pairs(role.train, semantic, settings.seed, progress, context)
            found.append(cls(role, semantic, pairs))
        return found[0], found[1]

    def scored_by(self, head: FloatArray | None) -> LiveEngine:
        """The live evaluation of this role with the semantic component under a head."""
        return self.role.engine if head is None else self.role.scored_by(self.semantic.with_head(head))

    def lists(self, head: FloatArray | None, fusion: FusionSettings) -> MeasuredLists:
        return self.role.lists(fusion, self.scored_by(head))


def learned_model(
    name: str,
    settings: MultitaskSettings,
    start: FusionSettings,
    roles: tuple[LearningRole, LearningRole],
    held_out: Pairs,
    progress: Progress,
) -> MultitaskModel:
    """Learn one variant, stopped on validation; its map is dropped where it does not beat the identity there."""
    validation, test = roles
    vectors, progress = validation.role.engine.panel.vectors, prefixed(progress, name)
    found = learn(validation.pairs, vectors, start, settings, held_out, progress)
    if not found.epochs:
        return MultitaskModel(name, 0, start, validation.lists(None, start), test.lists(None, start))
    vectors, same = test.role.engine.panel.vectors, replace(settings, epochs=found.epochs)
    again = learn(test.pairs, vectors, start, same, None, progress)
    plain = validation.lists(None, found.fusion)
    if found.head is None:
        return MultitaskModel(name, found.epochs, found.fusion, plain, test.lists(None, again.fusion))
    mapped = validation.lists(found.head, found.fusion)
    gain = mean_interval(changes(mapped.values[METRIC], plain.values[METRIC]), settings.seed)
    has_map = gain.mean > 0
    lists = mapped if has_map else plain, test.lists(again.head if has_map else None, again.fusion)
    return MultitaskModel(name, found.epochs, found.fusion, *lists, has_map, gain, (found.head, again.head))


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """A model's figures: means on test, and changes from today's, of nDCG on validation and of `METRICS` on test."""

    epochs: int | None
    weights: FusionSettings
    has_map: bool | None
    map_gain: Interval | None
    means: Mapping[str, Interval]
    on_validation: Difference
    on_test: Mapping[str, Difference]

    @classmethod
    def of(
        cls, model: MultitaskModel, today: MultitaskModel, validation: ShopFacts, test: ShopFacts, seed: int
    ) -> "ModelFigures":
        measured, changed = means(model.test, test, seed), differences(model.test, today.test, test, seed)
        own, gains = {name: measured[name] for name in METRICS}, {name: changed[name] for name in METRICS}
        known = differences(model.validation, today.validation, validation, seed)[METRIC]
        return cls(model.epochs, model.fusion, model.has_map, model.map_gain, own, known, gains)


@dataclass(frozen=True, slots=True)
class MultitaskFigures:
    """Everything that the study measures, by model, and which of the sweep is best on validation."""

    models: Mapping[str, ModelFigures]
    chosen: str

    @property
    def sweep(self) -> list[str]:
        """Names of the sweep that learned anything, or all where none did."""
        swept = [name for name in self.models if name.startswith(SWEEP)]
        return [name for name in swept if self.models[name].epochs] or swept


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
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
        conclusion=conclusion(figures),
        caveats=(
            "What was chosen as the best of several on validation looks better there than it is; test shoppers are the "
            "ones to judge by.",
            "Today's weights were chosen by nDCG on the very validation shoppers; learned ones come from training data "
            "and are only stopped there. A model of 0 epochs found nothing better than today's setting by the "
            "objective.",
            "Diversity (ILD) is measured in the encoder's own space, never through the learned map.",
            panel.leak_check,
        ),
        tables=tables(figures, settings.k),
        plots=plots(figures, settings.k),
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
    validation, test = roles
    fusion = tuned(validation.role.engine, settings.k, progress)
    today = MultitaskModel(TODAY, None, fusion, validation.lists(None, fusion), test.lists(None, fusion))
    scores, models = validation.role.engine.panel.scores.stacked(), {TODAY: today}
    held_out = held_out_pairs(validation.role.train, validation.role.held_out, validation.semantic, scores)
    for name, each in variants(settings.seed).items():
        models[name] = learned_model(name, each, fusion, roles, held_out, progress)
    sweep = [models[f"{SWEEP}{each:g}"] for each in LAMBDAS]
    learned = [each for each in sweep if each.epochs]
    chosen = max(learned or sweep, key=lambda each: each.validation.values[METRIC].mean())
    # What the map alone adds, whatever it is worth, with weights tuned as today's are.
    known_head, head = sweep[0].heads
    fusion = tuned(validation.scored_by(known_head), settings.k, progress)
    lists = validation.lists(known_head, fusion), test.lists(head, fusion)
    models[TUNED] = MultitaskModel(TUNED, sweep[0].epochs, fusion, *lists, None if known_head is None else True)
    facts = validation.role.engine.panel.facts, test.role.engine.panel.facts
    return MultitaskFigures(
        {name: ModelFigures.of(each, today, *facts, settings.seed) for name, each in models.items()}, chosen.name
    )


def conclusion(figures: MultitaskFigures) -> tuple[str, ...]:
    chosen, alone = figures.models[figures.chosen], figures.models[TUNED]
    first, last = (figures.models[name].means for name in (figures.sweep[0], figures.sweep[-1]))
    pays = alone.on_validation.verdict == "better"
    return (
        f"Map and weights learned together ({figures.chosen}, chosen on validation) change nDCG on test shoppers by "
        f"{change_text(chosen.on_test['ndcg'])} from today's setting ({chosen.on_test['ndcg'].old:.4f}).",
        f"The map alone, with weights tuned just as today's are, changes it by {change_text(alone.on_validation)} on "
        f"validation and by {change_text(alone.on_test['ndcg'])} on test: by the shoppers that settings are chosen on, "
        "it "
        + ("earns a place in training (`recsys train --learn map`)." if pays else "is not shown to earn a place."),
        f"From {figures.sweep[0]} to {figures.sweep[-1]}, diversity goes from {first['ild'].mean:.3f} to "
        f"{last['ild'].mean:.3f} and nDCG from {first['ndcg'].mean:.4f} to {last['ndcg'].mean:.4f}.",
    )


def tables(figures: MultitaskFigures, k: int) -> tuple[Table, ...]:
    used = {True: "used", False: "dropped", None: ""}
    columns = {"model": "Model", "weights": "Weights, validation", "epochs": "Epochs", "map": "Learned map"}
    columns |= {"map_gain": "nDCG by the map, validation", "validation": f"nDCG@{k}, validation"}
    columns["known"] = "less today's"
    for name, label in METRICS.items():
        columns |= {name: f"{label}@{k}, test", f"{name}_change": "less today's"}
    rows = []
    for name, each in figures.models.items():
        row: dict[str, object] = {"model": name, "weights": each.weights, "epochs": each.epochs}
        row |= {"map": used[each.has_map], "map_gain": each.map_gain, "validation": each.on_validation.new}
        if name != TODAY:
            row |= {"known": each.on_validation.change}
            row |= {f"{metric}_change": found.change for metric, found in each.on_test.items()}
        rows.append(row | dict(each.means))
    return (table_of("models", "Every model, learned on training data", rows, columns),)


def plots(figures: MultitaskFigures, k: int) -> tuple[Plot, ...]:
    models, sweep = figures.models, figures.sweep
    changed = {name: each for name, each in models.items() if name != TODAY}

    def frontier(title: str, names: Sequence[str]) -> Series:
        x = [models[name].means["ild"].mean for name in names]
        return Series.of(title, x, [models[name].means["ndcg"] for name in names])

    others = (frontier(name, [name]) for name in models if not name.startswith(SWEEP))
    lambdas = " to ".join(sweep[end].removeprefix(SWEEP) for end in (0, -1))
    title = f"Accuracy against diversity on test shoppers, lambda from {lambdas}"
    axes = "Diversity (ILD) of the lists", f"nDCG@{k}, 95% interval"
    return (
        Plot("accuracy_diversity", title, *axes, (frontier("lambda swept", sweep), *others), "line"),
        Plot.of_changes(
            "changes",
            (f"nDCG@{k} of every model, less today's", "Model", f"Change of nDCG@{k}, with its 95% interval"),
            ("validation", {name: each.on_validation.change for name, each in changed.items()}),
            ("test", {name: each.on_test["ndcg"].change for name, each in changed.items()}),
        ),
    )
