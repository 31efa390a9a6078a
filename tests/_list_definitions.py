"""Metrics of many lists by their definitions, one list after the other: what compiled ones are held against."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from tests import _metric_definitions as d


def click_rates(
    ranked: NDArray[np.int32], attraction: NDArray[np.floating], odds: Sequence[float], seen: Sequence[float]
) -> NDArray[np.float64]:
    """`click_rate` of every list, float64 of shape (n_users,), with attraction of shape (n_users, n_items)."""
    k = ranked.shape[1]
    by_position = [[each[min(place, len(each) - 1)] for place in range(k)] for each in (odds, seen)]
    rows = zip(ranked.tolist(), attraction.tolist(), strict=True)
    return np.array([d.click_rate(row, dict(enumerate(own)) | {-1: 0.0}, *by_position, k) for row, own in rows])


def every_metric(
    ranked: NDArray[np.int32],
    relevant: Sequence[Collection[int]],
    baseline: NDArray[np.int32],
    vectors: NDArray[np.floating],
    popularity: NDArray[np.floating],
    n_train_users: int,
) -> dict[str, NDArray[np.float64]]:
    """All metrics of lists but clicks, by name, one list after the other; k is the width of `ranked`."""
    k, known = ranked.shape[1], dict(enumerate(popularity.astype(int).tolist()))
    accuracy = {
        "precision": d.precision_at_k, "recall": d.recall_at_k, "f1": d.f1_at_k, "ndcg": d.ndcg_at_k,
        "map": d.average_precision_at_k, "mrr": d.reciprocal_rank_at_k, "hit_rate": d.hit_at_k,
    }  # fmt: skip
    values: dict[str, list[float]] = {}
    tail = d.long_tail_items(known)
    for row, wanted, popular in zip(ranked, relevant, baseline, strict=True):
        items = _items(row)
        one = {name: metric(items, wanted, k) for name, metric in accuracy.items()}
        one["ild"] = d.intra_list_diversity(vectors[items])
        one["novelty"] = d.novelty(items, known, n_train_users)
        one["serendipity"] = d.serendipity_at_k(items, wanted, set(_items(popular[:k])), k)
        one["long_tail"] = d.long_tail(items, tail)
        for name, value in one.items():
            values.setdefault(name, []).append(value)
    return {name: np.array(each) for name, each in values.items()}


def _items(row: NDArray[np.integer]) -> list[int]:
    return [item for item in row.tolist() if item >= 0]
