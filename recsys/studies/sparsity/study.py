"""How much text is enough: reviews lose their words, or have worse ones, until the semantic part stops paying.

Only texts change. At every level the phrases are cut and encoded anew, the semantic component is fitted anew, and the
weights of the mix are chosen anew on validation shoppers; test shoppers are then looked at once. No other component
reads a review's text, so their scores stay.
"""

from recsys.evaluation.statistics.intervals import mean_interval
from recsys.progress import Progress, silent
from recsys.studies.component_swap import window_note
from recsys.studies.format import mix_in_words
from recsys.studies.registry import ExperimentSettings
from recsys.studies.result import Result, as_json
from recsys.studies.sparsity import report
from recsys.studies.sparsity.figures import METRIC, LevelFigures, SparsityFigures, compare_levels
from recsys.studies.sparsity.measure import MeasuredLevel, TextShop
from recsys.studies.sparsity.texts import FIRST_WORDS, NOISES, TextLevel
from recsys.studies.workspace import Workspace

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Of texts kept; none and all are what the others are held against."""

DOSES = (0.25, 0.5, 1.0)
"""Of texts corrupted."""


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Take texts away, and corrupt them."""
    shop = TextShop.of(workspace, settings, progress)
    figures = measure(shop, progress)
    panel = shop.test.engine.panel
    return Result(
        protocol=f"{panel.protocol}{window_note(settings.split)} Only texts of reviews change; stars, times and who "
        "chose what stay. At every level phrases are encoded and the semantic component is fitted anew, and the mix is "
        f"tuned anew by nDCG@{settings.k} on validation shoppers at that level. It is held against the best mix "
        f"without the semantic component ({mix_in_words(shop.plain)}). A text is kept or corrupted by a seeded draw in "
        f"which larger shares hold the smaller ones. Cut short are texts to {FIRST_WORDS} words; off topic are "
        "sentences that speak of no product, about as long as the text that they stand for; texts of another product "
        "are dealt among what is learned from, and among what is held out, apart. A verdict rests on the paired 95% "
        "interval and on the p-value of 9,999 sign flips, corrected by Holm for all shares, or for all noises in as "
        "many texts.",
        conclusion=report.conclusion(figures),
        caveats=report.caveats(figures, panel.leak_check),
        tables=report.tables(figures, settings.k),
        plots=report.plots(figures, settings.k),
        figures=as_json(figures),
    )


def measure(shop: TextShop, progress: Progress = silent) -> SparsityFigures:
    """Every level, against all texts, none, and the mix without the semantic component."""
    seed, plain = shop.test.settings.seed, shop.test.lists(shop.plain)
    levels = [TextLevel("", share) for share in SHARES] + [TextLevel(noise, dose) for noise in NOISES for dose in DOSES]
    found = dict[TextLevel, MeasuredLevel]()
    for level in levels:

        def at_level(stage: str, done: int = 0, total: int = 0, level: TextLevel = level) -> None:
            progress(f"{level.name} ({len(found) + 1} of {len(levels)}): {stage}", done, total)

        found[level] = shop.measure(level, at_level)
    noises = dict[str, LevelFigures]()
    for dose in DOSES:
        noises |= compare_levels([found[TextLevel(noise, dose)] for noise in NOISES], found, plain, seed)
    return SparsityFigures(
        plain_weights=shop.plain,
        plain=mean_interval(plain.values[METRIC], seed),
        shares=compare_levels([found[TextLevel("", share)] for share in SHARES], found, plain, seed),
        noises=noises,
    )
