"""New products, and products and shoppers of whom little is known: who serves them best, and where the words pay.

First on products that nobody has bought or reviewed yet, by the replay of new products; then by level (hot, warm, cold)
on the ordinary test shoppers. All weights are chosen on validation shoppers of the same kind.
"""

import time

from recsys.evaluation.protocols.rewinds import new_product_rewind
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.ablation import chosen_weights, models_on, name_of
from recsys.studies.cold import tables as telling
from recsys.studies.cold.comparisons import found_of
from recsys.studies.cold.levels import by_level, tuned_by_shopper
from recsys.studies.cold.new_products import RANKINGS, WITHOUT_WORDS, ask, chosen_for_new, models_for_new
from recsys.studies.cold.summary import conclusion
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result
from recsys.studies.workspace import Workspace

SHOWN = ("popularity", "recent_popularity", "item_knn", "ease", *COMPONENTS, "traditional", name_of(WITHOUT_WORDS))
"""Models that are shown by level, beside all components together."""


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Choose on validation shoppers, and measure on test shoppers: new products, then levels."""
    begun = time.monotonic()
    # Refused, if it is, before any test shopper is prepared.
    new_product_rewind(workspace.data.core(settings.min_interactions), settings.seed)
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    known = chosen_weights(validation, settings.k, progress)
    asked, tested, panels = ask(workspace, settings, progress)
    found = {}
    for ranking in RANKINGS:
        own = chosen_for_new(asked.wanted[ranking], settings.k, progress)
        models = models_for_new(tested, ranking, own, known, settings.k, progress)
        found[ranking] = found_of(models, tested.rows, settings.seed)
    everyone = models_on(test, known, settings.k)
    levels = by_level(test, {name: everyone[name] for name in (*SHOWN, "full")}, settings.seed)
    tuned = tuned_by_shopper(validation, test, known[COMPONENTS], settings, progress)
    return Result(
        experiment="cold",
        protocol=f"{panels[1].protocol} Weights for new products are the mix, in steps of 5%, that is best by "
        f"nDCG@{settings.k} on its validation shoppers, in the same ranking. Where a model gives several products the "
        "same score, all their orders are taken to be as likely and the mean over them is reported, so no model wins "
        "or loses by the order of the catalogue. Differences are told over shoppers and with each product counting "
        "once, and count only where both intervals leave out 0; p-values are those of 9,999 sign flips over "
        "shoppers, corrected by Holm over all models "
        f"compared in one ranking. Levels and weights for known products: {test.panel.protocol} Weights by level are "
        f"chosen by nDCG@{settings.k} on validation shoppers of that level.",
        data=workspace.facts(),
        settings=settings.as_json(),
        conclusion=conclusion(found, levels, tuned),
        caveats=telling.caveats(tested, panels[1], (panels[1].leak_check, test.panel.leak_check)),
        tables=(
            *(telling.new_products(ranking, each, settings.k) for ranking, each in found.items()),
            telling.levels_table(levels, settings.k),
            telling.tuned_table(tuned, settings.k),
        ),
        plots=(telling.new_products_plot(found["new"], settings.k), *telling.level_plots(levels, settings.k)),
        figures={
            "new_products": telling.figures(found),
            "levels": [telling.level_figures(each) for each in levels],
            "weights_by_level": [telling.tuned_figures(each) for each in tuned],
        },
        seconds=time.monotonic() - begun,
    )
