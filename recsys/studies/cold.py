"""New products, and products and shoppers of whom little is known: who serves them best, and where words pay.

All weights are chosen on validation shoppers of the same kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.evaluation.statistics.significance import verdict_of
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.cold_new_products import (
    LEVELS,
    RANKINGS,
    LevelScores,
    RankingFigures,
    by_level,
    chosen_for_new,
    compare_models,
    label_of,
    models_for_new,
    new_product_roles,
    rewind_of,
)
from recsys.studies.format import by_verdict, change_text, table_of
from recsys.studies.models import METRIC, WITHOUT_SEMANTIC, chosen_weights, models_on
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import name_of

NO_WORDS = name_of(WITHOUT_SEMANTIC)

BY_LEVEL = (*("popularity", "recent_popularity", "item_knn", "ease"), *(*COMPONENTS, "traditional", NO_WORDS, "full"))


@dataclass(frozen=True, slots=True)
class ColdFigures:
    """What was measured; shares are of shoppers with the most wanted product, and of described products."""

    new_products: Mapping[str, RankingFigures]
    levels: Sequence[LevelScores]
    n_users: int
    n_products: int
    largest_share: float
    share_described: float


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    k = settings.k
    rewind = rewind_of(workspace, settings)  # refused, if it is, before any test shopper is prepared
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    known = chosen_weights(validation, k, progress)
    new_validation, new_test, panel = new_product_roles(workspace, rewind, settings, progress)
    rankings = {}
    for ranking in RANKINGS:
        own = chosen_for_new(new_validation.pairs[ranking], k, progress)
        models = models_for_new(new_test, ranking, own, known, k, progress)
        rankings[ranking] = compare_models(models, new_test.rows, settings.seed)
    everyone = models_on(test, known, k)
    counts = np.bincount(np.unique(new_test.rows, return_inverse=True)[1])
    figures = ColdFigures(
        new_products=rankings,
        levels=by_level(test, {name: everyone[name] for name in BY_LEVEL}, settings.seed),
        n_users=len(new_test.rows),
        n_products=len(counts),
        largest_share=counts.max() / len(new_test.rows),
        share_described=float((panel.items["description"].to_numpy(object) != "").mean()),
    )
    return Result(
        protocol=f"{panel.protocol} Weights for new products are the mix, in steps of 5%, that is best by nDCG@{k} on "
        "its validation shoppers, in the same ranking. Where a model gives several products the same score, all their "
        "orders are taken to be as likely and the mean over them is reported, so no model wins or loses by the order "
        "of the catalogue. Differences are measured over shoppers and with each product counting once, and count only "
        "where both intervals leave out 0; p-values are those of 9,999 sign flips over shoppers, corrected by Holm "
        f"over all models compared in one ranking. Levels and weights for known products: {test.panel.protocol}",
        conclusion=conclusion(figures),
        caveats=caveats(figures, (panel.leak_check, test.panel.leak_check)),
        tables=tables(figures, k),
        plots=plots(figures, k),
        figures=as_json(figures),
    )


def conclusion(figures: ColdFigures) -> tuple[str, ...]:
    words = figures.new_products["new"].lead[NO_WORDS]
    levels = {f"{each.level} {each.of}": verdict_of(each.lead[NO_WORDS]) for each in figures.levels}
    return (
        *(_against_all(ranking, found) for ranking, found in figures.new_products.items()),
        f"Words add {change_text(words.shoppers)} nDCG to the mix among new products, {change_text(words.products)} "
        "with each product counting once. On the ordinary test shoppers all components, held against all but semantic, "
        f"are {by_verdict(levels)}.",
    )


def _against_all(ranking: str, found: RankingFigures) -> str:
    verdicts = {label_of(name): lead.verdict for name, lead in found.lead.items()}
    return (
        f"On products that nobody has chosen yet, ranked {RANKINGS[ranking]}, all components together reach nDCG "
        f"{found.ndcg['full'].mean:.4f}, random order {found.ndcg['random'].mean:.4f}. Against each other model, for "
        f"the average shopper and the average product, they are {by_verdict(verdicts)}."
    )


def caveats(figures: ColdFigures, leak_checks: Sequence[str]) -> tuple[str, ...]:
    return (
        f"The {figures.n_users:,} shoppers chose {figures.n_products:,} different products; the most wanted one alone "
        f"was chosen by {figures.largest_share:.0%} of them. So figures with each product counting once stand beside.",
        f"What a shop says of a new product is all that is known of it: {figures.share_described:.0%} of these "
        "products have a description, the others a title and attributes.",
        "A product taken for new here has really been on sale: shoppers may have chosen it because others had, which "
        "nobody does on the first day. And each part of the products is new at once, which is more than arrives in a "
        "day.",
        "Which products are new together is drawn by the seed, and which weights are chosen hangs on it. No interval "
        "knows of that: look at other seeds before relying on a small lead.",
        "How known the wanted product is shows only after the choice, so no setting can be chosen by it.",
        *dict.fromkeys(leak_checks),
    )


def tables(figures: ColdFigures, k: int) -> tuple[Table, ...]:
    lead = "All components less it"
    columns = {"model": "Model", "weights": "Weights", METRIC: f"nDCG@{k}", "recall": f"Recall@{k}"}
    columns |= {"lead": lead, "once": f"nDCG@{k}, each product once", "once_lead": lead}
    found = []
    for ranking, each in figures.new_products.items():
        rows = [
            {"model": label_of(name), "weights": weights or "", METRIC: each.ndcg[name], "recall": each.recall[name]}
            | {"once": each.once[name]}
            | ({"lead": each.lead[name].shoppers, "once_lead": each.lead[name].products} if name in each.lead else {})
            for name, weights in each.weights.items()
        ]
        title = f"Products that nobody has chosen yet, ranked {RANKINGS[ranking]}"
        found.append(table_of(f"new_products_{ranking}", title, rows, columns))
    levels = [
        {"of": level.of, "level": level.level, "n": level.n, "model": label_of(model), METRIC: ndcg}
        | {"lead": level.lead.get(model)}
        for level in figures.levels
        for model, ndcg in level.ndcg.items()
    ]
    columns = {"of": "Level of", "level": "Level", "n": "Shoppers", "model": "Model", METRIC: f"nDCG@{k}", "lead": lead}
    note = "Training interactions: " + "; ".join(f"{name}: {range_}" for name, range_ in LEVELS.items()) + "."
    title = "By how known the wanted product is, and how known the shopper is"
    return (*found, table_of("levels", title, levels, columns, note))


def plots(figures: ColdFigures, k: int) -> tuple[Plot, ...]:
    new = figures.new_products["new"]
    names = sorted(new.ndcg, key=lambda name: -new.ndcg[name].mean)
    means = ("each shopper once", new.ndcg), ("each product once", new.once)
    series = [Series.of(title, [*map(label_of, names)], [each[name] for name in names]) for title, each in means]
    title = f"nDCG@{k} on products that nobody has chosen yet, ranked among them alone"
    found = [Plot("new_products", title, "Model", f"nDCG@{k}, 95% interval", tuple(series))]
    for of in dict.fromkeys(each.of for each in figures.levels):
        what = "the wanted product" if of == "products" else "the shopper"
        title = f"nDCG@{k} of all components less that of every other model, by how known {what} is"
        leads = [
            (f"{each.level} ({each.n:,} shoppers)", {label_of(name): lead for name, lead in each.lead.items()})
            for each in figures.levels
            if each.of == of
        ]
        found.append(Plot.of_changes(f"lead_by_{of}", (title, "Model", f"Lead in nDCG@{k}, 95% interval"), *leads))
    return tuple(found)
