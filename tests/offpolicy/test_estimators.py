"""Estimates of a click rate from a log of another policy, held against a world whose click rates are known."""

from dataclasses import dataclass

import numpy as np
import pytest

from recsys.errors import SettingsError
from recsys.offpolicy import estimators
from recsys.offpolicy.estimators import SWITCH_SHARE, Log, estimate, gamma_interval, lift, support

N_ITEMS = 12


@dataclass
class World:
    """Click rates by kind of visitor and product, a logging policy, and one to ask about."""

    rates: np.ndarray
    logging: np.ndarray
    target: np.ndarray

    @property
    def truth(self) -> float:
        """Click rate of the policy asked about; kinds of visitors are equally frequent."""
        return float((self.target * self.rates).sum(1).mean())

    def log(self, rng: np.random.Generator, n_visitors: int, per_visitor: int = 4, model: str = "none") -> Log:
        """A log, with a model of the click rates that is right, half right, or a constant."""
        visitors = np.repeat(np.arange(n_visitors), per_visitor)
        kind = rng.integers(0, len(self.rates), n_visitors)[visitors]
        shown = (self.logging[kind].cumsum(1) < rng.random(len(kind))[:, None]).sum(1)
        clicks = (rng.random(len(kind)) < self.rates[kind, shown]).astype(float)
        q = {"right": self.rates, "half": 0.5 * self.rates + 0.03, "none": None}[model]
        return Log(
            clicks,
            self.logging[kind, shown],
            self.target[kind, shown],
            visitors,
            None if q is None else q[kind, shown],
            None if q is None else (self.target[kind] * q[kind]).sum(1),
        )


@pytest.fixture
def world() -> World:
    rng = np.random.default_rng(0)
    rates = rng.beta(2, 20, (5, N_ITEMS))
    logging = rng.dirichlet(np.ones(N_ITEMS), 5) * 0.6 + 0.4 / N_ITEMS
    wanted = np.exp(20 * rates)
    return World(rates, logging, wanted / wanted.sum(1, keepdims=True))


def test_the_logged_policy_is_estimated_by_its_own_click_rate(world: World) -> None:
    log = world.log(np.random.default_rng(1), 500)
    same = Log(log.clicks, log.propensity, log.propensity, log.visitors)
    found = estimate(same)
    assert found["ips"].mean == pytest.approx(log.clicks.mean())
    assert found["snips"].mean == pytest.approx(log.clicks.mean())
    assert set(found) == {"ips", "snips"}
    assert support(same).n_effective == pytest.approx(len(log))


@pytest.mark.parametrize("model", ["right", "half"])
def test_estimates_are_right_on_average(world: World, model: str) -> None:
    rng = np.random.default_rng(2)
    found = [estimate(world.log(rng, 400, model=model), n_resamples=1) for _ in range(300)]
    means = {name: np.array([each[name].mean for each in found]) for name in found[0]}
    for name in ("ips", "snips", "dr") + (("dm", "switch_dr") if model == "right" else ()):
        error = means[name].std() / np.sqrt(len(found))
        assert means[name].mean() == pytest.approx(world.truth, abs=4 * error + 1e-4), name
    assert means["dr"].std() < means["ips"].std()
    if model == "half":
        assert abs(means["dm"].mean() - world.truth) > 5 * means["dm"].std() / np.sqrt(len(found))


@pytest.mark.slow
def test_95_percent_of_the_intervals_hold_the_truth(world: World) -> None:
    rng, held = np.random.default_rng(3), {"ips": [], "snips": [], "dr": []}
    for _ in range(600):
        for name, interval in estimate(world.log(rng, 500, model="half"), n_resamples=400).items():
            if name in held:
                held[name].append(interval.low <= world.truth <= interval.high)
    for name, each in held.items():
        assert 0.92 <= np.mean(each) <= 0.98, f"{name}: {np.mean(each):.3f}"


def test_switch_dr_leaves_out_the_corrections_of_the_largest_weights(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = world.log(np.random.default_rng(4), 300, model="half")
    found = estimate(log)
    assert log.q_shown is not None
    assert log.q_target is not None
    kept = log.weights <= np.quantile(log.weights[log.weights > 0], SWITCH_SHARE)
    assert 0.98 < kept.mean() < 1
    corrected = log.q_target + kept * log.weights * (log.clicks - log.q_shown)
    assert found["switch_dr"].mean == pytest.approx(corrected.mean())
    monkeypatch.setattr(estimators, "SWITCH_SHARE", 1.0)
    assert estimate(log)["switch_dr"].mean == pytest.approx(found["dr"].mean)


def test_snips_does_not_mind_propensities_of_the_wrong_size(world: World) -> None:
    log = world.log(np.random.default_rng(5), 300)
    halved = Log(log.clicks, log.propensity / 2, log.target, log.visitors)
    assert estimate(halved)["snips"].mean == pytest.approx(estimate(log)["snips"].mean)
    assert estimate(halved)["ips"].mean == pytest.approx(2 * estimate(log)["ips"].mean)
    assert "so the logged propensities are not those of the impressions" in support(halved).refusal


def test_intervals_rest_on_visitors_not_on_impressions(world: World) -> None:
    log = world.log(np.random.default_rng(6), 400)
    repeated = Log(*(np.repeat(each, 3) for each in (log.clicks, log.propensity, log.target, log.visitors)))
    once, often = estimate(log)["ips"], estimate(repeated)["ips"]
    assert (often.low, often.high) == pytest.approx((once.low, once.high), rel=1e-3)


def test_a_lift_is_that_of_the_estimates_and_narrower_than_both(world: World) -> None:
    new = world.log(np.random.default_rng(7), 800, model="half")
    old = Log(new.clicks, new.propensity, 0.5 * (new.target + new.propensity), new.visitors, new.q_shown, new.q_target)
    change = lift(new, old)
    both = estimate(new)["dr"], estimate(old)["dr"]
    assert change.mean == pytest.approx(both[0].mean / both[1].mean - 1)
    assert (change.high - change.low) * both[1].mean < sum(each.high - each.low for each in both)


def test_what_the_log_never_tries_is_refused(world: World) -> None:
    never = world.logging.copy()
    never[:, :6] = 0
    never /= never.sum(1, keepdims=True)
    blind = World(world.rates, never, world.target)
    found = support(blind.log(np.random.default_rng(8), 2000))
    assert found.gap > 0.1
    assert "of what this policy shows was never tried in the log" in found.refusal


def test_few_effective_impressions_and_few_clicks_are_refused() -> None:
    n = 1000
    target, few = np.full(n, 0.1), (np.arange(n) < 5).astype(float)
    heavy = target.copy()
    heavy[0] = 1e5
    log = Log(few, np.full(n, 0.1), heavy, np.arange(n))
    assert "of its 1,000 impressions; at least 200" in support(log).refusal
    hardly = Log(few, np.full(n, 0.1), target, np.arange(n))
    assert "only 5 clicks on what this policy would show" in support(hardly).refusal
    other = Log(few, np.full(n, 0.1), np.zeros(n), np.arange(n))
    assert support(other).refusal == "the log never shows what this policy would show"
    assert support(other).as_json()["largest_share"] is None


def test_a_log_that_makes_no_sense_is_refused() -> None:
    one = np.ones(3)
    with pytest.raises(SettingsError, match="3 impressions have no propensity above 0"):
        Log(one, 0 * one, one, np.arange(3))
    with pytest.raises(SettingsError, match="no logged impressions"):
        Log(np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int64))
    with pytest.raises(ValueError, match=r"target has shape \(2,\)"):
        Log(one, one, one[:2], np.arange(3))
    with pytest.raises(ValueError, match="on the same impressions"):
        lift(Log(one, one, one, np.arange(3)), Log(0 * one, one, one, np.arange(3)))


def test_one_weight_makes_the_gamma_interval_that_of_a_poisson_count() -> None:
    """Exact limits of a count of 4 are 1.090 and 10.242 (Garwood 1936)."""
    assert gamma_interval(np.array([1.0] * 4 + [0.0] * 9), 1.0) == pytest.approx((1.090, 10.242), abs=1e-3)
    assert gamma_interval(np.zeros(5), 1.0) == pytest.approx((0.0, 3.689), abs=1e-3)


def test_few_clicks_still_carry_an_interval_that_holds_the_truth() -> None:
    rng, held, given = np.random.default_rng(9), [], []
    target = rng.dirichlet(np.full(20, 0.5))
    for _ in range(300):
        shown = rng.integers(0, 20, 600)
        rates = np.linspace(0.002, 0.012, 20)
        clicks = (rng.random(600) < rates[shown]).astype(float)
        log = Log(clicks, np.full(600, 0.05), target[shown], np.arange(600))
        found = estimate(log, n_resamples=200)["ips"]
        given.append(not np.isnan(found.low))
        held.append(found.low <= target @ rates <= found.high)
    assert all(given)
    assert np.mean(held) >= 0.94
