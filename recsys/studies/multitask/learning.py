"""What the multi-task objective learns on one role's training data, measured on the shoppers of both roles."""

from dataclasses import dataclass, replace
from typing import Self

from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.progress import Progress, prefixed, silent
from recsys.scorers.base import FloatArray
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings
from recsys.studies.models import METRIC, SemanticRole, tuned
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.encoder import make_phrasebook
from recsys.training.multitask import Learned, MultitaskSettings, learn
from recsys.training.pairs import Pairs, held_out_pairs, training_pairs

TODAY, WEIGHTS_ALONE, TUNED = "today", "weights alone", "learned map, weights tuned as today's"


@dataclass(frozen=True, eq=False, slots=True)
class MultitaskModel:
    """One model on both roles.

    Parameters
    ----------
    epochs : how often the training pairs were gone through, or None where nothing was learned
    fusion : the weights on validation; on test those that were learned again, or the same where they were tuned
    has_map : whether a learned map was used; None where none was learned
    map_gain : nDCG with the map less that without it, on validation, the weights being the same; None without a map
    heads : the maps of validation and test, whether they were used or not; None is the identity
    """

    name: str
    epochs: int | None
    fusion: FusionSettings
    validation: MeasuredLists
    test: MeasuredLists
    has_map: bool | None = None
    map_gain: Interval | None = None
    heads: tuple[FloatArray | None, FloatArray | None] = (None, None)


@dataclass(frozen=True, eq=False, slots=True)
class LearningRole:
    """One role of a shop: its shoppers, the semantic component fitted without a head, and the pairs to learn from."""

    role: SemanticRole
    semantic: SemanticScorer
    pairs: Pairs

    @classmethod
    def both(cls, workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> tuple[Self, Self]:
        """Validation and test, fitted as their panels were; raises as `SemanticRole.both` does."""
        roles = SemanticRole.both(workspace, settings, progress)
        book, found = make_phrasebook(roles[0].data, progress), []
        for role in roles:
            semantic = role.fit(book, progress)
            context = {"context": role.engine.panel.context_scorers[0].settings}
            pairs = training_pairs(role.train, semantic, settings.seed, progress, context)
            found.append(cls(role, semantic, pairs))
        return found[0], found[1]

    def learn(
        self, start: FusionSettings, settings: MultitaskSettings, held_out: Pairs | None, progress: Progress
    ) -> Learned:
        """Learn from this role's training data, stopped by held-out pairs if there are any."""
        return learn(self.pairs, self.role.engine.panel.vectors, start, settings, held_out, progress)

    def held_out_pairs(self) -> Pairs:
        """The pairs that are asked about."""
        scores = self.role.engine.panel.scores.stacked()
        return held_out_pairs(self.role.train, self.role.held_out, self.semantic, scores)

    def scored_by(self, head: FloatArray | None) -> LiveEngine:
        """The live evaluation of this role with the semantic component under a head."""
        return self.role.engine if head is None else self.role.scored_by(self.semantic.with_head(head))

    def lists(self, head: FloatArray | None, fusion: FusionSettings) -> MeasuredLists:
        """Everybody's list."""
        return self.role.lists(fusion, self.scored_by(head))


def learned_model(
    name: str,
    settings: MultitaskSettings,
    start: FusionSettings,
    roles: tuple[LearningRole, LearningRole],
    held_out: Pairs,
    progress: Progress,
) -> MultitaskModel:
    """Learn one variant, stopped on validation; its map is dropped where it does not beat the identity there."""
    validation, test = roles
    found = validation.learn(start, settings, held_out, prefixed(progress, name))
    if not found.epochs:
        return MultitaskModel(name, 0, start, validation.lists(None, start), test.lists(None, start))
    again = test.learn(start, replace(settings, epochs=found.epochs), None, prefixed(progress, name))
    plain = validation.lists(None, found.fusion)
    if found.head is None:
        return MultitaskModel(name, found.epochs, found.fusion, plain, test.lists(None, again.fusion))
    mapped = validation.lists(found.head, found.fusion)
    gain = mean_interval(changes(mapped.values[METRIC], plain.values[METRIC]), settings.seed)
    has_map = gain.mean > 0
    lists = mapped if has_map else plain, test.lists(again.head if has_map else None, again.fusion)
    return MultitaskModel(name, found.epochs, found.fusion, *lists, has_map, gain, (found.head, again.head))


def tuned_model(
    learned: MultitaskModel, roles: tuple[LearningRole, LearningRole], progress: Progress
) -> MultitaskModel:
    """A learned map, whatever it is worth, with weights tuned as today's are: what the map alone adds."""
    validation, test = roles
    fusion = tuned(validation.scored_by(learned.heads[0]), validation.role.settings.k, progress)
    lists = validation.lists(learned.heads[0], fusion), test.lists(learned.heads[1], fusion)
    has_map = None if learned.heads[0] is None else True
    return MultitaskModel(TUNED, learned.epochs, fusion, *lists, has_map)
