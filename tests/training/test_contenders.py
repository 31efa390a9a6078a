"""Weights are chosen alike by all products and by those that can come into a list."""

import numpy as np
import pytest

from recsys.settings import COMPONENTS
from recsys.training.weights import ValidationScores, gains_of_weights, simplex_grid

N = len(COMPONENTS)


def scores_of(n_users: int, n_items: int, seed: int) -> ValidationScores:
    """Every shopper has three products already, and one, or of every third shopper two, are held out."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n_users, N, n_items)).astype(np.float32)
    eligible = np.ones((n_users, n_items), bool)
    users, items = [], []
    for user in range(n_users):
        drawn = rng.choice(n_items, 5, replace=False)
        eligible[user, drawn[:3]] = False
        held_out = drawn[3 : 5 if user % 3 == 0 else 4]
        users += [user] * len(held_out)
        items += held_out.tolist()
    return ValidationScores(values, eligible, np.array(users, np.int32), np.array(items, np.int32))


@pytest.mark.parametrize("n_items", [40, 400])
def test_contenders_give_the_same_gains(n_items: int) -> None:
    whole = scores_of(25, n_items, seed=n_items)
    some = whole.contenders(40)
    assert some.values.shape[2] <= min(n_items, 4 * 40 + 2)
    grid = simplex_grid(N, 4)
    expected = gains_of_weights(whole, grid, 10)
    # With 40 of each component, a product beyond them is hardly ever among ten: not once at whole weights.
    alone = grid.max(axis=1) == 1
    np.testing.assert_allclose(gains_of_weights(some, grid, 10)[alone], expected[alone], atol=1e-6)
    assert np.abs(gains_of_weights(some, grid, 10) - expected).mean() < 0.002


def test_what_a_shopper_has_is_no_contender() -> None:
    whole = scores_of(10, 60, seed=1)
    some = whole.contenders(5)
    for user in range(10):
        may = set(map(tuple, whole.values[user].T[whole.eligible[user]].round(5).tolist()))
        held = map(tuple, some.values[user].T[some.eligible[user]].round(5).tolist())
        assert set(held) <= may


def test_parts_of_different_widths_stand_together() -> None:
    one, two = scores_of(4, 30, seed=2).contenders(3), scores_of(6, 30, seed=3).contenders(7)
    both, grid = ValidationScores.together([one, two]), simplex_grid(N, 2)
    assert both.values.shape == (10, N, max(one.values.shape[2], two.values.shape[2]))
    apart = np.hstack([gains_of_weights(each, grid, 10) for each in (one, two)])
    np.testing.assert_allclose(gains_of_weights(both, grid, 10), apart)
