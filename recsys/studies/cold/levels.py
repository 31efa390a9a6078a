"""Hot, warm and cold on the ordinary test shoppers: by how known product and shopper are.

What is known of a shopper is known before a list is made; how known the wanted product is shows afterwards only, and
serves for understanding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import changes, mean_interval
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import LiveEngine
from recsys.panel.panel import Panel, Ragged
from recsys.panel.segments import Segment
from recsys.studies.ablation import METRIC, Model

LEVELS: Mapping[str, str] = {"hot": "10 or more", "warm": "1 to 9", "cold": "none"}
"""Training interactions, by name: of a product those of all shoppers, of a shopper their own."""


@dataclass(frozen=True, slots=True)
class LevelScores:
    """All models on one level of products or shoppers.

    Parameters
    ----------
    of : "products" or "shoppers"
    n : test shoppers
    ndcg : by model
    lead : nDCG of all components together less that of each other model
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
