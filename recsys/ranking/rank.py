"""Ranking: standardised component scores to a list."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.ranking.fusion import fuse, weight_vector
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
    """Rank the eligible products; equal scores stand in the order of rows, drawn by ids.

    Parameters
    ----------
    values : standardised component scores, float32 of shape (n_components, n_items)
    settings : weights, list length and diversity
    eligible : bool of shape (n_items,)
    vectors : float32 of shape (n_items, n_dims), unit length, what diversity is measured between
    """
    fused = fuse(values, settings.fusion)
    rows, ranks_by_score = select(fused, settings, eligible, vectors)
    contributions = (weight_vector(settings.fusion)[:, None] * values[:, rows]).T.astype(np.float64)
    return Ranking(rows, contributions.sum(axis=1), contributions, ranks_by_score, int(np.count_nonzero(eligible)))


def pool_size(settings: RankingSettings) -> int:
    """How many of the best candidates a list is chosen from.

    >>> pool_size(RankingSettings(n=10)), pool_size(RankingSettings(n=50, diversity=0.3))
    (10, 500)
    """
    return settings.n if settings.diversity == 0 else max(MIN_POOL, 10 * settings.n)


def select(
    scores: FloatArray, settings: RankingSettings, eligible: NDArray[np.bool_], vectors: FloatArray
) -> tuple[IntArray, IntArray]:
    """Rows of the listed products in order, and their ranks before diversity, from final scores of shape (n_items,)."""
    candidates = np.flatnonzero(eligible)
    pool = _best(scores, candidates, pool_size(settings))
    order: IntArray = np.arange(min(settings.n, len(pool)), dtype=np.int32)
    if settings.diversity > 0:
        from recsys.ranking.diversity import diversify  # only here: the compiler takes a while to import

        order = diversify(scores[pool], np.asarray(vectors[pool]), settings.n, settings.diversity, settings.method)
    return pool[order].astype(np.int32), order + np.int32(1)


def _best(fused: FloatArray, candidates: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """The n best candidates, best first; equal scores in catalogue order, whatever the selection algorithm does."""
    scores = fused[candidates]
    if n < len(candidates):
        threshold = np.partition(scores, len(scores) - n)[len(scores) - n]
        kept = scores >= threshold
        candidates, scores = candidates[kept], scores[kept]
    return candidates[np.argsort(-scores, kind="stable")][:n]
