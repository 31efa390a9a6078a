"""The weights of a shop, and a map of its phrase vectors, learned; taken only where lists are better beyond doubt.

Weights are learned by the multi-task objective (`recsys.training.multitask`) from what validation may know, and stopped
on validation shoppers; or they are the mix of a grid that is best by the nDCG of these shoppers. On request the
objective learns a map as well. What is taken is decided by two halves of the validation shoppers: everything, down to
the settings of the context component, is chosen by one half, and the lists of the other half are judged, and the other
way round. Taken is what has a higher nDCG, shopper by shopper, than what was taken before it, first of all the weights
that a model has otherwise, with a paired 95% interval above 0 and a p-value of at most `significance.MOST_P`, corrected
for all that is tried. Then it is chosen by both halves together.

A map means nothing but on the axes of the semantic component that it was learned with, and these turn with the data. So
a model that takes one has it learned again, on its own axes, for as many epochs (`learned_map`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Round
from recsys.evaluation.protocols.hold_out import SplitName
from recsys.evaluation.protocols.leaks import check_leaks
from recsys.evaluation.protocols.requests import standardised_scores
from recsys.evaluation.statistics.significance import Interval
from recsys.progress import Progress, silent
from recsys.ranking.fusion import weight_vector
from recsys.scorers import AS_THEY_ARE, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.scorers.context import ContextScorer
from recsys.scorers.phrase_weights import reference_vectors
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, FusionSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training import context_settings
from recsys.training.context_settings import choose_context
from recsys.training.multitask import MultitaskSettings, learn
from recsys.training.paired_gain import Compared, Values, compare
from recsys.training.pairs import MAX_FLOATS, can_be_left_out, held_out_pairs, training_pairs
from recsys.training.weights import ValidationScores, best_weights, gains_of_weights

K = 10
"""Cut-off of the nDCG by which is judged."""

FEWEST_SHOPPERS = 2 * context_settings.FEWEST_SHOPPERS
"""With fewer, a half of them could not choose the settings of the context component; then nothing is learned."""

USUAL, LEARNED, GRID = "usual weights", "learned weights", "best of a grid of weights"
MAP, MAP_GRID = "learned map and weights", "learned map, best of a grid of weights"
WITHOUT_MAP = {MAP: LEARNED, MAP_GRID: GRID}


@dataclass(frozen=True, slots=True)
class Fusion:
    """How components are mixed, and whether the semantic one has a map of its own."""

    weights: FusionSettings
    with_map: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class FusionChoice:
    """What was chosen.

    Parameters
    ----------
    name : of `USUAL`, `LEARNED`, `GRID`, `MAP` and `MAP_GRID`
    compared : what was tried, each against what was taken before it, or with a map against the same without it where
        that is better; settings are as all shoppers choose them, figures of what halves chose and other halves judged.
        Empty where nothing could be learned
    n_pairs, n_shoppers : that were learned from, and judged by
    epochs : of learning, by name; 0 where nothing was better than the start
    gain : change of nDCG from the usual weights to what was taken; None where these stay
    why_not : why nothing could be learned; "" where something could
    """

    name: str
    fusion: Fusion
    compared: tuple[Compared[Fusion], ...] = ()
    n_pairs: int = 0
    n_shoppers: int = 0
    epochs: Mapping[str, int] = field(default_factory=dict)
    gain: Interval | None = None
    why_not: str = ""

    def in_words(self) -> str:
        """What came of it, in a sentence or two.

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
    """The choice where there is nothing to learn from or to judge by."""
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
) -> FusionChoice:
    """Learn, and choose by the shoppers of the last round.

    Parameters
    ----------
    data : everything, for the circumstances of the held-out acts
    rounds : of validation, the latest last; the others only help to choose settings of the context component
    book : phrases of at least what may be learned from
    split : how shoppers are asked
    usual : the weights that a model has otherwise, and that learning begins with
    seed : of every random choice
    with_map : whether a map of the phrase vectors is learned, too

    Raises Cancelled: the reporter asked to stop; LeakError: something held out was learned from.
    """
    usual = usual or FusionSettings()
    if not rounds:
        return nothing_learned(usual, "nobody has chosen enough to hide some of it")
    held_out = _drawn(rounds[-1].held_out, data.n_items, seed)
    n_all, users = len(rounds[-1].held_out.users()), held_out.users()
    if n_all < FEWEST_SHOPPERS:
        return nothing_learned(usual, f"fewer than {FEWEST_SHOPPERS} shoppers to judge by")
    if len(users) < FEWEST_SHOPPERS:
        few = f"there are so many products that scores of fewer than {FEWEST_SHOPPERS} shoppers can be held"
        return nothing_learned(usual, few)
    if not can_be_left_out(rounds[-1].train):
        return nothing_learned(usual, "nobody likes two products")
    rounds = [*rounds[:-1], replace(rounds[-1], held_out=held_out)]
    case = _Trials(data, rounds, book, split, usual, seed, progress, with_map)
    halves = np.random.default_rng(seed).permutation(len(users)) % 2
    measured: dict[str, Values] = {}
    for half in (0, 1):
        chooser, judges = halves != half, halves == half
        values = case.values_as_chosen_by(chooser)
        for name, fusion, known, _ in case.tried(values, chooser):
            values_of = measured.setdefault(name, np.full(len(users), np.nan))
            values_of[judges] = ndcg_of(known.only(judges), fusion.weights)
    everything = list(case.tried(case.values, np.ones(len(users), bool)))
    tried = {name: fusion for name, fusion, _, _ in everything}
    epochs = {name: n_epochs for name, _, _, n_epochs in everything if n_epochs is not None}
    for name, of in ((LEARNED, LEARNED), (MAP, MAP), (MAP_GRID, MAP)):
        if not epochs.get(of):  # all shoppers together learn nothing better than the start, whatever halves of them did
            tried.pop(name, None)
    return _best(tried, measured, seed, FusionChoice(USUAL, Fusion(usual), (), len(case.pairs), len(users), epochs))


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
    """The map of a choice on the axes of a model's own semantic component; None where the choice has none.

    Parameters
    ----------
    known : what the model learns from
    semantic : fitted on it, without a map
    settings : of the components of the model, as `fit_scorers` takes them
    usual, seed : as they were given to `choose_fusion`
    """
    n_epochs = choice.epochs.get(MAP, 0)
    if not choice.fusion.with_map or not n_epochs:
        return None
    pairs = training_pairs(known, semantic, seed, progress, settings)
    asked_for = replace(_asked_for(MAP, seed), epochs=n_epochs)
    reference = reference_vectors(book, known.n_items)
    return learn(pairs, reference, usual or FusionSettings(), asked_for, None, progress).head


def ndcg_of(scores: ValidationScores, weights: FusionSettings) -> Values:
    """nDCG@K of every shopper under some weights, float64 of shape (n_users,)."""
    return np.asarray(gains_of_weights(scores, weight_vector(weights)[None], K)[0])


class _Trials:
    """What is tried for one shop: what there is to learn from, and the shoppers who choose and judge.

    `values` are scores of all components, with settings as all shoppers choose them.
    """

    def __init__(
        self,
        data: Dataset,
        rounds: Sequence[Round],
        book: Phrasebook,
        split: SplitName,
        usual: FusionSettings,
        seed: int,
        progress: Progress,
        with_map: bool,
    ) -> None:
        self.data, self.rounds, self.split, self.usual, self.seed = data, rounds, split, usual, seed
        self.progress, self.with_map = progress, with_map
        self.train, self.held_out = rounds[-1].train, rounds[-1].held_out
        self.context = choose_context(data, rounds, split, seed, progress).context
        settings = {"context": self.context}
        scorers = fit_scorers(COMPONENT_CLASSES, Fitting(self.train, book, seed), progress, settings)
        check_leaks(data, self.train, self.held_out, split, scorers)
        semantic = scorers["semantic"]
        assert isinstance(semantic, SemanticScorer)
        self.semantic = semantic
        self.pairs = training_pairs(self.train, semantic, seed, progress, settings)
        self.values = self._scores(*scorers.values())
        self.reference = reference_vectors(book, data.n_items)

    def values_as_chosen_by(self, chooser: NDArray[np.bool_]) -> FloatArray:
        """Scores of everybody, with settings of the context component that some of them chose."""
        judges = self.held_out.users()[~chooser]
        rounds = [replace(one, held_out=one.held_out.only(~_among(one.held_out, judges))) for one in self.rounds]
        context = choose_context(self.data, rounds, self.split, self.seed, self.progress).context
        if context == self.context:
            return self.values
        return self._with(ContextScorer(context).fit(Fitting(self.train)), self.values)

    def tried(
        self, values: FloatArray, chooser: NDArray[np.bool_]
    ) -> Iterator[tuple[str, Fusion, ValidationScores, int | None]]:
        """All that is tried, by name: as some shoppers choose it, scores of everybody under it, and epochs if learned.

        Parameters
        ----------
        values : float32 of shape (n_users, n_components, n_items)
        chooser : bool of shape (n_users,)
        """
        users = self.held_out.users()
        known = ValidationScores.of(values, self.train, self.held_out, users)
        yield USUAL, Fusion(self.usual), known, None
        asked = self.held_out.only(_among(self.held_out, users[chooser]))
        judged = held_out_pairs(self.train, asked, self.semantic, values[chooser])
        for name, of_grid in ((LEARNED, GRID), (MAP, MAP_GRID))[: 2 if self.with_map else 1]:
            found = learn(self.pairs, self.reference, self.usual, _asked_for(name, self.seed), judged, self.progress)
            has_map = found.head is not None and found.epochs > 0
            if has_map:
                known = replace(known, values=self._with(self.semantic.with_head(found.head), values))
            weights = found.fusion.in_percent() if found.epochs else self.usual
            yield name, Fusion(weights, has_map), known, found.epochs
            best, _ = best_weights(known.only(chooser), COMPONENTS, K, progress=self.progress)
            yield of_grid, Fusion(best, has_map), known, None

    def _with(self, scorer: Scorer, values: FloatArray) -> FloatArray:
        """A copy of scores of all components with those of another scorer in place of the one of its name."""
        answer = np.array(values)
        answer[:, [COMPONENTS.index(scorer.name)]] = self._scores(scorer)
        return answer

    def _scores(self, *scorers: Scorer) -> FloatArray:
        """Standardised scores of everybody, float32 of shape (n_users, n_scorers, n_items)."""
        stage, users = "scoring shoppers to judge by", self.held_out.users()
        return standardised_scores(
            scorers, self.data, self.train, self.held_out, users, self.split, stage, self.progress
        )


def _among(held_out: HeldOut, users: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which pairs are of these shoppers."""
    return np.isin(held_out.user_rows, users)


def _asked_for(name: str, seed: int) -> MultitaskSettings:
    # On the processor, so that the same seed gives the same model everywhere.
    return MultitaskSettings(head=name == MAP, seed=seed, device="cpu")


def _best(tried: Mapping[str, Fusion], measured: Mapping[str, Values], seed: int, choice: FusionChoice) -> FusionChoice:
    """Go from one to the next where that is better beyond doubt.

    What has a map must be better than the same without it, too, so it is held against the better of that and of what
    was taken before.
    """
    _, *others = tried
    compared = []
    for name in others:
        bases = [choice.name, *(tried.keys() & {WITHOUT_MAP.get(name, choice.name)})]
        base = max(bases, key=lambda each: float(np.nanmean(measured[each])))
        (found,) = compare({base: tried[base], name: tried[name]}, measured, base, seed)
        found = replace(found, p=min(found.p * len(others), 1.0))
        compared.append(found)
        if found.is_better:
            choice = replace(choice, name=name, fusion=tried[name])
    if choice.name == USUAL:
        return replace(choice, compared=tuple(compared))
    (whole,) = compare({USUAL: tried[USUAL], choice.name: choice.fusion}, measured, USUAL, seed)
    return replace(choice, compared=tuple(compared), gain=whole.change)


def _drawn(held_out: HeldOut, n_items: int, seed: int) -> HeldOut:
    """What is held out of as many shoppers as scores are held of at once, drawn where there are more.

    Beside the scores of the pairs to learn from there are up to four of theirs: as all choose, as a half does, under a
    map, and of a half.
    """
    users, most = held_out.users(), max(1, MAX_FLOATS // (4 * len(COMPONENTS) * n_items))
    if len(held_out) <= most:
        return held_out
    order = np.random.default_rng(seed).permutation(users)
    n_pairs = np.bincount(held_out.user_rows, minlength=held_out.shape[0])[order]
    return held_out.only(_among(held_out, order[np.cumsum(n_pairs) <= most]))
