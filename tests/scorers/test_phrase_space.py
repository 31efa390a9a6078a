"""Directions along which all products differ count less, by numbers worked out by hand."""

import numpy as np
import pytest

from recsys.scorers.phrase_metric import EVEN_SHARE, whitening_metric
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
