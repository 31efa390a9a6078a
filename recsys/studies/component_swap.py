"""Shoppers of a role with another semantic component, all else as it was prepared."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut
from recsys.errors import SettingsError
from recsys.evaluation.metrics.click_rate import ClickProbabilities
from recsys.evaluation.protocols.requests import batches
from recsys.evaluation.statistics.paired import MeasuredLists
from recsys.panel.engine import LiveEngine
from recsys.progress import Progress, silent
from recsys.ranking.fusion import Standardised
from recsys.scorers.base import Fitting
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import FusionSettings
from recsys.studies.models import lists_of
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.phrasebook import Phrasebook
from recsys.training.pairs import SEMANTIC


@dataclass(frozen=True, eq=False, slots=True)
class SemanticRole:
    """Shoppers of one role (validation: of the last round), what may be known of them, and what is to be found."""

    data: Dataset
    train: Dataset
    held_out: HeldOut
    engine: LiveEngine
    settings: ExperimentSettings

    @classmethod
    def both(cls, workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> tuple[Self, Self]:
        """Validation and test; raises SettingsError where the panel holds candidates only."""
        data, split = workspace.split(settings)
        validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
        if not (validation.panel.scores.is_whole and test.panel.scores.is_whole):
            raise SettingsError(
                "the scores of all products for all test shoppers do not fit in memory, and another semantic component "
                "changes which products are candidates; raise --min-interactions"
            )
        return (
            cls(data, split.whole("validation"), split.held_out("validation"), latest(validation), settings),
            cls(data, split.whole("test"), split.held_out("test"), test, settings),
        )

    def fit(self, book: Phrasebook, progress: Progress = silent) -> SemanticScorer:
        """A semantic component that knows what may be known; whose texts these are is for the phrasebook to say."""
        return SemanticScorer().fit(Fitting(self.train, book, self.settings.seed), progress)

    def scored_by(self, semantic: SemanticScorer) -> LiveEngine:
        """The same shoppers, scored anew by a fitted semantic component."""
        panel, users = self.engine.panel, self.held_out.users()
        static = np.array(panel.scores.static)
        for start, requests in batches(self.data, self.train, self.held_out, users, self.settings.split):
            for row, raw in enumerate(semantic.score(requests), start):
                static[row, SEMANTIC] = Standardised.of(raw[None]).values[0]
        return LiveEngine(replace(panel, scores=replace(panel.scores, static=static)))

    def lists(self, fusion: FusionSettings, engine: LiveEngine | None = None) -> MeasuredLists:
        """Everybody's list, with the component as it was prepared or by another engine of these shoppers."""
        return lists_of(engine or self.engine, fusion, self.settings.k)


def latest(engine: LiveEngine) -> LiveEngine:
    """Only the shoppers of the last round, as one semantic component is fitted for all; clicks are not kept."""
    panel = engine.panel
    rows = np.flatnonzero(panel.rounds == panel.rounds.max())
    if len(rows) == len(panel):
        return engine
    held = panel.scores
    scores = replace(held, static=held.static[rows], context=held.context[rows], widths=held.widths[rows])
    return LiveEngine(
        replace(
            panel,
            scores=scores,
            owned=panel.owned.of(rows),
            relevant=panel.relevant.of(rows),
            baselines={name: ranked[rows] for name, ranked in panel.baselines.items()},
            profile_popularity=panel.profile_popularity[rows],
            shoppers=panel.shoppers.iloc[rows].reset_index(drop=True),
            rounds=np.zeros(len(rows), np.int32),
            context_scorers=panel.context_scorers[-1:],
            clicks=ClickProbabilities(),
        )
    )


def window_note(split: str) -> str:
    """What `latest` leaves out, as a sentence for protocols; nothing where there is one round.

    >>> window_note("temporal"), window_note("last")
    (' In this experiment validation is the last window before the test alone.', '')
    """
    return " In this experiment validation is the last window before the test alone." if split == "temporal" else ""
