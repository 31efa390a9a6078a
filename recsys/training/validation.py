"""Validation shoppers: who is asked, what may be known of them, and the scores of the components."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import Round
from recsys.evaluation.protocols.hold_out import CHUNK_USERS, SplitName, contexts_of, scores_in
from recsys.evaluation.protocols.leaks import check_leaks
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, new_scorer
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.settings import COMPONENTS, Context
from recsys.text.phrasebook import Phrasebook
from recsys.training.weights import ValidationScores

MAX_CELLS = 12_000_000
"""At most so many pairs of shopper and product are held; beyond, some shoppers are drawn."""

MAX_SCORED = 120_000_000
"""At most so many pairs of shopper and product are scored once, of which the contenders are held."""

N_CONTENDERS = 200
"""So many of each component's best products can come into a list."""

N_SERVED = 400
"""By the lists of so many shoppers at one moment it is told how personal weights are."""


@dataclass(frozen=True, eq=False)
class ValidationShoppers:
    """The shoppers of all rounds, drawn where all are too many, one round after the other.

    Parameters
    ----------
    fittings, scorers : of each round: what may be learned from, and the components fitted on it, by name
    users, contexts : of each round: rows of its shoppers, and the circumstances they are served in
    scores : standardised scores and held-out products of all of them; zeros for a component that is to be chosen yet
    """

    rounds: Sequence[Round]
    fittings: Sequence[Fitting]
    users: Sequence[NDArray[np.int32]]
    contexts: Sequence[Sequence[Context]]
    scores: ValidationScores
    scorers: Sequence[Mapping[str, Scorer]]

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
        fittings, users, contexts, parts, fitted = [], [], [], [], []
        for one in rounds:
            asked = _drawn(one, share, seed)
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
            fitted.append(scorers)
        return cls(rounds, fittings, users, contexts, ValidationScores.together(parts), fitted)

    def scores_of(self, scorers: Sequence[Scorer]) -> FloatArray:
        """Standardised scores of everybody by the scorer of each round, float32 of shape (n_users, n_items)."""
        parts = []
        everything = zip(scorers, self.fittings, self.users, self.contexts, strict=True)
        for scorer, fitting, users, contexts in everything:
            seen = fitting.data.seen()
            parts.append(scores_in([scorer], users, contexts, seen, "scoring validation shoppers")[:, 0])
        return np.concatenate(parts)

    def with_component(self, name: str, scorers: Sequence[Scorer]) -> "ValidationShoppers":
        """The same with one component as these scorers, one a round, have it; its scores here are overwritten."""
        self.scores.values[:, COMPONENTS.index(name)] = self.scores_of(scorers)
        both = zip(self.scorers, scorers, strict=True)
        return replace(self, scorers=[{**others, name: scorer} for others, scorer in both])

    def served(self) -> ValidationScores:
        """Scores of some shoppers of the last round, all served at one moment, the end of what is known."""
        fitting, users = self.fittings[-1], self.users[-1]
        rows = np.unique(np.linspace(0, len(users) - 1, min(len(users), N_SERVED)).astype(np.intp))
        ordered = [self.scorers[-1][name] for name in COMPONENTS]
        now = (Context(),) * len(rows)
        values = scores_in(ordered, users[rows], now, fitting.data.seen(), "scoring shoppers at one moment")
        return ValidationScores.of(values, fitting.data, self.rounds[-1].held_out, users[rows])

    def contenders(self, data: Dataset, split: SplitName, seed: int, progress: Progress = silent) -> ValidationScores:
        """Scores of everybody, or of as many as can be scored, of the products that can come into their lists.

        These are the N_CONTENDERS best of each component, and those held out. Where all products of everybody are held
        already, it is they.
        """
        n_asked = sum(len(one.held_out.users()) for one in self.rounds)
        if n_asked == len(self.scores.values):
            return self.scores
        share, parts = min(1.0, MAX_SCORED / (n_asked * data.n_items)), []
        for one, fitting, scorers in zip(self.rounds, self.fittings, self.scorers, strict=True):
            asked = _drawn(one, share, seed)
            contexts = contexts_of(data, one.train, one.held_out, asked, split)
            ordered = [scorers[name] for name in COMPONENTS]
            for start in range(0, len(asked), CHUNK_USERS):
                progress("scoring validation shoppers", start, len(asked))
                chunk = slice(start, start + CHUNK_USERS)
                values = scores_in(ordered, asked[chunk], contexts[chunk], fitting.data.seen(), "")
                whole = ValidationScores.of(values, one.train, one.held_out, asked[chunk])
                parts.append(whole.contenders(N_CONTENDERS))
            progress("scoring validation shoppers", len(asked), len(asked))
        return ValidationScores.together(parts)


def _drawn(one: Round, share: float, seed: int) -> NDArray[np.int32]:
    """Rows of the shoppers of a round, or of a share of them, at least one, ascending."""
    users = one.held_out.users()
    if share >= 1:
        return users
    return np.sort(np.random.default_rng(seed).choice(users, max(1, int(share * len(users))), replace=False))
