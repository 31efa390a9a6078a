"""What every state of the texts is worth, and what words are worth for cold, warm and hot products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.metrics.lists import UserValues
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.paired import Difference, MeasuredLists
from recsys.evaluation.statistics.significance import Interval
from recsys.settings import FusionSettings
from recsys.studies.cold.levels import restricted_to
from recsys.studies.paired_differences import paired_differences
from recsys.studies.sparsity.measure import MeasuredLevel, TextShop
from recsys.studies.sparsity.texts import CLEAN, SILENT, TextLevel

METRIC = "ndcg"

MEANS: Mapping[str, str] = {
    "alone": "semantic alone",
    "mix": "mix tuned at this level",
    "steady": "mix tuned for all texts",
}
"""Lists that are measured at each level."""

CHANGES: Mapping[str, tuple[str, str]] = {
    "alone_clean": ("alone", "clean"),
    "alone_silent": ("alone", "silent"),
    "gain": ("mix", "plain"),
    "mix_clean": ("mix", "clean"),
    "mix_silent": ("mix", "silent"),
    "steady_gain": ("steady", "plain"),
    "steady_clean": ("steady", "clean"),
}
"""Paired changes by name: which of `MEANS`, and what it is held against: the same with all texts or with none, or the
mix without the semantic component."""

MANY = 10
CLASSES: Mapping[str, tuple[float, float]] = {
    "no": (0, 0),
    "1 or 2": (1, 2),
    f"3 to {MANY - 1}": (3, MANY - 1),
    f"{MANY} or more": (MANY, np.inf),
}
"""How many there are of a product, least and most."""

INTERACTIONS, TEXTS = "training interactions", "reviews with text"

SIMPLE = ("content", "collaborative")
"""Components that stand beside the semantic one."""


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """One state of the texts.

    Parameters
    ----------
    weights : of the mix, tuned at this level
    n_texts, n_phrases, n_listed, residual : as in `MeasuredLevel`
    means : nDCG by name of `MEANS`
    changes : by name of `CHANGES`, p-values corrected for the levels that are compared together
    """

    level: TextLevel
    weights: FusionSettings
    n_texts: int
    n_phrases: int
    n_listed: float
    residual: float
    means: Mapping[str, Interval]
    changes: Mapping[str, Difference]


@dataclass(frozen=True, slots=True)
class ProductFigures:
    """Products of which there is so much, on the test shoppers who are to find one.

    Parameters
    ----------
    known_by : INTERACTIONS or TEXTS
    how_many : key of `CLASSES`
    n : shoppers
    words : nDCG of the semantic component alone, with all texts less without any
    gain : nDCG of the mix, with the semantic component less without it
    simple : nDCG of `SIMPLE` by name
    """

    known_by: str
    how_many: str
    n: int
    words: Difference
    gain: Difference
    simple: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SparsityFigures:
    """Everything that the study measures.

    Parameters
    ----------
    plain_weights, plain : of the best mix without the semantic component, and its nDCG
    shares, noises : by name of the level
    """

    plain_weights: FusionSettings
    plain: Interval
    shares: Mapping[str, LevelFigures]
    noises: Mapping[str, LevelFigures]
    products: Sequence[ProductFigures]


def compare_levels(
    levels: Sequence[MeasuredLevel], references: Mapping[TextLevel, MeasuredLevel], plain: MeasuredLists, seed: int
) -> dict[str, LevelFigures]:
    """Figures of some levels by name, p-values corrected for how many they are.

    Parameters
    ----------
    references : of `CLEAN` and `SILENT`
    plain : the mix without the semantic component
    """
    held = {"clean": references[CLEAN], "silent": references[SILENT]}

    def pair(each: MeasuredLevel, of: str, against: str) -> tuple[UserValues, UserValues]:
        return _ndcg(getattr(each, of)), _ndcg(getattr(held[against], of) if against in held else plain)

    found = {
        name: paired_differences({each.level: pair(each, *change) for each in levels}, seed)
        for name, change in CHANGES.items()
    }
    return {
        each.level.name: LevelFigures(
            level=each.level,
            weights=each.fusion,
            n_texts=each.n_texts,
            n_phrases=each.n_phrases,
            n_listed=each.n_listed,
            residual=each.residual,
            means={name: mean_interval(_ndcg(getattr(each, name)), seed) for name in MEANS},
            changes={name: by_level[each.level] for name, by_level in found.items()},
        )
        for each in levels
    }


def product_counts(shop: TextShop) -> dict[str, NDArray[np.int64]]:
    """How much training knows of every product, int64 of shape (n_items,), by INTERACTIONS and TEXTS."""
    positives = shop.test.train.positives()
    return {INTERACTIONS: np.bincount(positives["item_row"], minlength=shop.test.data.n_items), TEXTS: shop.texts_of}


def product_figures(
    shop: TextShop, clean: MeasuredLevel, silent: MeasuredLevel, plain: MeasuredLists
) -> list[ProductFigures]:
    """Every class of products that any test shopper is to find; shoppers who have none to find are left out."""
    lists = {"alone": clean.alone, "silent": silent.alone, "mix": clean.mix, "plain": plain}
    lists |= {name: shop.test.lists(FusionSettings.only(name)) for name in SIMPLE}
    values: dict[tuple[str, str], dict[str, UserValues]] = {}
    for known_by, count in product_counts(shop).items():
        for how_many, (least, most) in CLASSES.items():
            engine = restricted_to(shop.test.engine, (count >= least) & (count <= most))
            found = {name: _ndcg(engine.measured(np.array(each.ranked))) for name, each in lists.items()}
            if not np.isnan(found["alone"]).all():
                values[known_by, how_many] = found
    seed = shop.test.settings.seed
    words = paired_differences({key: (each["alone"], each["silent"]) for key, each in values.items()}, seed)
    gain = paired_differences({key: (each["mix"], each["plain"]) for key, each in values.items()}, seed)
    return [
        ProductFigures(
            *key,
            int((~np.isnan(each["alone"])).sum()),
            words[key],
            gain[key],
            {name: float(np.nanmean(each[name])) for name in SIMPLE},
        )
        for key, each in values.items()
    ]


def _ndcg(lists: MeasuredLists) -> UserValues:
    return lists.values[METRIC]
