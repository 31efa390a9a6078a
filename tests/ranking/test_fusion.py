"""Component scores on one scale, weighted and summed."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.ranking.rank import N_BEST, Standardised, factor_vector, fuse, n_best
from recsys.settings import COMPONENTS, FusionSettings

N = len(COMPONENTS)
numbers = st.floats(-1000, 1000, width=32)
raw_scores = hnp.arrays(np.float32, st.tuples(st.just(N), st.integers(1, 40)), elements=numbers)
weights = st.lists(st.floats(0.01, 100), min_size=N, max_size=N).map(lambda given: FusionSettings(*given))


def by_hand(row: np.ndarray, counting: np.ndarray) -> tuple[float, float]:
    """Mean of one component over what counts, and the lead over it of the ten best, or of the better half of fewer."""
    judged = np.sort(row[counting].astype(np.float64))[::-1]
    listed = judged[: min(10, max(1, len(judged) // 2))]
    return float(judged.mean()), float(listed.mean() - judged.mean())


@given(raw_scores, st.integers(0, 1000))
def test_what_counts_has_mean_zero_and_its_best_have_mean_one_or_all_say_nothing(raw: np.ndarray, seed: int) -> None:
    counting = np.random.default_rng(seed).random(raw.shape[1]) < 0.7
    counting[seed % len(counting)] = True
    standardised = Standardised.of(raw, counting)
    for place in range(N):
        row, exact = standardised.values[place].astype(float), raw[place].astype(float)
        mean, lead = by_hand(raw[place], counting)
        assert np.isfinite(row).all()
        if standardised.lead[place] == 0:
            assert not row.any()
            assert lead <= 1e-3 * max(np.abs(exact).max(), 1e-3)
        elif lead > 1e-3 * np.abs(exact).max():  # else float32 itself holds too few digits of the differences
            assert standardised.mean[place] == pytest.approx(mean, abs=1e-4)
            assert standardised.lead[place] == pytest.approx(lead, rel=1e-3)
            told = np.sort(row[counting])[::-1]
            assert told.mean() == pytest.approx(0, abs=2e-3)
            assert told[: min(10, max(1, len(told) // 2))].mean() == pytest.approx(1, abs=2e-3)


def test_the_scale_is_worked_out_by_hand() -> None:
    """Of 40 products 4 score 9 and 36 score 1: mean 1.8, the ten best 4.2 on average."""
    row = np.ones(40, np.float32)
    row[[3, 11, 12, 39]] = 9
    standardised = Standardised.of(np.stack([row, -row, 2 * row + 7, np.zeros(40, np.float32)]))
    np.testing.assert_allclose(standardised.mean, [1.8, -1.8, 10.6, 0], rtol=1e-6)
    # With the sign turned round, 36 products are the best together, and any ten of them lead as far: 0.8.
    np.testing.assert_allclose(standardised.lead, [2.4, 0.8, 4.8, 0], rtol=1e-6)
    np.testing.assert_allclose(standardised.values[0], np.where(row == 9, 3, -1 / 3), rtol=1e-5)
    np.testing.assert_allclose(standardised.values[1], np.where(row == 9, -9, 1), rtol=1e-5)
    np.testing.assert_allclose(standardised.values[2], standardised.values[0], rtol=1e-5)
    np.testing.assert_array_equal(standardised.values[3], 0)


def test_what_the_shopper_has_does_not_move_the_scale() -> None:
    raw = np.random.default_rng(2).standard_normal((N, 60)).astype(np.float32)
    counting = np.arange(60) % 5 > 0
    before = Standardised.of(raw, counting)
    nearest = np.where(counting, raw, np.float32(1000))
    after = Standardised.of(nearest, counting)
    np.testing.assert_array_equal(after.values[:, counting], before.values[:, counting])
    np.testing.assert_array_equal(after.lead, before.lead)
    expected = (1000 - before.mean) / before.lead  # they are on the same scale all the same
    np.testing.assert_allclose(after.values[:, ~counting], np.tile(expected[:, None], 12), rtol=1e-5)
    alone = Standardised.of(raw[:, counting])
    np.testing.assert_array_equal(alone.values, before.values[:, counting])


def test_where_everything_or_nothing_counts_all_products_make_the_scale() -> None:
    raw = np.random.default_rng(2).standard_normal((N, 60)).astype(np.float32)
    plain = Standardised.of(raw)
    for counting in (np.ones(60, bool), np.zeros(60, bool)):
        np.testing.assert_array_equal(Standardised.of(raw, counting).values, plain.values)


@pytest.mark.parametrize(
    ("row", "lead"),
    [
        ([5], 0),
        ([5, 1], 2),  # mean 3
        ([5, 1, 0], 3),  # mean 2, the best one
        ([4, 4, 0, 0], 2),  # mean 2, the best two
        ([8, 7, 6, 5, 4, 3, 2, 1], 2),  # mean 4.5, the best four 6.5
        (list(range(19)), 5),  # mean 9, the best nine 14
        (list(range(20)), 5),  # mean 9.5, the best ten 14.5
        (list(range(30)), 10),  # mean 14.5, the best ten 24.5
    ],
)
def test_in_a_small_shop_the_better_half_count_one(row: list[int], lead: float) -> None:
    standardised = Standardised.of(np.tile(np.array(row, np.float32), (N, 1)))
    np.testing.assert_allclose(standardised.lead, lead, rtol=1e-6)
    if lead:
        np.testing.assert_allclose(standardised.values[0], (np.array(row) - np.mean(row)) / lead, atol=1e-6)


def test_one_product_that_stands_out_counts_no_more_than_a_list_has() -> None:
    """A tail of one product, 32 deviations from the others: they are noise, and so do not make it louder."""
    row = np.random.default_rng(0).standard_normal(31_000).astype(np.float32)
    quiet = Standardised.of(np.tile(row, (N, 1))).values[0]
    row[17] = 32
    loud = Standardised.of(np.tile(row, (N, 1))).values[0]
    others = np.sort(np.delete(row.astype(np.float64), 17))[::-1][:9]
    assert loud[17] == pytest.approx(10 * 32 / (32 + others.sum()), rel=1e-3)
    assert quiet.max() < 1.3 < 4 < loud[17] < N_BEST
    # The most that it can be, however far it stands out: all the others alike.
    for n, far in product((21, 100, 31_000), (1.0, 1e6)):
        alone = np.zeros(n, np.float32)
        alone[3] = far
        found = Standardised.of(np.tile(alone, (N, 1))).values[0, 3]
        assert found == pytest.approx(N_BEST * (n - 1) / (n - N_BEST), rel=1e-4)


@given(st.lists(st.floats(-1000, 1000, width=32), min_size=2, max_size=60))
def test_no_product_counts_more_than_the_bound(scores: list[float]) -> None:
    n = len(scores)
    most = n_best(n) * (n - 1) / (n - n_best(n))
    assert Standardised.of(np.tile(np.array(scores, np.float32), (N, 1))).values.max() <= most * (1 + 1e-2)


def test_ties_at_the_edge_of_the_best_are_as_good_one_as_another() -> None:
    row = np.array([3.0] * 4 + [1.0] * 30 + [0.0] * 16, np.float32)
    order = np.random.default_rng(1).permutation(len(row))
    plain, moved = (Standardised.of(np.tile(each, (N, 1))) for each in (row, row[order]))
    np.testing.assert_allclose(plain.lead, (4 * 3 + 6 * 1) / 10 - 42 / 50, rtol=1e-6)
    np.testing.assert_array_equal(moved.values, plain.values[:, order])


@given(
    st.lists(st.integers(-100, 100), min_size=3, max_size=30).filter(lambda given: len(set(given)) > 1),
    st.floats(0.1, 100),
    st.floats(-10, 10),
)
def test_stretching_and_shifting_the_scores_changes_nothing(scores: list[int], stretch: float, shift: float) -> None:
    plain = np.tile(np.array(scores, np.float32), (N, 1))
    moved = (plain.astype(float) * stretch + shift).astype(np.float32)
    mean, lead = by_hand(plain[0], np.ones(len(scores), bool))
    # float32 holds seven digits of the moved scores, and dividing by the lead magnifies what it leaves off.
    off = 3e-7 * np.abs(moved).max() / (lead * stretch) * (1 + np.abs(plain - mean).max() / lead)
    np.testing.assert_allclose(Standardised.of(moved).values, Standardised.of(plain).values, atol=1e-4 + 2 * off)


@pytest.mark.parametrize("level", [0.0, 1.0, -7.3, 1e6, 1e-30])
def test_equal_scores_say_nothing_whatever_their_level(level: float) -> None:
    standardised = Standardised.of(np.full((N, 1001), level, np.float32))
    assert not standardised.lead.any()
    np.testing.assert_array_equal(standardised.values, 0)


def test_rounding_is_not_magnified_but_small_real_differences_are_kept() -> None:
    noise = np.nextafter(np.float32(1000), np.float32([0, 2000] * 50))
    small = np.linspace(0, 1e-4, 100, dtype=np.float32)
    standardised = Standardised.of(np.stack([noise, small, 100 * small + 1, noise]))
    assert (standardised.lead > 0).tolist() == [False, True, True, False]
    assert np.sort(standardised.values[1])[-10:].mean() == pytest.approx(1, abs=1e-4)


def test_mean_and_lead_give_the_raw_scores_back() -> None:
    raw = np.random.default_rng(3).normal(5, 2, (N, 50)).astype(np.float32)
    standardised = Standardised.of(raw, np.arange(50) > 8)
    back = standardised.values * standardised.lead[:, None] + standardised.mean[:, None]
    np.testing.assert_allclose(back, raw, rtol=1e-5, atol=1e-6)


@given(raw_scores, weights)
def test_the_score_is_the_weighted_sum_of_its_components(raw: np.ndarray, settings: FusionSettings) -> None:
    values = Standardised.of(raw).values
    powers = np.array(list(settings.normalised().values())) ** 0.75
    expected = sum(power * row.astype(float) for power, row in zip(powers / powers.sum(), values, strict=True))
    np.testing.assert_allclose(fuse(values, settings), expected, atol=1e-4)
    assert fuse(values, settings).dtype == np.float32


@given(raw_scores, weights, st.floats(0.001, 1000))
def test_only_the_ratios_of_weights_count(raw: np.ndarray, settings: FusionSettings, factor: float) -> None:
    scaled = FusionSettings(**{name: weight * factor for name, weight in settings.as_dict().items()})
    values = Standardised.of(raw).values
    np.testing.assert_allclose(fuse(values, scaled), fuse(values, settings), atol=1e-4)
    assert factor_vector(scaled).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("n_items", [3, 7, 8, 33, 100, 1003])
def test_equal_products_get_equal_scores_wherever_they_stand(n_items: int) -> None:
    column = np.random.default_rng(n_items).standard_normal((N, 1)).astype(np.float32)
    scores = fuse(np.repeat(column, n_items, axis=1), FusionSettings(0.37, 0.11, 0.29, 0.23))
    assert len(set(scores.tolist())) == 1
