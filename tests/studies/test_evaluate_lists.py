"""From lists to one model's report."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys.evaluation.metrics.lists import list_metrics
from recsys.evaluation.metrics.registry import EVALUATED_METRICS
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.paired import MeasuredLists, ShopFacts, coverage_interval, means
from recsys.studies.evaluate import evaluate_lists
from recsys.studies.result import as_json

RANKED = np.array([[0, 1, 2], [3, 0, -1], [4, 5, 6]], np.int32)
HELD_OUT = csr_array(np.array([[0, 1, 0, 0, 0, 0, 0, 0], [0] * 8, [0, 0, 0, 0, 0, 0, 0, 1]], bool))
POPULARITY = np.array([3, 1, 0, 0, 0, 0, 0, 0], float)


def _report(ranked=RANKED, **options):
    options = {"k": 2, "popularity": POPULARITY, "n_train_users": 3} | options
    return evaluate_lists(ranked, HELD_OUT, **options)


def test_every_metric_is_reported_and_shoppers_without_held_out_products_are_counted():
    report = _report()
    assert tuple(report) == EVALUATED_METRICS
    assert report["recall"].mean == 0.5  # found, nothing to find, missed
    assert report["precision"].mean == 0.25
    assert report["mrr"].mean == 0.25
    assert report["novelty"].mean == pytest.approx(((0 + 1) / 2 + (2 + 0) / 2 + (2 + 2) / 2) / 3)
    assert report["coverage"].mean == 5 / 8  # of the first two places: 0, 1, 3, 4 and 5
    assert report["recall"].n_skipped == 1
    assert report["novelty"].n_skipped == 0


def test_json_has_the_shape_of_the_contract():
    shape = as_json(_report())
    assert set(shape) == set(EVALUATED_METRICS)
    assert all(set(interval) == {"mean", "low", "high"} for interval in shape.values())
    assert shape["ild"] == {"mean": None, "low": None, "high": None}  # no encoder took part
    vectors = np.eye(8, dtype=np.float32)
    assert as_json(_report(item_vectors=vectors))["ild"] == {"mean": 1.0, "low": None, "high": None}


def test_intervals_are_those_of_the_shoppers_own_values():
    rng = np.random.default_rng(0)
    ranked = np.argsort(rng.random((600, 50)))[:, :10].astype(np.int32)
    held_out = csr_array(rng.random((600, 50)) < 0.02)
    report = evaluate_lists(ranked, held_out, k=10, popularity=np.ones(50), n_train_users=600, seed=9)
    alone = mean_interval(list_metrics(ranked, held_out, 10, None, np.ones(50), 600)["recall"], seed=9)
    found = report["recall"]
    assert (found.n, found.n_skipped, found.mean) == (alone.n, alone.n_skipped, alone.mean)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), rel=1e-6)
    assert report["recall"].low < report["recall"].mean < report["recall"].high


@pytest.mark.parametrize(("n_hits", "is_given"), [(0, False), (1, False), (6, False), (9, False), (12, True)])
def test_evaluate_and_the_live_metrics_give_or_refuse_the_same_interval(n_hits, is_given):
    """6 hits among 600: one of the two used to print an interval."""
    ranked = np.tile(np.arange(10, dtype=np.int32), (600, 1))
    held_out = np.zeros((600, 50), bool)
    held_out[np.arange(600), np.where(np.arange(600) < n_hits, np.arange(600) % 10, 20)] = True
    report = evaluate_lists(ranked, csr_array(held_out), k=10, popularity=np.ones(50), n_train_users=600)
    values = list_metrics(ranked, csr_array(held_out), 10, None, np.ones(50), 600)
    live = means(
        MeasuredLists(ranked, {**dict.fromkeys(("serendipity", "long_tail", "ctr"), np.zeros(600)), **values}),
        ShopFacts(50, np.ones(50), np.ones(600)),
    )
    for name in ("recall", "ndcg", "hit_rate", "f1", "coverage"):
        ours, theirs = report[name], live[name]
        np.testing.assert_allclose(
            [ours.mean, ours.low, ours.high], [theirs.mean, theirs.low, theirs.high], rtol=1e-6, err_msg=name
        )
    assert report["hit_rate"].is_given == is_given
    assert as_json(report)["recall"]["mean"] == pytest.approx(n_hits / 600)
    assert (as_json(report)["recall"]["low"] is None) == (not is_given)


def test_coverage_counts_the_catalogue_shown_and_its_interval_holds_the_estimate():
    interval = coverage_interval(np.array([[0, 1], [1, 2], [1, -1]], np.int32), n_items=6)
    assert (interval.mean, interval.is_given) == (0.5, False)
    assert np.isnan(coverage_interval(np.zeros((0, 2), np.int32), n_items=6).mean)
    with pytest.raises(ValueError, match="n_items=0: coverage needs a catalogue"):
        coverage_interval(np.zeros((1, 1), np.int32), 0)


def test_the_interval_of_coverage_holds_the_expected_coverage():
    rng = np.random.default_rng(8)
    appeal = np.log(1 / np.arange(1, 201) ** 1.2)
    runs = []
    for _ in range(100):
        ranked = np.argsort(-(appeal + rng.gumbel(size=(100, 200))), axis=1)[:, :5].astype(np.int32)
        runs.append(coverage_interval(ranked, 200, n_resamples=300))
    expected = np.mean([run.mean for run in runs])
    assert np.mean([run.low <= expected <= run.high for run in runs]) >= 0.92
