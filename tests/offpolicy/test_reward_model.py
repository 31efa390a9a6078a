"""The click model: cross-fitted, right about what it can see, and not fooled by what the shop likes to show."""

import numpy as np
import pytest

from recsys.offpolicy.reward_model import Calibration, fit_click_models, folds_of, item_features


def test_a_visitors_impressions_are_in_one_fold_and_folds_are_of_like_size() -> None:
    visitors = np.random.default_rng(0).integers(0, 100, 1000)
    folds = folds_of(visitors)
    assert all(len(set(folds[visitors == each])) == 1 for each in range(100))
    sizes = [len(set(visitors[folds == each])) for each in range(5)]
    assert max(sizes) - min(sizes) <= 1


def test_nobodys_clicks_are_in_the_model_that_judges_them() -> None:
    rng, n = np.random.default_rng(1), 400
    features, position, clicks = rng.standard_normal((n, 2)), rng.integers(1, 3, n), (rng.random(n) < 0.3).astype(float)
    folds = folds_of(np.arange(n))
    once = fit_click_models(features, position, clicks, np.ones(n), folds)
    turned = fit_click_models(features, position, np.where(folds == 2, 1 - clicks, clicks), np.ones(n), folds)
    assert turned.slopes[2] == pytest.approx(once.slopes[2])
    assert turned.intercepts[2] == pytest.approx(once.intercepts[2])
    assert turned.slopes[1] != pytest.approx(once.slopes[1])


def test_places_and_scores_are_recovered() -> None:
    rng, n = np.random.default_rng(2), 60_000
    features, position = rng.standard_normal((n, 1)), rng.integers(1, 3, n)
    odds = -1.0 - 0.5 * (position == 2) + 0.8 * features[:, 0]
    clicks = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    models = fit_click_models(features, position, clicks, np.ones(n), folds_of(np.arange(n)))
    assert models.slopes[:, 0] == pytest.approx(0.8, abs=0.05)
    rates = models.rates(np.zeros(2, int), np.array([1, 2]), models.log_odds(np.zeros((2, 1, 3)), np.zeros(2, int)))
    assert rates.shape == (2, 3)
    assert rates[:, 0] == pytest.approx([1 / (1 + np.e), 1 / (1 + np.exp(1.5))], abs=0.01)


def test_what_the_shop_likes_to_show_to_whom_does_not_pass_for_appeal() -> None:
    """Half of all pairs are liked, which no feature tells; the shop shows these nine times as often."""
    rng, n = np.random.default_rng(3), 40_000
    liked = rng.random(n) < 0.9
    clicks = (rng.random(n) < np.where(liked, 0.4, 0.1)).astype(float)
    propensity = np.where(liked, 0.9, 0.1) * 0.1
    nothing, place = np.zeros((n, 1)), np.ones(n, int)
    models = fit_click_models(nothing, place, clicks, propensity, folds_of(np.arange(n)))
    rate = models.rates(np.zeros(1, int), np.ones(1, int), np.zeros(1))
    assert rate == pytest.approx(0.25, abs=0.01)
    assert clicks.mean() > 0.35


def test_without_scores_products_have_rates_of_their_own_drawn_towards_their_category() -> None:
    features = item_features(np.array(["a", "a", "b"], object))
    assert features.toarray().tolist() == [[1, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]]
    shown = np.repeat([0, 1, 2], [500, 2, 500])
    clicks = np.concatenate([np.ones(400), np.zeros(100), [0, 0], np.ones(50), np.zeros(450)])
    models = fit_click_models(features[shown], np.ones(1002, int), clicks, np.ones(1002), np.arange(1002) % 2)
    rates = models.rates(np.array([0]), np.array([1]), np.asarray((features @ models.slopes.T).T)[:1])[0]
    assert rates[0] == pytest.approx(0.8, abs=0.05)
    assert rates[2] == pytest.approx(0.1, abs=0.05)
    assert rates[2] < rates[1] < rates[0]


def test_a_fold_without_clicks_gets_the_rate_of_none() -> None:
    models = fit_click_models(np.zeros((10, 1)), np.ones(10, int), np.zeros(10), np.ones(10), np.arange(10) % 2)
    rate = models.rates(np.array([0]), np.array([1]), np.zeros(1))
    assert rate == pytest.approx(0.5 / 6)


def drawn(chances: np.ndarray, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(chances.shape) < chances).astype(float)


CHANCES = np.random.default_rng(1).beta(1, 30, 40_000)


def test_groups_hold_equally_many_expected_events_from_the_least_likely_on() -> None:
    found = Calibration.of(CHANCES, drawn(CHANCES))
    chance, expected, observed = map(np.array, zip(*found.groups, strict=True))
    assert len(found.groups) == 10
    assert (np.diff(chance) > 0).all()
    assert expected.sum() == pytest.approx(CHANCES.sum())
    assert observed.sum() == found.n == drawn(CHANCES).sum()
    assert expected.min() > 0.8 * expected.mean()


def test_right_chances_are_off_by_no_more_than_chance() -> None:
    found = [Calibration.of(CHANCES, drawn(CHANCES, seed)) for seed in range(30)]
    assert np.mean([each.error for each in found]) == pytest.approx(
        np.mean([each.by_chance for each in found]), rel=0.1
    )


def test_chances_that_are_twice_too_high_are_off_by_all_of_it() -> None:
    found = Calibration.of(2 * CHANCES[CHANCES < 0.4], drawn(CHANCES[CHANCES < 0.4]))
    assert found.error == pytest.approx(1, abs=0.1)
    assert found.by_chance < 0.1


def test_weights_count_events_more_or_less() -> None:
    found = Calibration.of(np.array([0.5, 0.5]), np.array([1.0, 0.0]), np.array([3.0, 1.0]))
    assert found.groups == ((0.5, 2.0, 3.0),)


def test_what_never_happened_cannot_be_checked() -> None:
    with pytest.raises(ValueError, match="nothing came of any chance"):
        Calibration.of(np.array([0.5]), np.array([0.0]))
