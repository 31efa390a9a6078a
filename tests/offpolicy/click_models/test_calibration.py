"""Expected against observed: right chances pass, wrong ones are told by how much."""

import numpy as np
import pytest

from recsys.offpolicy.reward_model import Calibration


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
