"""New products, and products and shoppers of whom little is known: who serves them best, and where the words pay.

First on products that nobody has bought or reviewed yet, by the rewind of new products; then by level (hot, warm, cold)
on the ordinary test shoppers. All weights are chosen on validation shoppers of the same kind.
"""

import numpy as np

from recsys.evaluation.protocols.rewinds import new_product_rewind
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.ablation import chosen_weights, models_on, name_of
from recsys.studies.cold import report
from recsys.studies.cold.comparisons import compare_models
from recsys.studies.cold.levels import by_level
from recsys.studies.cold.new_products import RANKINGS, WITHOUT_WORDS, chosen_for_new, models_for_new, new_product_roles
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result, as_json
from recsys.studies.workspace import Workspace

BY_LEVEL = (
    *("popularity", "recent_popularity", "item_knn", "ease"),
    *(*COMPONENTS, "traditional", name_of(WITHOUT_WORDS), "full"),
)
"""Models that are compared by level."""


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Choose on validation shoppers, and measure on test shoppers: new products, then levels."""
    k = settings.k
    # Refused, if it is, before any test shopper is prepared.
    new_product_rewind(workspace.data.core(settings.min_interactions), settings.seed)
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    known = chosen_weights(validation, k, progress)
    new_validation, new_test, panel = new_product_roles(workspace, settings, progress)
    rankings = {}
    for ranking in RANKINGS:
        own = chosen_for_new(new_validation.pairs[ranking], k, progress)
        models = models_for_new(new_test, ranking, own, known, k, progress)
        rankings[ranking] = compare_models(models, new_test.rows, settings.seed)
    everyone = models_on(test, known, k)
    counts = np.bincount(np.unique(new_test.rows, return_inverse=True)[1])
    figures = report.ColdFigures(
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
        conclusion=report.conclusion(figures),
        caveats=report.caveats(figures, (panel.leak_check, test.panel.leak_check)),
        tables=report.tables(figures, k),
        plots=report.plots(figures, k),
        figures=as_json(figures),
    )
