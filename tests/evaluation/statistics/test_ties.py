"""The set of settings that the data cannot tell from the best one holds the truly best one."""

import numpy as np
import pytest

from recsys.evaluation.statistics import paired
from recsys.evaluation.statistics.paired import tied_by_gaps, tied_with_best


def _hits(rng, chances, n_users):
    return (rng.random((len(chances), n_users)) < np.asarray(chances)[:, None]).astype(np.float32)


def test_the_best_is_tied_with_itself_and_clearly_worse_points_are_not():
    values = _hits(np.random.default_rng(0), [0.5, 0.49, 0.2, 0.5, 0.1], 3000)
    best = int(values.mean(1).argmax())
    assert tied_with_best(values, best).tolist() == [True, True, False, True, False]


def test_points_that_few_shoppers_tell_apart_are_tied():
    base = _hits(np.random.default_rng(1), [0.3], 5000)[0]
    worse = base.copy()
    worse[np.flatnonzero(base)[:9]] = 0
    clearly = base.copy()
    clearly[np.flatnonzero(base)[:40]] = 0
    assert tied_with_best(np.stack([base, worse, clearly]), 0).tolist() == [True, True, False]
    assert tied_with_best(np.stack([base, base]), 0).all()


def test_shoppers_without_a_value_are_skipped():
    values = _hits(np.random.default_rng(2), [0.6, 0.58, 0.3], 2000)
    gaps = np.insert(values, [0, 500, 2000], np.nan, axis=1)
    assert tied_with_best(gaps, 0).tolist() == tied_with_best(values, 0).tolist() == [True, True, False]
    assert tied_with_best(np.full((3, 4), np.nan, np.float32), 1).all()


def test_the_callers_values_are_left_alone():
    values = _hits(np.random.default_rng(3), [0.6, 0.4], 100)
    before = values.copy()
    tied_with_best(values, 0)
    np.testing.assert_array_equal(values, before)


def test_a_higher_level_keeps_more_points(monkeypatch):
    values = _hits(np.random.default_rng(4), np.linspace(0.5, 0.3, 120), 1500)
    best = int(values.mean(1).argmax())
    found = []
    for level in (0.99, 0.8):
        monkeypatch.setattr(paired, "LEVEL", level)
        found.append(tied_with_best(values, best))
    strict, loose = found
    assert strict.sum() > loose.sum()
    assert strict[loose].all()


def test_the_order_of_points_does_not_matter():
    rng = np.random.default_rng(5)
    values = _hits(rng, np.linspace(0.5, 0.3, 60), 1500)
    order, best = rng.permutation(60), int(values.mean(1).argmax())
    shuffled = tied_with_best(values[order], int(np.flatnonzero(order == best)[0]))
    assert shuffled.tolist() == tied_with_best(values, best)[order].tolist()


def test_the_rows_of_one_shopper_count_once():
    values = _hits(np.random.default_rng(8), np.linspace(0.5, 0.42, 40), 800)
    best = int(values.mean(1).argmax())
    alone, thrice = tied_with_best(values, best), np.tile(values, 3)
    shoppers = np.tile(np.arange(800), 3)
    assert tied_with_best(thrice, best).sum() < alone.sum()  # as if there were three times as many of them
    assert (tied_with_best(thrice, best, shoppers=shoppers) == alone).mean() > 0.95
    same = tied_with_best(values, best, shoppers=np.random.default_rng(9).permutation(800))
    assert same.tolist() == alone.tolist()


def test_more_shoppers_than_are_drawn_one_by_one():
    values = _hits(np.random.default_rng(0), [0.5, 0.5, 0.47], 40_000)
    assert tied_with_best(values, int(values.mean(1).argmax())).tolist() == [True, True, False]


def test_one_of_many_equally_good_points_is_left_out_one_time_in_twenty():
    """The hardest case for the best: 200 unrelated points, of which the luckiest leads; see the module's docstring."""
    rng, held, held_alone = np.random.default_rng(7), [], []
    for _ in range(200):
        values = _hits(rng, np.full(200, 0.3), 400)
        best = int(values.mean(1).argmax())
        held.append(tied_with_best(values, best, n_resamples=500)[0])
        gap = values[best] - values[0]
        held_alone.append(gap.mean() <= 1.645 * gap.std() / 20)
    assert np.mean(held) >= 0.91
    assert np.mean(held_alone) < 0.75


def test_a_best_point_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"best=2 is no row of per_point, whose shape is \(2, 5\)"):
        tied_with_best(np.zeros((2, 5), np.float32), 2)


def test_a_gap_beyond_any_error_is_no_tie_though_few_shoppers_tell_it():
    shares = np.zeros((4, 100), np.float32)
    shares[:, :3] = 1
    gaps = np.array([0.0, 0.01, 0.5, 0.5])
    errors = np.array([np.inf, 0.1, 0.1, np.inf])
    assert tied_by_gaps(gaps, shares.copy()).all()
    assert tied_by_gaps(gaps, shares, most_errors=errors).tolist() == [True, True, False, True]
