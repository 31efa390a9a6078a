"""Fusion weights, and a map of the phrase vectors, learned for a shop; taken only where lists are better beyond doubt.

Tried are the weights of the multi-task objective (`multitask`), the best mix of a grid, and on request both under a
learned map. One half of the validation shoppers chooses, down to the settings of the context component, and the other
half is measured, and the other way round. Taken is what has a higher nDCG than what was taken before it, by a paired
95% interval above 0 and a p-value of at most `significance.MOST_P`, corrected for all that is tried.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Round
from recsys.evaluation.protocols.hold_out import SplitName, standardised_scores
from recsys.evaluation.protocols.leaks import check_leaks
from recsys.evaluation.statistics.intervals import changes, ratio_intervals
from recsys.evaluation.statistics.significance import Interval, sign_flip_p, verdict_of
from recsys.progress import Progress, silent
from recsys.ranking.rank import factor_vector
from recsys.scorers import AS_THEY_ARE, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.scorers.context import ContextScorer
from recsys.scorers.phrase_weights import reference_vectors
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, FusionSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training import context_settings
from recsys.training.components import choose_components
from recsys.training.context_settings import choose_context
from recsys.training.multitask import Device, MultitaskSettings, learn
from recsys.training.pairs import MAX_FLOATS, can_be_left_out, held_out_pairs, training_pairs
from recsys.training.weights import ValidationScores, best_weights, gains_of_weights

K = 10
"""Cut-off of the nDCG."""

DEVICE: Device = "cpu"
"""Where it is learned, so that the same seed gives the same model everywhere."""

FEWEST_SHOPPERS = 2 * context_settings.FEWEST_SHOPPERS
"""With fewer, a half of them could not choose the settings of the context component; then nothing is learned."""

USUAL, LEARNED, GRID = "usual weights", "learned weights", "best of a grid of weights"
MAP, MAP_GRID = "learned map and weights", "learned map, best of a grid of weights"
NOTHING_TO_HIDE = "nobody has chosen enough to hide some of it"
WITHOUT_MAP = {MAP: LEARNED, MAP_GRID: GRID}

Values = NDArray[np.float64]
"""nDCG@K of every validation shopper, of shape (n_users,)."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How components are mixed, and whether the semantic one has a map of its own."""

    weights: FusionSettings
    with_map: bool = False


@dataclass(frozen=True, slots=True)
class FusionComparison:
    """One setting against another on the same validation shoppers.

    `settings` are as all shoppers choose them; figures are of what one half chose and the other was measured by.
    `change` is ndcg - base, paired, and `p` by sign flips, corrected for all that was tried.
    """

    name: str
    settings: Fusion
    ndcg: float
    base: float
    change: Interval
    p: float

    @property
    def is_better(self) -> bool:
        """Beyond doubt; never where too few shoppers differ to tell."""
        return verdict_of(self.change, p=self.p) == "better"


@dataclass(frozen=True, eq=False, slots=True)
class FusionChoice:
    """The fusion chosen for a shop.

    Parameters
    ----------
    name : of `USUAL`, `LEARNED`, `GRID`, `MAP` and `MAP_GRID`
    compared : everything tried, each against what was taken before it (see `_best`); empty where nothing was learned
    n_pairs, n_shoppers : pairs learned from, and shoppers measured by
    epochs : of learning, by name; 0 where nothing was better than the start
    gain : change of nDCG from the usual weights to what was taken; None where these stay
    why_not : why nothing could be learned; "" where something could
    """

    name: str
    fusion: Fusion
    compared: tuple[FusionComparison, ...] = ()
    n_pairs: int = 0
    n_shoppers: int = 0
    epochs: Mapping[str, int] = field(default_factory=dict)
    gain: Interval | None = None
    why_not: str = ""

    def in_words(self) -> str:
        """The outcome in a sentence or two.

        >>> nothing_learned(FusionSettings(), "nobody likes two products").in_words()
        'Nothing could be learned: nobody likes two products.'
        """
        if self.why_not:
            return f"Nothing could be learned: {self.why_not}."
        learned = f"learned from {self.n_pairs:,} choices and ratings"
        if self.gain is None:
            return (
                f"The usual weights stay: nothing that was {learned} serves shoppers better beyond doubt, judged by "
                f"choices of {self.n_shoppers:,} of them that were hidden meanwhile."
            )
        what = {
            LEARNED: f"The weights were {learned}",
            GRID: "The weights are the best of a grid",
            MAP: f"The weights and a map of what words mean were {learned}",
            MAP_GRID: f"The weights are the best of a grid, with a map of what words mean that was {learned}",
        }[self.name]
        return (
            f"{what}. Chosen by one half of {self.n_shoppers:,} shoppers and judged by the other, such a setting "
            f"changes nDCG@{K} by {self.gain.mean:+.4f} ({self.gain.low:+.4f} to {self.gain.high:+.4f}) from that of "
            "the usual weights."
        )

    def as_json(self) -> dict[str, Any]:
        """For a manifest: what was chosen, and every comparison."""
        return {
            "chosen": self.name,
            "weights": self.fusion.weights.as_dict(),
            "in_words": self.in_words(),
            "n_pairs": self.n_pairs,
            "n_shoppers": self.n_shoppers,
            "epochs": dict(self.epochs),
            "gain": self.gain.as_json() if self.gain is not None else None,
            "compared": [
                {"name": each.name, "weights": each.settings.weights.as_dict(), "ndcg": each.ndcg, "base": each.base}
                | {"change": each.change.as_json(), "p": each.p, "taken": each.is_better}
                for each in self.compared
            ],
        }


def nothing_learned(usual: FusionSettings, why: str) -> FusionChoice:
    """The choice where there is nothing to learn from or to measure by."""
    return FusionChoice(USUAL, Fusion(usual), why_not=why)


def choose_fusion(
    data: Dataset,
    rounds: Sequence[Round],
    book: Phrasebook,
    split: SplitName,
    usual: FusionSettings | None = None,
    seed: int = 0,
    progress: Progress = silent,
    *,
    with_map: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> FusionChoice:
    """Learn, and choose by the shoppers of the last round.

    Parameters
    ----------
    data : everything, for the circumstances of the held-out acts
    rounds : of validation, the latest last; the others only help to choose settings of the context component
    usual : the weights that a model has otherwise, and that learning begins with
    settings : of the components, where these rounds chose them already

    Raises Cancelled: the reporter asked to stop; LeakError: something held out was learned from.
    """
    usual = usual or FusionSettings()
    if not rounds:
        return nothing_learned(usual, NOTHING_TO_HIDE)
    held_out = _drawn(rounds[-1].held_out, data.n_items, seed)
    users, too_few = held_out.users(), f"fewer than {FEWEST_SHOPPERS} shoppers"
    if len(rounds[-1].held_out.users()) < FEWEST_SHOPPERS:
        return nothing_learned(usual, f"{too_few} to judge by")
    if len(users) < FEWEST_SHOPPERS:
        return nothing_learned(usual, f"there are so many products that scores of {too_few} can be held")
    if not can_be_left_out(rounds[-1].train):
        return nothing_learned(usual, "nobody likes two products")
    rounds = [*rounds[:-1], replace(rounds[-1], held_out=held_out)]
    settings = settings or choose_components(data, rounds, book, split, seed, progress, among=()).settings()
    trials = _Trials(data, rounds, book, split, usual, seed, progress, with_map, settings)
    halves = np.random.default_rng(seed).permutation(len(users)) % 2
    measured: dict[str, Values] = {}
    for others in (halves == 0, halves == 1):
        for name, fusion, known, _ in trials.tried(trials.values_as_chosen_by(~others), ~others):
            values_of = measured.setdefault(name, np.full(len(users), np.nan))
            values_of[others] = ndcg_of(known.only(others), fusion.weights)
    everything = list(trials.tried(trials.values, np.ones(len(users), bool)))
    tried = {name: fusion for name, fusion, _, _ in everything}
    epochs = {name: n_epochs for name, _, _, n_epochs in everything if n_epochs is not None}
    for name, of in ((LEARNED, LEARNED), (MAP, MAP), (MAP_GRID, MAP)):
        if not epochs.get(of):  # all shoppers together learn nothing better than the start, whatever halves of them did
            tried.pop(name, None)
    return _best(tried, measured, seed, FusionChoice(USUAL, Fusion(usual), (), len(trials.pairs), len(users), epochs))


def learned_map(
    known: Dataset,
    semantic: SemanticScorer,
    book: Phrasebook,
    choice: FusionChoice,
    usual: FusionSettings | None = None,
    settings: Mapping[str, Any] = AS_THEY_ARE,
    seed: int = 0,
    progress: Progress = silent,
) -> FloatArray | None:
    """The map of a choice, learned again on the axes of a model's own semantic component; None where it has none.

    A map means nothing on other axes than those it was learned with, and these turn with the data. `semantic` is fitted
    on `known`, without a map.
    """
    n_epochs = choice.epochs.get(MAP, 0)
    if not choice.fusion.with_map or not n_epochs:
        return None
    pairs = training_pairs(known, semantic, seed, progress, settings)
    multitask = MultitaskSettings(epochs=n_epochs, seed=seed, device=DEVICE)
    reference = reference_vectors(book, known.n_items)
    return learn(pairs, reference, usual or FusionSettings(), multitask, None, progress).head


def ndcg_of(scores: ValidationScores, weights: FusionSettings) -> Values:
    """nDCG@K of every shopper under some weights, float64 of shape (n_users,)."""
    return np.asarray(gains_of_weights(scores, factor_vector(weights)[None], K)[0])


@dataclass(eq=False)
class _Trials:
    """What is tried for one shop: what there is to learn from, and the shoppers who choose and are measured.

    `values` are scores of all components, with these settings.
    """

    data: Dataset
    rounds: Sequence[Round]
    book: Phrasebook
    split: SplitName
    usual: FusionSettings
    seed: int
    progress: Progress
    with_map: bool
    settings: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.train, self.held_out = self.rounds[-1].train, self.rounds[-1].held_out
        settings = self.settings
        scorers = fit_scorers(COMPONENT_CLASSES, Fitting(self.train, self.book, self.seed), self.progress, settings)
        check_leaks(self.data, self.train, self.held_out, self.split, scorers)
        assert isinstance(scorers["semantic"], SemanticScorer)
        self.semantic = scorers["semantic"]
        self.pairs = training_pairs(self.train, self.semantic, self.seed, self.progress, settings)
        self.values = self._scores(*scorers.values())
        self.reference = reference_vectors(self.book, self.data.n_items)

    def values_as_chosen_by(self, chooser: NDArray[np.bool_]) -> FloatArray:
        """Scores of everybody, with settings of the context component that some of them chose."""
        others = self.held_out.users()[~chooser]
        rounds = [
            replace(one, held_out=one.held_out.only(~np.isin(one.held_out.user_rows, others))) for one in self.rounds
        ]
        context = choose_context(self.data, rounds, self.split, self.seed, self.progress).context
        if context == self.settings.get("context"):
            return self.values
        return self._with(ContextScorer(context).fit(Fitting(self.train)), self.values)

    def tried(
        self, values: FloatArray, chooser: NDArray[np.bool_]
    ) -> Iterator[tuple[str, Fusion, ValidationScores, int | None]]:
        """Everything tried: name, what some shoppers choose, scores of everybody under it, and epochs if learned.

        `values` are of shape (n_users, n_components, n_items), `chooser` is bool of shape (n_users,).
        """
        users = self.held_out.users()
        known = ValidationScores.of(values, self.train, self.held_out, users)
        yield USUAL, Fusion(self.usual), known, None
        asked = self.held_out.only(np.isin(self.held_out.user_rows, users[chooser]))
        validation = held_out_pairs(self.train, asked, self.semantic, values[chooser])
        for name, of_grid in ((LEARNED, GRID), (MAP, MAP_GRID))[: 2 if self.with_map else 1]:
            settings = MultitaskSettings(head=name == MAP, seed=self.seed, device=DEVICE)
            found = learn(self.pairs, self.reference, self.usual, settings, validation, self.progress)
            has_map = found.head is not None and found.epochs > 0
            if has_map:
                known = replace(known, values=self._with(self.semantic.with_head(found.head), values))
            weights = found.fusion.in_percent() if found.epochs else self.usual
            yield name, Fusion(weights, has_map), known, found.epochs
            best, _ = best_weights(known.only(chooser), COMPONENTS, K, progress=self.progress)
            yield of_grid, Fusion(best, has_map), known, None

    def _with(self, scorer: Scorer, values: FloatArray) -> FloatArray:
        answer = np.array(values)
        answer[:, [COMPONENTS.index(scorer.name)]] = self._scores(scorer)
        return answer

    def _scores(self, *scorers: Scorer) -> FloatArray:
        """Standardised scores of everybody, float32 of shape (n_users, n_scorers, n_items)."""
        asked = (self.data, self.train, self.held_out, self.held_out.users(), self.split)
        return standardised_scores(scorers, *asked, "scoring shoppers to judge by", self.progress)


def _best(tried: Mapping[str, Fusion], measured: Mapping[str, Values], seed: int, choice: FusionChoice) -> FusionChoice:
    """Go from one to the next where that is better beyond doubt.

    What has a map is compared with the better of the same without it and of what was taken before.
    """
    _, *others = tried
    compared = []
    for name in others:
        bases = [choice.name, *(tried.keys() & {WITHOUT_MAP.get(name, choice.name)})]
        base = max(bases, key=lambda each: float(np.nanmean(measured[each])))
        change, p = _change(measured[name], measured[base], seed)
        ndcg, of_base = (float(np.nanmean(measured[each])) for each in (name, base))
        compared.append(FusionComparison(name, tried[name], ndcg, of_base, change, min(p * len(others), 1.0)))
        if compared[-1].is_better:
            choice = replace(choice, name=name, fusion=tried[name])
    if choice.name == USUAL:
        return replace(choice, compared=tuple(compared))
    gain, _ = _change(measured[choice.name], measured[USUAL], seed)
    return replace(choice, compared=tuple(compared), gain=gain)


def _change(new: Values, old: Values, seed: int) -> tuple[Interval, float]:
    gaps = changes(new, old)
    return ratio_intervals(gaps[:, None], seed=seed)[0], float(sign_flip_p(gaps, seed))


def _drawn(held_out: HeldOut, n_items: int, seed: int) -> HeldOut:
    """What is held out of as many shoppers as scores are held of at once, drawn where there are more."""
    # There are up to four copies of their scores: as all choose, as a half does, under a map, and of a half.
    users, most = held_out.users(), max(1, MAX_FLOATS // (4 * len(COMPONENTS) * n_items))
    if len(held_out) <= most:
        return held_out
    order = np.random.default_rng(seed).permutation(users)
    n_pairs = np.bincount(held_out.user_rows, minlength=held_out.shape[0])[order]
    return held_out.only(np.isin(held_out.user_rows, order[np.cumsum(n_pairs) <= most]))
