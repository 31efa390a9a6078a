"""The weights of a shop, and a map of its phrase vectors, learned; taken only where lists are better beyond doubt.

Weights are learned by the multi-task objective (`recsys.training.multitask`) from what validation may know, and stopped
on validation shoppers; or they are the mix of a grid that is best by the nDCG of these shoppers. On request the
objective learns a map as well. The lists of the validation shoppers then say what is taken: nDCG, shopper by shopper,
against the weights that a model has otherwise, with a paired 95% interval above 0 and a p-value of at most
`comparing.MOST_P`, corrected for what was tried. A mix of the grid is judged on shoppers that it was not chosen by, in
that one is chosen on either half of them for the other. Nothing is learned again afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import HeldOut, Round
from recsys.errors import DataError
from recsys.evaluation.asking import SplitName, batches
from recsys.evaluation.significance import Interval
from recsys.evaluation.weights import ValidationScores, best_weights, gains_of_weights
from recsys.fusion import Standardised, weight_vector
from recsys.progress import Progress, silent
from recsys.scorers import AS_THEY_ARE, COMPONENT_CLASSES, fit_scorers
from recsys.scorers.base import Fitting, FloatArray, Scorer
from recsys.scorers.phrase_weights import reference_vectors
from recsys.scorers.semantic import SemanticScorer
from recsys.settings import COMPONENTS, FusionSettings
from recsys.text.phrasebook import Phrasebook
from recsys.training.comparing import Compared, Values, compare
from recsys.training.left_out import MAX_FLOATS, SEMANTIC, held_out_pairs, training_pairs
from recsys.training.multitask import MultitaskSettings, learn

K = 10
"""Cut-off of the nDCG by which is judged."""

FEWEST_SHOPPERS = 200
"""With fewer to judge by, luck would decide; then nothing is learned."""

USUAL, LEARNED, GRID = "usual weights", "learned weights", "best of a grid of weights"
MAP, MAP_GRID = "learned map and weights", "learned map, best of a grid of weights"


@dataclass(frozen=True, eq=False, slots=True)
class Fusion:
    """How components are mixed, and the map of phrase vectors; None is none."""

    weights: FusionSettings
    head: FloatArray | None = None


@dataclass(frozen=True, eq=False, slots=True)
class FusionChoice:
    """What was chosen.

    Parameters
    ----------
    name : of `USUAL`, `LEARNED`, `GRID`, `MAP` and `MAP_GRID`
    compared : what was tried, each against what was chosen before it; empty where nothing could be learned
    gain : change of nDCG from the usual weights to what was chosen; None where these stay
    n_pairs, n_shoppers : that were learned from, and judged by
    epochs : of learning, by name; 0 where nothing was better than the start
    """

    name: str
    fusion: Fusion
    compared: tuple[Compared[Fusion], ...] = ()
    n_pairs: int = 0
    n_shoppers: int = 0
    epochs: Mapping[str, int] = field(default_factory=dict)
    gain: Interval | None = None

    def in_words(self) -> str:
        """What came of it, in a sentence.

        >>> nothing_learned(FusionSettings()).in_words()
        'Nothing could be learned: fewer than 200 shoppers to judge by, or nobody likes two products.'
        """
        if not self.n_pairs:
            return (
                f"Nothing could be learned: fewer than {FEWEST_SHOPPERS} shoppers to judge by, or nobody likes two "
                "products."
            )
        judged = f"on {self.n_shoppers:,} shoppers whose choice was hidden meanwhile"
        if self.name == USUAL:
            return f"Nothing that was learned from {self.n_pairs:,} choices serves better beyond doubt {judged}."
        learned = f"learned from {self.n_pairs:,} choices"
        what = {
            LEARNED: f"The weights were {learned}",
            GRID: "The weights are the best of a grid",
            MAP: f"The weights and a map of what words mean were {learned}",
            MAP_GRID: f"The weights are the best of a grid, with a map of what words mean that was {learned}",
        }[self.name]
        assert self.gain is not None
        gain = f"{self.gain.mean:+.4f} ({self.gain.low:+.4f} to {self.gain.high:+.4f})"
        return f"{what}; nDCG@{K} changes by {gain} from that of the usual weights, {judged}."

    def as_json(self) -> dict[str, Any]:
        """For a manifest: what was chosen, and every comparison."""
        return {
            "chosen": self.name,
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


def nothing_learned(usual: FusionSettings) -> FusionChoice:
    """The choice where there is nothing to learn from or to judge by."""
    return FusionChoice(USUAL, Fusion(usual))


def choose_fusion(
    data: Dataset,
    asked: Round,
    book: Phrasebook,
    split: SplitName,
    usual: FusionSettings | None = None,
    settings: Mapping[str, Any] = AS_THEY_ARE,
    seed: int = 0,
    progress: Progress = silent,
    *,
    with_map: bool = False,
) -> FusionChoice:
    """Learn, and choose by the shoppers who are asked about.

    Parameters
    ----------
    data : everything, for the circumstances of the held-out acts
    asked : what may be learned from, and who is asked about
    book : phrases of at least what may be learned from
    split : how shoppers are asked
    usual : the weights that a model has otherwise, and that learning begins with
    settings : of the components, as `fit_scorers` takes them
    seed : of every random choice
    with_map : whether a map of the phrase vectors is learned, too

    Raises
    ------
    Cancelled : the reporter asked to stop
    """
    stays = nothing_learned(usual or FusionSettings())
    train, held_out = asked.train, _drawn(asked.held_out, data.n_items, seed)
    users = held_out.users()
    if len(users) < FEWEST_SHOPPERS:
        return stays
    scorers = fit_scorers(COMPONENT_CLASSES, Fitting(train, book, seed), progress, settings)
    semantic = scorers["semantic"]
    assert isinstance(semantic, SemanticScorer)
    try:
        pairs = training_pairs(train, semantic, seed, progress, settings)
    except DataError:  # no shopper likes two products
        return stays
    values = scores_of(scorers, data, train, held_out, split, progress)
    judged = held_out_pairs(train, held_out, semantic, values)
    reference = reference_vectors(book, data.n_items)
    tried, epochs = {USUAL: stays.fusion}, dict[str, int]()
    eligible = ValidationScores.of(values, train, held_out, users)
    measured = {USUAL: ndcg_of(eligible, stays.fusion.weights)}
    for name, name_of_grid in ((LEARNED, GRID), (MAP, MAP_GRID))[: 2 if with_map else 1]:
        asked_for = MultitaskSettings(head=name == MAP, seed=seed, device="cpu")
        found = learn(pairs, reference, stays.fusion.weights, asked_for, judged, progress)
        epochs[name] = found.epochs
        known = eligible
        if found.epochs:
            if found.head is not None:
                mapped = np.array(values)
                only = {"semantic": semantic.with_head(found.head)}
                mapped[:, SEMANTIC] = scores_of(only, data, train, held_out, split, progress)[:, SEMANTIC]
                known = replace(eligible, values=mapped)
            tried[name] = Fusion(found.fusion.in_percent(), found.head)
            measured[name] = ndcg_of(known, tried[name].weights)
        if found.epochs or name == LEARNED:
            best, measured[name_of_grid] = _of_grid(known, seed, progress)
            tried[name_of_grid] = Fusion(best, found.head)
    return _best(tried, measured, seed, FusionChoice(USUAL, stays.fusion, (), len(pairs), len(users), epochs))


def ndcg_of(scores: ValidationScores, weights: FusionSettings) -> Values:
    """nDCG@K of every shopper under some weights, float64 of shape (n_users,)."""
    gains: Values = gains_of_weights(scores, weight_vector(weights)[None], K)[0]
    return gains


def _of_grid(scores: ValidationScores, seed: int, progress: Progress) -> tuple[FusionSettings, Values]:
    """The best mix of a grid, and what such a mix gives to shoppers that it was not chosen by."""
    n_users = len(scores.values)
    halves = np.random.default_rng(seed).permutation(n_users) % 2
    values = np.empty(n_users)
    for half in (0, 1):
        chosen, _ = best_weights(scores.only(halves != half), COMPONENTS, K, progress=progress)
        values[halves == half] = ndcg_of(scores.only(halves == half), chosen)
    return best_weights(scores, COMPONENTS, K, progress=progress)[0], values


def _best(tried: Mapping[str, Fusion], measured: Mapping[str, Values], seed: int, choice: FusionChoice) -> FusionChoice:
    """Go from one to the next where that is better beyond doubt."""
    _, *others = tried
    compared = []
    for name in others:
        against = {choice.name: choice.fusion, name: tried[name]}
        (found,) = compare(against, measured, choice.name, seed)
        found = replace(found, p=min(found.p * len(others), 1.0))
        compared.append(found)
        if found.is_better:
            choice = replace(choice, name=name, fusion=tried[name])
    if choice.name == USUAL:
        return replace(choice, compared=tuple(compared))
    (whole,) = compare({USUAL: tried[USUAL], choice.name: choice.fusion}, measured, USUAL, seed)
    return replace(choice, compared=tuple(compared), gain=whole.change)


def _drawn(held_out: HeldOut, n_items: int, seed: int) -> HeldOut:
    """What is held out of as many shoppers as scores are held of at once, drawn where there are more."""
    users, most = held_out.users(), max(1, MAX_FLOATS // (len(COMPONENTS) * n_items))
    if len(users) <= most:
        return held_out
    drawn = np.random.default_rng(seed).choice(users, most, replace=False)
    return held_out.only(np.isin(held_out.user_rows, drawn))


def scores_of(
    scorers: Mapping[str, Scorer],
    data: Dataset,
    train: Dataset,
    held_out: HeldOut,
    split: SplitName,
    progress: Progress,
) -> FloatArray:
    """Standardised, float32 of shape (n_users, n_components, n_items); 0 for components that are not asked."""
    users = held_out.users()
    values = np.zeros((len(users), len(COMPONENTS), data.n_items), np.float32)
    for start, requests in batches(data, train, held_out, users, split):
        progress("scoring shoppers to judge by", start, len(users))
        raw = np.zeros((len(requests), len(COMPONENTS), data.n_items), np.float32)
        for name, scorer in scorers.items():
            raw[:, COMPONENTS.index(name)] = scorer.score(requests)
        for place, each in enumerate(raw):
            values[start + place] = Standardised.of(each).values
    progress("scoring shoppers to judge by", len(users), len(users))
    return values
