"""From lists to one model's report."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from recsys.evaluation.lists import evaluate_lists
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.significance import bootstrap_difference, bootstrap_mean

RANKED = np.array([[0, 1, 2], [3, 0, -1], [4, 5, 6]], np.int32)
HELD_OUT = csr_array(np.array([[0, 1, 0, 0, 0, 0, 0, 0], [0] * 8, [0, 0, 0, 0, 0, 0, 0, 1]], bool))
POPULARITY = np.array([3, 1, 0, 0, 0, 0, 0, 0], float)


def _report(ranked=RANKED, **options):
    options = {"k": 2, "popularity": POPULARITY, "n_train_users": 3} | options
    return evaluate_lists(ranked, HELD_OUT, **options)


def test_every_metric_is_reported_and_shoppers_without_held_out_products_are_counted():
    report = _report()
    assert tuple(report.metrics) == METRICS
    assert (report.k, report.n_users, report.n_skipped) == (2, 3, 1)
    assert report.metrics["recall"].mean == 0.5  # found, nothing to find, missed
    assert report.metrics["precision"].mean == 0.25
    assert report.metrics["mrr"].mean == 0.25
    assert report.metrics["novelty"].mean == pytest.approx(((0 + 1) / 2 + (2 + 0) / 2 + (2 + 2) / 2) / 3)
    assert report.metrics["coverage"].mean == 5 / 8  # of the first two places: 0, 1, 3, 4 and 5
    assert report.metrics["recall"].n_skipped == 1
    assert report.metrics["novelty"].n_skipped == 0


def test_json_has_the_shape_of_the_contract():
    shape = _report().as_json()
    assert set(shape) == set(METRICS)
    assert all(set(interval) == {"mean", "low", "high"} for interval in shape.values())
    assert shape["ild"] == {"mean": None, "low": None, "high": None}  # no encoder took part
    vectors = np.eye(8, dtype=np.float32)
    assert _report(item_vectors=vectors).as_json()["ild"] == {"mean": 1.0, "low": 1.0, "high": 1.0}


def test_intervals_are_those_of_the_shoppers_own_values_and_models_are_paired():
    report, other = _report(seed=9), _report(RANKED[:, ::-1], seed=9)
    assert report.metrics["recall"] == bootstrap_mean(report.values["recall"], seed=9)
    difference = bootstrap_difference(report.values["recall"], other.values["recall"], seed=9)
    assert difference.mean == report.metrics["recall"].mean - other.metrics["recall"].mean
