"""Weights of "traditional" and "full", chosen on validation shoppers by models that know neither them nor the test."""

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.evaluation.protocols.hold_out import EvaluationSettings
from recsys.evaluation.protocols.leaks import check_leaks
from recsys.evaluation.protocols.requests import standardised_scores
from recsys.progress import Progress, silent
from recsys.scorers import COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.settings import COMPONENTS, FusionSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import ContextChoice
from recsys.training.weights import ValidationScores, best_weights

TRADITIONAL = ("collaborative", "content")


MAX_VALIDATION_FLOATS = 250_000_000
"""Weights are chosen on as many validation shoppers as fit in this many scores (1 GB)."""


def choose_weights(
    data: Dataset,
    split: Split,
    book: Phrasebook,
    settings: EvaluationSettings,
    progress: Progress = silent,
    chosen: ContextChoice | None = None,
) -> dict[str, FusionSettings]:
    """Weights of "traditional" and "full", by nDCG@k over the validation shoppers.

    Parameters
    ----------
    chosen : settings of the context component; without them it has its defaults
    """
    scores = validation_scores(data, split, book, settings, progress, chosen)
    traditional, _ = best_weights(scores, TRADITIONAL, settings.k, progress=progress)
    full, _ = best_weights(scores, COMPONENTS, settings.k, progress=progress)
    return {"traditional": traditional, "full": full}


def validation_scores(
    data: Dataset,
    split: Split,
    book: Phrasebook,
    settings: EvaluationSettings,
    progress: Progress = silent,
    chosen: ContextChoice | None = None,
) -> ValidationScores:
    """Standardised scores of the validation shoppers of all rounds, each by models of its own, checked for leaks.

    Where they would not fit in memory, the same share of every round is drawn by the seed.
    """
    rounds, found = list(split.rounds("validation")), []
    most = max(1, MAX_VALIDATION_FLOATS // (len(COMPONENTS) * data.n_items))
    n_users = sum(len(one.held_out.users()) for one in rounds)
    for one in rounds:
        scorers = fit_scorers(
            COMPONENT_CLASSES, Fitting(one.train, book, settings.seed), progress, chosen.settings() if chosen else {}
        )
        check_leaks(data, one.train, one.held_out, settings.split, scorers)
        users = one.held_out.users()
        if n_users > most:
            n_drawn = max(1, most * len(users) // n_users)
            users = np.sort(np.random.default_rng(settings.seed).choice(users, n_drawn, replace=False))
        values = standardised_scores(
            [scorers[name] for name in COMPONENTS],
            data,
            one.train,
            one.held_out,
            users,
            settings.split,
            "scoring validation shoppers",
            progress,
        )
        found.append(ValidationScores.of(values, one.train, one.held_out, users))
    return ValidationScores.together(found)
