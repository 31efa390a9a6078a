"""Weights are chosen by the same nDCG as everything is measured by."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, permutations
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.ranking.rank import Standardised, fuse, select
from recsys.settings import COMPONENTS, FusionSettings, RankingSettings
from recsys.training import weights as weights_module
from recsys.training.weights import (
    ValidationScores,
    as_good_as_any,
    best_weights,
    choose_weights,
    gains_of_weights,
    ndcg_of_weights,
    overlap_of_weights,
    simplex_grid,
)
from tests._metric_definitions import ndcg_at_k, recall_at_k

N = len(COMPONENTS)


def made_up(n_users: int = 30, n_items: int = 60, seed: int = 0) -> ValidationScores:
    """Random scores; every shopper owns some products, and some others are held out."""
    rng = np.random.default_rng(seed)
    values = np.stack(
        [Standardised.of(rng.standard_normal((N, n_items)).astype(np.float32)).values for _ in range(n_users)]
    )
    owned = rng.random((n_users, n_items)) < 0.2
    held_out = (rng.random((n_users, n_items)) < 0.05) & ~owned
    held_out[:, 0] |= ~held_out.any(axis=1)
    owned &= ~held_out
    users, items = np.nonzero(held_out)
    return ValidationScores(values, ~owned, users.astype(np.int32), items.astype(np.int32))


@pytest.mark.parametrize(("n_components", "n_steps"), [(1, 5), (2, 20), (3, 7), (4, 10), (4, 20)])
def test_the_grid_has_every_point_once_and_each_sums_to_one(n_components: int, n_steps: int) -> None:
    grid = simplex_grid(n_components, n_steps)
    assert grid.shape == (math.comb(n_steps + n_components - 1, n_components - 1), n_components)
    assert (grid >= 0).all()
    np.testing.assert_allclose(grid.sum(axis=1), 1, atol=1e-6)
    whole = np.rint(grid * n_steps)
    np.testing.assert_allclose(grid, whole / n_steps, atol=1e-6)
    assert len(np.unique(whole, axis=0)) == len(grid)


@pytest.mark.parametrize("k", [1, 5, 10, 100])
def test_ndcg_without_sorting_is_that_of_the_ranked_lists(k: int) -> None:
    scores = made_up()
    grid = simplex_grid(N, 3)
    found = ndcg_of_weights(scores, grid, k)
    vectors = np.zeros((scores.values.shape[2], 1), np.float32)
    for point, weights in enumerate(grid):
        fusion = FusionSettings.of_factors(weights.tolist())
        each = []
        for user, values in enumerate(scores.values):
            rows, _ = select(fuse(values, fusion), RankingSettings(n=k), scores.eligible[user], vectors)
            relevant = scores.pair_items[scores.pair_users == user]
            each.append(ndcg_at_k([str(row) for row in rows], {str(row) for row in relevant}, k))
        assert found[point] == pytest.approx(np.mean(each), abs=1e-4)  # a pair in thousands is closer than EQUAL


def test_rounds_together_weigh_by_their_shoppers() -> None:
    parts, grid = [made_up(20, seed=1), made_up(5, seed=2)], simplex_grid(N, 3)
    one, other = (ndcg_of_weights(each, grid, 5) for each in parts)
    both = ndcg_of_weights(ValidationScores.together(parts), grid, 5)
    np.testing.assert_allclose(both, (20 * one + 5 * other) / 25)
    assert ValidationScores.together(parts[:1]) is parts[0]


def test_a_component_that_says_nothing_gains_what_a_draw_would() -> None:
    silent = np.zeros((1, N, 10), np.float32)
    pairs = (np.zeros(2, np.int32), np.array([1, 4], np.int32))
    scores = ValidationScores(silent, np.arange(10)[None, :] != 0, *pairs)  # the first product is owned
    (found,) = ndcg_of_weights(scores, np.full((1, N), 1 / N, np.float32), k=4)
    discounts = 1 / np.log2(np.arange(2, 6))
    assert found == pytest.approx(2 * discounts.sum() / 9 / (1 + 1 / np.log2(3)))  # each of 9 in each of 4 places
    elsewhere = ValidationScores(silent, scores.eligible, pairs[0], np.array([8, 9], np.int32))
    assert ndcg_of_weights(elsewhere, np.full((1, N), 1 / N, np.float32), k=4) == pytest.approx(found)


def test_shoppers_without_a_held_out_product_are_not_counted() -> None:
    scores = made_up()
    more = ValidationScores(
        np.concatenate([scores.values, scores.values[:5]]),
        np.concatenate([scores.eligible, scores.eligible[:5]]),
        scores.pair_users,
        scores.pair_items,
    )
    grid = simplex_grid(N, 2)
    np.testing.assert_allclose(ndcg_of_weights(more, grid, 5), ndcg_of_weights(scores, grid, 5))


def planted(best: str) -> ValidationScores:
    """One component knows the held-out products, the others are noise."""
    scores = made_up(seed=1)
    values = scores.values.copy()
    values[scores.pair_users, COMPONENTS.index(best), scores.pair_items] += 2.5
    return ValidationScores(values, scores.eligible, scores.pair_users, scores.pair_items)


@pytest.mark.parametrize("best", COMPONENTS)
def test_the_component_that_knows_gets_the_weight(best: str) -> None:
    weights, quality = best_weights(planted(best), COMPONENTS, k=10, n_steps=10)
    assert quality > 0.6
    shares = weights.normalised()
    assert max(shares, key=shares.__getitem__) == best


def test_only_named_components_are_mixed() -> None:
    weights, quality = best_weights(planted("semantic"), ("collaborative", "content"), k=10)
    assert (weights.semantic, weights.context) == (0, 0)
    assert quality < 0.4
    assert sum(weights.as_dict().values()) == pytest.approx(1)


def lists_at(scores: ValidationScores, weights: np.ndarray, k: int) -> list[set[int]]:
    """The k best eligible products of every shopper."""
    fused = np.einsum("ukn,k->un", scores.values.astype(np.float64), weights.astype(np.float64))
    return [
        set(sorted(np.flatnonzero(may).tolist(), key=lambda row, of=of: -of[row])[:k])
        for of, may in zip(fused, scores.eligible, strict=True)
    ]


def in_common(lists: list[set[int]], k: int) -> float:
    """Mean share of a list that two shoppers have in common, over all pairs of them."""
    return float(np.mean([len(one & other) / k for one, other in combinations(lists, 2)]))


@pytest.mark.parametrize("k", [1, 3, 10])
def test_overlap_is_what_two_shoppers_lists_have_in_common(k: int) -> None:
    scores, grid = made_up(12, 40), simplex_grid(N, 2)
    expected = [in_common(lists_at(scores, weights, k), k) for weights in grid]
    np.testing.assert_allclose(overlap_of_weights(scores, grid, k), expected)


def test_overlap_is_zero_to_one_and_counts_no_product_that_a_shopper_has() -> None:
    scores = made_up(12, 40)
    same = replace(scores, values=np.repeat(scores.values[:1], 12, axis=0), eligible=np.ones((12, 40), bool))
    np.testing.assert_allclose(overlap_of_weights(same, simplex_grid(N, 1), 10), 1)
    few = np.zeros((12, 40), bool)
    few[np.arange(12), np.arange(12)] = True  # everybody has all but one product, each another
    assert not overlap_of_weights(replace(same, eligible=few), simplex_grid(N, 1), 10).any()
    two = replace(same, eligible=few | (np.arange(40) == 20))  # and one that nobody has, of ten places
    np.testing.assert_allclose(overlap_of_weights(two, simplex_grid(N, 1), 10), 0.1)


def test_overlap_is_told_by_some_of_many_shoppers(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, grid = made_up(31, 40), simplex_grid(N, 2)
    monkeypatch.setattr(weights_module, "MAX_LISTS", 4)
    some = scores.only(np.isin(np.arange(31), [0, 10, 20, 30]))
    found = overlap_of_weights(scores, grid, 10)
    np.testing.assert_allclose(found, [in_common(lists_at(some, weights, 10), 10) for weights in grid])


def test_points_within_one_standard_error_of_the_best_are_as_good() -> None:
    """Shortfalls of 0.1 on average: where all fall short alike it is beyond doubt, where one does it may be chance."""
    best = np.array([0.5, 0.5, 0.5, 0.5])
    alike, of_one = best - 0.1, best - [0.4, 0, 0, 0]  # standard errors 0 and 0.4 * sqrt(3) / 4 / 2 = 0.087
    two = best - [0.4, 0, 0, -0.05]  # 0.0875 short on average, standard error 0.092
    gains = np.stack([alike, best, of_one, two])
    nobody = np.full((4, 2), np.nan)
    grid = np.array([[1, 0], [0.9, 0.1], [0.5, 0.5], [0, 1]], np.float32)
    assert as_good_as_any(np.hstack([nobody, gains]), grid).tolist() == [1, 3]
    assert as_good_as_any(gains, grid, errors=2).tolist() == [1, 2, 3]
    assert as_good_as_any(gains, grid, errors=0).tolist() == [1]


@pytest.mark.parametrize("best", ["content", "context", "none of them"])
def test_weights_are_the_middle_of_the_most_personal_third_of_those_as_good_as_any(best: str) -> None:
    scores = planted(best) if best in COMPONENTS else made_up(seed=3)
    weights, quality = best_weights(scores, COMPONENTS, k=10, n_steps=5)
    grid = simplex_grid(N, 5)
    gains = gains_of_weights(scores, grid, 10)
    short = [gains[gains.mean(axis=1).argmax()] - each for each in gains]
    most = [each.mean() - each.std() / np.sqrt(30) for each in short]
    tied = [point for point, least in zip(grid, most, strict=True) if least <= 1e-12]
    by_overlap = sorted((in_common(lists_at(scores, point, 10), 10), tuple(point.tolist())) for point in tied)
    bound = by_overlap[math.ceil(len(tied) / 3) - 1][0] + 0.01
    middle = np.mean([point for overlap, point in by_overlap if overlap <= bound], axis=0)
    found = np.array(list(weights.as_dict().values()))
    expected = middle ** (4 / 3) / (middle ** (4 / 3)).sum()  # the weights of which the middle are the factors
    np.testing.assert_allclose(found, expected, atol=0.0101)  # in whole hundredths
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(100 * found, np.rint(100 * found), atol=1e-9)
    factors = found**0.75 / (found**0.75).sum()
    assert quality == pytest.approx(ndcg_of_weights(scores, factors[None].astype(np.float32), 10)[0])


def test_of_two_that_know_as_much_the_one_that_is_personal_gets_the_weight() -> None:
    """Both put what was held out first; one orders the rest for each shopper, the other alike for everybody."""
    scores = made_up(60, 80, seed=5)
    rng = np.random.default_rng(6)
    values = np.zeros_like(scores.values)
    personal, alike = COMPONENTS.index("semantic"), COMPONENTS.index("context")
    values[:, personal] = rng.uniform(-1, 1, (60, 80))
    values[:, alike] = rng.uniform(-1, 1, 80)
    values[scores.pair_users, personal, scores.pair_items] = 3
    values[scores.pair_users, alike, scores.pair_items] = 3
    both = ValidationScores(values.astype(np.float32), scores.eligible, scores.pair_users, scores.pair_items)
    weights, quality = best_weights(both, ("semantic", "context"), k=10)
    assert quality == pytest.approx(1)
    # All 21 points are as good: those with the most of the personal one are the 7 from 0.7 to 1.
    assert weights.factors()["semantic"] == pytest.approx(0.85, abs=0.06)
    assert weights.semantic + weights.context == pytest.approx(1)
    lists = [
        lists_at(both, np.array(point), 10) for point in ([0, 0, weights.semantic, weights.context], [0, 0, 0.5, 0.5])
    ]
    assert in_common(lists[0], 10) < in_common(lists[1], 10)


def test_both_models_have_weights_of_their_own_components() -> None:
    scores, served = planted("content"), made_up(20, seed=9)
    chosen = choose_weights(scores, 10, served=served)
    assert set(chosen) == {"traditional", "full"}
    assert (chosen["traditional"].semantic, chosen["traditional"].context) == (0, 0)
    for name, names in (("traditional", ("collaborative", "content")), ("full", COMPONENTS)):
        assert chosen[name] == best_weights(scores, names, 10, served=served)[0]


def test_of_equal_points_the_most_even_is_taken() -> None:
    scores = made_up()
    same = np.repeat(scores.values[:, :1], N, axis=1)
    alike = ValidationScores(same, scores.eligible, scores.pair_users, scores.pair_items)
    weights, _ = best_weights(alike, COMPONENTS, k=10, n_steps=4)
    assert list(weights.as_dict().values()) == [0.25] * N


def one_shopper(scores: list[float], wanted: int, hidden: tuple[int, ...] = ()) -> ValidationScores:
    """One shopper with one component and one held-out product."""
    eligible = np.ones((1, len(scores)), bool)
    eligible[0, list(hidden)] = False
    return ValidationScores(
        np.array([[scores]], np.float32), eligible, np.zeros(1, np.int32), np.array([wanted], np.int32)
    )


def gain(scores: ValidationScores, k: int, metric: Literal["ndcg", "recall"] = "recall") -> float:
    return float(gains_of_weights(scores, np.ones((1, 1), np.float32), k, metric)[0, 0])


def test_a_product_without_ties_has_its_rank() -> None:
    assert gain(one_shopper([3, 2, 1, 0], wanted=1), 2, "ndcg") == pytest.approx(1 / np.log2(3))
    assert gain(one_shopper([3, 2, 1, 0], wanted=1), 2) == 1
    assert gain(one_shopper([3, 2, 1, 0], wanted=2), 2) == 0


def test_ties_are_worth_the_mean_of_the_ranks_that_they_share() -> None:
    """One product above, two as high: ranks 2 and 3 in turn, of which only the second counts at 2."""
    assert gain(one_shopper([3, 2, 2, 0], wanted=2), 2, "ndcg") == pytest.approx(1 / np.log2(3) / 2)
    assert gain(one_shopper([3, 2, 2, 0], wanted=2), 2) == pytest.approx(0.5)
    assert gain(one_shopper([1.0, 1.0 + 3e-7], wanted=0), 1) == pytest.approx(0.5)  # alike but for rounding


def test_who_tells_nothing_apart_is_as_good_as_chance_wherever_the_product_stands() -> None:
    assert [gain(one_shopper([0.0] * 20, wanted), 10) for wanted in range(20)] == pytest.approx([0.5] * 20)


def test_what_is_not_eligible_takes_no_rank() -> None:
    assert gain(one_shopper([3, 2, 1], 1, hidden=(0,)), 1) == 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_gains_are_the_means_over_every_order_of_the_products(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, k = rng.integers(0, 3, 5), int(rng.integers(1, 5))
    wanted = int(rng.integers(5))
    lists = [order[np.argsort(-scores[order], kind="stable")] for order in map(np.array, permutations(range(5)))]
    metrics: dict[Literal["ndcg", "recall"], Callable[..., float]] = {"ndcg": ndcg_at_k, "recall": recall_at_k}
    for name, metric in metrics.items():
        expected = np.mean([metric(each.tolist(), {wanted}, k) for each in lists])
        assert gain(one_shopper(scores.tolist(), wanted), k, name) == pytest.approx(expected)
