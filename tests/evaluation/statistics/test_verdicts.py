"""A verdict says the same of the same changes: in any unit, any order, either direction, beside anything."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.evaluation.metrics.registry import METRICS, SHOPPER_METRICS
from recsys.evaluation.statistics.intervals import changes, mean_interval, ratio_intervals
from recsys.evaluation.statistics.paired import MeasuredLists, ShopFacts, corrected, differences
from recsys.evaluation.statistics.significance import sign_flip_p, verdict_of

OPPOSITE = {"better": "worse", "worse": "better", "unclear": "unclear"}
SCALES = (1e-9, 0.1, 2 / 11, 1 / 3, 0.7, 3.0, 10.0, 1e9)


def near_the_edge(seed: int, n: int = 300) -> np.ndarray:
    """Few whole changes, a few more up than down, so that resamples often land on exactly no change."""
    rng = np.random.default_rng(seed)
    n_up, n_down = int(rng.integers(9, 24)), int(rng.integers(0, 10))
    column = np.zeros(n)
    rows = rng.permutation(n)
    column[rows[:n_up]], column[rows[n_up : n_up + n_down]] = 1.0, -1.0
    return column


def mixed(seed: int, n: int = 200) -> np.ndarray:
    """Changes of many sizes, some of them missing."""
    rng = np.random.default_rng(seed)
    column = rng.normal(0.02, 0.2, n) * (rng.random(n) < 0.3)
    column[rng.random(n) < 0.1] = np.nan
    return column


KINDS = (near_the_edge, mixed)
seeds = st.integers(0, 2**32 - 1)


def told(column: np.ndarray) -> tuple[str, float]:
    return verdict_of(mean_interval(column)), sign_flip_p(column, n_flips=999)


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from(KINDS), st.sampled_from(SCALES))
def test_the_unit_changes_no_verdict(seed, kind, scale):
    column = kind(seed)
    assert told(scale * column) == told(column)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from(KINDS), st.randoms(use_true_random=False))
def test_the_order_of_shoppers_changes_nothing(seed, kind, random):
    column = kind(seed)
    order = list(range(len(column)))
    random.shuffle(order)
    assert told(column[order]) == told(column)
    there, back = mean_interval(column), mean_interval(column[order])
    np.testing.assert_allclose([there.mean, there.low, there.high], [back.mean, back.low, back.high], rtol=1e-5)


@settings(max_examples=40, deadline=None)
@given(seeds, st.sampled_from(KINDS))
def test_which_setting_comes_first_only_turns_the_verdict(seed, kind):
    column = kind(seed)
    (there, p), (back, p_back) = told(column), told(-column)
    assert (back, p_back) == (OPPOSITE[there], p)


@settings(max_examples=30, deadline=None)
@given(seeds, st.sampled_from(KINDS))
def test_columns_beside_it_change_nothing(seed, kind):
    column = kind(seed)
    others = np.stack([mixed(seed + 1, len(column)), column, near_the_edge(seed + 2, len(column)), column / 11], axis=1)
    found = ratio_intervals(others)
    assert verdict_of(found[1]) == verdict_of(found[3]) == verdict_of(mean_interval(column))


@settings(max_examples=30, deadline=None)
@given(seeds, st.sampled_from(KINDS))
def test_single_precision_tells_the_same(seed, kind):
    column = kind(seed)
    assert verdict_of(mean_interval(column.astype(np.float32))) == verdict_of(mean_interval(column))


@settings(max_examples=30, deadline=None)
@given(seeds, st.sampled_from(SCALES))
def test_weights_in_another_unit_tell_the_same(seed, scale):
    column, rng = near_the_edge(seed), np.random.default_rng(seed)
    per = rng.integers(1, 4, len(column)).astype(float)
    order = rng.permutation(len(column))
    straight = ratio_intervals(column[:, None], per[:, None])[0]
    other = ratio_intervals(scale * column[order, None], scale * per[order, None])[0]
    assert other.sign == straight.sign
    assert other.mean == pytest.approx(straight.mean)


def test_people_without_a_value_change_nothing():
    column = near_the_edge(5)
    padded = np.concatenate([[np.nan] * 40, column, [np.nan] * 7])
    assert told(padded) == told(column)


@pytest.mark.parametrize(
    ("column", "verdict"),
    [
        (np.zeros(500), "unclear"),  # identical lists
        (np.full(500, 1e-17), "unclear"),  # no width
        (np.append(np.zeros(499), 1.0), "unclear"),  # all but one equal
        (np.append(np.full(499, 0.1), 0.2), "unclear"),
        (np.full(500, np.nan), "unclear"),
        (np.zeros(0), "unclear"),
        (np.repeat([0.0, 1.0], [480, 20]), "better"),
        (np.repeat([0.0, -1.0], [480, 20]), "worse"),
        (np.repeat([0.0, 1.0, -1.0], [400, 50, 50]), "unclear"),
    ],
)
@pytest.mark.parametrize("scale", SCALES)
def test_the_clear_cases(column, verdict, scale):
    assert verdict_of(mean_interval(scale * column)) == verdict


@pytest.mark.parametrize("scale", SCALES)
def test_what_rounds_is_no_change_in_any_unit(scale):
    rng = np.random.default_rng(0)
    old = rng.random(400)
    new = old * (1 + 1e-7 * rng.random(400))  # all up, by rounding alone
    assert not changes(scale * new, scale * old).any()
    assert np.count_nonzero(changes(scale * (new + 0.01), scale * old)) == 400
    with pytest.raises(ValueError, match=r"got shapes \(3,\) and \(2,\)"):
        changes(np.ones(3), np.ones(2))


def lists_of(hits: np.ndarray, k: int = 10) -> MeasuredLists:
    """Lists of shoppers with one product to find, whose metrics of finding it are one number scaled."""
    values = dict.fromkeys(SHOPPER_METRICS, np.zeros(len(hits)))
    scaled = {"recall": 1.0, "hit_rate": 1.0, "precision": 1 / k, "f1": 2 / (k + 1), "ndcg": 0.3}
    ranked = np.tile(np.arange(k, dtype=np.int32), (len(hits), 1))
    return MeasuredLists(ranked, values | {name: scale * hits for name, scale in scaled.items()})


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_metrics_that_are_one_number_scaled_get_one_verdict(seed):
    rng = np.random.default_rng(seed)
    gap = near_the_edge(seed)
    base = (rng.random(len(gap)) < 0.5).astype(float)
    base[gap != 0] = gap[gap != 0] < 0
    facts = ShopFacts(50, np.ones(50), np.ones(len(gap)))
    found = differences(lists_of(base + gap), lists_of(base), facts)
    names = ("recall", "hit_rate", "precision", "f1", "ndcg")
    assert len({found[name].verdict for name in names}) == 1
    assert len({found[name].change.is_given for name in names}) == 1
    relative = [found[name].change.low / found[name].change.mean for name in names if found[name].change.mean]
    np.testing.assert_allclose(relative, relative[0] if relative else 0, atol=1e-5)
    shuffled = rng.permutation(len(gap))
    again = differences(lists_of((base + gap)[shuffled]), lists_of(base[shuffled]), facts)
    assert {name: again[name].verdict for name in names} == {name: found[name].verdict for name in names}


def test_an_end_at_exactly_nothing_is_nothing():
    """A column whose interval ends on a resample without any change: neither better, nor better by rounding."""
    ends = []
    for seed in range(120):
        gap = near_the_edge(seed)
        found = differences(lists_of(1 + gap), lists_of(np.ones(len(gap))), ShopFacts(50, np.ones(50), np.ones(300)))
        ends += [found[name].change for name in ("recall", "precision", "f1")]
    at_nothing = [each for each in ends if each.low == 0]
    assert at_nothing
    assert not any(each.sign for each in at_nothing)
    assert not any(0 < abs(end) < 1e-9 for each in ends for end in (each.low, each.high))


def test_of_several_compared_the_corrected_p_value_decides_too():
    """One lucky setting of twenty: its own interval leaves out 0, the p-value of twenty does not let it."""
    rng = np.random.default_rng(3)
    facts = ShopFacts(50, np.ones(50), np.ones(300))
    gaps = {n: rng.choice([-1.0, 0, 0, 0, 1.0], 300) for n in range(20)}
    gaps["real"] = np.repeat([0.0, 1.0], [250, 50])
    base = lists_of(np.ones(300))
    alone = {name: differences(lists_of(1 + gap), base, facts)["recall"] for name, gap in gaps.items()}
    found = corrected(alone, gaps)
    assert any(each.verdict != "unclear" for name, each in alone.items() if name != "real")
    assert {name for name, each in found.items() if each.verdict != "unclear"} == {"real"}
    for name, each in found.items():
        assert each.verdict == verdict_of(each.change, METRICS["recall"].higher_is_better, each.p)
        assert replace(each, p=None, verdict=alone[name].verdict) == alone[name]
