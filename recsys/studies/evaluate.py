"""The comparison of all models on held-out products: `recsys evaluate`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.evaluation.metrics.expected import expected_list_accuracy, tied_positions
from recsys.evaluation.metrics.lists import UserValues, list_metrics
from recsys.evaluation.metrics.registry import EVALUATED_METRICS
from recsys.evaluation.protocols.hold_out import (
    EvaluationSettings,
    batches,
    catalogue_in_words,
    copies_in_words,
    not_had,
    split_of,
)
from recsys.evaluation.protocols.leaks import LeakReport, check_leaks
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.paired import whole_interval
from recsys.evaluation.statistics.significance import Interval
from recsys.progress import Progress, reported, silent
from recsys.ranking.batch import best_rows, standardised
from recsys.ranking.rank import fuse
from recsys.scorers import BASELINE_CLASSES, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting
from recsys.scorers.phrase_weights import reference_vectors
from recsys.settings import COMPONENTS, FusionSettings
from recsys.studies.format import mix_in_words
from recsys.studies.result import as_json
from recsys.text.encoder import make_phrasebook
from recsys.text.phrasebook import Phrasebook
from recsys.training.components import ComponentChoice, choose_components

MODELS = (*BASELINE_CLASSES, *COMPONENTS, "traditional", "full")
"""Every model that is compared, in the order in which they are shown."""

Metrics = Mapping[str, Interval]
"""By name of `EVALUATED_METRICS`; the interval of recall counts who had nothing held out."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every model's metrics on test shoppers, and how they were measured.

    `engine`: of the collaborative component, and what each engine reached on validation, see `EngineChoice.as_json`.
    """

    protocol: str
    k: int
    n_users: int
    models: Mapping[str, Metrics]
    weights: Mapping[str, FusionSettings]
    notes: tuple[str, ...] = ()
    engine: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The document that `recsys evaluate --json` prints."""
        return as_json(self)  # type: ignore[no-any-return]


def evaluate_lists(
    ranked: NDArray[np.int32],
    relevant: csr_array,
    *,
    k: int = 10,
    popularity: NDArray[np.float64],
    n_train_users: int,
    item_vectors: NDArray[np.float32] | None = None,
    accuracy: Mapping[str, UserValues] | None = None,
    seed: int = 0,
) -> Metrics:
    """Every metric of one model's lists; arguments are those of `list_metrics`.

    Of lists in which products tie, `accuracy` holds what is expected over their orders (`expected`). Intervals are the
    live ones of the app; none is given where fewer than `FEWEST_TELLING` shoppers tell.
    """
    values = list_metrics(ranked, relevant, k, item_vectors, popularity, n_train_users) | dict(accuracy or {})
    intervals = dict(zip(values, ratio_intervals(np.stack(list(values.values()), axis=1), seed=seed), strict=True))
    for name in ("coverage", "personalisation"):
        intervals[name] = whole_interval(name, ranked[:, :k], relevant.shape[1], seed)
    return {name: intervals[name] for name in EVALUATED_METRICS}


def evaluate(folder: Path, settings: EvaluationSettings | None = None, progress: Progress = silent) -> Evaluation:
    """Compare every component, the fusion and every baseline on one data folder.

    Weights are chosen on validation shoppers with models that know neither validation nor test; then everything is
    fitted again on training and validation together, and tested once. Raises DataError where the data break the
    canonical form, or too little of them is left to test on.
    """
    settings = settings or EvaluationSettings()
    data = Dataset.read(folder, progress).core(settings.min_interactions).knowing_copies()
    split = split_of(data, settings)
    book = make_phrasebook(data, progress)
    asked = settings.split, settings.seed, progress
    chosen = choose_components(data, split.rounds("validation"), book, *asked, k=settings.k)
    models, leaks = _reports(data, split, book, settings, progress, chosen)
    protocol = _protocol(split, settings, chosen)
    notes = (copies_in_words(data), leaks.in_words())
    n_users, engine = len(split.test.users()), chosen.engine.as_json()
    return Evaluation(protocol, settings.k, n_users, models, chosen.weights, notes, engine)


def _reports(
    data: Dataset,
    split: Split,
    book: Phrasebook,
    settings: EvaluationSettings,
    progress: Progress,
    chosen: ComponentChoice,
) -> tuple[dict[str, Metrics], LeakReport]:
    train, users = split.fit_test, split.test.users()
    fitting = Fitting(train, book, settings.seed)
    scorers = fit_scorers({**BASELINE_CLASSES, **COMPONENT_CLASSES}, fitting, progress, chosen.settings())
    leaks = check_leaks(data, train, split.test, settings.split, scorers)
    vectors = reference_vectors(book, data.n_items)
    seen, relevant, names = train.seen(), split.test.relevant()[users], list(scorers)
    lists = {name: np.full((len(users), settings.k), -1, np.int32) for name in MODELS}
    tied = {name: np.zeros((len(users), 4, settings.k), np.int32) for name in MODELS}
    for start, requests in batches(data, train, split.test, users, settings.split):
        progress("ranking for test shoppers", start, len(users))
        eligible = not_had(seen, requests.user_rows)
        values = standardised(list(scorers.values()), requests, eligible)
        final = {name: values[:, at] for at, name in enumerate(names)}
        components = [final[name] for name in COMPONENTS]
        final |= {name: fuse(components, mixed) for name, mixed in chosen.weights.items()}
        chunk = slice(start, start + len(requests))
        starts = relevant.indptr[start : start + len(requests) + 1]
        for name in MODELS:
            lists[name][chunk] = best_rows(final[name], eligible, settings.k)
            tied[name][chunk] = tied_positions(final[name], eligible, starts, relevant.indices, settings.k)
    progress("ranking for test shoppers", len(users), len(users))
    popularity = np.bincount(train.positives()["item_row"], minlength=data.n_items).astype(np.float64)
    n_train_users = int(train.positives()["user_row"].nunique())
    reports = {}
    for name in reported(progress, "measuring", MODELS):
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
    return reports, leaks


def _protocol(split: Split, settings: EvaluationSettings, chosen: ComponentChoice) -> str:
    hindsight = (
        "What other shoppers did after that is learned from too, as usual with this split; only the trend and recent "
        "popularity end at the moment asked about. "
        if settings.split == "last"
        else ""
    )
    mixes = "; ".join(f"{name}: {mix_in_words(mixed)}" for name, mixed in chosen.weights.items())
    users, k = split.test.users(), settings.k
    left = split.fit_test.n_items - np.asarray(split.fit_test.seen()[users].sum(axis=1)).ravel()
    n_short = int((left < k).sum())
    short_lists = (
        f" {n_short:,} of {len(users):,} test shoppers have fewer than {k} products left that could be listed "
        f"({left[left < k].mean():.1f} on average), among which any order finds most of what is to be found."
        if n_short
        else ""
    )
    return (
        f"{split.protocol}. {hindsight}{catalogue_in_words(settings)} was ranked, without what a shopper already had. "
        f"{chosen.in_words()} Weights were chosen on validation by nDCG@{k} ({mixes}), then every model was "
        "fitted on training and validation together and tested once. Held-out reviews, their copies and pairs were "
        "looked for in every profile and history before anything was measured, and none was found. Where products have "
        "equal scores, accuracy is the mean over all of their orders. Intervals are 95% bootstrap intervals over "
        f"shoppers.{short_lists}"
    )
