"""The semantic component at every state of the texts: fitted anew, put in place of the old one, tuned and measured."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.progress import Progress, silent
from recsys.scorers.base import Requests
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings
from recsys.studies.component_swap import SemanticRole, split_for, tuned
from recsys.studies.registry import ExperimentSettings
from recsys.studies.sparsity.texts import CLEAN, TextCorruption, TextLevel, has_text
from recsys.studies.workspace import Workspace
from recsys.text.library import make_phrasebook
from recsys.text.phrasebook import REVIEW, Phrasebook

N_SUMMED = 60
"""So many explanations are summed at each level."""


@dataclass(frozen=True, eq=False, slots=True)
class MeasuredLevel:
    """The test shoppers at one level.

    Parameters
    ----------
    alone : lists of the semantic component
    mix : lists of all components, with weights tuned at this level
    fusion : those weights
    steady : lists of all components, with the weights that are tuned for all texts
    n_listed : how many texts, as they are with all, a product that the semantic component lists has on average
    n_texts, n_phrases : reviews that say anything, and different phrases in them
    residual : most by which the parts of an explanation missed the score that they explain
    """

    level: TextLevel
    alone: MeasuredLists
    mix: MeasuredLists
    fusion: FusionSettings
    steady: MeasuredLists
    n_listed: float
    n_texts: int
    n_phrases: int
    residual: float


@dataclass(frozen=True, eq=False)
class TextShop:
    """A shop whose texts may change.

    Parameters
    ----------
    plain : weights of the mix without the semantic component, tuned on validation; no text changes it
    steady : weights tuned on validation with all texts as they are
    """

    validation: SemanticRole
    test: SemanticRole
    corruption: TextCorruption
    plain: FusionSettings
    steady: FusionSettings

    @classmethod
    def of(cls, workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Self:
        """Both roles of a shop.

        Raises
        ------
        DataError : hardly a review has a text
        SettingsError : the shop is held by candidates only
        """
        # Refused, if it is, before any test shopper is prepared.
        corruption = TextCorruption.of(*split_for(workspace, settings), settings.seed)
        validation, test = SemanticRole.both(workspace, settings, progress)
        plain = tuned(validation.engine, settings.k, progress, without_semantic=True)
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
        fusion = tuned(self.validation.scored_by(self.validation.fit(book)), test.settings.k, progress)
        semantic = test.fit(book)
        engine = test.scored_by(semantic)
        alone = test.lists(FusionSettings.only("semantic"), engine)
        return MeasuredLevel(
            level=level,
            alone=alone,
            mix=test.lists(fusion, engine),
            fusion=fusion,
            steady=test.lists(self.steady, engine),
            n_listed=float(self.texts_of[alone.ranked[alone.ranked >= 0]].mean()),
            n_texts=self.corruption.n_texts(level),
            n_phrases=len(np.unique(book.phrase[book.of_kind(REVIEW)])),
            residual=self.residual(semantic),
        )

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
