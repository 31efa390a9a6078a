"""Directions along which all products differ count less, and those that are liked together more; by hand."""

import numpy as np
import pytest
from scipy import sparse

from recsys.scorers.phrase_metric import (
    EVEN_SHARE,
    MIN_SHOPPERS,
    TASTE_RIDGE,
    profile_metric,
    taste_metric,
    whitening_metric,
)
from recsys.scorers.phrase_weights import unit

LOUD, FAINT = 0.8, 0.1


def products() -> np.ndarray:
    """Four of two kinds, which differ loudly, each with and without what is faint; and one without a word."""
    kinds = [[LOUD, FAINT], [LOUD, -FAINT], [-LOUD, FAINT], [-LOUD, -FAINT]]
    rest = np.sqrt(1 - LOUD**2 - FAINT**2)
    return np.array([[rest, *kind] for kind in kinds] + [[0, 0, 0]], np.float32)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_a_direction_counts_by_the_inverse_of_its_deviation(power: float) -> None:
    metric = whitening_metric(products(), power)
    np.testing.assert_allclose(metric, np.diag(np.diag(metric)), atol=1e-6)
    variances = np.array([0, LOUD**2, FAINT**2])
    expected = (variances + EVEN_SHARE * variances.mean()) ** (-power / 2)
    np.testing.assert_allclose(np.diag(metric) / metric[1, 1], expected / expected[1], rtol=1e-4)
    told = products()[:4]
    assert np.einsum("id,de,ie->i", told, metric, told).mean() == pytest.approx(1, abs=1e-5)


def test_what_tells_products_of_one_kind_apart_is_heard() -> None:
    shopper = unit(np.array([[0.1, 0.7, -0.7]], np.float32))[0]
    cosines, scores = (products()[:4] @ whitening_metric(products(), power) @ shopper for power in (0.0, 1.0))
    for found, is_ruled_by_kind in ((cosines, True), (scores, False)):
        between_kinds, within = found[1] - found[3], found[1] - found[0]
        assert between_kinds > 0
        assert within > 0
        assert (within < 0.2 * between_kinds) == is_ruled_by_kind


def test_the_metric_treats_both_sides_alike_and_never_turns_likeness_round() -> None:
    profiles = unit(np.random.default_rng(0).standard_normal((50, 6)).astype(np.float32))
    metric = whitening_metric(profiles, 1.0)
    np.testing.assert_allclose(metric, metric.T, atol=1e-6)
    assert np.linalg.eigvalsh(metric).min() > 0


@pytest.mark.parametrize(
    "profiles",
    [
        np.zeros((3, 4), np.float32),
        np.empty((0, 4), np.float32),
        np.tile(np.array([[0.6, 0.8, 0, 0]], np.float32), (5, 1)),
    ],
)
def test_where_no_products_differ_it_is_a_cosine(profiles: np.ndarray) -> None:
    metric = whitening_metric(profiles, 1.0)
    np.testing.assert_array_equal(metric, np.eye(4))
    assert metric.dtype == np.float32


def tastes(
    n_users: int = 340, n_items: int = 30, n_dims: int = 5, seed: int = 4
) -> tuple[np.ndarray, sparse.csr_array]:
    """Profiles, one of them empty, and shoppers who like 0 to 6 products that lie the same way along the first axis."""
    rng = np.random.default_rng(4)
    profiles = unit(rng.standard_normal((n_items, n_dims)).astype(np.float32))
    profiles[7] = 0
    likes = np.zeros((n_users, n_items), np.float32)
    for user in range(n_users):
        side = rng.choice([-1, 1])
        odds = np.exp(4 * side * profiles[:, 0])
        chosen = rng.choice(n_items, rng.integers(0, 7), replace=False, p=odds / odds.sum())
        likes[user, chosen] = rng.uniform(0.2, 1, len(chosen))  # whatever they weigh, each is one like
    return profiles, sparse.csr_array(likes)


def by_pairs(profiles: np.ndarray, likes: np.ndarray) -> np.ndarray:
    """The taste metric shopper by shopper and pair by pair."""
    n_items, n_dims = profiles.shape
    exact = profiles.astype(np.float64)
    together, n_likes = np.zeros((n_items, n_items)), np.zeros(n_items)
    for row in likes:
        liked = np.flatnonzero(row).tolist()
        if len(liked) < 2:
            continue
        for one in liked:
            n_likes[one] += 1
            for other in liked:
                if one != other:
                    together[one, other] += 1 / (len(liked) - 1)
    beyond, spread = np.zeros((n_dims, n_dims)), np.zeros((n_dims, n_dims))
    for one in range(n_items):
        spread += n_likes[one] * np.outer(exact[one], exact[one])
        for other in range(n_items):
            by_chance = n_likes[one] * n_likes[other] / n_likes.sum()
            beyond += (together[one, other] - by_chance) * np.outer(exact[one], exact[other])
    spread += TASTE_RIDGE * np.trace(spread) / n_dims * np.eye(n_dims)
    return np.linalg.solve(spread, np.linalg.solve(spread, beyond).T)


def test_the_taste_metric_is_that_of_every_pair_of_every_shopper() -> None:
    profiles, likes = tastes()
    found = taste_metric(profiles, likes)
    expected = by_pairs(profiles, likes.toarray())
    np.testing.assert_allclose(found, (expected + expected.T) / 2, rtol=1e-8, atol=1e-12)
    np.testing.assert_array_equal(found, found.T)
    assert found.dtype == np.float64


def test_the_direction_that_is_liked_together_stands_out() -> None:
    metric = taste_metric(*tastes())
    others = np.array(metric)
    others[0, 0] = 0
    assert metric[0, 0] > 3 * np.abs(others).max()


def test_without_ridge_it_is_the_bilinear_form_nearest_to_what_is_liked_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Least squares over pairs of products: lift of each pair, weighed by the likes of both."""
    monkeypatch.setattr("recsys.scorers.phrase_metric.TASTE_RIDGE", 1e-12)
    profiles, likes = tastes()
    chosen = (likes.toarray() > 0).astype(float)
    chosen = chosen[chosen.sum(axis=1) > 1]
    n_likes = chosen.sum(axis=0)
    together = chosen.T @ (chosen / (chosen.sum(axis=1, keepdims=True) - 1))
    np.fill_diagonal(together, 0)
    target = together / np.outer(n_likes, n_likes) - 1 / n_likes.sum()
    roots = np.sqrt(np.outer(n_likes, n_likes)).ravel()
    pairs = np.einsum("id,je->ijde", profiles, profiles).reshape(len(roots), -1).astype(np.float64)
    nearest, *_ = np.linalg.lstsq(roots[:, None] * pairs, roots * target.ravel(), rcond=None)
    found = taste_metric(profiles, likes)
    np.testing.assert_allclose(found, nearest.reshape(5, 5), rtol=1e-5, atol=1e-9)


def test_what_few_shoppers_like_together_says_nothing() -> None:
    profiles, likes = tastes()
    with_two = np.flatnonzero(np.diff(likes.indptr) > 1)
    enough, too_few = (likes[with_two[:n]] for n in (MIN_SHOPPERS, MIN_SHOPPERS - 1))
    assert taste_metric(profiles, enough).any()
    assert not taste_metric(profiles, too_few).any()
    assert not taste_metric(np.zeros_like(profiles), likes).any()
    whitening = whitening_metric(profiles, 1.0)
    np.testing.assert_array_equal(profile_metric(profiles, too_few, 1.0, 1.0), whitening)
    np.testing.assert_array_equal(profile_metric(profiles, likes, 1.0, 0.0), whitening)


@pytest.mark.parametrize("taste_weight", [0.5, 1.0, 2.0])
def test_both_metrics_move_scores_as_the_weight_says(taste_weight: float) -> None:
    profiles, likes = tastes()
    whitening = whitening_metric(profiles, 1.0)
    metric = profile_metric(profiles, likes, 1.0, taste_weight)
    assert metric.dtype == np.float32
    np.testing.assert_allclose(metric, metric.T, atol=1e-6)
    of_whitening, of_taste = (profiles @ each @ profiles.T for each in (whitening, metric - whitening))
    sizes = [np.sqrt(np.square(each.astype(np.float64)).mean()) for each in (of_whitening, of_taste)]
    assert sizes[1] / sizes[0] == pytest.approx(taste_weight, rel=1e-4)
    taste = taste_metric(profiles, likes)
    np.testing.assert_allclose((metric - whitening) / (metric - whitening)[0, 0], taste / taste[0, 0], atol=1e-4)
