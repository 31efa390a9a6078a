"""Policies that are asked about: their chances, and what a log of another one says of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from recsys.errors import SettingsError
from recsys.offpolicy.logs import ClickLog, open_log
from recsys.offpolicy.policies import LoggedPolicy, SoftPolicy, estimate_logged, policy_pairs, top_lists
from recsys.ranking.rank import factor_vector
from recsys.settings import FusionSettings

ALONE = FusionSettings(1, 0, 0, 0)


@pytest.fixture
def scores() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((3, 4, 20)).astype(np.float32)


@pytest.fixture
def eligible() -> np.ndarray:
    eligible = np.ones((3, 20), bool)
    eligible[1, :15] = False
    return eligible


def test_chances_sum_to_one_and_nothing_that_may_not_be_shown_has_any(scores: np.ndarray, eligible: np.ndarray) -> None:
    found = SoftPolicy(FusionSettings(), 0.5, 0.2).probabilities(scores, eligible)
    assert found.sum(1) == pytest.approx(1)
    assert (found[~eligible] == 0).all()
    assert (found[eligible] >= np.broadcast_to(0.2 / eligible.sum(1, keepdims=True), eligible.shape)[eligible]).all()


def test_one_deviation_more_is_e_times_as_often_at_temperature_one(scores: np.ndarray) -> None:
    found = SoftPolicy(ALONE, 1.0, 0.0).probabilities(scores, np.ones((3, 20), bool))
    fused = scores[0, 0] / scores[0, 0].std()
    assert found[0, 3] / found[0, 7] == pytest.approx(np.exp(fused[3] - fused[7]), rel=1e-4)
    wider = scores * np.float32(5)
    assert SoftPolicy(ALONE, 1.0, 0.0).probabilities(wider, np.ones((3, 20), bool)) == pytest.approx(found, rel=1e-4)


def test_a_colder_policy_keeps_closer_to_the_list(scores: np.ndarray, eligible: np.ndarray) -> None:
    best = top_lists(scores, ALONE, eligible, 3)
    assert all(eligible[page, row] for page, rows in enumerate(best) for row in rows)
    shares = [
        SoftPolicy(ALONE, each, 0.25).probabilities(scores, eligible)[np.arange(3), best[:, 0]]
        for each in (2, 0.5, 0.01)
    ]
    assert (np.diff(shares, axis=0) > 0).all()
    assert shares[-1] == pytest.approx(0.75 + 0.25 / eligible.sum(1), abs=1e-3)


@pytest.mark.parametrize("temperature", [0.25, 1.0])
def test_chances_are_the_stated_formula(scores: np.ndarray, eligible: np.ndarray, temperature: float) -> None:
    fusion = FusionSettings(0.4, 0.1, 0.3, 0.2)
    fused = np.einsum("c,pci->pi", factor_vector(fusion).astype(float), scores.astype(float))
    spread = fused.std(1, where=eligible, keepdims=True)
    soft = softmax(np.where(eligible, fused / (temperature * spread), -np.inf), axis=1)
    expected = 0.75 * soft + 0.25 * eligible / eligible.sum(1, keepdims=True)
    assert SoftPolicy(fusion, temperature).probabilities(scores, eligible) == pytest.approx(expected, rel=1e-4)


def test_pages_are_filled_by_several_sessions_at_once(scores: np.ndarray, eligible: np.ndarray) -> None:
    """Compiled loops of several threads take turns; two at once can end the process."""
    many, may = np.tile(scores, (2000, 1, 1)), np.tile(eligible, (2000, 1))
    policy = SoftPolicy(FusionSettings(), 0.5)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: policy.probabilities(many, may), range(12)))
    assert all((each == found[0]).all() for each in found)
    assert found[0][:3] == pytest.approx(policy.probabilities(scores, eligible))


def test_lists_are_the_best_products_in_order_and_empty_places_are_told(
    scores: np.ndarray, eligible: np.ndarray
) -> None:
    tied = np.round(scores)
    fused = np.where(eligible, tied[:, 0], -np.inf)
    expected = np.argsort(-fused, axis=1, kind="stable")[:, :7].copy()
    expected[1, 5:] = -1  # five products may be shown there
    assert (top_lists(tied, ALONE, eligible, 7) == expected).all()


def test_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="temperature above 0"):
        SoftPolicy(FusionSettings(), 0.0)


def test_a_logged_policy_is_rebuilt_as_it_was_at_the_moment(bandit_folder: Path) -> None:
    log = open_log(bandit_folder)
    own = log.impressions[log.impressions["policy"] == "bts"]
    policy = LoggedPolicy(own, log.availability())
    early, late = policy.probabilities(1_574_500_000 + np.array([150_000, 450_000]), np.array([1, 2]))
    assert early == pytest.approx([0.5] + [0.1] * 5)
    assert late == pytest.approx([0.1] * 5 + [0.5])
    assert policy.instability() == 0
    assert (policy.probabilities(np.array([1_574_500_100]), np.array([9])) == 0).all()


def test_the_estimate_from_the_other_log_agrees_with_what_is_known(bandit_folder: Path) -> None:
    """By hand: half of the time 0.5 * 0.05 + 0.1 * 1.0, half of it 0.5 * 0.30 + 0.1 * 0.75."""
    log, truth = open_log(bandit_folder), 0.175
    found = estimate_logged(log, "bts", "random")
    assert not found.refusal
    assert found.known is not None
    assert found.known.low < truth < found.known.high
    for name in ("ips", "snips", "dr", "switch_dr"):
        assert found.estimates[name].low < truth < found.estimates[name].high, name
    uniform = estimate_logged(log, "random", "bts").estimates["dr"]
    assert uniform.low < 0.05 * 3.5 < uniform.high
    assert list(policy_pairs(log)) == [("bts", "random"), ("random", "bts")]


def test_a_policy_that_depends_on_the_shopper_cannot_be_rebuilt(shop_log: ClickLog) -> None:
    found = estimate_logged(shop_log, "house", "explore")
    assert "where a policy treats each visitor differently" in found.refusal
    assert not found.estimates
    assert found.known is not None


def test_showing_everything_is_judged_from_the_log_of_the_shops_own_policy(shop_log: ClickLog) -> None:
    found = estimate_logged(shop_log, "explore", "house")
    assert found.support is not None
    assert found.support.mean_weight.mean == pytest.approx(1, abs=0.05)
    assert found.known is not None
    assert found.estimates["snips"].low < found.known.high
    assert found.estimates["snips"].high > found.known.low
