"""How much text is enough: reviews lose their words, or have worse ones, until the semantic part stops paying.

Only texts change. At every level the phrases are cut and encoded anew, the semantic component is fitted anew, and the
weights of the mix are chosen anew on validation shoppers; test shoppers are then looked at once. No other component
reads a review's text, so their scores stay.
"""

import time

from recsys.progress import Progress, silent
from recsys.studies.format import mix_in_words
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result
from recsys.studies.semantic_swap import windows_in_words
from recsys.studies.sparsity import figures, products
from recsys.studies.sparsity.figures import Told, mean_of
from recsys.studies.sparsity.models import N_SUMMED, Measured, Shop
from recsys.studies.sparsity.plots import noise_plots, share_plot
from recsys.studies.sparsity.summary import conclusion
from recsys.studies.sparsity.texts import CLEAN, FIRST_WORDS, NOISES, SILENT, Level
from recsys.studies.workspace import Workspace

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Of texts kept; none and all are what the others are held against."""

DOSES = (0.25, 0.5, 1.0)
"""Of texts spoilt."""

NOTE = "The best mix without the semantic component is the same at all levels."


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Take texts away, and spoil them."""
    begun = time.monotonic()
    shop = Shop.of(workspace, settings, progress)
    plain = shop.lists(shop.test, shop.plain)
    levels = [Level("", share) for share in SHARES] + [Level(noise, dose) for noise in NOISES for dose in DOSES]
    found = {level: _measured(shop, level, place, len(levels), progress) for place, level in enumerate(levels)}
    shares = figures.told_of([found[Level("", each)] for each in SHARES], found, plain, settings.seed, progress)
    noises = list[Told]()
    for dose in DOSES:
        at_dose = [found[Level(noise, dose)] for noise in NOISES]
        noises += figures.told_of(at_dose, found, plain, settings.seed, progress)
    clean = next(each for each in shares if each.level == CLEAN)
    kinds = products.kinds(shop, found[CLEAN], found[SILENT], plain)
    k = settings.k
    return Result(
        experiment="sparsity",
        protocol=f"{shop.test.panel.protocol}{windows_in_words(settings.split)} Only texts of reviews change; stars, "
        "times and who chose what stay. At "
        "every level phrases are encoded and the semantic component is fitted anew, and the mix is tuned anew by "
        f"nDCG@{k} on validation shoppers at that level. It is held against the best mix without the semantic "
        f"component ({mix_in_words(shop.plain)}). A text is kept or spoilt by a seeded draw in which larger shares "
        f"hold the smaller ones. Cut short are texts to {FIRST_WORDS} words; off topic are sentences that speak of no "
        "product, about as long as the text that they stand for; texts of another product are dealt among what is "
        "learned from, and among what is held out, apart. Differences are paired, with 95% intervals; something is "
        "beyond doubt where the interval leaves out 0 and the p-value of 9,999 sign flips, corrected by Holm for all "
        "shares, or for all noises in as many texts, is at most 0.05.",
        data=workspace.facts(),
        settings=settings.as_json(),
        conclusion=conclusion(shares, noises, kinds, settings.seed),
        caveats=(
            "Without texts of reviews the semantic part still reads titles, descriptions and attributes, and knows who "
            "liked what.",
            "Weights are chosen as the best of 1,771 mixes on validation, so that neighbouring levels can differ by "
            "the luck of that choice; the mix that keeps the weights tuned for all texts is free of that.",
            f"Sums of parts were looked at for {N_SUMMED} random shoppers and products a level.",
            shop.test.panel.leak_check,
        ),
        tables=(
            figures.table("shares", "Less text: test shoppers by the share of texts kept", shares, k, NOTE),
            figures.table("noise", "Worse text: test shoppers by what is wrong with texts", noises, k, NOTE),
            products.table(kinds, k),
        ),
        plots=(
            share_plot(shares, mean_of(plain, settings.seed), k),
            *noise_plots(noises, clean, k),
            products.plot(kinds, k),
        ),
        figures={
            "shares": figures.as_json(shares),
            "noise": figures.as_json(noises),
            "without_semantic": {
                "weights": shop.plain.normalised(),
                "mix": mean_of(plain, settings.seed).as_json(),
            },
            "products": products.as_json(kinds),
        },
        seconds=time.monotonic() - begun,
    )


def _measured(shop: Shop, level: Level, place: int, n_levels: int, progress: Progress) -> Measured:
    def say(stage: str, done: int = 0, total: int = 0) -> None:
        progress(f"{level.name} ({place + 1} of {n_levels}): {stage}", done, total)

    return shop.measure(level, shop.book(level, say), progress=say)
