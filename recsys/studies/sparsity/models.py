"""The semantic component at every state of the texts: fitted anew, put in place of the old one, tuned and measured."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import Role, Split
from recsys.evaluation.protocols.hold_out import EvaluationSettings, split_of
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, silent
from recsys.scorers.base import Fitting, Requests
from recsys.scorers.phrase_weights import SemanticSettings
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings, RankingSettings
from recsys.studies.registry import ExperimentSettings
from recsys.studies.semantic_swap import latest, require_whole, with_semantic
from recsys.studies.sparsity.texts import CLEAN, Level, Spoiler
from recsys.studies.tuned_weights import tuned
from recsys.studies.workspace import Workspace
from recsys.text.encoder import make_phrasebook
from recsys.text.phrasebook import REVIEW, Phrasebook

METRIC = "ndcg"
"""Weights are chosen by it, and everything is measured by it."""

N_SUMMED = 60
"""So many explanations are summed at each level."""

MOST_RESIDUAL = 1e-5
"""Parts that sum to the score but for this much do so but for rounding: scores are mostly between -1 and 1."""


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
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

    level: Level
    alone: MeasuredLists
    mix: MeasuredLists
    fusion: FusionSettings
    steady: MeasuredLists
    n_listed: float
    n_texts: int
    n_phrases: int
    residual: float


@dataclass(frozen=True, eq=False)
class Shop:
    """A shop whose texts may change.

    Parameters
    ----------
    engines : of both roles, as they were prepared
    plain : weights of the mix without the semantic component, tuned on validation; no text changes it
    steady : weights tuned on validation with all texts as they are
    """

    data: Dataset
    split: Split
    engines: dict[Role, LiveEngine]
    spoiler: Spoiler
    asked: ExperimentSettings
    plain: FusionSettings
    steady: FusionSettings
    settings: SemanticSettings = field(default_factory=SemanticSettings)

    @classmethod
    def of(cls, workspace: Workspace, asked: ExperimentSettings, progress: Progress = silent) -> Self:
        """Both roles of a shop.

        Raises
        ------
        DataError : hardly a review has a text
        SettingsError : the shop is held by candidates only
        """
        data = workspace.data.core(asked.min_interactions)
        split = split_of(data, EvaluationSettings(asked.split, asked.min_interactions, seed=asked.seed))
        spoiler = Spoiler.of(data, split, asked.seed)  # refused, if it is, before any test shopper is prepared
        validation, test = workspace.engines(asked.split, asked.min_interactions, asked.seed, progress)
        require_whole((validation, test))
        validation = latest(validation)
        plain = tuned(validation, asked.k, progress, without_semantic=True)
        engines: dict[Role, LiveEngine] = {"validation": validation, "test": test}
        begun = cls(data, split, engines, spoiler, asked, plain, plain)
        semantic = begun.fitted(begun.book(CLEAN, progress), "validation")
        return replace(begun, steady=tuned(begun.under(semantic, "validation"), asked.k, progress))

    @property
    def test(self) -> LiveEngine:
        """Test shoppers as they were prepared."""
        return self.engines["test"]

    @cached_property
    def texts_of(self) -> NDArray[np.int64]:
        """How many reviews of each product that are learned from say anything, int64 of shape (n_items,)."""
        reviews = self.split.fit_test.reviews
        said = reviews["text"].str.strip().str.len().to_numpy() > 0
        return np.bincount(reviews["item_row"].to_numpy()[said], minlength=self.data.n_items)

    def book(self, level: Level, progress: Progress = silent) -> Phrasebook:
        """The phrases of the shop at one level."""
        return make_phrasebook(self.spoiler.under(level), progress)

    def fitted(self, book: Phrasebook, role: Role, settings: SemanticSettings | None = None) -> SemanticScorer:
        """The semantic component of one role; whose texts these are is for the phrasebook to say."""
        train = self.split.whole(role)
        return SemanticScorer(settings or self.settings).fit(Fitting(train, book, self.asked.seed))

    def under(self, semantic: SemanticScorer, role: Role) -> LiveEngine:
        """The live evaluation of one role with another semantic component."""
        train, held_out = self.split.whole(role), self.split.held_out(role)
        return with_semantic(self.engines[role], semantic, self.data, train, held_out, self.asked.split)

    def lists(self, engine: LiveEngine, fusion: FusionSettings) -> MeasuredLists:
        """Everybody's list."""
        return engine.measure(RankingSettings(fusion, WHOLE_CATALOGUE, self.asked.k)).lists

    def measure(
        self, level: Level, book: Phrasebook, settings: SemanticSettings | None = None, progress: Progress = silent
    ) -> Measured:
        """Tune on validation at this level, and measure on test."""
        fusion = tuned(
            self.under(self.fitted(book, "validation", settings), "validation"), self.asked.k, progress=progress
        )
        semantic = self.fitted(book, "test", settings)
        engine = self.under(semantic, "test")
        own, alone = book.of_kind(REVIEW), self.lists(engine, FusionSettings.only("semantic"))
        return Measured(
            level,
            alone,
            self.lists(engine, fusion),
            fusion,
            self.lists(engine, self.steady),
            float(self.texts_of[alone.ranked[alone.ranked >= 0]].mean()),
            self.spoiler.n_texts(level),
            len(np.unique(book.phrase[own])),
            self.residual(semantic),
        )

    def residual(self, semantic: SemanticScorer) -> float:
        """Most by which the parts of an explanation miss the score, of random shoppers and products."""
        rng, engine = np.random.default_rng([self.asked.seed, 6]), self.test
        users = self.split.held_out("test").users()
        largest = 0.0
        for place in rng.integers(0, len(users), N_SUMMED).tolist():
            request = Requests.one(int(users[place]), engine.panel.contexts[place])
            item = int(rng.integers(self.data.n_items))
            parts = semantic.contributions(request, 0, item)
            largest = max(largest, abs(sum(part.value for part in parts) - float(semantic.score(request)[0, item])))
        return largest
