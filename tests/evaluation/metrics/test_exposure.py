"""Long tail, serendipity, Gini and popularity lift: by hand, against their definitions, and against other libraries."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.metrics import auc

from recsys.evaluation.metrics.lists import ListFacts, long_tail_mask, measure_lists, product_facts
from recsys.evaluation.statistics.exposure import exposure, gini
from recsys.evaluation.statistics.jackknife import mean_popularity
from tests import _metric_definitions as d
from tests._ranx import ranx_values

N_ITEMS = 25


def _lists(seed: int, n_users: int = 40, length: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ranked = np.argsort(rng.random((n_users, N_ITEMS)) ** np.linspace(0.2, 3, N_ITEMS), axis=1)[:, :length]
    ranked[::5, rng.integers(0, length) :] = -1
    return ranked.astype(np.int32)


def _items(row: np.ndarray) -> list[int]:
    return [item for item in row.tolist() if item >= 0]


def _relevant(seed: int, n_users: int = 40) -> list[set[int]]:
    rng = np.random.default_rng(seed)
    return [set(rng.choice(N_ITEMS, rng.integers(0, 9), replace=False).tolist()) for _ in range(n_users)]


def _matrix(relevant: list[set[int]]) -> csr_array:
    dense = np.zeros((len(relevant), N_ITEMS), bool)
    for row, items in enumerate(relevant):
        dense[row, sorted(items)] = True
    return csr_array(dense)


def measured(ranked: np.ndarray, relevant: list[set[int]], baseline: np.ndarray, popularity: np.ndarray, k: int):
    """Every metric at k with a popularity baseline."""
    vectors = np.zeros((N_ITEMS, 0), np.float32)
    products = product_facts(popularity, 100, long_tail_mask(popularity), vectors)
    lists = np.full((2, len(ranked), max(k, ranked.shape[1])), -1, np.int32)
    lists[0, :, : ranked.shape[1]], lists[1, :, : baseline.shape[1]] = ranked, baseline
    facts = ListFacts.of_held_out(_matrix(relevant), products, vectors)._replace(expected=lists[1])
    return measure_lists(np.ascontiguousarray(lists[0, :, :k]), facts, np.arange(len(ranked)))


def test_serendipity_worked_by_hand():
    listed, held_out, popular = ["i2", "i5", "i1", "i8"], {"i5", "i8", "i3"}, {"i5", "i1", "i9"}
    assert d.serendipity_at_k(listed, held_out, popular, 4) == 1 / 4  # i5 is found but expected, i8 counts
    assert d.serendipity_at_k(listed, held_out, popular, 2) == 0
    assert d.serendipity_at_k(listed, held_out, set(), 8) == 2 / 8
    assert math.isnan(d.serendipity_at_k(listed, set(), popular, 4))
    with pytest.raises(ValueError, match=r"k=0 is not a list length"):
        d.serendipity_at_k(listed, held_out, popular, 0)


@pytest.mark.parametrize(
    ("popularity", "tail"),
    [
        ([8, 1, 1], [False, True, True]),  # 8 of 10 are exactly 80%
        ([7, 2, 1], [False, False, True]),  # 7 of 10 are not
        ([4, 2, 2, 1, 1], [False, False, False, True, True]),
        ([6, 2, 2, 2], [False, False, False, False]),  # the three that share the last place enter together
        ([5, 5, 5], [False, False, False]),
        ([3, 0, 0], [False, True, True]),
        ([0, 0], [True, True]),
    ],
)
def test_the_long_tail_is_what_the_smallest_head_leaves_and_ties_are_not_cut(popularity, tail):
    assert long_tail_mask(np.array(popularity, float)).tolist() == tail
    items = d.long_tail_items(dict(enumerate(popularity)))
    assert items == set(np.flatnonzero(tail).tolist())


def test_gini_and_lift_worked_by_hand():
    assert d.gini([["i1"], ["i2"], ["i3"], ["i4"]], 4) == 0
    assert d.gini([["i1"], ["i1"]], 4) == 0.75
    assert d.gini([["i1", "i2"], ["i2"]], 3) == pytest.approx(4 / 9)  # counts 1, 2, 0: differences 1 + 1 + 2, twice
    assert math.isnan(d.gini([[]], 4))
    with pytest.raises(ValueError, match=r"n_items=0: the Gini of exposure needs a catalogue"):
        d.gini([], 0)
    popularity = {"i1": 8, "i2": 4, "i3": 2}
    lists, histories = [["i1", "i2"], ["i2"], ["i1"], []], [["i2"], ["i2", "i3"], [], ["i1"]]
    assert d.popularity_lift(lists, histories, popularity) == pytest.approx((6 + 4) / (4 + 3) - 1)  # the first two
    assert math.isnan(d.popularity_lift([["i1"]], [[]], popularity))
    assert math.isnan(d.popularity_lift([["i1"]], [["i9"]], {"i1": 3, "i9": 0}))


@pytest.mark.parametrize("k", [1, 4, 6, 9])
def test_bulk_agrees_with_the_definitions(k):
    ranked, baseline, relevant = _lists(1), _lists(2), _relevant(3)
    popularity = np.random.default_rng(4).integers(0, 40, N_ITEMS).astype(float)
    values, means = measured(ranked, relevant, baseline, popularity, k), mean_popularity(ranked, popularity)
    surprises, shares = values["serendipity"], values["long_tail"]
    tail_items = d.long_tail_items(dict(enumerate(popularity.tolist())))
    for row, wanted in enumerate(relevant):
        items, expected = _items(ranked[row]), set(_items(baseline[row, :k]))
        assert surprises[row] == pytest.approx(d.serendipity_at_k(items, wanted, expected, k), nan_ok=True)
        assert shares[row] == pytest.approx(d.long_tail(items[:k], tail_items), nan_ok=True)
        assert means[row] == pytest.approx(popularity[items].mean() if items else math.nan, nan_ok=True)
    assert gini(exposure(ranked, N_ITEMS)) == pytest.approx(d.gini([_items(row) for row in ranked], N_ITEMS))


def test_serendipity_and_long_tail_are_precisions_of_ranx():
    ranked, baseline, relevant = _lists(5), _lists(6), _relevant(7)
    ranked[:, 5], k = -1, 5
    ranked = ranked[(ranked[:, :k] >= 0).all(1)]
    tail = long_tail_mask(np.arange(N_ITEMS, dtype=float) ** 2)
    names = [str(u) for u in range(len(ranked))]
    run = {
        name: {str(i): float(-place) for place, i in enumerate(_items(row))}
        for name, row in zip(names, ranked, strict=True)
    }
    surprising = [relevant[u] - set(_items(baseline[u, :k])) for u in range(len(ranked))]
    values = measured(ranked, relevant[: len(ranked)], baseline[: len(ranked)], np.arange(N_ITEMS, dtype=float) ** 2, k)
    for ours, counted in (
        (values["serendipity"], surprising),
        (values["long_tail"], [set(np.flatnonzero(tail).tolist())] * len(ranked)),
    ):
        qrels = {name: {str(i): 1 for i in items} or {"none": 1} for name, items in zip(names, counted, strict=True)}
        found = ranx_values(qrels, run, [f"precision@{k}"])[f"precision@{k}"]
        theirs = np.array([found[name] for name in names])
        has_value = ~np.isnan(ours)
        assert has_value.sum() > 20
        np.testing.assert_allclose(ours[has_value], theirs[has_value], atol=1e-6)


def test_gini_is_twice_the_area_above_the_lorenz_curve_of_scikit_learn():
    counts = np.random.default_rng(8).zipf(1.6, 500).clip(0, 4000) - 1.0
    curve = np.concatenate([[0], np.cumsum(np.sort(counts)) / counts.sum()])
    assert gini(counts) == pytest.approx(1 - 2 * auc(np.linspace(0, 1, 501), curve), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(1, 9), st.randoms())
def test_gini_depends_on_shares_alone(counts, factor, random):
    counts = np.array(counts, float)
    value = gini(counts)
    if not counts.any():
        assert math.isnan(value)
        return
    shuffled = counts.tolist()
    random.shuffle(shuffled)
    assert -1e-12 <= value <= 1 - 1 / len(counts) + 1e-12
    assert gini(np.array(shuffled)) == pytest.approx(value, abs=1e-12)
    assert gini(counts * factor) == pytest.approx(value, abs=1e-12)
    assert gini(np.full(len(counts), float(factor))) == pytest.approx(0, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=40), st.randoms())
def test_no_order_of_the_catalogue_decides_on_the_long_tail(counts, random):
    order = list(range(len(counts)))
    random.shuffle(order)
    popularity = np.array(counts, float)
    tail = long_tail_mask(popularity)
    assert long_tail_mask(popularity[order]).tolist() == tail[order].tolist()
    assert popularity[~tail].sum() >= 0.8 * popularity.sum() - 1e-9
    assert (popularity[tail] < popularity[~tail].min()).all() if (~tail).any() else not popularity.any()
