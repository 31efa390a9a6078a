"""From the ranked lists of one model to its metrics with confidence intervals."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.evaluation.metrics.lists import UserValues, list_metrics
from recsys.evaluation.metrics.registry import EVALUATED_METRICS
from recsys.evaluation.statistics.intervals import ratio_intervals
from recsys.evaluation.statistics.paired import coverage_interval
from recsys.evaluation.statistics.significance import Interval


@dataclass(frozen=True, slots=True)
class ModelReport:
    """How good the lists of one model are.

    Parameters
    ----------
    k : cut-off of every metric
    n_users : shoppers that have a list
    n_skipped : of these, shoppers without a held-out product, who have no accuracy
    metrics : interval by name, in the order of `EVALUATED_METRICS`
    values : float64 of shape (n_users,) by name, the shoppers' own values (no coverage), for paired comparisons
    """

    k: int
    n_users: int
    n_skipped: int
    metrics: Mapping[str, Interval]
    values: Mapping[str, UserValues] = field(repr=False, compare=False)

    def as_json(self) -> dict[str, dict[str, float | None]]:
        """{metric: {"mean", "low", "high"}}, with None where a metric has no value."""
        return {name: interval.as_json() for name, interval in self.metrics.items()}


def evaluate_lists(
    ranked: NDArray[np.int32],
    relevant: csr_array,
    *,
    k: int = 10,
    popularity: NDArray[np.float64],
    n_train_users: int,
    item_vectors: NDArray[np.float32] | None = None,
    accuracy: Mapping[str, UserValues] | None = None,
    seed: int = 0,
    n_resamples: int = 1000,
) -> ModelReport:
    """Every metric of one model's lists; arguments are those of `list_metrics` and `ratio_intervals`.

    Of lists in which products tie, `accuracy` holds what is expected over their orders (`expected`), in place of that
    of the one order that the lists stand in. Intervals are those of the live metrics of the app; none is given where
    fewer than `FEWEST_TELLING` shoppers tell.
    """
    values = list_metrics(ranked, relevant, k, item_vectors, popularity, n_train_users) | dict(accuracy or {})
    intervals = ratio_intervals(np.stack(list(values.values()), axis=1), None, seed, n_resamples)
    metrics = dict(zip(values, intervals, strict=True))
    metrics["coverage"] = coverage_interval(ranked[:, :k], relevant.shape[1], seed, n_resamples)
    return ModelReport(
        k=k,
        n_users=len(ranked),
        n_skipped=metrics["recall"].n_skipped,
        metrics={name: metrics[name] for name in EVALUATED_METRICS},
        values=values,
    )
