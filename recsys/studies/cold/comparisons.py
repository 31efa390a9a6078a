"""Is one model better than another: on new products, and by how known product and shopper are.

A shop has many shoppers and few new products, and a model that is right about the one that everybody buys is right for
all of them. So each difference on new products is measured twice: over shoppers, as everywhere; and with each product
counting once, as the mean over its shoppers, whose interval says whether it would hold for other products. A model is
called better only where both intervals leave out 0, and the p-value corrected for all models compared agrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval, Verdict, verdict_of
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel, Ragged
from recsys.panel.segments import Segment
from recsys.settings import FusionSettings
from recsys.studies.cold.new_products import NewModel
from recsys.studies.models import METRIC, Model, paired_differences

LEVELS: Mapping[str, str] = {"hot": "10 or more", "warm": "1 to 9", "cold": "none"}
"""Training interactions, by name: of a product those of all shoppers, of a shopper their own. How known the wanted
product is shows only after the choice, and serves for understanding."""


@dataclass(frozen=True, slots=True)
class Lead:
    """nDCG of all components less that of another model, over shoppers and over products; the verdict is by both."""

    shoppers: Difference
    products: Interval
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RankingFigures:
    """One ranking of new products, by model: weights (None for simple models), means, and the lead over all but "full".

    nDCG and recall are over shoppers; `once` is nDCG with each product counting once.
    """

    weights: Mapping[str, FusionSettings | None]
    ndcg: Mapping[str, Interval]
    recall: Mapping[str, Interval]
    once: Mapping[str, Interval]
    lead: Mapping[str, Lead]


def verdict_of_both(shoppers: Verdict, products: Interval) -> Verdict:
    """Better or worse where it is for the average shopper and for the average product, else unclear."""
    return shoppers if shoppers == verdict_of(products) else "unclear"


def over_products(values: UserValues, rows: NDArray[np.int32], seed: int = 0) -> Interval:
    """Mean of shoppers' values, none of them NaN, each product counting once; `rows` is what each shopper chose."""
    _, products = np.unique(rows, return_inverse=True)
    return mean_interval(np.bincount(products, values) / np.bincount(products), seed)


def compare_models(models: Mapping[str, NewModel], rows: NDArray[np.int32], seed: int = 0) -> RankingFigures:
    """Everything about the models of one ranking; `rows` as for `over_products`."""
    full = models["full"].values[METRIC]
    pairs = {name: (full, each.values[METRIC]) for name, each in models.items() if name != "full"}
    lead = {}
    for name, found in paired_differences(pairs, seed).items():
        products = over_products(changes(*pairs[name]), rows, seed)
        lead[name] = Lead(found, products, verdict_of_both(found.verdict, products))
    return RankingFigures(
        weights={name: each.weights for name, each in models.items()},
        ndcg={name: mean_interval(each.values[METRIC], seed) for name, each in models.items()},
        recall={name: mean_interval(each.values["recall"], seed) for name, each in models.items()},
        once={name: over_products(each.values[METRIC], rows, seed) for name, each in models.items()},
        lead=lead,
    )


@dataclass(frozen=True, slots=True)
class LevelScores:
    """All models on one level of "products" or "shoppers", with n test shoppers.

    `lead` is nDCG of all components together less that of each other model.
    """

    of: str
    level: str
    n: int
    ndcg: Mapping[str, Interval]
    lead: Mapping[str, Interval]


def product_levels(panel: Panel) -> dict[str, NDArray[np.bool_]]:
    """Which products are hot, warm and cold in the training data, bool of shape (n_items,) each."""
    n = panel.popularity
    return {"hot": n >= 10, "warm": (n >= 1) & (n < 10), "cold": n < 1}


def restricted_to(engine: LiveEngine, products: NDArray[np.bool_]) -> LiveEngine:
    """The same shoppers, to whom only some products are relevant, bool of shape (n_items,)."""
    relevant = engine.panel.relevant
    inside = products[relevant.values]
    starts = np.concatenate([[0], np.cumsum(inside)])[relevant.starts].astype(np.int64)
    return LiveEngine(replace(engine.panel, relevant=Ragged(starts, relevant.values[inside])))


def by_level(engine: LiveEngine, models: Mapping[str, Model], seed: int = 0) -> list[LevelScores]:
    """Every model on each level of products, then of shoppers; levels that nobody belongs to are left out."""
    found = []
    for name, inside in product_levels(engine.panel).items():
        restricted = restricted_to(engine, inside)
        lists = {model: restricted.measured(np.array(each.lists.ranked)) for model, each in models.items()}
        found.append(_level("products", name, {model: each.values[METRIC] for model, each in lists.items()}, seed))
    for name in LEVELS:
        inside = Segment.of(activity=name).mask(engine.panel.shoppers)
        values = {model: np.where(inside, each.lists.values[METRIC], np.nan) for model, each in models.items()}
        found.append(_level("shoppers", name, values, seed))
    return [each for each in found if each.n]


def _level(of: str, name: str, values: Mapping[str, UserValues], seed: int) -> LevelScores:
    full = values["full"]
    ndcg = {model: mean_interval(each, seed) for model, each in values.items()}
    lead = {model: mean_interval(changes(full, each), seed) for model, each in values.items() if model != "full"}
    return LevelScores(of, name, int((~np.isnan(full)).sum()), ndcg, lead)
