"""What less and worse text does: tables, plots and a conclusion that claims no more than its intervals carry."""

from collections.abc import Iterable, Mapping

from recsys.evaluation.statistics.paired import Difference
from recsys.studies.format import by_verdict, change_text, listed, signed, table_of
from recsys.studies.result import Plot, Series, Table
from recsys.studies.sparsity.figures import CHANGES, MEANS, LevelFigures, SparsityFigures
from recsys.studies.sparsity.measure import N_SUMMED
from recsys.studies.sparsity.texts import CLEAN, SILENT, WRONG_PRODUCT

MOST_RESIDUAL = 1e-5
"""Parts that sum to the score but for this much do so but for rounding: scores are mostly between -1 and 1."""

AGAINST = {
    "clean": "less that with all texts",
    "silent": "less that without texts",
    "plain": "less that of the mix without semantic",
}


def conclusion(figures: SparsityFigures) -> tuple[str, ...]:
    """What to take away, most important first."""
    clean = figures.shares[CLEAN.name]
    full = {noise: doses[-1].changes for noise, doses in _by_noise(figures.noises.values()).items()}
    pays = {f"{each.level.share:.0%}": each.changes["gain"].verdict for each in figures.shares.values()}
    harm = {f"{noise} ({signed(each['alone_clean'].change.mean)})": each["alone_clean"] for noise, each in full.items()}
    control = (
        f" As a control, all texts are dealt anew among products: {_text(full[WRONG_PRODUCT]['alone_silent'])} against "
        f"no texts, and {_text(full[WRONG_PRODUCT]['alone_clean'])} against each text in its place."
        if WRONG_PRODUCT in full
        else ""
    )
    return (
        f"With all texts the mix with the semantic part is {_text(clean.changes['gain'])} nDCG against the best mix "
        f"without it. By the share of texts kept, it is {by_verdict(pays)}.",
        "Beside what products say of themselves, all texts of reviews change nDCG of the semantic part alone by "
        f"{_text(clean.changes['alone_silent'])}.{control}",
        "In all texts, noise makes the semantic part alone, against clean texts: "
        f"{by_verdict({noise: each.verdict for noise, each in harm.items()})}.",
    )


def caveats(figures: SparsityFigures, leak_check: str) -> tuple[str, ...]:
    """What the figures do not say."""
    levels = {**figures.shares, **figures.noises}
    wrong = [name for name, each in levels.items() if each.residual > MOST_RESIDUAL]
    sums = f"do NOT sum to it at: {listed(wrong)}" if wrong else f"sum to it at all {len(levels)} levels"
    return (
        "Without texts of reviews the semantic part still reads titles, descriptions and attributes, and knows who "
        "liked what.",
        "Weights are chosen as the best of 1,771 mixes on validation, so that neighbouring levels can differ by the "
        "luck of that choice; the mix that keeps the weights tuned for all texts is free of that.",
        f"Parts of the semantic score {sums}: they miss it by {max(each.residual for each in levels.values()):.0e} at "
        f"most, of {N_SUMMED} random shoppers and products a level.",
        leak_check,
    )


def tables(figures: SparsityFigures, k: int) -> tuple[Table, ...]:
    """Levels by share and by noise."""
    columns = {"level": "Texts", "n_texts": "Reviews with text", "n_phrases": "Different phrases"}
    columns |= {"n_listed": "Texts of a product on lists of semantic alone", "weights": "Mix tuned at this level"}
    for of, label in MEANS.items():
        columns[of] = f"nDCG@{k}, {label}"
        columns |= {name: AGAINST[against] for name, (changed, against) in CHANGES.items() if changed == of}
    columns["residual"] = "Parts miss the score by at most"
    return (
        table_of(
            "shares",
            "Less text: test shoppers by the share of texts kept",
            map(_row, figures.shares.values()),
            columns,
            "The best mix without the semantic component is the same at all levels.",
        ),
        table_of(
            "noise",
            "Worse text: test shoppers by what is wrong with texts",
            map(_row, figures.noises.values()),
            columns,
        ),
    )


def _row(each: LevelFigures) -> dict[str, object]:
    """Cells of a level; nothing where it would be held against itself."""
    itself = {CLEAN: "clean", SILENT: "silent"}.get(each.level)
    return {
        **{"level": each.level.name, "n_texts": each.n_texts, "n_phrases": each.n_phrases, "n_listed": each.n_listed},
        **{"weights": each.weights, **each.means, "residual": f"{each.residual:.1e}"},
        **{name: change for name, change in each.changes.items() if CHANGES[name][1] != itself},
    }


def plots(figures: SparsityFigures, k: int) -> tuple[Plot, ...]:
    """nDCG by the share of texts kept and corrupted."""
    y, shares = f"nDCG@{k}, 95% interval", list(figures.shares.values())
    x = tuple(100 * each.level.share for each in shares)

    def noise(name: str, title: str, of: str) -> Plot:
        series = []
        for kind, doses in _by_noise(figures.noises.values()).items():
            levels = (figures.shares[CLEAN.name], *doses)
            doses_x = (0.0, *(100 * each.level.share for each in doses))
            series.append(Series.of(kind, doses_x, [each.means[of] for each in levels]))
        return Plot(name, title, "Share of texts corrupted, in percent", y, tuple(series), "line")

    return (
        Plot(
            "shares",
            f"nDCG@{k} on test shoppers by how many texts of reviews there are",
            "Share of texts kept, in percent",
            y,
            (
                *(Series.of(label, x, [each.means[name] for each in shares]) for name, label in MEANS.items()),
                Series.of("mix without semantic", x, [figures.plain] * len(x)),
            ),
            "line",
        ),
        noise("noise_alone", f"nDCG@{k} of the semantic component alone, texts being corrupted", "alone"),
        noise("noise_mix", f"nDCG@{k} of the mix tuned at each level, texts being corrupted", "mix"),
    )


def _by_noise(noises: Iterable[LevelFigures]) -> Mapping[str, list[LevelFigures]]:
    """Levels of each noise, in the order of their doses."""
    kinds: dict[str, list[LevelFigures]] = {}
    for each in sorted(noises, key=lambda one: one.level.share):
        kinds.setdefault(each.level.noise, []).append(each)
    return kinds


def _text(found: Difference) -> str:
    return change_text(found.change, found.verdict)
