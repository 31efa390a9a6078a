"""What the multi-task study found, as tables, plots and sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recsys.artifacts.tables import ACTIVITIES
from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.segments import KNOWLEDGE, Segment
from recsys.studies.format import mix_in_words, signed
from recsys.studies.multitask.models import TODAY, TUNED, WEIGHTS_ALONE, Model, Shop, moved
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells, interval_columns

METRICS = ("ndcg", "recall", "ild")
LABELS = {"ndcg": "nDCG", "recall": "Recall", "ild": "Diversity (ILD)"}


@dataclass(frozen=True, eq=False, slots=True)
class Told:
    """A model's figures, and how they differ from today's.

    Parameters
    ----------
    means : on test, by name of `METRICS`
    on_validation : change of nDCG
    on_test : changes by name of `METRICS`
    """

    means: Mapping[str, Interval]
    on_validation: Difference
    on_test: Mapping[str, Difference]


def told_of(model: Model, today: Model, validation: Shop, test: Shop, seed: int) -> Told:
    """The figures of one model, with intervals over shoppers."""
    facts = test.engine.panel.facts
    of, changed = means(model.test, facts, seed), differences(model.test, today.test, facts, seed)
    known = differences(model.validation, today.validation, validation.engine.panel.facts, seed)
    return Told({name: of[name] for name in METRICS}, known["ndcg"], {name: changed[name] for name in METRICS})


def table(models: Mapping[str, Model], told: Mapping[str, Told], k: int) -> Table:
    """Every model, on validation and on test."""
    columns = {"model": "Model", "weights": "Weights, validation", "epochs": "Epochs", "map": "Learned map"}
    columns |= interval_columns("map_gain", "nDCG by the map, validation")
    columns |= {"validation": f"nDCG@{k}, validation", "known": "less today's", "known_low": "from", "known_high": "to"}
    for name in METRICS:
        columns |= interval_columns(name, f"{LABELS[name]}@{k}, test")
        columns |= interval_columns(f"{name}_change", "less today's")
    rows = []
    for name, model in models.items():
        found = told[name]
        row: dict[str, Cell] = {
            "model": name,
            "weights": mix_in_words(model.fusion),
            "epochs": model.epochs,
            "map": _map(model),
        }
        row["validation"] = found.on_validation.new
        if model.map_gain is not None:
            row |= interval_cells("map_gain", model.map_gain)
        for metric in METRICS:
            row |= interval_cells(metric, found.means[metric])
        if name != TODAY:
            row |= interval_cells("known", found.on_validation.change)
            for metric in METRICS:
                row |= interval_cells(f"{metric}_change", found.on_test[metric].change)
        rows.append(row)
    return Table("models", "Every model, learned on training data", columns, tuple(rows))


def by_knowledge(models: Sequence[Model], today: Model, test: Shop, k: int) -> Table:
    """The change of nDCG for shoppers who are known well, a little, and not at all."""
    panel, rows = test.engine.panel, []
    for model in models:
        for name in ACTIVITIES:
            inside = Segment.of(activity=name).mask(panel.shoppers)
            if not inside.any():
                continue
            lists = model.test.of(inside), today.test.of(inside)
            found = differences(*lists, panel.facts.of(inside), test.asked.seed)["ndcg"]
            row: dict[str, Cell] = {"model": model.name, "shoppers": name, "n": int(inside.sum())}
            rows.append({**row, "today": found.old, "ndcg": found.new, **interval_cells("change", found.change)})
    return Table(
        "knowledge",
        "How well shoppers are known",
        {
            **{
                "model": "Model",
                "shoppers": "Shoppers",
                "n": "How many",
                "today": f"nDCG@{k} today",
                "ndcg": f"nDCG@{k}",
            },
            **interval_columns("change", "Change"),
        },
        tuple(rows),
        "; ".join(f"{name}: {KNOWLEDGE[name]}" for name in ACTIVITIES),
    )


def frontier(models: Mapping[str, Model], told: Mapping[str, Told], k: int) -> Plot:
    """Accuracy against diversity, on test."""
    swept = [model for name, model in models.items() if name.startswith("lambda ")]
    sweep = [model.name for model in moved(swept) or swept]
    others = [name for name in models if not name.startswith("lambda ")]

    def series(title: str, names: Sequence[str]) -> Series:
        x = [told[name].means["ild"].mean for name in names]
        return Series.of(title, x, [told[name].means["ndcg"] for name in names])

    return Plot(
        "accuracy_diversity",
        f"Accuracy against diversity on test shoppers, lambda from {sweep[0].split()[1]} to {sweep[-1].split()[1]}",
        "Diversity (ILD) of the lists",
        f"nDCG@{k}, 95% interval",
        (series("lambda swept", sweep), *(series(name, [name]) for name in others)),
        "line",
    )


def changes(told: Mapping[str, Told], k: int) -> Plot:
    """Every model's nDCG less today's, on validation and on test."""
    names = tuple(name for name in told if name != TODAY)

    def series(title: str, of: Sequence[Difference]) -> Series:
        return Series.of(title, names, [each.change for each in of])

    return Plot(
        "changes",
        f"nDCG@{k} of every model, less today's",
        "Model",
        f"Change of nDCG@{k}, with its 95% interval",
        (
            series("validation", [told[name].on_validation for name in names]),
            series("test", [told[name].on_test["ndcg"] for name in names]),
        ),
        zero=True,
    )


def conclusion(models: Mapping[str, Model], told: Mapping[str, Told], chosen: Model) -> tuple[str, ...]:
    """What to take away, most important first."""
    said = [
        f"Map and weights learned together ({chosen.name}, chosen on validation) reach nDCG "
        f"{_against(told[chosen.name].on_test['ndcg'])} on test shoppers.",
        f"The map alone (lambda 0), with weights tuned just as today's are, reaches "
        f"{_against(told[TUNED].on_test['ndcg'])} on test shoppers and "
        f"{_against(told[TUNED].on_validation)} on validation. The diversity of its lists on test is "
        f"{_against(told[TUNED].on_test['ild'])}.",
    ]
    if told[TUNED].on_validation.verdict == "better":
        said.append(
            "On these data the map earns a place in training (`recsys train --learn map`), by the shoppers that "
            "settings are chosen on."
        )
    else:
        said.append("By the shoppers that settings are chosen on, the map is not shown to earn a place in training.")
    swept = [model for name, model in models.items() if name.startswith("lambda ")]
    sweep = moved(swept) or swept
    dropped = [model.name for model in models.values() if model.kept is False]
    if dropped:
        said.append(f"The map did not beat the identity on validation and was dropped: {', '.join(dropped)}.")
    if stayed := [each.name for each in models.values() if each.epochs == 0]:
        said.append(f"Nothing better than today's setting was found by the objective itself: {', '.join(stayed)}.")
    ends = [told[each.name].means for each in (sweep[0], sweep[-1])]
    said.append(
        f"From {sweep[0].name} to {sweep[-1].name}, diversity goes from {ends[0]['ild'].mean:.3f} to "
        f"{ends[1]['ild'].mean:.3f} and nDCG from {ends[0]['ndcg'].mean:.4f} to {ends[1]['ndcg'].mean:.4f}; today's "
        f"setting stands at {told[TODAY].means['ild'].mean:.3f} and {told[TODAY].means['ndcg'].mean:.4f}."
    )
    for name, what in (
        ("without the rating term", "Without the rating term"),
        ("without the ranking term", "Without the ranking term"),
        (WEIGHTS_ALONE, "Learning the weights alone"),
    ):
        said.append(f"{what}, nDCG is {_against(told[name].on_test['ndcg'])} on test.")
    return tuple(said)


def _against(found: Difference) -> str:
    change = found.change
    told = {"better": "better", "worse": "worse", "unclear": "not told apart"}[found.verdict]
    between = (
        f"{signed(change.low)} to {signed(change.high)}" if change.low == change.low else "too few shoppers differ"
    )
    return f"{found.new:.4f}, today's setting {found.old:.4f} ({signed(change.mean)}, {between}: {told})"


def _map(model: Model) -> str:
    return {True: "used", False: "dropped", None: ""}[model.kept]
