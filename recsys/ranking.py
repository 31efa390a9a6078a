"""The one function that turns scores into a list; pages, commands, exports and evaluation all call it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyversity import diversify

from recsys.fusion import fuse, weight_vector
from recsys.scorers.base import FloatArray, IntArray
from recsys.settings import RankingSettings

MIN_POOL = 100
"""Diversity chooses from at least this many of the best candidates, and from ten times the list's length."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """One ranked list; entry r is rank r + 1.

    Parameters
    ----------
    item_rows : int32 of shape (n_listed,)
    scores : float64 of shape (n_listed,), the fused score, untouched by diversity
    contributions : float64 of shape (n_listed, n_components), what each component adds to the score
    ranks_by_score : int32 of shape (n_listed,), rank before diversity re-ranking, from 1
    n_candidates : how many products were eligible
    """

    item_rows: IntArray
    scores: NDArray[np.float64]
    contributions: NDArray[np.float64]
    ranks_by_score: IntArray
    n_candidates: int


def rank(values: FloatArray, settings: RankingSettings, eligible: NDArray[np.bool_], vectors: FloatArray) -> Ranking:
    """Rank the eligible products.

    Parameters
    ----------
    values : standardised component scores, float32 of shape (n_components, n_items)
    settings : weights, list length and diversity
    eligible : bool of shape (n_items,)
    vectors : float32 of shape (n_items, n_dims), unit length, what diversity is measured between

    Returns
    -------
    Ranking of min(n, number of eligible products) products; equal scores stand in the order of rows, drawn by ids
    """
    fused = fuse(values, settings.fusion)
    rows, ranks_by_score = select(fused, settings, eligible, vectors)
    contributions = (weight_vector(settings.fusion)[:, None] * values[:, rows]).T.astype(np.float64)
    return Ranking(rows, contributions.sum(axis=1), contributions, ranks_by_score, int(np.count_nonzero(eligible)))


def select(
    scores: FloatArray, settings: RankingSettings, eligible: NDArray[np.bool_], vectors: FloatArray
) -> tuple[IntArray, IntArray]:
    """Rows of the listed products in order, and their ranks before diversity, from final scores of shape (n_items,)."""
    candidates = np.flatnonzero(eligible)
    pool_size = settings.n if settings.diversity == 0 else max(MIN_POOL, 10 * settings.n)
    pool = _best(scores, candidates, pool_size)
    order = np.arange(min(settings.n, len(pool)))
    if settings.diversity > 0 and len(pool) > 1:
        order = _diversified(scores[pool], np.asarray(vectors[pool]), settings)
    return pool[order].astype(np.int32), (order + 1).astype(np.int32)


def _best(fused: FloatArray, candidates: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """The n best candidates, best first; equal scores in catalogue order, whatever the selection algorithm does."""
    scores = fused[candidates]
    if n < len(candidates):
        threshold = np.partition(scores, len(scores) - n)[len(scores) - n]
        kept = scores >= threshold
        candidates, scores = candidates[kept], scores[kept]
    return candidates[np.argsort(-scores, kind="stable")][:n]


def _diversified(scores: FloatArray, vectors: FloatArray, settings: RankingSettings) -> NDArray[np.intp]:
    """Positions in the pool, in re-ranked order."""
    spread = float(scores[0] - scores[-1])
    # MMR and MSD weigh score against similarity, so both must run over the same range.
    relevance = (scores - scores[-1]) / spread if spread > 0 else np.ones_like(scores)
    n = min(settings.n, len(scores))
    strength = settings.diversity if settings.method != "msd" else summed_strength(settings.diversity, n)
    chosen = diversify(vectors, relevance, n, strategy=settings.method, diversity=strength).indices
    return np.asarray(chosen, np.intp)


def summed_strength(diversity: float, n: int) -> float:
    """The weight of a sum of distances under which MSD maximises what a strength says of whole lists.

    A list of n is worth (1 - diversity) x its mean relevance + diversity x its mean pairwise distance (ILD); to that
    a product adds in proportion to (1 - diversity) x relevance + 2 diversity / (n - 1) x its distances to the others.

    >>> summed_strength(0.5, 3), round(summed_strength(0.5, 10), 4), summed_strength(1, 10)
    (0.5, 0.1818, 1.0)

    References
    ----------
    Borodin, Lee & Ye (2012), Max-sum diversification, monotone submodular functions and dynamic updates, PODS.
    """
    pull = 2 * diversity / max(n - 1, 1)
    return float(pull / (1 - diversity + pull))
