"""How much text is enough: reviews lose their words, or have worse ones, until the semantic part stops paying.

Only texts change. No other component reads a review's text, so their scores stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval
from recsys.progress import Progress, prefixed, silent
from recsys.scorers.base import Requests
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings
from recsys.studies.format import by_verdict, change_text, listed, mix_in_words, signed, table_of
from recsys.studies.models import METRIC, WITHOUT_SEMANTIC, SemanticRole, paired_differences, tuned, window_note
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.sparsity_texts import (
    CLEAN,
    FIRST_WORDS,
    NOISES,
    SILENT,
    WRONG_PRODUCT,
    TextCorruption,
    TextLevel,
    has_text,
)
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.encoder import make_phrasebook
from recsys.text.phrasebook import REVIEW, Phrasebook

N_SUMMED = 60
"""Explanations that are summed at each level."""

MEANS = {"alone": "semantic alone", "mix": "mix tuned at this level", "steady": "mix tuned for all texts"}

CHANGES: Mapping[str, tuple[str, str]] = {
    "alone_clean": ("alone", "clean"),
    "alone_silent": ("alone", "silent"),
    "gain": ("mix", "plain"),
    "mix_clean": ("mix", "clean"),
    "mix_silent": ("mix", "silent"),
    "steady_gain": ("steady", "plain"),
    "steady_clean": ("steady", "clean"),
}
"""Paired changes by name: which of `MEANS`, and its reference: the same with all texts or with none, or the mix without
the semantic component."""

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
"""Of texts kept; none and all are what the others are compared with."""

DOSES = (0.25, 0.5, 1.0)
"""Of texts corrupted."""

MOST_RESIDUAL = 1e-5
"""Parts that sum to the score but for this much do so but for rounding: scores are mostly between -1 and 1."""

AGAINST = {
    "clean": "less that with all texts",
    "silent": "less that without texts",
    "plain": "less that of the mix without semantic",
}


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """One state of the texts: weights tuned there, nDCG by name of `MEANS`, and changes by name of `CHANGES`.

    P-values are corrected for the levels that are compared together. `n_texts` say anything, in `n_phrases` different
    phrases; `n_listed` is how many texts, as they are with all, a product that the semantic component lists has on
    average; `residual` is the most by which the parts of an explanation missed the score that they explain.
    """

    level: TextLevel
    weights: FusionSettings
    n_texts: int
    n_phrases: int
    n_listed: float
    residual: float
    means: Mapping[str, Interval]
    changes: Mapping[str, Difference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SparsityFigures:
    """Levels by name, and the best mix without the semantic component with its nDCG."""

    plain_weights: FusionSettings
    plain: Interval
    shares: Mapping[str, LevelFigures]
    noises: Mapping[str, LevelFigures]


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredLevel:
    """One level not yet compared, with every test shopper's nDCG by name of `MEANS`."""

    figures: LevelFigures
    values: Mapping[str, UserValues]


@dataclass(frozen=True, eq=False)
class TextShop:
    """A shop whose texts may change; weights tuned on validation for all texts, `plain` ones without semantic."""

    validation: SemanticRole
    test: SemanticRole
    corruption: TextCorruption
    plain: FusionSettings
    steady: FusionSettings

    @classmethod
    def of(cls, workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Self:
        """Both roles; raises DataError where hardly a review has a text, SettingsError for candidates only."""
        # Refused, if it is, before any test shopper is prepared.
        corruption = TextCorruption.of(*workspace.split(settings), settings.seed)
        validation, test = SemanticRole.both(workspace, settings, progress)
        plain = tuned(validation.engine, settings.k, progress, WITHOUT_SEMANTIC)
        shop = cls(validation, test, corruption, plain, plain)
        semantic = validation.fit(shop.book(CLEAN, progress))
        return replace(shop, steady=tuned(validation.scored_by(semantic), settings.k, progress))

    @cached_property
    def texts_of(self) -> NDArray[np.int64]:
        """How many reviews of each product that are learned from say anything, int64 of shape (n_items,)."""
        reviews = self.test.train.reviews
        return np.bincount(reviews["item_row"].to_numpy()[has_text(reviews)], minlength=self.test.data.n_items)

    def book(self, level: TextLevel, progress: Progress = silent) -> Phrasebook:
        return make_phrasebook(self.corruption.at(level), progress)

    def measure(self, level: TextLevel, progress: Progress = silent) -> MeasuredLevel:
        book, test = self.book(level, progress), self.test
        weights = tuned(self.validation.scored_by(self.validation.fit(book)), test.settings.k, progress)
        semantic = test.fit(book)
        engine = test.scored_by(semantic)
        fusions = {"alone": FusionSettings.only("semantic"), "mix": weights, "steady": self.steady}
        lists = {name: test.lists(fusions[name], engine) for name in MEANS}
        values, listed = {name: each.values[METRIC] for name, each in lists.items()}, lists["alone"].ranked
        figures = LevelFigures(
            level=level,
            weights=weights,
            n_texts=self.corruption.n_texts(level),
            n_phrases=len(np.unique(book.phrase[book.of_kind(REVIEW)])),
            n_listed=float(self.texts_of[listed[listed >= 0]].mean()),
            residual=self.residual(semantic),
            means={name: mean_interval(each, test.settings.seed) for name, each in values.items()},
        )
        return MeasuredLevel(figures, values)

    def residual(self, semantic: SemanticScorer) -> float:
        """Most by which the parts of an explanation miss the score, of random test shoppers and products."""
        rng, users = np.random.default_rng([self.test.settings.seed, 6]), self.test.held_out.users()
        largest = 0.0
        for row in rng.integers(0, len(users), N_SUMMED).tolist():
            request = Requests.one(int(users[row]), self.test.engine.panel.contexts[row])
            item = int(rng.integers(self.test.data.n_items))
            parts = semantic.contributions(request, 0, item)
            largest = max(largest, abs(sum(part.value for part in parts) - float(semantic.score(request)[0, item])))
        return largest


def compare_levels(
    levels: Sequence[TextLevel], measured: Mapping[TextLevel, MeasuredLevel], plain: UserValues, seed: int
) -> dict[str, LevelFigures]:
    """Figures of some levels by name, p-values corrected for how many they are; `plain` is nDCG without semantic."""

    def reference(of: str, name: str) -> UserValues:
        return plain if name == "plain" else measured[CLEAN if name == "clean" else SILENT].values[of]

    found = {
        name: paired_differences({each: (measured[each].values[of], reference(of, to)) for each in levels}, seed)
        for name, (of, to) in CHANGES.items()
    }
    return {
        each.name: replace(measured[each].figures, changes={name: changed[each] for name, changed in found.items()})
        for each in levels
    }


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
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
        conclusion=conclusion(figures),
        caveats=caveats(figures, panel.leak_check),
        tables=tables(figures, settings.k),
        plots=plots(figures, settings.k),
        figures=as_json(figures),
    )


def measure(shop: TextShop, progress: Progress = silent) -> SparsityFigures:
    seed, plain = shop.test.settings.seed, shop.test.lists(shop.plain).values[METRIC]
    shares = [TextLevel("", share) for share in SHARES]
    noises = [[TextLevel(noise, dose) for noise in NOISES] for dose in DOSES]
    levels = [*shares, *(TextLevel(noise, dose) for noise in NOISES for dose in DOSES)]
    found = dict[TextLevel, MeasuredLevel]()
    for number, level in enumerate(levels, 1):
        found[level] = shop.measure(level, prefixed(progress, f"{level.name} ({number} of {len(levels)})"))
    by_share, *by_dose = (compare_levels(some, found, plain, seed) for some in (shares, *noises))
    by_noise = {name: each for some in by_dose for name, each in some.items()}
    return SparsityFigures(shop.plain, mean_interval(plain, seed), by_share, by_noise)


def conclusion(figures: SparsityFigures) -> tuple[str, ...]:
    clean = figures.shares[CLEAN.name]
    full = {noise: doses[-1].changes for noise, doses in _by_noise(figures.noises.values()).items()}
    pays = {f"{each.level.share:.0%}": each.changes["gain"].verdict for each in figures.shares.values()}
    harm = {f"{noise} ({signed(each['alone_clean'].change.mean)})": each["alone_clean"] for noise, each in full.items()}
    control = (
        f" As a control, all texts are dealt anew among products: {change_text(full[WRONG_PRODUCT]['alone_silent'])} "
        f"against no texts, and {change_text(full[WRONG_PRODUCT]['alone_clean'])} against each text in its place."
        if WRONG_PRODUCT in full
        else ""
    )
    return (
        f"With all texts the mix with the semantic part is {change_text(clean.changes['gain'])} nDCG against the best "
        f"mix without it. By the share of texts kept, it is {by_verdict(pays)}.",
        "Beside what products say of themselves, all texts of reviews change nDCG of the semantic part alone by "
        f"{change_text(clean.changes['alone_silent'])}.{control}",
        "In all texts, noise makes the semantic part alone, against clean texts: "
        f"{by_verdict({noise: each.verdict for noise, each in harm.items()})}.",
    )


def caveats(figures: SparsityFigures, leak_check: str) -> tuple[str, ...]:
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
    columns = {"level": "Texts", "n_texts": "Reviews with text", "n_phrases": "Different phrases"}
    columns |= {"n_listed": "Texts of a product on lists of semantic alone", "weights": "Mix tuned at this level"}
    for of, label in MEANS.items():
        columns[of] = f"nDCG@{k}, {label}"
        columns |= {name: AGAINST[against] for name, (changed, against) in CHANGES.items() if changed == of}
    columns["residual"] = "Parts miss the score by at most"
    shares, noises = ([_row(each) for each in levels.values()] for levels in (figures.shares, figures.noises))
    same = "The best mix without the semantic component is the same at all levels."
    return (
        table_of("shares", "Less text: test shoppers by the share of texts kept", shares, columns, same),
        table_of("noise", "Worse text: test shoppers by what is wrong with texts", noises, columns),
    )


def _row(each: LevelFigures) -> dict[str, object]:
    """Cells of a level, without changes from itself."""
    itself = {CLEAN: "clean", SILENT: "silent"}.get(each.level)
    changes = {name: change for name, change in each.changes.items() if CHANGES[name][1] != itself}
    counts = {"n_texts": each.n_texts, "n_phrases": each.n_phrases, "n_listed": each.n_listed}
    residual = f"{each.residual:.1e}"
    return {"level": each.level.name, **counts, "weights": each.weights, **each.means, "residual": residual, **changes}


def plots(figures: SparsityFigures, k: int) -> tuple[Plot, ...]:
    y, shares = f"nDCG@{k}, 95% interval", list(figures.shares.values())
    x = tuple(100 * each.level.share for each in shares)
    lines = [Series.of(label, x, [each.means[name] for each in shares]) for name, label in MEANS.items()]
    lines.append(Series.of("mix without semantic", x, [figures.plain] * len(x)))
    title = f"nDCG@{k} on test shoppers by how many texts of reviews there are"

    def noise(name: str, title: str, of: str) -> Plot:
        series = []
        for kind, doses in _by_noise(figures.noises.values()).items():
            levels = (figures.shares[CLEAN.name], *doses)
            doses_x = (0.0, *(100 * each.level.share for each in doses))
            series.append(Series.of(kind, doses_x, [each.means[of] for each in levels]))
        return Plot(name, title, "Share of texts corrupted, in percent", y, tuple(series), "line")

    return (
        Plot("shares", title, "Share of texts kept, in percent", y, tuple(lines), "line"),
        noise("noise_alone", f"nDCG@{k} of the semantic component alone, texts being corrupted", "alone"),
        noise("noise_mix", f"nDCG@{k} of the mix tuned at each level, texts being corrupted", "mix"),
    )


def _by_noise(noises: Iterable[LevelFigures]) -> Mapping[str, list[LevelFigures]]:
    """Levels of each noise, in the order of their doses."""
    kinds: dict[str, list[LevelFigures]] = {}
    for each in sorted(noises, key=lambda one: one.level.share):
        kinds.setdefault(each.level.noise, []).append(each)
    return kinds
