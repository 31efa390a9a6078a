"""What learning by the multi-task objective is worth: figures, tables, plots and a plain conclusion."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from recsys.artifacts.tables import ACTIVITIES
from recsys.evaluation.statistics.paired import Difference, ShopFacts, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.panel import Panel
from recsys.panel.segments import KNOWLEDGE, Segment
from recsys.studies.format import mix_in_words
from recsys.studies.multitask.learning import TODAY, TUNED, MultitaskModel, moved
from recsys.studies.report_parts import as_json, change_text, table_of
from recsys.studies.result import Plot, Series, Table

METRICS = {"ndcg": "nDCG", "recall": "Recall", "ild": "Diversity (ILD)"}
SWEEP = "lambda "
"""Names of the models of the sweep begin with it."""


@dataclass(frozen=True, eq=False, slots=True)
class ModelFigures:
    """A model's figures, and how they differ from today's.

    Parameters
    ----------
    means : on test, by name of `METRICS`
    on_validation : change of nDCG
    on_test : changes by name of `METRICS`
    by_knowledge : change of nDCG on test for hot, warm and cold shoppers, and how many they are
    """

    model: MultitaskModel
    means: Mapping[str, Interval]
    on_validation: Difference
    on_test: Mapping[str, Difference]
    by_knowledge: Mapping[str, tuple[int, Difference]]

    @classmethod
    def of(
        cls, model: MultitaskModel, today: MultitaskModel, validation: ShopFacts, test: Panel, seed: int
    ) -> "ModelFigures":
        """The figures of one model, with intervals over shoppers."""
        of, changed = means(model.test, test.facts, seed), differences(model.test, today.test, test.facts, seed)
        groups = {name: Segment.of(activity=name).mask(test.shoppers) for name in ACTIVITIES}
        return cls(
            model,
            {name: of[name] for name in METRICS},
            differences(model.validation, today.validation, validation, seed)["ndcg"],
            {name: changed[name] for name in METRICS},
            {
                name: (
                    int(inside.sum()),
                    differences(model.test.of(inside), today.test.of(inside), test.facts.of(inside), seed)["ndcg"],
                )
                for name, inside in groups.items()
                if inside.any()
            },
        )


@dataclass(frozen=True, eq=False, slots=True)
class MultitaskFigures:
    """Everything that the study measures.

    Parameters
    ----------
    models : by name
    chosen : name of the model of the sweep that is best on validation
    """

    models: Mapping[str, ModelFigures]
    chosen: str

    @property
    def sweep(self) -> list[str]:
        """Names of the sweep, of those that learned anything, or of all where none did."""
        swept = [each.model for name, each in self.models.items() if name.startswith(SWEEP)]
        return [model.name for model in moved(swept) or swept]


def conclusion(figures: MultitaskFigures) -> tuple[str, ...]:
    """What to take away, most important first."""
    chosen, alone = figures.models[figures.chosen], figures.models[TUNED]
    first, last = (figures.models[name].means for name in (figures.sweep[0], figures.sweep[-1]))
    pays = alone.on_validation.verdict == "better"
    return (
        f"Map and weights learned together ({figures.chosen}, chosen on validation) change nDCG on test shoppers by "
        f"{_change(chosen.on_test['ndcg'])} from today's setting ({chosen.on_test['ndcg'].old:.4f}).",
        f"The map alone, with weights tuned just as today's are, changes it by {_change(alone.on_validation)} on "
        f"validation and by {_change(alone.on_test['ndcg'])} on test: by the shoppers that settings are chosen on, it "
        + ("earns a place in training (`recsys train --learn map`)." if pays else "is not shown to earn a place."),
        f"From {figures.sweep[0]} to {figures.sweep[-1]}, diversity goes from {first['ild'].mean:.3f} to "
        f"{last['ild'].mean:.3f} and nDCG from {first['ndcg'].mean:.4f} to {last['ndcg'].mean:.4f}.",
    )


def caveats(leak_check: str) -> tuple[str, ...]:
    """What the figures do not say."""
    return (
        "What was chosen as the best of several on validation looks better there than it is; test shoppers are the "
        "ones to judge by.",
        "Today's weights were chosen by nDCG on the very validation shoppers; learned ones come from training data and "
        "are only stopped there. A model of 0 epochs found nothing better than today's setting by the objective.",
        "Diversity (ILD) is measured in the encoder's own space, never through the learned map.",
        leak_check,
    )


def tables(figures: MultitaskFigures, k: int) -> tuple[Table, ...]:
    """Every model, on validation and on test; and the change by how well shoppers are known."""
    by_knowledge = [
        (name, knowledge, *found)
        for name in (figures.chosen, TUNED)
        for knowledge, found in figures.models[name].by_knowledge.items()
    ]
    return (
        table_of("models", "Every model, learned on training data", figures.models.values(), _columns(k)),
        table_of(
            "knowledge",
            "How well shoppers are known",
            by_knowledge,
            {
                "model": ("Model", lambda row: row[0]),
                "shoppers": ("Shoppers", lambda row: row[1]),
                "n": ("How many", lambda row: row[2]),
                "today": (f"nDCG@{k} today", lambda row: row[3].old),
                "ndcg": (f"nDCG@{k}", lambda row: row[3].new),
                "change": ("Change", lambda row: row[3].change),
            },
            "; ".join(f"{name}: {KNOWLEDGE[name]}" for name in ACTIVITIES),
        ),
    )


def _columns(k: int) -> dict[str, tuple[str, Callable[[ModelFigures], Any]]]:
    used = {True: "used", False: "dropped", None: ""}

    def mean(metric: str, each: ModelFigures) -> Interval:
        return each.means[metric]

    def change(metric: str, each: ModelFigures) -> Interval | None:
        return None if each.model.name == TODAY else each.on_test[metric].change

    columns: dict[str, tuple[str, Callable[[ModelFigures], Any]]] = {
        "model": ("Model", lambda each: each.model.name),
        "weights": ("Weights, validation", lambda each: mix_in_words(each.model.fusion)),
        "epochs": ("Epochs", lambda each: each.model.epochs),
        "map": ("Learned map", lambda each: used[each.model.has_map]),
        "map_gain": ("nDCG by the map, validation", lambda each: each.model.map_gain),
        "validation": (f"nDCG@{k}, validation", lambda each: each.on_validation.new),
        "known": ("less today's", lambda each: None if each.model.name == TODAY else each.on_validation.change),
    }
    for name, label in METRICS.items():
        columns[name] = (f"{label}@{k}, test", partial(mean, name))
        columns[f"{name}_change"] = ("less today's", partial(change, name))
    return columns


def plots(figures: MultitaskFigures, k: int) -> tuple[Plot, ...]:
    """Accuracy against diversity on test, and every model's nDCG less today's."""
    models, sweep = figures.models, figures.sweep
    others = [name for name in models if not name.startswith(SWEEP)]
    changed = tuple(name for name in models if name != TODAY)

    def frontier(title: str, names: Sequence[str]) -> Series:
        x = [models[name].means["ild"].mean for name in names]
        return Series.of(title, x, [models[name].means["ndcg"] for name in names])

    return (
        Plot(
            "accuracy_diversity",
            f"Accuracy against diversity on test shoppers, lambda from {sweep[0].removeprefix(SWEEP)} to "
            f"{sweep[-1].removeprefix(SWEEP)}",
            "Diversity (ILD) of the lists",
            f"nDCG@{k}, 95% interval",
            (frontier("lambda swept", sweep), *(frontier(name, [name]) for name in others)),
            "line",
        ),
        Plot(
            "changes",
            f"nDCG@{k} of every model, less today's",
            "Model",
            f"Change of nDCG@{k}, with its 95% interval",
            (
                Series.of("validation", changed, [models[name].on_validation.change for name in changed]),
                Series.of("test", changed, [models[name].on_test["ndcg"].change for name in changed]),
            ),
            zero=True,
        ),
    )


def json_figures(figures: MultitaskFigures) -> dict[str, Any]:
    """What stands at the top of the JSON document."""
    chosen = figures.models[figures.chosen].model
    found: dict[str, Any] = as_json(
        {
            "models": {name: each.means for name, each in figures.models.items()},
            "chosen": {
                **{"lambda": chosen.diversity, "epochs": chosen.epochs, "weights": chosen.fusion},
                "map_kept": chosen.has_map,
            },
            "changes": {
                name: {
                    "validation": each.on_validation.change,
                    **{metric: change.change for metric, change in each.on_test.items()},
                }
                for name, each in figures.models.items()
                if name != TODAY
            },
        }
    )
    return found


def _change(found: Difference) -> str:
    return change_text(found.change, found.verdict)
