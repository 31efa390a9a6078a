"""What less and worse text does: tables, plots and a conclusion that claims no more than its intervals carry."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from recsys.evaluation.statistics.significance import Interval
from recsys.studies.format import mix_in_words, signed
from recsys.studies.report_parts import Columns, as_json, by_verdict, change_text, listed, table_of
from recsys.studies.result import Plot, Series, Table
from recsys.studies.sparsity.figures import CHANGES, MEANS, SIMPLE, LevelFigures, ProductFigures, SparsityFigures
from recsys.studies.sparsity.measure import N_SUMMED
from recsys.studies.sparsity.texts import CLEAN, SILENT, WRONG_PRODUCT

MOST_RESIDUAL = 1e-5
"""Parts that sum to the score but for this much do so but for rounding: scores are mostly between -1 and 1."""

AGAINST = {
    "clean": "less that with all texts",
    "silent": "less that without texts",
    "plain": "less that of the mix without semantic",
}
P = "p, corrected"


def conclusion(figures: SparsityFigures) -> tuple[str, ...]:
    """What to take away, most important first."""
    clean, full = figures.clean, [doses[-1] for doses in _by_noise(figures.noises).values()]
    said = [
        f"With all texts the mix with the semantic part is {_change(clean, 'gain')} nDCG against the best mix without "
        "it. By the share of texts kept, it is "
        f"{by_verdict({f'{each.level.share:.0%}': each.changes['gain'].verdict for each in figures.shares})}.",
        "Beside what products say of themselves, all texts of reviews change nDCG of the semantic part alone by "
        f"{_change(clean, 'alone_silent')}.",
    ]
    for wrong in (each for each in full if each.level.noise == WRONG_PRODUCT):
        said[-1] += (
            f" As a control, all texts are dealt anew among products: {_change(wrong, 'alone_silent')} against no "
            f"texts, and {_change(wrong, 'alone_clean')} against each text in its place."
        )
    if full:
        harm = {f"{each.level.noise} ({_mean(each)})": each.changes["alone_clean"].verdict for each in full}
        said.append(f"In all texts, noise makes the semantic part alone, against clean texts: {by_verdict(harm)}.")
    return tuple(said)


def caveats(figures: SparsityFigures, leak_check: str) -> tuple[str, ...]:
    """What the figures do not say."""
    levels = [*figures.shares, *figures.noises]
    wrong = [each.level.name for each in levels if each.residual > MOST_RESIDUAL]
    sums = f"do NOT sum to it at: {listed(wrong)}" if wrong else f"sum to it at all {len(levels)} levels"
    return (
        "Without texts of reviews the semantic part still reads titles, descriptions and attributes, and knows who "
        "liked what.",
        "Weights are chosen as the best of 1,771 mixes on validation, so that neighbouring levels can differ by the "
        "luck of that choice; the mix that keeps the weights tuned for all texts is free of that.",
        f"Parts of the semantic score {sums}: they miss it by {max(each.residual for each in levels):.0e} at most, of "
        f"{N_SUMMED} random shoppers and products a level.",
        leak_check,
    )


def tables(figures: SparsityFigures, k: int) -> tuple[Table, ...]:
    """Levels by share and by noise, and classes of products."""
    note = "The best mix without the semantic component is the same at all levels."
    columns = _level_columns(k)
    return (
        table_of("shares", "Less text: test shoppers by the share of texts kept", figures.shares, columns, note),
        table_of("noise", "Worse text: test shoppers by what is wrong with texts", figures.noises, columns, note),
        table_of(
            "products",
            "By how much is known of the product to be found: cold, warm and hot",
            figures.products,
            _product_columns(k),
            "With all texts, clean. Shoppers who have no such product to find are left out. Weights are those tuned "
            "for everybody.",
        ),
    )


def plots(figures: SparsityFigures, k: int) -> tuple[Plot, ...]:
    """nDCG by the share of texts kept and corrupted, and what words are worth by class of products."""
    y = f"nDCG@{k}, 95% interval"
    names = tuple(f"{each.how_many} {each.known_by}" for each in figures.products)

    def noise(name: str, title: str, of: str) -> Plot:
        series = []
        for kind, doses in _by_noise(figures.noises).items():
            levels = (figures.clean, *doses)
            x = (0.0, *(100 * each.level.share for each in doses))
            series.append(Series.of(kind, x, [each.means[of] for each in levels]))
        return Plot(name, title, "Share of texts corrupted, in percent", y, tuple(series), "line")

    x = tuple(100 * each.level.share for each in figures.shares)
    by_share = [Series.of(label, x, [each.means[name] for each in figures.shares]) for name, label in MEANS.items()]
    return (
        Plot(
            "shares",
            f"nDCG@{k} on test shoppers by how many texts of reviews there are",
            "Share of texts kept, in percent",
            y,
            (*by_share, Series.of("mix without semantic", x, [figures.plain] * len(x))),
            "line",
        ),
        noise("noise_alone", f"nDCG@{k} of the semantic component alone, texts being corrupted", "alone"),
        noise("noise_mix", f"nDCG@{k} of the mix tuned at each level, texts being corrupted", "mix"),
        Plot(
            "products",
            "What words are worth, by how much is known of the product to be found",
            "Of the product there are",
            f"Change of nDCG@{k}, 95% interval",
            (
                Series.of(
                    "texts of reviews, to the semantic component alone",
                    names,
                    [each.words.interval for each in figures.products],
                ),
                Series.of(
                    "the semantic component, to the mix", names, [each.gain.interval for each in figures.products]
                ),
            ),
            zero=True,
        ),
    )


def json_figures(figures: SparsityFigures) -> dict[str, Any]:
    """What stands at the top of the JSON document."""

    def levels(of: Sequence[LevelFigures]) -> dict[str, Any]:
        return {
            each.level.name: {
                "share": each.level.share,
                "n_listed": each.n_listed,
                "weights": as_json(each.weights),
                **as_json(each.means),
                **{name: as_json(change.interval) for name, change in each.changes.items()},
                **{f"{name}_p": change.p for name, change in each.changes.items()},
                "pays": each.changes["gain"].verdict == "better",
            }
            for each in of
        }

    return {
        "shares": levels(figures.shares),
        "noise": levels(figures.noises),
        "without_semantic": as_json({"weights": figures.plain_weights, "mix": figures.plain}),
        "products": [
            as_json({"known_by": each.known_by, "how_many": each.how_many, "n": each.n, "alone": each.alone})
            | as_json({"words": each.words.interval, "words_p": each.words.p})
            | as_json({"gain": each.gain.interval, "gain_p": each.gain.p})
            for each in figures.products
        ],
    }


def _level_columns(k: int) -> Columns[LevelFigures]:
    columns: dict[str, tuple[str, Callable[[LevelFigures], Any]]] = {
        "level": ("Texts", lambda each: each.level.name),
        "n_texts": ("Reviews with text", lambda each: each.n_texts),
        "n_phrases": ("Different phrases", lambda each: each.n_phrases),
        "n_listed": ("Texts of a product on lists of semantic alone", lambda each: each.n_listed),
        "weights": ("Mix tuned at this level", lambda each: mix_in_words(each.weights)),
    }
    for of, label in MEANS.items():
        columns[of] = (f"nDCG@{k}, {label}", partial(_mean_of, of))
        for name, (changed, against) in CHANGES.items():
            if changed == of:
                columns[name] = (AGAINST[against], partial(_change_of, name, "interval"))
                columns[f"{name}_p"] = (P, partial(_change_of, name, "p"))
    return columns | {"residual": ("Parts miss the score by at most", lambda each: f"{each.residual:.1e}")}


def _mean_of(name: str, each: LevelFigures) -> Interval:
    return each.means[name]


def _change_of(change: str, field: str, each: LevelFigures) -> Any:
    """Part of a change; nothing where a level would be held against itself."""
    itself = {CLEAN: "clean", SILENT: "silent"}.get(each.level)
    return None if CHANGES[change][1] == itself else getattr(each.changes[change], field)


def _product_columns(k: int) -> Columns[ProductFigures]:
    return {
        "known_by": ("Known by", lambda each: each.known_by),
        "how_many": ("How many", lambda each: each.how_many),
        "n": ("Shoppers", lambda each: each.n),
        "alone": (f"nDCG@{k}, semantic alone", lambda each: each.alone),
        "silent": ("without texts of reviews", lambda each: each.silent),
        "words": ("Added by texts", lambda each: each.words.interval),
        "words_p": (P, lambda each: each.words.p),
        **{name: (f"{name.capitalize()} alone", partial(_simple_of, name)) for name in SIMPLE},
        "plain": ("Mix without semantic", lambda each: each.plain),
        "mix": ("Mix", lambda each: each.mix),
        "gain": ("Added by semantic", lambda each: each.gain.interval),
        "gain_p": (P, lambda each: each.gain.p),
    }


def _simple_of(name: str, each: ProductFigures) -> float:
    return each.simple[name]


def _by_noise(noises: Sequence[LevelFigures]) -> Mapping[str, list[LevelFigures]]:
    """Levels of each noise, in the order of their doses."""
    kinds: dict[str, list[LevelFigures]] = {}
    for each in sorted(noises, key=lambda one: one.level.share):
        kinds.setdefault(each.level.noise, []).append(each)
    return kinds


def _change(each: LevelFigures, name: str) -> str:
    return change_text(each.changes[name].interval, each.changes[name].verdict)


def _mean(each: LevelFigures) -> str:
    return signed(each.changes["alone_clean"].interval.mean)
