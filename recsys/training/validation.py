"""Validation shoppers: who is asked, what may be known of them, and the scores of the components."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import Round
from recsys.evaluation.protocols.hold_out import SplitName, contexts_of, scores_in
from recsys.evaluation.protocols.leaks import check_leaks
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, new_scorer
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.settings import COMPONENTS, Context
from recsys.text.phrasebook import Phrasebook
from recsys.training.weights import ValidationScores

MAX_CELLS = 25_000_000
"""At most so many pairs of shopper and product are scored; beyond, some shoppers are drawn."""


@dataclass(frozen=True, eq=False)
class ValidationShoppers:
    """The shoppers of all rounds, drawn where all are too many, one round after the other.

    Parameters
    ----------
    fittings : what each round may learn from
    users, contexts : of each round: rows of its shoppers, and the circumstances they are served in
    scores : standardised scores and held-out products of all of them; zeros for a component that is to be chosen yet
    """

    fittings: Sequence[Fitting]
    users: Sequence[NDArray[np.int32]]
    contexts: Sequence[Sequence[Context]]
    scores: ValidationScores

    @property
    def n_different(self) -> int:
        """How many shoppers, each once."""
        return len(np.unique(np.concatenate(self.users)))

    @classmethod
    def of(
        cls,
        data: Dataset,
        rounds: Sequence[Round],
        book: Phrasebook,
        split: SplitName,
        settings: Mapping[str, Any],
        seed: int = 0,
        progress: Progress = silent,
    ) -> "ValidationShoppers":
        """Score all components but the collaborative one, fitted on what each round knows and checked for leaks.

        `data`: everything; only circumstances are read from it; `settings`: of the components, as `fit_scorers` takes
        them.
        """
        share = min(1.0, MAX_CELLS / (sum(len(one.held_out.users()) for one in rounds) * data.n_items))
        fittings, users, contexts, parts = [], [], [], []
        for one in rounds:
            asked = one.held_out.users()
            if share < 1:
                n_drawn = max(1, int(share * len(asked)))
                asked = np.sort(np.random.default_rng(seed).choice(asked, n_drawn, replace=False))
            fittings.append(Fitting(one.train, book, seed))
            users.append(asked)
            contexts.append(contexts_of(data, one.train, one.held_out, asked, split))
            others = {name: kind for name, kind in COMPONENT_CLASSES.items() if name != "collaborative"}
            scorers = {name: new_scorer(kind, name, settings) for name, kind in others.items()}
            for scorer in scorers.values():
                scorer.fit(fittings[-1], progress)
            check_leaks(data, one.train, one.held_out, split, scorers)
            values = np.zeros((len(asked), len(COMPONENTS), data.n_items), np.float32)
            stage = "scoring validation shoppers"
            values[:, [COMPONENTS.index(name) for name in scorers]] = scores_in(
                list(scorers.values()), asked, contexts[-1], one.train.seen(), stage, progress
            )
            parts.append(ValidationScores.of(values, one.train, one.held_out, asked))
        return cls(fittings, users, contexts, ValidationScores.together(parts))

    def scores_of(self, scorers: Sequence[Scorer]) -> FloatArray:
        """Standardised scores of everybody by the scorer of each round, float32 of shape (n_users, n_items)."""
        parts = []
        everything = zip(scorers, self.fittings, self.users, self.contexts, strict=True)
        for scorer, fitting, users, contexts in everything:
            seen = fitting.data.seen()
            parts.append(scores_in([scorer], users, contexts, seen, "scoring validation shoppers")[:, 0])
        return np.concatenate(parts)

    def with_component(self, name: str, scores: FloatArray) -> "ValidationShoppers":
        """The same with the scores of one component, float32 of shape (n_users, n_items), put in place."""
        self.scores.values[:, COMPONENTS.index(name)] = scores
        return replace(self, scores=self.scores)
