"""Is one model better than another on new products: for the average shopper, and for the average product?

A shop has many shoppers and few new products, and a model that is right about the one that everybody buys is right for
all of them. So each difference is told twice: over shoppers, as everywhere; and with each product counting once, as the
mean over its shoppers, whose interval says whether it would hold for other products. A model is called better only
where both intervals leave out 0, and the p-value corrected for all models compared agrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import changes, mean_interval, ratio_intervals
from recsys.evaluation.statistics.randomisation import holm, sign_flip_p
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.studies.cold.new_products import NewModel

METRIC = "ndcg"


@dataclass(frozen=True, slots=True)
class Against:
    """One model's nDCG less another's.

    Parameters
    ----------
    by_shoppers : mean over shoppers
    by_products : mean over products of the mean over those who chose it
    p_corrected : of sign flips shopper by shopper, corrected by Holm for all that were compared with one model
    """

    by_shoppers: Interval
    by_products: Interval
    p_corrected: float

    @property
    def for_shoppers(self) -> Verdict:
        """For the average shopper, by interval and corrected p-value."""
        return verdict_of(self.by_shoppers, p=self.p_corrected)

    @property
    def for_products(self) -> Verdict:
        """For the average product."""
        return verdict_of(self.by_products)

    @property
    def verdict(self) -> Verdict:
        """Better or worse where it is for shoppers and for products, else unclear."""
        return self.for_shoppers if self.for_shoppers == self.for_products else "unclear"


@dataclass(frozen=True, slots=True)
class Found:
    """One ranking of new products.

    Parameters
    ----------
    means : nDCG and recall of every model, by metric and model, over shoppers
    once : nDCG with each product counting once
    lead : nDCG of all components together less that of each other model
    """

    models: Mapping[str, NewModel]
    means: Mapping[str, Mapping[str, Interval]]
    once: Mapping[str, Interval]
    lead: Mapping[str, Against]


def over_products(values: UserValues, rows: NDArray[np.int32], seed: int = 0) -> Interval:
    """Mean over products with its interval, each product counting once.

    Parameters
    ----------
    values : float64 of shape (n_users,), without NaN
    rows : int32 of shape (n_users,), the product that each shopper chose
    """
    _, products = np.unique(rows, return_inverse=True)
    means = np.bincount(products, values) / np.bincount(products)
    return mean_interval(means, seed)


def against(models: Mapping[str, NewModel], name: str, rows: NDArray[np.int32], seed: int = 0) -> dict[str, Against]:
    """The model of that name less each of the others, by their names."""
    others = [each for each in models if each != name]
    gaps = {each: changes(models[name].values[METRIC], models[each].values[METRIC]) for each in others}
    told = ratio_intervals(np.stack(list(gaps.values()), axis=1), seed=seed)
    p = holm(np.array([sign_flip_p(gap, seed) for gap in gaps.values()]))
    return {
        each: Against(interval, over_products(gaps[each], rows, seed), float(corrected))
        for each, interval, corrected in zip(others, told, p, strict=True)
    }


def found_of(models: Mapping[str, NewModel], rows: NDArray[np.int32], seed: int = 0) -> Found:
    """Everything about the models of one ranking; `rows` as for `over_products`."""
    return Found(
        models,
        {metric: means_of(models, metric, seed) for metric in (METRIC, "recall")},
        {name: over_products(each.values[METRIC], rows, seed) for name, each in models.items()},
        against(models, "full", rows, seed),
    )


def means_of(models: Mapping[str, NewModel], metric: str, seed: int = 0) -> dict[str, Interval]:
    """Mean of one metric of every model, with its interval over shoppers, by name."""
    told = ratio_intervals(np.stack([each.values[metric] for each in models.values()], axis=1), seed=seed)
    return dict(zip(models, told, strict=True))
