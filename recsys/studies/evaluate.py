"""How models are compared: which shoppers, what is held out, what each model may know, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.evaluation.metrics.expected import expected_list_accuracy, tied_places
from recsys.evaluation.protocols.hold_out import (
    EvaluationSettings,
    catalogue_in_words,
    copies_in_words,
    split_of,
)
from recsys.evaluation.protocols.leaks import LeakReport, check_leaks
from recsys.evaluation.protocols.requests import batches
from recsys.progress import Progress, silent
from recsys.ranking.fusion import Standardised, fuse
from recsys.ranking.rank import select
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.scorers.phrase_weights import reference_vectors
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings
from recsys.studies.model_report import ModelReport, evaluate_lists
from recsys.text.encoder import make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.context_settings import ContextChoice, choose_context
from recsys.training.weight_choice import choose_weights

MODELS = (*BASELINE_CLASSES, *COMPONENTS, "traditional", "full")
"""Every model that is compared, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `recsys evaluate` found."""

    protocol: str
    k: int
    n_users: int
    models: Mapping[str, ModelReport]
    weights: Mapping[str, FusionSettings]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The document that `recsys evaluate --json` prints."""
        return {
            "protocol": self.protocol,
            "k": self.k,
            "n_users": self.n_users,
            "weights": {name: settings.normalised() for name, settings in self.weights.items()},
            "models": {name: report.as_json() for name, report in self.models.items()},
            "notes": list(self.notes),
        }


def evaluate(folder: Path, settings: EvaluationSettings | None = None, progress: Progress = silent) -> Evaluation:
    """Compare every component, the fusion and every baseline on one data folder.

    Weights are chosen on validation shoppers with models that know neither validation nor test; then everything is
    fitted again on training and validation together, and tested once.

    Raises
    ------
    DataError : the data breaks the canonical form, or too little of it is left to test on
    """
    settings = settings or EvaluationSettings()
    data = Dataset.read(folder, progress).core(settings.min_interactions).knowing_copies()
    split = split_of(data, settings)
    book = make_phrasebook(data, progress)
    chosen = choose_context(data, split.rounds("validation"), settings.split, settings.seed, progress)
    weights = choose_weights(data, split, book, settings, progress, chosen)
    models, leaks = _reports(data, split, book, weights, settings, progress, chosen)
    words = f"{_in_words(split, settings, weights, chosen)}{_short_lists(split, settings.k)}"
    notes = (copies_in_words(data), leaks.in_words())
    return Evaluation(words, settings.k, len(split.test.users()), models, weights, notes)


def _reports(
    data: Dataset,
    split: Split,
    book: Phrasebook,
    weights: Mapping[str, FusionSettings],
    settings: EvaluationSettings,
    progress: Progress,
    chosen: ContextChoice,
) -> tuple[dict[str, ModelReport], LeakReport]:
    train, users = split.fit_test, split.test.users()
    fitting = Fitting(train, book, settings.seed)
    scorers = fit_scorers({**BASELINE_CLASSES, **COMPONENT_CLASSES}, fitting, progress, chosen.settings())
    leaks = check_leaks(data, train, split.test, settings.split, scorers)
    vectors = reference_vectors(book, data.n_items)
    ranking, owned = RankingSettings(n=settings.k), train.seen()
    relevant = split.test.relevant()[users]
    lists = {name: np.full((len(users), settings.k), -1, np.int32) for name in MODELS}
    tied = {name: np.zeros((len(users), 4, settings.k), np.int32) for name in MODELS}
    for start, requests in batches(data, train, split.test, users, settings.split):
        progress("ranking for test shoppers", start, len(users))
        raw = {name: scorer.score(requests) for name, scorer in scorers.items()}
        eligible = ~owned[requests.user_rows].toarray().astype(bool)
        for place in range(len(requests)):
            values = Standardised.of(np.stack([raw[name][place] for name in scorers])).values
            final = dict(zip(scorers, values, strict=True))
            components = np.stack([final[name] for name in COMPONENTS])
            final |= {name: fuse(components, mixed) for name, mixed in weights.items()}
            wanted = relevant.indices[slice(*relevant.indptr[start + place : start + place + 2])]
            for name in MODELS:
                rows, _ = select(final[name], ranking, eligible[place], vectors)
                lists[name][start + place, : len(rows)] = rows
                tied[name][start + place] = tied_places(final[name], eligible[place], wanted, settings.k)
    progress("ranking for test shoppers", len(users), len(users))
    popularity = np.bincount(train.positives()["item_row"], minlength=data.n_items).astype(np.float64)
    n_train_users = int(train.positives()["user_row"].nunique())
    reports = {}
    for place, name in enumerate(MODELS):
        progress("measuring", place, len(MODELS))
        reports[name] = evaluate_lists(
            lists[name],
            relevant,
            k=settings.k,
            popularity=popularity,
            n_train_users=n_train_users,
            item_vectors=vectors,
            accuracy=expected_list_accuracy(tied[name], np.diff(relevant.indptr)),
            seed=settings.seed,
        )
    progress("measuring", len(MODELS), len(MODELS))
    return reports, leaks


def _in_words(
    split: Split, settings: EvaluationSettings, weights: Mapping[str, FusionSettings], context: ContextChoice
) -> str:
    hindsight = (
        "What other shoppers did after that is learned from too, as usual with this split; only the trend and recent "
        "popularity end at the moment asked about. "
        if settings.split == "last"
        else ""
    )
    chosen = "; ".join(f"{name}: {_mix(mixed)}" for name, mixed in weights.items())
    return (
        f"{split.protocol}. {hindsight}{catalogue_in_words(settings)} was ranked, without what a shopper already had. "
        f"{context.in_words()} Weights were chosen on validation by nDCG@{settings.k} ({chosen}), then every model was "
        "fitted on training and validation together and tested once. Held-out reviews, their copies and pairs were "
        "looked for in every profile and history before anything was measured, and none was found. Where products have "
        "equal scores, accuracy is the mean over all of their orders. Intervals are 95% bootstrap intervals over "
        "shoppers."
    )


def _short_lists(split: Split, k: int) -> str:
    """How many test shoppers have fewer than k products left to list, as a sentence; "" where nobody has."""
    users = split.test.users()
    left = split.fit_test.n_items - np.asarray(split.fit_test.seen()[users].sum(axis=1)).ravel()
    n_short = int((left < k).sum())
    if not n_short:
        return ""
    return (
        f" {n_short:,} of {len(users):,} test shoppers have fewer than {k} products left that could be listed "
        f"({left[left < k].mean():.1f} on average), among which any order finds most of what is to be found."
    )


def _mix(settings: FusionSettings) -> str:
    return ", ".join(f"{name} {weight:.2f}" for name, weight in settings.normalised().items() if weight)
