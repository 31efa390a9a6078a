"""Models on the shoppers of a panel: weights tuned on validation, everybody's lists, and differences between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut
from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.protocols.hold_out import batches
from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.paired import Difference, MeasuredLists, ShopFacts, corrected, differences
from recsys.evaluation.statistics.significance import verdict_of
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel
from recsys.progress import Progress, silent
from recsys.ranking.batch import standardised
from recsys.scorers import BASELINE_CLASSES
from recsys.scorers.base import Fitting
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, WHOLE_CATALOGUE, FusionSettings, RankingSettings
from recsys.studies.workspace import ExperimentSettings, Workspace, require_all_scores
from recsys.text.phrasebook import Phrasebook
from recsys.training.engine_choice import K
from recsys.training.pairs import SEMANTIC
from recsys.training.validation import MAX_CELLS
from recsys.training.weights import Subset, ValidationScores, choose_weights, name_of, subsets
from recsys.tuning.weight_map import weight_map

METRIC = "ndcg"
"""Weights are chosen by it, and models compared by it."""

LABELS = {name: scorer.label for name, scorer in BASELINE_CLASSES.items()} | {
    "traditional": "Traditional (collaborative + content)",
    "full": "All components",
}

WITHOUT_SEMANTIC = tuple(name for name in COMPONENTS if name != "semantic")

Key = TypeVar("Key")


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """One model on test shoppers; `weights` of the components, or None for a simple model."""

    lists: MeasuredLists
    weights: FusionSettings | None = None


def without(*names: str) -> str:
    """The name of the subset of all components but these."""
    return name_of(tuple(name for name in COMPONENTS if name not in names))


def label(name: str) -> str:
    """A model's name as people read it.

    >>> label("item_knn"), label("semantic + context")
    ('ItemKNN', 'Semantic + context')
    """
    return LABELS.get(name, name[:1].upper() + name[1:])


def chosen_weights(
    validation: LiveEngine, k: int, progress: Progress = silent, among: Sequence[Subset] | None = None
) -> dict[Subset, FusionSettings]:
    """For every subset, or some, the weights that `train` would choose on these shoppers (`best_weights`).

    They come with the panel, where it has any and ranks the whole catalogue by the same k. Where a panel holds
    candidates only, others are the mix of the weight map that is best by nDCG.
    """
    wanted = subsets() if among is None else among
    panel = validation.panel
    known = {} if k != K or panel.settings.get("replay") else panel.weights
    others = [subset for subset in wanted if name_of(subset) not in known]
    if others and panel.scores.is_whole:
        known = {**known, **choose_weights(validation_scores(panel), k, progress, among=others)}
    elif others:
        known = {**known, **_best_on_map(validation, others, k, progress)}
    return {subset: known[name_of(subset)] for subset in wanted}


def _best_on_map(
    validation: LiveEngine, among: Sequence[Subset], k: int, progress: Progress
) -> dict[str, FusionSettings]:
    found = weight_map(validation, k, WHOLE_CATALOGUE, metrics=(), progress=progress)
    chosen = {}
    for subset in among:
        others = [column for column, name in enumerate(COMPONENTS) if name not in subset]
        inside = (found.cells.steps[:, others] == 0).all(axis=1)
        chosen[name_of(subset)] = found.settings(found.best(METRIC, among=inside))
    return chosen


def validation_scores(panel: Panel) -> ValidationScores:
    """What weights are chosen by: everybody on a panel that holds the whole catalogue, or as many as are chosen by."""
    n_users = min(len(panel), max(1, MAX_CELLS // panel.n_items))
    rows = np.unique(np.linspace(0, len(panel) - 1, n_users).astype(np.intp))
    held, relevant = panel.scores, panel.relevant.of(rows)
    values = np.concatenate([held.static[rows], held.context[rows, None]], axis=1)
    eligible = panel.counting(rows)
    pair_users = np.repeat(np.arange(len(rows), dtype=np.int32), np.diff(relevant.starts))
    return ValidationScores(values, eligible, pair_users, relevant.values)


def tuned(
    validation: LiveEngine, k: int, progress: Progress = silent, components: Subset = COMPONENTS
) -> FusionSettings:
    """The weights that `train` would choose for these components on validation shoppers."""
    return chosen_weights(validation, k, progress, [components])[components]


def lists_of(engine: LiveEngine, fusion: FusionSettings, k: int) -> MeasuredLists:
    """Everybody's list from the whole catalogue under one mix, without diversity, measured at k."""
    return engine.measure(RankingSettings(fusion, WHOLE_CATALOGUE, k)).lists


def models_on(test: LiveEngine, weights: Mapping[Subset, FusionSettings], k: int) -> dict[str, Model]:
    """Every simple model and every subset on test shoppers, by name."""
    models = {name: Model(test.baseline(name, k)) for name in test.panel.baselines if name not in COMPONENTS}
    for subset, fusion in weights.items():
        models[name_of(subset)] = Model(lists_of(test, fusion, k), fusion)
    return models


def against(models: Mapping[str, Model], reference: str, facts: ShopFacts, seed: int) -> dict[str, Difference]:
    """Every other model's change of `METRIC` from the reference, with verdicts corrected for how many they are."""
    base = models[reference].lists
    others = {name: each.lists for name, each in models.items() if name != reference}
    found = {name: differences(lists, base, facts, seed)[METRIC] for name, lists in others.items()}
    gaps = {name: changes(lists.values[METRIC], base.values[METRIC]) for name, lists in others.items()}
    return corrected(found, gaps, seed)


def paired_differences(pairs: Mapping[Key, tuple[UserValues, UserValues]], seed: int = 0) -> dict[Key, Difference]:
    """The mean difference in `METRIC` of every pair, with p-values corrected for how many are compared.

    Pairs are new and old values, float64 of shape (n_users,); shoppers without one of them (NaN) are left out.

    >>> old = np.random.default_rng(0).random(400)
    >>> found = paired_differences({"up": (old + old**2, old), "same": (old, old)})
    >>> {name: each.verdict for name, each in found.items()}
    {'up': 'better', 'same': 'unclear'}
    """
    if not pairs:
        return {}
    gaps = {key: changes(new, old) for key, (new, old) in pairs.items()}
    intervals = ratio_intervals(np.stack(list(gaps.values()), axis=1), seed=seed)
    found = {}
    for (key, gap), interval in zip(gaps.items(), intervals, strict=True):
        known = ~np.isnan(gap)
        new, old = (float(each[known].mean()) for each in pairs[key])
        found[key] = Difference(METRIC, new, old, interval, verdict_of(interval), int(np.count_nonzero(gap[known])))
    return corrected(found, gaps, seed)


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
        """Validation and test; raises SettingsError, before any work, where a panel would hold candidates only."""
        data, split = workspace.split(settings)
        why = "another semantic component changes which products are candidates"
        require_all_scores(split, data.n_items, why)
        validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
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
            rows = range(start, start + len(requests))
            static[rows, SEMANTIC] = standardised([semantic], requests, panel.counting(rows))[:, 0]
        return LiveEngine(panel.with_scores(replace(panel.scores, static=static)))

    def lists(self, fusion: FusionSettings, engine: LiveEngine | None = None) -> MeasuredLists:
        """Everybody's list, with the component as it was prepared or by another engine of these shoppers."""
        return lists_of(engine or self.engine, fusion, self.settings.k)


def latest(engine: LiveEngine) -> LiveEngine:
    """Only the shoppers of the last round, as one semantic component is fitted for all; clicks are left out."""
    panel = engine.panel
    rows = np.flatnonzero(panel.rounds == panel.rounds.max())
    if len(rows) == len(panel):
        return engine
    last = panel.only(rows)
    rounds, scorers = np.zeros(len(rows), np.int32), panel.context_scorers[-1:]
    return LiveEngine(replace(last, rounds=rounds, context_scorers=scorers, weights={}))


def window_note(split: str) -> str:
    """What `latest` leaves out, as a sentence for protocols; nothing where there is one round.

    >>> window_note("temporal"), window_note("last")
    (' In this experiment validation is the last window before the test alone.', '')
    """
    return " In this experiment validation is the last window before the test alone." if split == "temporal" else ""
