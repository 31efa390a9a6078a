"""Models of the multi-task study: learned on one role's training data, and put into the live evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Role
from recsys.evaluation.protocols.hold_out import EvaluationSettings, split_of
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.progress import Progress, silent
from recsys.scorers.base import Fitting, FloatArray
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings, RankingSettings
from recsys.studies.registry import ExperimentSettings
from recsys.studies.semantic_swap import latest, require_whole, with_semantic
from recsys.studies.workspace import Workspace
from recsys.text.encoder import make_phrasebook
from recsys.training.multitask import Learned, MultitaskSettings, learn
from recsys.training.pairs import Pairs, held_out_pairs, training_pairs

TODAY, WEIGHTS_ALONE, TUNED = "today", "weights alone", "learned map, weights tuned as today's"


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """One model on both roles.

    Parameters
    ----------
    diversity : lambda, or None where it played no part
    fusion : the weights on validation; on test those that were learned again, or the same where they were tuned
    epochs : how often the training pairs were gone through, or None where nothing was learned
    kept : whether the map was used; None where none was learned
    map_gain : nDCG with the map less that without it, on validation, the weights being the same; None without a map
    """

    name: str
    diversity: float | None
    epochs: int | None
    fusion: FusionSettings
    validation: MeasuredLists
    test: MeasuredLists
    kept: bool | None = None
    map_gain: Interval | None = None


def moved(models: Sequence[Model]) -> list[Model]:
    """Those that learned anything better than the start, by the objective on validation."""
    return [each for each in models if each.epochs]


@dataclass(frozen=True, eq=False)
class Shop:
    """One role of a shop: what may be learned from, and who is asked about.

    Parameters
    ----------
    semantic : fitted on `train`, without a head
    pairs : to learn from; of cold shoppers too where any are asked about in either role
    """

    data: Dataset
    train: Dataset
    held_out: HeldOut
    engine: LiveEngine
    semantic: SemanticScorer
    pairs: Pairs
    asked: ExperimentSettings

    @classmethod
    def both(cls, workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> tuple[Self, Self]:
        """Validation and test, fitted as their panels were.

        Raises
        ------
        SettingsError : the shop is held by candidates only
        """
        validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
        require_whole((validation, test))
        data = workspace.data.core(settings.min_interactions)
        split = split_of(data, EvaluationSettings(settings.split, settings.min_interactions, seed=settings.seed))
        book = make_phrasebook(data, progress)

        roles: tuple[Role, Role] = ("validation", "test")
        shops = []
        for role, engine in zip(roles, (latest(validation), test), strict=True):
            train = split.whole(role)
            semantic = SemanticScorer().fit(Fitting(train, book, settings.seed), progress)
            context = engine.panel.context_scorers[0].settings
            chosen = {"context": context}
            pairs = training_pairs(train, semantic, settings.seed, progress, chosen)
            shops.append(cls(data, train, split.held_out(role), engine, semantic, pairs, settings))
        return shops[0], shops[1]

    def learn(
        self, start: FusionSettings, settings: MultitaskSettings, judged: Pairs | None, progress: Progress = silent
    ) -> Learned:
        """Learn from this role's training data."""
        return learn(self.pairs, self.engine.panel.vectors, start, settings, judged, progress)

    def judged(self) -> Pairs:
        """The pairs that are asked about."""
        return held_out_pairs(self.train, self.held_out, self.semantic, self.engine.panel.scores.stacked())

    def under(self, head: FloatArray | None) -> LiveEngine:
        """The live evaluation of this role with the semantic component under a head."""
        if head is None:
            return self.engine
        semantic = self.semantic.with_head(head)
        return with_semantic(self.engine, semantic, self.data, self.train, self.held_out, self.asked.split)

    def lists(self, head: FloatArray | None, fusion: FusionSettings) -> MeasuredLists:
        """Everybody's list."""
        return self.under(head).measure(RankingSettings(fusion, WHOLE_CATALOGUE, self.asked.k)).lists
