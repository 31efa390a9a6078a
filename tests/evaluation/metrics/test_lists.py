"""The bulk metrics against the definitions, two independent libraries, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.metrics import ndcg_score

from recsys.evaluation.metrics.lists import list_metrics
from recsys.evaluation.metrics.registry import ACCURACY_METRICS
from tests import _metric_definitions as d
from tests._ranx import ranx_values

N_ITEMS = 30

DEFINITIONS = {
    "precision": d.precision_at_k,
    "recall": d.recall_at_k,
    "f1": d.f1_at_k,
    "ndcg": d.ndcg_at_k,
    "map": d.average_precision_at_k,
    "mrr": d.reciprocal_rank_at_k,
    "hit_rate": d.hit_at_k,
}


def _matrix(relevant: list[set[int]], n_items: int = N_ITEMS) -> csr_array:
    dense = np.zeros((len(relevant), n_items), bool)
    for row, items in enumerate(relevant):
        dense[row, sorted(items)] = True
    return csr_array(dense)


def _lists(seed: int, n_users: int, length: int) -> tuple[np.ndarray, list[set[int]]]:
    """Random lists, some of them short, and held-out sets of 0 to 14 products."""
    rng = np.random.default_rng(seed)
    ranked = np.argsort(rng.random((n_users, N_ITEMS)), axis=1)[:, :length].astype(np.int32)
    for row in range(0, n_users, 5):
        ranked[row, rng.integers(0, length + 1) :] = -1
    relevant = [set(rng.choice(N_ITEMS, rng.integers(0, 15), replace=False).tolist()) for _ in range(n_users)]
    return ranked, relevant


def _measure(ranked, relevant, k, vectors=None, popularity=None, n_train_users=100):
    popularity = np.zeros(N_ITEMS) if popularity is None else popularity
    return list_metrics(ranked, _matrix(relevant), k, vectors, popularity, n_train_users)


@pytest.mark.parametrize("k", [1, 3, 10, 20])
def test_bulk_metrics_agree_with_their_definitions(k):
    ranked, relevant = _lists(seed=1, n_users=60, length=12)
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(N_ITEMS, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[::7] = 0
    popularity = rng.integers(0, 100, N_ITEMS).astype(float)
    values = _measure(ranked, relevant, k, vectors.astype(np.float32), popularity)
    for row, (listed, wanted) in enumerate(zip(ranked.tolist(), relevant, strict=True)):
        items = [item for item in listed[:k] if item >= 0]
        for name, definition in DEFINITIONS.items():
            assert values[name][row] == pytest.approx(definition(items, wanted, k), nan_ok=True), name
        assert values["ild"][row] == pytest.approx(d.intra_list_diversity(vectors[items]), nan_ok=True, abs=1e-6)
        known = dict(enumerate(popularity.astype(int).tolist()))
        assert values["novelty"][row] == pytest.approx(d.novelty(items, known, 100), nan_ok=True)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_accuracy_agrees_with_ranx(k):
    ranked, relevant = _lists(seed=3, n_users=40, length=10)
    keep = [row for row in range(40) if relevant[row] and (ranked[row] >= 0).any()]
    qrels = {str(row): {str(item): 1 for item in relevant[row]} for row in keep}
    run = {str(r): {str(i): float(-place) for place, i in enumerate(ranked[r].tolist()) if i >= 0} for r in keep}
    ours = _measure(ranked, relevant, k)
    theirs = {"precision": "precision", "recall": "recall", "f1": "f1", "ndcg": "ndcg", "mrr": "mrr"}
    theirs |= {"hit_rate": "hit_rate", "map": "map"}
    found = ranx_values(qrels, run, [f"{other}@{k}" for other in theirs.values()])
    for name, other in theirs.items():
        expected = found[f"{other}@{k}"]
        for row in keep:
            # ranx divides AP by all relevant products.
            scale = len(relevant[row]) / min(k, len(relevant[row])) if name == "map" else 1.0
            assert ours[name][row] == pytest.approx(expected[str(row)] * scale, abs=1e-6), (name, row)


@pytest.mark.parametrize("k", [1, 4, 30])
def test_ndcg_agrees_with_scikit_learn(k):
    rng = np.random.default_rng(4)
    scores = rng.permuted(np.tile(np.arange(N_ITEMS, dtype=float), (25, 1)), axis=1)
    relevant = [set(rng.choice(N_ITEMS, rng.integers(1, 20), replace=False).tolist()) for _ in range(25)]
    ranked = np.argsort(-scores, axis=1).astype(np.int32)
    ours = _measure(ranked, relevant, k)["ndcg"]
    for row in range(25):
        truth = _matrix(relevant).toarray()[row : row + 1].astype(float)
        assert ours[row] == pytest.approx(ndcg_score(truth, scores[row : row + 1], k=k), abs=1e-6)


def test_degenerate_lists():
    empty = np.full((3, 4), -1, np.int32)
    values = _measure(empty, [{1}, set(), {2, 3}], 4)
    for name in ACCURACY_METRICS:
        np.testing.assert_array_equal(values[name], [0, np.nan, 0])
    assert np.isnan(values["novelty"]).all()
    assert np.isnan(values["ild"]).all()
    perfect = _measure(np.array([[5, 6, -1]], np.int32), [{5, 6}], 2)
    assert all(perfect[name][0] == 1 for name in ACCURACY_METRICS)
    assert _measure(np.zeros((0, 4), np.int32), [], 4)["ndcg"].shape == (0,)
    assert _measure(np.zeros((2, 0), np.int32), [{1}, {2}], 4)["mrr"].tolist() == [0, 0]


def test_stored_zeros_are_not_relevant_and_the_callers_matrix_is_left_alone():
    relevant = _matrix([{1, 2}])
    relevant.data[0] = False
    values = list_metrics(np.array([[2, 1]], np.int32), relevant, 2, None, np.zeros(N_ITEMS), 5)
    assert values["recall"][0] == 1
    assert values["precision"][0] == 0.5
    assert relevant.nnz == 2


@st.composite
def _cases(draw):
    length = draw(st.integers(1, 12))
    listed = draw(st.permutations(range(N_ITEMS)))[:length]
    relevant = draw(st.sets(st.integers(0, N_ITEMS - 1), min_size=1, max_size=N_ITEMS))
    return np.array([listed], np.int32), relevant, draw(st.integers(1, 15))


@settings(max_examples=60, deadline=None)
@given(_cases())
def test_accuracy_stays_within_zero_and_one(case):
    ranked, relevant, k = case
    values = _measure(ranked, [relevant], k)
    assert all(0 <= values[name][0] <= 1 + 1e-12 for name in ACCURACY_METRICS)
    assert 0 <= values["novelty"][0] <= np.log2(101)


@settings(max_examples=60, deadline=None)
@given(_cases(), st.data())
def test_moving_a_relevant_product_up_never_lowers_a_metric(case, data):
    ranked, relevant, k = case
    wanted = np.isin(ranked[0], sorted(relevant))
    swaps = [(a, b) for b in np.flatnonzero(wanted) for a in np.flatnonzero(~wanted) if a < b]
    if not swaps:
        return
    upper, lower = data.draw(st.sampled_from(swaps))
    better = ranked.copy()
    better[0, [upper, lower]] = better[0, [lower, upper]]
    before, after = _measure(ranked, [relevant], k), _measure(better, [relevant], k)
    assert all(after[name][0] >= before[name][0] - 1e-12 for name in ACCURACY_METRICS)
    if lower < k:
        assert after["ndcg"][0] > before["ndcg"][0]


@settings(max_examples=40, deadline=None)
@given(_cases(), st.permutations(range(N_ITEMS)))
def test_renaming_the_products_changes_nothing(case, new_rows):
    ranked, relevant, k = case
    rows = np.array(new_rows, np.int32)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(N_ITEMS, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    popularity = rng.integers(0, 50, N_ITEMS).astype(float)
    moved_vectors, moved_popularity = np.empty_like(vectors), np.empty_like(popularity)
    moved_vectors[rows], moved_popularity[rows] = vectors, popularity
    before = _measure(ranked, [relevant], k, vectors, popularity)
    after = _measure(rows[ranked], [{int(rows[item]) for item in relevant}], k, moved_vectors, moved_popularity)
    for name, values in before.items():
        assert after[name][0] == pytest.approx(values[0], nan_ok=True, abs=1e-6), name


@pytest.mark.parametrize(
    ("ranked", "k", "n_popularity", "message"),
    [
        ([[1, 2]], 0, N_ITEMS, r"k=0 is not a list length; give at least 1"),
        ([[1], [2]], 1, N_ITEMS, r"ranked has shape \(2, 1\), but relevant has 1 rows; give one list a row"),
        ([[1, 2]], 2, 3, r"need one entry for each of the 30 products"),
        ([[1, 30]], 2, N_ITEMS, r"rows outside the catalogue of 30 products"),
        ([[1, -2]], 2, N_ITEMS, r"rows outside the catalogue of 30 products"),
        ([[7, 1, 7]], 3, N_ITEMS, r"the list in row 0 of ranked shows a product twice"),
    ],
)
def test_input_that_makes_no_sense_is_refused(ranked, k, n_popularity, message):
    with pytest.raises(ValueError, match=message):
        list_metrics(np.array(ranked, np.int32), _matrix([{1}]), k, None, np.zeros(n_popularity), 5)
