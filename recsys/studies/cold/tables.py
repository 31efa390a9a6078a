"""What was found about new products and about levels, as tables, plots and figures; sentences are in `cold_words`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recsys.panel.panel import Panel
from recsys.settings import FusionSettings
from recsys.studies.cold.comparisons import METRIC, Against, Found
from recsys.studies.cold.levels import FEWEST_TO_TUNE, LEVELS, Level, Tuned
from recsys.studies.cold.new_products import RANKINGS, Asked, label_of
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells, interval_columns


def new_products(ranking: str, found: Found, k: int) -> Table:
    """Every model on new products."""
    columns = {"model": "Model", "weights": "Weights"}
    for name, said in ((METRIC, "nDCG"), ("recall", "Recall")):
        columns |= interval_columns(name, f"{said}@{k}")
    columns |= interval_columns("lead", "All components less it") | {"p": "p, corrected"}
    columns |= interval_columns("once", f"nDCG@{k}, each product once")
    columns |= interval_columns("once_lead", "All components less it")
    rows = []
    for name, model in found.models.items():
        row: dict[str, Cell] = {"model": label_of(name), "weights": _mix(model.weights)}
        for metric, of in found.means.items():
            row |= interval_cells(metric, of[name])
        row |= interval_cells("once", found.once[name])
        if name in found.lead:
            row |= interval_cells("lead", found.lead[name].by_shoppers)
            row |= interval_cells("once_lead", found.lead[name].by_products)
            row["p"] = found.lead[name].p_corrected
        rows.append(row)
    title = f"Products that nobody has chosen yet, ranked {RANKINGS[ranking]}"
    return Table(f"new_products_{ranking}", title, columns, tuple(rows))


def levels_table(levels: Sequence[Level], k: int) -> Table:
    """Every model on every level."""
    columns = {"of": "Level of", "level": "Level", "n": "Shoppers", "model": "Model"}
    columns |= interval_columns(METRIC, f"nDCG@{k}")
    columns |= interval_columns("lead", "All components less it")
    rows = []
    for level in levels:
        for model, interval in level.ndcg.items():
            row: dict[str, Cell] = {"of": level.of, "level": level.name, "n": level.n, "model": label_of(model)}
            row |= interval_cells(METRIC, interval)
            if model in level.lead:
                row |= interval_cells("lead", level.lead[model])
            rows.append(row)
    note = "Training interactions: " + "; ".join(f"{name}: {said}" for name, said in LEVELS.items()) + "."
    return Table(
        "levels", "By how known the wanted product is, and how known the shopper is", columns, tuple(rows), note
    )


def tuned_table(tuned: Sequence[Tuned], k: int) -> Table:
    """Weights by level of shoppers."""
    rows = tuple(
        {
            "level": each.name,
            "n_validation": each.n_validation,
            "n": each.n_test,
            "weights": _mix(each.fusion) or ("" if each.name == "everyone" else "those of everybody"),
            "common": each.common,
            "own": each.own,
            **interval_cells("change", each.change),
        }
        for each in tuned
    )
    columns = {
        "level": "Shoppers",
        "n_validation": "Validation shoppers",
        "n": "Test shoppers",
        "weights": "Own weights",
    }
    columns |= {"common": f"nDCG@{k}, weights of everybody", "own": f"nDCG@{k}, own weights"}
    columns |= interval_columns("change", "Change")
    note = f"Levels of fewer than {FEWEST_TO_TUNE} validation shoppers keep the weights of everybody."
    return Table("weights_by_level", "Weights of their own for each level of shoppers", columns, rows, note)


def new_products_plot(found: Found, k: int) -> Plot:
    """Every model on the shelf of new products."""
    of = found.means[METRIC]
    names = sorted(of, key=lambda name: -of[name].mean)
    series = []
    for said, means in (("each shopper once", of), ("each product once", found.once)):
        series.append(Series.of(said, tuple(map(label_of, names)), [means[name] for name in names]))
    return Plot(
        "new_products",
        f"nDCG@{k} on products that nobody has chosen yet, ranked among them alone",
        "Model",
        f"nDCG@{k}, 95% interval",
        tuple(series),
    )


def level_plots(levels: Sequence[Level], k: int) -> tuple[Plot, ...]:
    """How far all components together are ahead of every other model: a series a level, a plot for either kind."""
    plots = []
    for of in dict.fromkeys(each.of for each in levels):
        series = []
        for level in (each for each in levels if each.of == of):
            names = tuple(map(label_of, level.lead))
            said = f"{level.name} ({level.n:,} shoppers)"
            series.append(Series.of(said, names, list(level.lead.values())))
        what = "the wanted product" if of == "products" else "the shopper"
        title = f"nDCG@{k} of all components less that of every other model, by how known {what} is"
        plots.append(Plot(f"lead_by_{of}", title, "Model", f"Lead in nDCG@{k}, 95% interval", tuple(series), zero=True))
    return tuple(plots)


def caveats(tested: Asked, panel: Panel, leak_checks: Sequence[str]) -> tuple[str, ...]:
    """What the figures do not say."""
    described = float((panel.items["description"].to_numpy(object) != "").mean())
    counts = np.bincount(np.unique(tested.rows, return_inverse=True)[1])
    return (
        f"The {len(tested.rows):,} shoppers chose {len(counts):,} different products; the most wanted one alone was "
        f"chosen by {counts.max() / len(tested.rows):.0%} of them. So figures are "
        "given with each product counting once, too.",
        f"What a shop says of a new product is all that is known of it: {described:.0%} of these products have a "
        "description, the others a title and attributes.",
        "A product taken for new here has really been on sale: shoppers may have chosen it because others had, which "
        "nobody does on the first day. And each part of the products is new at once, which is more than arrives in a "
        "day.",
        "Which products are new together is drawn by the seed, and which weights are chosen hangs on it. No interval "
        "knows of that: look at other seeds before relying on a small lead.",
        "How known the wanted product is shows only after the choice, so no setting can be chosen by it.",
        *dict.fromkeys(leak_checks),
    )


def figures(found: Mapping[str, Found]) -> dict[str, Any]:
    """By ranking and model: nDCG, recall, and the lead of all components together."""
    return {
        ranking: {
            name: {metric: of[name].as_json() for metric, of in each.means.items()}
            | {"once": each.once[name].as_json()}
            | ({"lead": _lead(each.lead[name])} if name in each.lead else {})
            for name in each.models
        }
        for ranking, each in found.items()
    }


def level_figures(level: Level) -> dict[str, Any]:
    """One level."""
    return {
        "of": level.of,
        "level": level.name,
        "n": level.n,
        "ndcg": {name: each.as_json() for name, each in level.ndcg.items()},
        "lead": {name: each.as_json() for name, each in level.lead.items()},
    }


def tuned_figures(tuned: Tuned) -> dict[str, Any]:
    """The weights of one level of shoppers, and what they changed."""
    weights = None if tuned.fusion is None else tuned.fusion.normalised()
    return {"level": tuned.name, "n": tuned.n_test, "weights": weights, "change": tuned.change.as_json()}


def _lead(each: Against) -> dict[str, Any]:
    both = {"shoppers": each.by_shoppers.as_json(), "products": each.by_products.as_json()}
    return both | {"p_corrected": each.p_corrected, "verdict": each.verdict}


def _mix(weights: FusionSettings | None) -> str:
    if weights is None:
        return ""
    return ", ".join(f"{name} {share:.0%}" for name, share in weights.normalised().items() if share)
