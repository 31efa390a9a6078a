"""Is one model better than another on new products: for the average shopper, and for the average product?

A shop has many shoppers and few new products, and a model that is right about the one that everybody buys is right for
all of them. So each difference is told twice: over shoppers, as everywhere; and with each product counting once, as the
mean over its shoppers, whose interval says whether it would hold for other products. A model is called better only
where both intervals leave out 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.experiments.cold.new_products import NewModel
from recsys.evaluation.intervals import ratio_intervals
from recsys.evaluation.metrics import UserValues
from recsys.evaluation.paired import Verdict, verdict_of
from recsys.evaluation.randomisation import holm, sign_flip_p
from recsys.evaluation.significance import Interval

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
    def verdict(self) -> Verdict:
        """Better or worse where both intervals leave out 0, else unclear."""
        one, other = verdict_of(self.by_shoppers, True), verdict_of(self.by_products, True)
        return one if one == other else "unclear"


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
    return ratio_intervals(means[:, None], seed=seed)[0]


def against(models: Mapping[str, NewModel], name: str, rows: NDArray[np.int32], seed: int = 0) -> dict[str, Against]:
    """The model of that name less each of the others, by their names."""
    others = [each for each in models if each != name]
    changes = {each: models[name].values[METRIC] - models[each].values[METRIC] for each in others}
    told = ratio_intervals(np.stack(list(changes.values()), axis=1).astype(np.float64), seed=seed)
    p = holm(np.array([sign_flip_p(change, seed) for change in changes.values()]))
    return {
        each: Against(interval, over_products(changes[each], rows, seed), float(corrected))
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
