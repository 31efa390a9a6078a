"""The semantic component at every state of the texts: fitted and tuned anew, measured, and compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval
from recsys.progress import Progress, silent
from recsys.scorers.base import Requests
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings
from recsys.studies.component_swap import SemanticRole
from recsys.studies.models import METRIC, WITHOUT_SEMANTIC, paired_differences, tuned
from recsys.studies.sparsity.texts import CLEAN, SILENT, TextCorruption, TextLevel, has_text
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.encoder import make_phrasebook
from recsys.text.phrasebook import REVIEW, Phrasebook

N_SUMMED = 60
"""So many explanations are summed at each level."""

MEANS: Mapping[str, str] = {
    "alone": "semantic alone",
    "mix": "mix tuned at this level",
    "steady": "mix tuned for all texts",
}
"""Lists that are measured at each level."""

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


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """One state of the texts.

    Parameters
    ----------
    weights : of the mix, tuned at this level
    n_texts, n_phrases : reviews that say anything, and different phrases in them
    n_listed : how many texts, as they are with all, a product that the semantic component lists has on average
    residual : most by which the parts of an explanation missed the score that they explain
    means : nDCG by name of `MEANS`
    changes : by name of `CHANGES`, p-values corrected for the levels that are compared together
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
        """The phrases of the shop at one level."""
        return make_phrasebook(self.corruption.at(level), progress)

    def measure(self, level: TextLevel, progress: Progress = silent) -> MeasuredLevel:
        """Tune on validation at this level, and measure on test."""
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
    levels: Sequence[MeasuredLevel], measured: Mapping[TextLevel, MeasuredLevel], plain: UserValues, seed: int
) -> dict[str, LevelFigures]:
    """Figures of some levels by name, p-values corrected for how many they are; `plain` is nDCG without semantic."""

    def reference(of: str, name: str) -> UserValues:
        return plain if name == "plain" else measured[CLEAN if name == "clean" else SILENT].values[of]

    found = {
        name: paired_differences({each.figures.level: (each.values[of], reference(of, to)) for each in levels}, seed)
        for name, (of, to) in CHANGES.items()
    }
    return {
        each.figures.level.name: replace(
            each.figures, changes={name: by_level[each.figures.level] for name, by_level in found.items()}
        )
        for each in levels
    }
