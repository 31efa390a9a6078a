"""Is one model better than another on new products: for the average shopper, and for the average product?

A shop has many shoppers and few new products, and a model that is right about the one that everybody buys is right for
all of them. So each difference is measured twice: over shoppers, as everywhere; and with each product counting once, as
the mean over its shoppers, whose interval says whether it would hold for other products. A model is called better only
where both intervals leave out 0, and the p-value corrected for all models compared agrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.studies.cold.new_products import NewModel
from recsys.studies.paired_changes import PairedChange, paired_changes

METRIC = "ndcg"


@dataclass(frozen=True, slots=True)
class Lead:
    """nDCG of all components together less that of another model.

    Parameters
    ----------
    by_shoppers : mean over shoppers, corrected for all models that are compared
    by_products : mean over products of the mean over those who chose it
    """

    by_shoppers: PairedChange
    by_products: Interval

    @property
    def verdict(self) -> Verdict:
        """Better or worse where it is for the average shopper and for the average product, else unclear."""
        found = self.by_shoppers.verdict
        return found if found == verdict_of(self.by_products) else "unclear"


@dataclass(frozen=True, slots=True)
class RankingFigures:
    """One ranking of new products, by model.

    Parameters
    ----------
    ndcg, recall : over shoppers
    once : nDCG with each product counting once
    lead : of all but "full"
    """

    models: Mapping[str, NewModel]
    ndcg: Mapping[str, Interval]
    recall: Mapping[str, Interval]
    once: Mapping[str, Interval]
    lead: Mapping[str, Lead]


def over_products(values: UserValues, rows: NDArray[np.int32], seed: int = 0) -> Interval:
    """Mean over products with its interval, each product counting once.

    Parameters
    ----------
    values : float64 of shape (n_users,), without NaN
    rows : int32 of shape (n_users,), the product that each shopper chose
    """
    _, products = np.unique(rows, return_inverse=True)
    return mean_interval(np.bincount(products, values) / np.bincount(products), seed)


def compare_models(models: Mapping[str, NewModel], rows: NDArray[np.int32], seed: int = 0) -> RankingFigures:
    """Everything about the models of one ranking; `rows` as for `over_products`."""
    full = models["full"].values[METRIC]
    gaps = {name: changes(full, each.values[METRIC]) for name, each in models.items() if name != "full"}
    return RankingFigures(
        models=models,
        ndcg={name: mean_interval(each.values[METRIC], seed) for name, each in models.items()},
        recall={name: mean_interval(each.values["recall"], seed) for name, each in models.items()},
        once={name: over_products(each.values[METRIC], rows, seed) for name, each in models.items()},
        lead={
            name: Lead(change, over_products(gaps[name], rows, seed))
            for name, change in paired_changes(gaps, seed).items()
        },
    )
