"""Hot, warm and cold on the ordinary test shoppers: by how known product and shopper are.

What is known of a shopper is known before a list is made, so weights may differ by it; how known the wanted product is
shows afterwards only, and serves for understanding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import changes, mean_interval, ratio_intervals
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.engine import WHOLE_CATALOGUE, LiveEngine
from recsys.panel.panel import Panel, Ragged
from recsys.panel.segments import Segment
from recsys.progress import Progress, silent
from recsys.settings import FusionSettings, RankingSettings
from recsys.studies.ablation import METRIC, Model
from recsys.studies.registry import ExperimentSettings
from recsys.tuning.weight_map import weight_map

LEVELS: Mapping[str, str] = {"hot": "10 or more", "warm": "1 to 9", "cold": "none"}
"""Training interactions, by name: of a product those of all shoppers, of a shopper their own."""

FEWEST_TO_TUNE = 100
"""Weights are chosen anew for so many validation shoppers of a level at least; fewer take those of everybody."""


@dataclass(frozen=True, slots=True)
class Level:
    """All models on one level of products or shoppers.

    Parameters
    ----------
    of : "products" or "shoppers"
    n : test shoppers
    ndcg : by model
    lead : nDCG of all components together less that of each other model
    """

    of: str
    name: str
    n: int
    ndcg: Mapping[str, Interval]
    lead: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Tuned:
    """Weights of one level of shoppers, chosen on validation, against those of everybody, on test shoppers.

    Parameters
    ----------
    name : level, or "everyone" where each has the weights of their level
    fusion : None for everyone, and for a level of too few validation shoppers
    common, own : nDCG with the weights of everybody, and with those of the level
    """

    name: str
    n_validation: int
    n_test: int
    fusion: FusionSettings | None
    common: float
    own: float
    change: Interval


def product_levels(panel: Panel) -> dict[str, NDArray[np.bool_]]:
    """Which products are hot, warm and cold in the training data, bool of shape (n_items,) each."""
    n = panel.popularity
    return {"hot": n >= 10, "warm": (n >= 1) & (n < 10), "cold": n < 1}


def by_level(engine: LiveEngine, models: Mapping[str, Model], seed: int = 0) -> list[Level]:
    """Every model on each level of products, then of shoppers; levels that nobody belongs to are left out."""
    found = []
    for name, inside in product_levels(engine.panel).items():
        finding = LiveEngine(replace(engine.panel, relevant=_only(engine.panel.relevant, inside)))
        values = {model: finding.measured(np.array(each.lists.ranked)).values[METRIC] for model, each in models.items()}
        found.append(_level("products", name, values, seed))
    for name in LEVELS:
        inside = Segment.of(activity=name).mask(engine.panel.shoppers)
        values = {model: np.where(inside, each.lists.values[METRIC], np.nan) for model, each in models.items()}
        found.append(_level("shoppers", name, values, seed))
    return [each for each in found if each.n]


def _only(relevant: Ragged, inside: NDArray[np.bool_]) -> Ragged:
    """What is wanted, without products that are not inside."""
    kept = inside[relevant.values]
    starts = np.concatenate([[0], np.cumsum(kept)])[relevant.starts]
    return Ragged(starts, relevant.values[kept])


def _level(of: str, name: str, values: Mapping[str, UserValues], seed: int) -> Level:
    columns = np.stack(list(values.values()), axis=1)
    known = ~np.isnan(columns[:, 0])
    ndcg = dict(zip(values, ratio_intervals(columns[known], seed=seed), strict=True))
    gaps = [changes(values["full"][known], each[known]) for each in values.values()]
    leads = ratio_intervals(np.stack(gaps, axis=1), seed=seed)
    lead = {model: each for model, each in zip(values, leads, strict=True) if model != "full"}
    return Level(of, name, int(known.sum()), ndcg, lead)


def tuned_by_shopper(
    validation: LiveEngine,
    test: LiveEngine,
    common: FusionSettings,
    settings: ExperimentSettings,
    progress: Progress = silent,
) -> list[Tuned]:
    """Does it pay to give hot, warm and cold shoppers weights of their own? Each level, then everyone together."""
    values = test.measure(RankingSettings(common, WHOLE_CATALOGUE, settings.k)).lists.values[METRIC]
    mixed, rows = values.copy(), []
    for name in LEVELS:
        segment = Segment.of(activity=name)
        n_validation = int(segment.mask(validation.panel.shoppers).sum())
        inside = segment.mask(test.panel.shoppers)
        fusion = None
        if n_validation >= FEWEST_TO_TUNE:
            found = weight_map(validation, settings.k, WHOLE_CATALOGUE, segment=segment, metrics=(), progress=progress)
            fusion = found.settings(found.best(METRIC))
            own = test.measure(RankingSettings(fusion, WHOLE_CATALOGUE, settings.k)).lists.values[METRIC]
            mixed[inside] = own[inside]
        if inside.any():
            rows.append(_tuned(name, n_validation, fusion, values[inside], mixed[inside], settings.seed))
    return [*rows, _tuned("everyone", len(validation.panel), None, values, mixed, settings.seed)]


def _tuned(
    name: str, n_validation: int, fusion: FusionSettings | None, common: UserValues, own: UserValues, seed: int
) -> Tuned:
    change = mean_interval(changes(own, common), seed)
    return Tuned(name, n_validation, len(own), fusion, float(np.nanmean(common)), float(np.nanmean(own)), change)
