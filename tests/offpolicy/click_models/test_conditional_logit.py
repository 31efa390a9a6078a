"""The conditional logit: the fit of a general optimiser, planted slopes found again, and nothing that one has."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp

from recsys.offpolicy.click_models.conditional_logit import RIDGE, Chooser, standardised_log

PLANTED = np.array([0.8, 0.0, 0.4, -0.3, 0.6])


def chooser(n_users: int, n_items: int, seed: int = 0) -> Chooser:
    """Shoppers who have one product each and choose another by `PLANTED`."""
    rng = np.random.default_rng(seed)
    static = rng.standard_normal((n_users, 3, n_items), np.float32)
    context = rng.standard_normal((n_users, n_items), np.float32)
    popular = standardised_log(rng.gamma(0.5, 40, n_items))
    owned = rng.integers(0, n_items, n_users).astype(np.int32)
    blank = Chooser(
        static, context, np.full(n_users, n_items), np.empty((0, 0), np.int32), popular,
        np.arange(n_users + 1), owned, np.arange(n_users + 1), owned,
    )  # fmt: skip
    utility = features(blank) @ PLANTED + rng.gumbel(size=(n_users, n_items))
    utility[np.arange(n_users), owned] = -np.inf
    return blank._replace(chosen=utility.argmax(axis=1).astype(np.int32))


def features(one: Chooser) -> np.ndarray:
    popular = np.broadcast_to(one.popular, one.context.shape)
    return np.stack([*one.static.transpose(1, 0, 2), one.context, popular], axis=2).astype(np.float64)


def test_the_fit_is_that_of_a_general_optimiser() -> None:
    one = chooser(60, 12)
    x, users = features(one), np.arange(60)

    def lost(slopes: np.ndarray) -> float:
        utility = x @ slopes
        utility[users, one.owned] = -np.inf
        chosen = utility[users, one.chosen] - logsumexp(utility, axis=1)
        return float(-chosen.sum() + RIDGE / 2 * slopes @ slopes)

    best = minimize(lost, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(one.fit(), best, atol=2e-4)


def test_planted_slopes_are_found() -> None:
    np.testing.assert_allclose(chooser(4000, 60).fit(), PLANTED, atol=0.08)


def test_chances_sum_to_one_and_leave_out_what_a_shopper_has() -> None:
    one = chooser(50, 20)
    chances = one.probabilities(PLANTED)
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert (chances[np.arange(50), one.owned] == 0).all()


def test_candidates_give_the_chances_among_themselves() -> None:
    one = chooser(40, 20)
    rows = np.sort(np.argsort(np.random.default_rng(2).random((40, 20)), axis=1)[:, :9], axis=1).astype(np.int32)
    at = rows.astype(np.int64)
    part = one._replace(
        static=np.take_along_axis(one.static, at[:, None], axis=2),
        context=np.take_along_axis(one.context, at, axis=1),
        widths=np.full(40, 9),
        rows=rows,
        owned=np.empty(0, np.int32),
        owned_starts=np.zeros(41, np.int64),
    )
    whole = one._replace(owned=np.empty(0, np.int32), owned_starts=np.zeros(41, np.int64)).probabilities(PLANTED)
    among = np.take_along_axis(whole, at, axis=1)
    np.testing.assert_allclose(part.probabilities(PLANTED), among / among.sum(axis=1, keepdims=True), rtol=1e-4)
    is_held = (rows == one.chosen[:, None]).any(axis=1)
    assert 0 < is_held.sum() < 40
    assert part.choices().sum(axis=1).tolist() == is_held.tolist()
    assert np.isfinite(part.fit()).all()


def test_several_choices_of_a_shopper_count_as_one() -> None:
    one = chooser(300, 15)
    twice = one._replace(chosen=np.repeat(one.chosen, 2), chosen_starts=2 * one.chosen_starts)
    np.testing.assert_allclose(twice.fit(), one.fit(), atol=1e-6)


def test_equally_popular_products_say_nothing() -> None:
    assert standardised_log(np.full(4, 7.0)).tolist() == [0, 0, 0, 0]
    assert standardised_log(np.array([0, 10, 100.0])).mean() == pytest.approx(0, abs=1e-6)
