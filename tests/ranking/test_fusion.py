"""Component scores on one scale, weighted and summed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.ranking.rank import Standardised, fuse, weight_vector
from recsys.settings import COMPONENTS, FusionSettings

N = len(COMPONENTS)
numbers = st.floats(-1000, 1000, width=32)
raw_scores = hnp.arrays(np.float32, st.tuples(st.just(N), st.integers(1, 40)), elements=numbers)
weights = st.lists(st.floats(0.01, 100), min_size=N, max_size=N).map(lambda given: FusionSettings(*given))


@given(raw_scores)
def test_every_row_has_mean_zero_and_deviation_one_or_says_nothing(raw: np.ndarray) -> None:
    standardised = Standardised.of(raw)
    for place in range(N):
        row, exact = standardised.values[place].astype(float), raw[place].astype(float)
        assert np.isfinite(row).all()
        if standardised.std[place] == 0:
            assert not row.any()
            assert np.ptp(exact) <= 1e-3 * max(np.abs(exact).max(), 1e-3)
        elif exact.std() > 1e-3 * np.abs(exact).max():  # else float32 itself holds too few digits of the spread
            assert row.mean() == pytest.approx(0, abs=1e-3)
            assert row.std() == pytest.approx(1, abs=1e-3)


@given(
    st.lists(st.integers(-100, 100), min_size=3, max_size=30).filter(lambda given: len(set(given)) > 1),
    st.floats(0.01, 100),
    st.floats(-100, 100),
)
def test_stretching_and_shifting_the_scores_changes_nothing(scores: list[int], stretch: float, shift: float) -> None:
    plain = np.tile(np.array(scores, np.float32), (N, 1))
    moved = (plain.astype(float) * stretch + shift).astype(np.float32)
    np.testing.assert_allclose(Standardised.of(moved).values, Standardised.of(plain).values, atol=5e-3)


@pytest.mark.parametrize("level", [0.0, 1.0, -7.3, 1e6, 1e-30])
def test_equal_scores_say_nothing_whatever_their_level(level: float) -> None:
    standardised = Standardised.of(np.full((N, 1001), level, np.float32))
    assert not standardised.std.any()
    np.testing.assert_array_equal(standardised.values, 0)


def test_rounding_is_not_magnified_but_small_real_differences_are_kept() -> None:
    noise = np.nextafter(np.float32(1000), np.float32([0, 2000] * 50))
    small = np.linspace(0, 1e-4, 100, dtype=np.float32)
    standardised = Standardised.of(np.stack([noise, small, 10 * small + 1, noise]))
    assert (standardised.std > 0).tolist() == [False, True, True, False]
    assert standardised.values[1].std() == pytest.approx(1, abs=1e-4)


def test_mean_and_deviation_are_those_of_the_raw_scores() -> None:
    raw = np.random.default_rng(3).normal(5, 2, (N, 50)).astype(np.float32)
    standardised = Standardised.of(raw)
    np.testing.assert_allclose(standardised.mean, raw.astype(float).mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(standardised.std, raw.astype(float).std(axis=1), rtol=1e-5)
    back = standardised.values * standardised.std[:, None] + standardised.mean[:, None]
    np.testing.assert_allclose(back, raw, rtol=1e-5, atol=1e-6)


@given(raw_scores, weights)
def test_the_score_is_the_weighted_sum_of_its_components(raw: np.ndarray, settings: FusionSettings) -> None:
    values = Standardised.of(raw).values
    expected = sum(settings.normalised()[name] * values[place].astype(float) for place, name in enumerate(COMPONENTS))
    np.testing.assert_allclose(fuse(values, settings), expected, atol=1e-4)
    assert fuse(values, settings).dtype == np.float32


@given(raw_scores, weights, st.floats(0.001, 1000))
def test_only_the_ratios_of_weights_count(raw: np.ndarray, settings: FusionSettings, factor: float) -> None:
    scaled = FusionSettings(**{name: weight * factor for name, weight in settings.as_dict().items()})
    values = Standardised.of(raw).values
    np.testing.assert_allclose(fuse(values, scaled), fuse(values, settings), atol=1e-4)
    assert weight_vector(scaled).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("n_items", [3, 7, 8, 33, 100, 1003])
def test_equal_products_get_equal_scores_wherever_they_stand(n_items: int) -> None:
    column = np.random.default_rng(n_items).standard_normal((N, 1)).astype(np.float32)
    scores = fuse(np.repeat(column, n_items, axis=1), FusionSettings(0.37, 0.11, 0.29, 0.23))
    assert len(set(scores.tolist())) == 1
