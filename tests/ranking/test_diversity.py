"""One implementation of MMR, MSD and DPP, held against pyversity, for one list and for many."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyversity import diversify as oracle

from recsys.ranking.diversity import CODES, LEAST_RESIDUAL, diversify, diversify_all
from recsys.settings import DIVERSITY_METHODS, DiversityMethod

Array = NDArray[np.float32]
EVERY_METHOD = pytest.mark.parametrize("method", DIVERSITY_METHODS)
methods = st.sampled_from(DIVERSITY_METHODS)
strengths = st.sampled_from([0.0, 0.01, 0.3, 0.9, 1.0])

MOST_GAINED = {"mmr": 1.0, "msd": 4.0, "dpp": 1.0}
"""By how much the gains of two products of a list can differ."""


def unit(vectors: NDArray[np.floating]) -> Array:
    """Rows scaled to length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def pool(seed: int, n: int, n_distinct: int, n_dims: int = 16, share_without: float = 0.0) -> tuple[Array, Array]:
    """Scores, highest first, and the vectors of a pool with so many different ones."""
    rng = np.random.default_rng(seed)
    which = np.arange(n) if n_distinct == n else rng.integers(n_distinct, size=n)
    vectors = unit(rng.standard_normal((n_distinct, n_dims)))[which]
    vectors[rng.random(n) < share_without] = 0
    return -np.sort(-rng.standard_normal(n).astype(np.float32)), vectors


def both(scores: Array, vectors: Array, n: int, strength: float, method: DiversityMethod) -> list[int]:
    """Positions in re-ranked order, which the served list and the live evaluation agree on."""
    order = diversify(scores, vectors, n, strength, method)
    # As the live evaluation holds it: rows of a larger catalogue, a second list, and places that are empty.
    rows = np.random.default_rng(1).permutation(len(scores) + 7).astype(np.int32)
    catalogue = np.zeros((len(rows), vectors.shape[1]), np.float32)
    catalogue[rows[: len(scores)]] = vectors
    pools = np.full((2, len(scores) + 3), -1, np.int32)
    pools[:, : len(scores)] = rows[: len(scores)]
    padded = np.full(pools.shape, -np.inf, np.float32)
    padded[:, : len(scores)] = scores
    ranked, ranks = np.empty((2, n), np.int32), np.empty((2, n), np.int32)
    diversify_all(pools, padded, catalogue, strength, CODES[method], ranked, ranks)
    for row in range(2):
        assert ranked[row].tolist() == rows[order].tolist() + [-1] * (n - len(order))
        assert ranks[row].tolist() == (order + 1).tolist() + [0] * (n - len(order))
    return [int(position) for position in order]


@given(st.integers(0, 10**6), st.integers(1, 120), st.integers(1, 40), st.integers(1, 30), methods, strengths)
def test_every_list_is_full_without_repeats_and_starts_with_the_best(
    seed: int, n_pool: int, n_distinct: int, n: int, method: DiversityMethod, strength: float
) -> None:
    order = both(*pool(seed, n_pool, n_distinct, share_without=0.1), n, strength, method)
    assert len(order) == len(set(order)) == min(n, n_pool)
    assert set(order) <= set(range(n_pool))
    assert order[0] == 0


@given(st.integers(0, 10**6), st.integers(2, 120), st.integers(1, 40), methods, st.sampled_from([0.001, 0.01, 0.1]))
def test_nothing_passes_a_product_that_is_better_by_more_than_the_strength_pays(
    seed: int, n_pool: int, n_distinct: int, method: DiversityMethod, strength: float
) -> None:
    scores, vectors = pool(seed, n_pool, n_distinct)
    relevance = (scores - scores[-1]) / (scores[0] - scores[-1])
    order = both(scores, vectors, 20, strength, method)
    left = set(range(n_pool))
    for position in order:
        best = max(relevance[other] for other in left)
        assert best - relevance[position] <= strength / (1 - strength) * MOST_GAINED[method] + 1e-5
        left.remove(position)


@given(st.integers(0, 10**6), st.integers(1, 120), st.integers(1, 40), methods)
def test_strength_0_is_the_order_by_score(seed: int, n_pool: int, n_distinct: int, method: DiversityMethod) -> None:
    assert both(*pool(seed, n_pool, n_distinct), 20, 0.0, method) == list(range(min(20, n_pool)))


@given(st.integers(0, 10**6), methods, st.sampled_from([0.01, 0.3, 0.9, 1.0]), st.floats(0.01, 100), st.floats(-50, 50))
def test_another_scale_of_the_scores_changes_nothing(
    seed: int, method: DiversityMethod, strength: float, scale: float, shift: float
) -> None:
    scores, vectors = pool(seed, 60, 60)
    spread = np.round(scores, 2)  # so that single precision holds the scaled ones as far apart
    moved = (spread.astype(np.float64) * scale + shift * scale).astype(np.float32)
    relevance = (spread - spread[-1]) / (spread[0] - spread[-1])
    here, there = (both(each, vectors, 10, strength, method) for each in (spread, moved))
    np.testing.assert_allclose(
        worth(relevance, vectors, here, strength, method),
        worth(relevance, vectors, there, strength, method),
        atol=1e-3,
    )


def worth(relevance: Array, vectors: Array, order: Sequence[int], strength: float, method: DiversityMethod) -> float:
    """What MSD and DPP maximise, of a list; for MMR the sum of the values that its products were chosen by."""
    chosen = vectors[list(order)].astype(np.float64)
    cosines, n = chosen @ chosen.T, len(chosen)
    kept = (1 - strength) * float(relevance[list(order)].sum())
    if method == "msd":
        return kept + strength * 2 / (n - 1) * float((1 - cosines)[np.triu_indices(n, 1)].sum())
    if method == "dpp":
        return kept + strength * float(np.log10(max(np.linalg.det(cosines), 1e-30)))
    return kept - strength * sum(max(0.0, cosines[at, :at].max()) for at in range(1, n))


@given(st.integers(0, 10**6), st.integers(2, 100), st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0]), methods)
def test_choices_are_those_of_an_independent_library(
    seed: int, n_pool: int, strength: float, method: DiversityMethod
) -> None:
    n = min(10, n_pool)
    scores, vectors = pool(seed, n_pool, n_pool, n_dims=64)
    relevance = (scores - scores[-1]) / (scores[0] - scores[-1])
    extra = {}
    given = strength
    if method == "msd":  # there the sum of distances is weighed, not their mean
        pull = 2 * strength / max(n - 1, 1)
        given = pull / (1 - strength + pull)
    elif method == "dpp":  # there quality is exp(scale x (1 - diversity) x standard score)
        extra = {"scale": (1 - strength) / strength * np.log(10) * float(relevance.std())}
        given = 0.5
    theirs = oracle(vectors, relevance, n, strategy=method, diversity=given, **extra).indices
    if method == "dpp" and strength == 1:  # all are alike before the first, and ours begins with the best
        return
    ours = both(scores, vectors, n, strength, method)
    if ours != theirs.tolist():  # only where rounding decided
        assert worth(relevance, vectors, ours, strength, method) == pytest.approx(
            worth(relevance, vectors, theirs.tolist(), strength, method), abs=1e-4
        )


# Cases by hand.


@EVERY_METHOD
@pytest.mark.parametrize("strength", [0.01, 0.5, 0.9, 1.0])
def test_identical_products_stay_in_the_order_of_their_scores(method: DiversityMethod, strength: float) -> None:
    scores = np.linspace(1, 0, 300, dtype=np.float32)
    vectors = np.repeat(pool(3, 1, 1, n_dims=384)[1], 300, axis=0)
    assert both(scores, vectors, 31, strength, method) == list(range(31))


@EVERY_METHOD
@pytest.mark.parametrize("strength", [0.01, 0.9, 1.0])
def test_products_that_differ_by_rounding_are_identical(method: DiversityMethod, strength: float) -> None:
    rng = np.random.default_rng(0)
    vector = pool(3, 1, 1, n_dims=384)[1]
    vectors = unit(np.repeat(vector, 300, axis=0) + 1e-8 * rng.standard_normal((300, 384)))
    assert both(np.linspace(1, 0, 300, dtype=np.float32), vectors, 31, strength, method) == list(range(31))


@EVERY_METHOD
@pytest.mark.parametrize("n_dims", [4, 8, 384])
def test_8_vectors_among_300_products_hardly_move_at_the_weakest_strength(method: DiversityMethod, n_dims: int) -> None:
    for seed in range(20):
        order = both(*pool(seed, 300, 8, n_dims), 10, 0.01, method)
        assert max(order) <= 14
        assert len(set(order) & set(range(10))) >= 8


@pytest.mark.parametrize("strength", [0.5, 0.9, 1.0])
def test_a_dpp_lists_8_vectors_once_and_goes_on_by_score(strength: float) -> None:
    for seed in range(20):
        scores, vectors = pool(seed, 300, 8, 384)
        order = both(scores, vectors, 14, strength, "dpp")
        assert len(np.unique(vectors[order[:8]], axis=0)) == 8
        rest = [position for position in range(300) if position not in order[:8]]
        assert order[8:] == rest[:6]


def test_a_dpp_whose_vectors_span_three_dimensions_stops_after_three() -> None:
    scores, vectors = pool(0, 100, 100, n_dims=3)
    order = both(scores, vectors, 12, 1.0, "dpp")
    residual = 1 - np.linalg.norm(vectors @ np.linalg.qr(vectors[order[:3]].T)[0], axis=1) ** 2
    assert residual.max() < LEAST_RESIDUAL
    assert order[3:] == [position for position in range(100) if position not in order[:3]][:9]


@EVERY_METHOD
@pytest.mark.parametrize("strength", [0.01, 0.5, 1.0])
def test_products_without_vectors_stay_in_the_order_of_their_scores(method: DiversityMethod, strength: float) -> None:
    scores = np.linspace(1, 0, 40, dtype=np.float32)
    assert both(scores, np.zeros((40, 8), np.float32), 15, strength, method) == list(range(15))


@EVERY_METHOD
@pytest.mark.parametrize("strength", [0.5, 0.9])
def test_a_twin_waits_until_the_rest_was_shown(method: DiversityMethod, strength: float) -> None:
    vectors = np.float32([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    scores = np.float32([1, 0.9, 0.8, 0.7])
    assert both(np.append(scores, np.float32(0)), np.vstack([vectors, vectors[:1]]), 4, strength, method) == [
        0,
        2,
        3,
        1,
    ]


@EVERY_METHOD
@pytest.mark.parametrize("strength", [0.01, 0.5, 1.0])
def test_tied_scores_are_spread_by_their_vectors_alone(method: DiversityMethod, strength: float) -> None:
    vectors = np.float32([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]])
    order = both(np.full(5, 0.3, np.float32), vectors, 5, strength, method)
    assert order[:2] == [0, 3]


@EVERY_METHOD
def test_scores_that_differ_by_rounding_are_tied(method: DiversityMethod) -> None:
    vectors = np.float32([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]])
    scores = np.float32([1, 1, 1, 1, 1]) + np.float32([2, 1, 1, 1, 0]) * np.spacing(np.float32(1)) / 2
    assert both(scores, vectors, 5, 0.01, method)[:2] == [0, 3]


@EVERY_METHOD
@pytest.mark.parametrize("strength", [0.01, 1.0])
@pytest.mark.parametrize("n_pool", [1, 2, 9])
def test_a_list_longer_than_its_pool_holds_all_of_it(method: DiversityMethod, strength: float, n_pool: int) -> None:
    assert sorted(both(*pool(0, n_pool, 3), 10, strength, method)) == list(range(n_pool))


@EVERY_METHOD
def test_nothing_to_choose_from_gives_nothing(method: DiversityMethod) -> None:
    assert both(np.empty(0, np.float32), np.empty((0, 4), np.float32), 10, 0.5, method) == []


@EVERY_METHOD
@pytest.mark.parametrize("strength", [0.01, 0.5, 1.0])
def test_vectors_that_are_no_numbers_leave_a_full_list(method: DiversityMethod, strength: float) -> None:
    scores, vectors = pool(0, 30, 30)
    vectors[[0, 4, 7]] = np.nan
    order = both(scores, vectors, 20, strength, method)
    assert len(set(order)) == 20


@EVERY_METHOD
def test_opposite_products_are_the_most_diverse(method: DiversityMethod) -> None:
    """Of those as relevant, MSD alone tells opposite from unrelated; MMR and DPP look at what is said again."""
    vectors = np.float32([[1, 0], [0, 1], [-1, 0], [1, 0]])
    second = both(np.ones(4, np.float32), vectors, 2, 0.5, method)[1]
    assert second == {"mmr": 1, "msd": 2, "dpp": 1}[method]
