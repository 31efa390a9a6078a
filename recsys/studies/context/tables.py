"""What the study of context found, as tables, plots and figures."""

from collections.abc import Mapping
from typing import Any

from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.segments import KNOWLEDGE
from recsys.studies.context.planted import planted_plot, planted_tables
from recsys.studies.context.summary import LARGE_ENOUGH, NOTHING, Study
from recsys.studies.format import mix_in_words
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells, interval_columns


def tables(study: Study) -> tuple[Table, ...]:
    """Contextual, static and shuffled; by dimension; by group; planted effects where they are known."""
    return (
        _compared_table(study),
        _parts_table(study),
        *((_groups_table(study),) if study.groups else ()),
        *(planted_tables(study.planted) if study.planted is not None else ()),
    )


def _with_ends(columns: Mapping[str, str]) -> dict[str, str]:
    return {key: said for name, title in columns.items() for key, said in interval_columns(name, title).items()}


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
        row: dict[str, Cell] = {"way": each.way, "metric": f"{METRICS[each.metric].short}@{study.k}"}
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
    columns |= {"static": "Static", **interval_columns("gain", "Contextual less static")}
    columns |= interval_columns("loss", "Contextual less shuffled")
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
        f"Circumstances are those of the held-out act. Without an interval, too few shoppers tell. {known}.",
    )


def plots(study: Study) -> tuple[Plot, ...]:
    """Gain and loss, parts, groups, and planted effects where they are known."""
    answer = [_compared_plot(study)]
    answer += [
        _parts_plot(study, how, title) for how, title in (("left_out", "left out"), ("dealt", "dealt at random"))
    ]
    if study.groups:
        answer.append(_groups_plot(study))
    if study.planted is not None:
        answer.append(planted_plot(study.planted))
    return tuple(answer)


def _compared_plot(study: Study) -> Plot:
    """One row a difference, so that intervals do not lie upon each other."""
    rows = [(each, name) for each in study.compared if each.metric == "ndcg" for name in ("gain", "loss", "rest")]
    names = [f"{each.way}: {_COMPARED[name].lower()}" for each, name in rows]
    return Plot(
        "compared",
        f"What context gains, and what dealing it at random loses, nDCG@{study.k} with 95% intervals",
        "Difference",
        f"Change of nDCG@{study.k}",
        (Series.of("change", names, [getattr(each, name) for each, name in rows]),),
        zero=True,
    )


def _parts_plot(study: Study, how: str, title: str) -> Plot:
    rows = [each for each in study.parts if not each.why_not and getattr(each, how) is not NOTHING]
    return Plot(
        f"parts_{how}",
        f"nDCG@{study.k} with each part of the context as it was, less that with it {title}, 95% intervals",
        "Part",
        f"Change of nDCG@{study.k}",
        (
            Series.of(
                "context alone",
                [f"{each.name}, context alone" for each in rows],
                [getattr(each, f"{how}_alone") for each in rows],
            ),
            Series.of(
                "in the chosen mix",
                [f"{each.name}, in the mix" for each in rows],
                [getattr(each, how) for each in rows],
            ),
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
        (Series.of("contextual less static", names, [each.gain for each in study.groups]),),
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
        "dealt": list(study.dealt),
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
