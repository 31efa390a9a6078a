"""From component scores to a ranked list: put on one scale, weigh, sum, and choose.

final(u, i, c) = sum_k  factor_k * (s_k - mean_k(u, c)) / lead_k(u, c)        factor_k ~ weight_k ** 0.75, summing to 1

mean_k is over the products that a shopper does not have, and lead_k is how far the N_BEST best of them lie above it. So
in every component a usual product counts 0 and the best ten count 1 on average, where lists are decided. A deviation
over the catalogue would say how the many products lie that nobody is shown: with a heavy tail, a quarter of the weight
then decided two thirds of a list. The power makes weights say what components decide (`settings.WEIGHT_POWER`).

References
----------
Bruch, Gai & Ingber (2023), An analysis of fusion functions for hybrid retrieval, ACM TOIS, on scales by the range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.scorers.base import FloatArray, IntArray, Requests
from recsys.settings import COMPONENTS, Context, FusionSettings, RankingSettings

N_BEST = 10
"""So many of a component's best products count 1 on average: about as many as a list has. In a small shop it is half of
the products, since the best of nearly all of them lead the usual product by nearly nothing."""

LEAST_LEAD = 1e-4
"""Scores of which the best lead by less, relative to their mean, differ by rounding alone, which dividing would
magnify."""

MIN_POOL = 100
"""Diversity chooses from at least this many of the best candidates, and from ten times the list's length."""


@dataclass(frozen=True, slots=True)
class Standardised:
    """Component scores of one request on one scale.

    Parameters
    ----------
    values : float32 of shape (n_components, n_items); over the products that count, every row has mean 0 and its
        `n_best` best have mean 1; a component that tells no product from another is 0 throughout
    mean, lead : float64 of shape (n_components,), of the raw scores; a lead of 0 is that of such a component
    """

    values: FloatArray
    mean: NDArray[np.float64]
    lead: NDArray[np.float64]

    @classmethod
    def of(cls, raw: FloatArray, counting: NDArray[np.bool_] | None = None) -> Self:
        """Standardise raw scores.

        Parameters
        ----------
        raw : float32 of shape (n_components, n_items)
        counting : bool of shape (n_items,), the products that the scale rests on: those that the shopper does not
            have, since what they have is nearest to them and never listed; None, or none of them, for all
        """
        judged = raw if counting is None or not counting.any() else raw[:, counting]
        n = n_best(judged.shape[1])
        mean = judged.mean(axis=1, dtype=np.float64)
        best = np.partition(judged, judged.shape[1] - n, axis=1)[:, -n:]
        lead = best.mean(axis=1, dtype=np.float64) - mean
        lead[lead <= LEAST_LEAD * np.maximum(np.abs(mean), LEAST_LEAD)] = 0
        scale = np.divide(1.0, lead, out=np.zeros_like(lead), where=lead > 0)
        values = (raw - mean[:, None].astype(np.float32)) * scale[:, None].astype(np.float32)
        return cls(values, mean, lead)


def n_best(n_products: int) -> int:
    """How many of the best of so many products count 1 on average.

    >>> [n_best(n_products) for n_products in (1, 2, 8, 20, 30_000)]
    [1, 1, 4, 10, 10]
    """
    return max(1, min(N_BEST, n_products // 2))


def factor_vector(settings: FusionSettings) -> FloatArray:
    """What scores are multiplied by, in the order of COMPONENTS: factors, float32 of shape (n_components,)."""
    return np.array(list(settings.factors().values()), np.float32)


def fuse(values: FloatArray | Sequence[FloatArray], settings: FusionSettings) -> FloatArray:
    """Final scores, float32 of shape (..., n_items), from the standardised ones of each component of that shape.

    Added up product by product in the same order: a matrix product rounds by place in the array, and would tell equal
    products apart.
    """
    fused = np.zeros(values[0].shape, np.float32)
    for weight, scores in zip(factor_vector(settings), values, strict=True):
        if weight > 0:
            fused += weight * scores
    return fused


@dataclass(frozen=True, slots=True)
class Ranking:
    """One ranked list; entry r is rank r + 1.

    Parameters
    ----------
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
    eligible : bool of shape (n_items,)
    vectors : float32 of shape (n_items, n_dims), unit length, what diversity is measured between
    """
    fused = fuse(values, settings.fusion)
    rows, ranks_by_score = select(fused, settings, eligible, vectors)
    contributions = (factor_vector(settings.fusion)[:, None] * values[:, rows]).T.astype(np.float64)
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
    pool = _best(scores, np.flatnonzero(eligible), pool_size(settings))
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


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRequest:
    """The catalogue scored for one request, before weights and filters.

    Parameters
    ----------
    user_id : None for a new shopper
    words : what was typed, verbatim
    requests : the request as the scorers saw it, a batch of one
    profile : float32 of shape (n_dims,), unit length, what the shopper's words and likes mean; zeros if unknown
    seen_rows : rows of the products that the shopper already has
    is_cold : the shopper has no training interaction
    notes : what a person should know about this request, in words
    ablated : names of what is left out
    typed_notes : those of the notes that are about the words, and stay whatever is left out
    """

    user_id: str | None
    words: str
    context: Context
    requests: Requests
    standardised: Standardised
    profile: FloatArray
    seen_rows: IntArray
    is_cold: bool
    notes: tuple[str, ...]
    ablated: tuple[str, ...] = ()
    typed_notes: tuple[str, ...] = ()

    @property
    def counting(self) -> NDArray[np.bool_]:
        """The products that the scale rests on, bool of shape (n_items,): all for whoever has everything."""
        counting = counting_without(self.seen_rows, self.standardised.values.shape[1])
        return counting if counting.any() else ~counting


def counting_without(seen_rows: IntArray, n_items: int) -> NDArray[np.bool_]:
    """The products that a shopper does not have, bool of shape (n_items,): their scale rests on these."""
    counting = np.ones(n_items, bool)
    counting[seen_rows] = False
    return counting


def require_someone(user_id: str | None, words: str) -> None:
    """Raise InputError unless a request names a shopper or holds words."""
    if user_id is None and not words.strip():
        raise InputError("nobody was asked about; give a shopper's id, or words that a new shopper would say")


def uninformative_notes(standardised: Standardised) -> list[str]:
    """Notes on components that give every product the same score."""
    silent = [name for name, lead in zip(COMPONENTS, standardised.lead, strict=True) if lead == 0]
    if len(silent) == len(COMPONENTS):
        return ["nothing tells products apart for this shopper, so they stand in an order that means nothing"]
    if silent:
        return [f"{', '.join(silent)} cannot tell products apart for this shopper, so what is left decides"]
    return []


@dataclass(frozen=True, slots=True)
class RankedItem:
    """One product on a list; `components` sum to `score`."""

    rank: int
    item_id: str
    title: str
    score: float
    components: Mapping[str, float]
    rank_before_diversity: int
    is_cold: bool


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A ranked list and its request; `influence` is each component's share in deciding it, None where none does."""

    user_id: str | None
    weights: Mapping[str, float]
    influence: Mapping[str, float] | None
    context: Mapping[str, str]
    is_cold: bool
    notes: tuple[str, ...]
    n_candidates: int
    items: tuple[RankedItem, ...]

    def as_json(self) -> dict[str, Any]:
        """The document that `recsys recommend --json` prints."""
        return asdict(self)
