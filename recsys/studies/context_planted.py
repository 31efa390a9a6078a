"""On a demo shop: context effects that were planted, beside the log-lifts that the context component learnt.

Learnt is the mean log-lift of a category's products, by the component that serves the test shoppers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

from recsys.demo.oracle import PlantedEffect, planted_context
from recsys.errors import DataError
from recsys.evaluation.statistics.intervals import mean_interval
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.panel import Panel
from recsys.studies.format import table_of
from recsys.studies.result import NOTHING, Plot, Series, Table

NEAR_ZERO = 0.1
"""Half of the smallest effect that is planted: what is learnt below it counts as none."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recovery:
    """How well planted effects were learnt; `_beside` is of effects less the means of category and circumstance.

    `signs` is the share of the `n_effects` other than zero whose sign is right, a count with Wilson's interval, and
    `order` Spearman's correlation of all planted and learnt effects, by resampled categories. `n_near_zero` and
    `n_lost` were learnt as near zero, of the `n_zero` planted as zero and of those planted as other.
    """

    signs: Interval
    order: Interval
    signs_beside: Interval
    order_beside: Interval
    n_zero: int
    n_near_zero: int
    n_effects: int
    n_lost: int


@dataclass(frozen=True, eq=False, slots=True)
class PlantedFigures:
    """Every effect, and how well they were learnt: all together under "all", and by dimension."""

    effects: tuple[PlantedEffect, ...]
    recovered: dict[str, Recovery]


def recovered_on(folder: Path, panel: Panel) -> PlantedFigures | None:
    """Compare the log-lifts of a panel's component with the truth of a demo shop; None where the data hide none."""
    scorer, codes = panel.context_scorers[0], pd.Categorical(panel.items["category"])
    of_category = np.eye(len(codes.categories))[codes.codes]
    shares = of_category / of_category.sum(axis=0)
    learnt = {name: (values, lifts @ shares) for name, (values, lifts) in scorer.lifts.items()}
    try:
        effects = planted_context(folder, list(codes.categories), learnt)
    except DataError:
        return None
    groups = {"all": effects, **{name: [each for each in effects if each.dimension == name] for name in learnt}}
    return PlantedFigures(tuple(effects), {name: recovered(found) for name, found in groups.items()})


def recovered(effects: Sequence[PlantedEffect]) -> Recovery:
    codes = pd.Categorical([each.category for each in effects]).codes
    some, zero = ([each for each in effects if bool(each.planted) == is_some] for is_some in (True, False))
    return Recovery(
        signs=_share([each.planted * each.learnt > 0 for each in some]),
        order=_order([(each.planted, each.learnt) for each in effects], codes),
        signs_beside=_share([each.planted_beside * each.learnt_beside > 0 for each in some]),
        order_beside=_order([(each.planted_beside, each.learnt_beside) for each in effects], codes),
        n_zero=len(zero),
        n_near_zero=sum(abs(each.learnt) < NEAR_ZERO for each in zero),
        n_effects=len(some),
        n_lost=sum(abs(each.learnt) < NEAR_ZERO for each in some),
    )


def _share(right: Sequence[bool]) -> Interval:
    if not right:
        return NOTHING
    ends = binomtest(sum(right), len(right)).proportion_ci(method="wilson")
    return Interval(sum(right) / len(right), float(ends.low), float(ends.high), len(right))


def _order(effects: Sequence[tuple[float, float]], codes: NDArray[np.integer]) -> Interval:
    """Rank correlation; each category, whose effects hang together, stands for what it changes (the jackknife)."""
    pairs = np.array(effects, np.float64).reshape(-1, 2)
    names, whole = np.unique(codes), _spearman(pairs)
    without = np.array([_spearman(pairs[codes != name]) for name in names])
    jackknife = mean_interval(len(names) * whole - (len(names) - 1) * without)
    low, high = np.clip(np.array([jackknife.low, jackknife.high]) + whole - jackknife.mean, -1, 1).tolist()
    return Interval(whole, low, high, len(pairs))


def _spearman(pairs: Floats) -> float:
    if not len(pairs) or (pairs == pairs[0]).all(axis=0).any():
        return float("nan")
    return float(np.corrcoef(rankdata(pairs, axis=0), rowvar=False)[0, 1])


def planted_conclusion(planted: PlantedFigures) -> tuple[str, ...]:
    found = planted.recovered["all"]
    return (
        f"Of {found.n_effects} effects of a circumstance on a category that were planted in this shop, "
        f"{_of(found.signs, '.0%')} are learnt with the right sign, and the order of all agrees with a rank "
        f"correlation of {_of(found.order, '.2f')} (1 is the same order).",
    )


def _of(found: Interval, form: str) -> str:
    return f"{found.mean:{form}}" + (f" ({found.low:{form}} to {found.high:{form}})" if found.is_given else "")


def planted_tables(planted: PlantedFigures) -> tuple[Table, ...]:
    columns = {"signs": "Right signs", "signs_beside": "Right signs, means taken out"}
    columns |= {"order": "Rank correlation", "order_beside": "Rank correlation, means taken out"}
    columns |= {"n_effects": "Planted effects", "n_zero": "Planted as zero"}
    columns |= {"n_near_zero": "of them learnt as near zero", "n_lost": "Planted effects learnt as near zero"}
    recovered = [
        {"dimension": dimension} | {name: getattr(found, name) for name in columns}
        for dimension, found in planted.recovered.items()
    ]
    fields = {"dimension": "Dimension", "value": "Circumstance", "category": "Category"}
    fields |= {"planted": "Planted", "learnt": "Learnt"}
    fields |= {"planted_beside": "Planted, means taken out", "learnt_beside": "Learnt, means taken out"}
    return (
        table_of(
            "recovered",
            "Planted context effects, and how well the component learnt them",
            recovered,
            {"dimension": "Dimension", **columns},
            "Signs are of effects that were planted as other than zero, with a binomial interval; effects of one "
            "category hang together, so it is somewhat too narrow. Means taken out: less what a category does in all "
            f"circumstances and a circumstance to all categories. Near zero: within {NEAR_ZERO:g}.",
        ),
        table_of(
            "planted",
            "Every effect of a circumstance on a category, in log-odds: planted, and learnt as a log-lift",
            sorted(planted.effects, key=lambda each: -abs(each.planted)),
            {**fields, "judged": ("Judged", _judged)},
            "What products are like adds to what is planted for their category. A log-lift is a share against a "
            "share: where much else is wanted less, what is planted as zero is learnt as more.",
        ),
    )


def _judged(effect: PlantedEffect) -> str:
    if not effect.planted:
        return "zero, learnt as near zero" if abs(effect.learnt) < NEAR_ZERO else "zero, learnt as an effect"
    return "right sign" if effect.planted * effect.learnt > 0 else "wrong sign"


def planted_plot(planted: PlantedFigures) -> Plot:
    series = []
    for dimension in (name for name in planted.recovered if name != "all"):
        some = [each for each in planted.effects if each.dimension == dimension]
        series.append(Series.of(dimension, [each.planted for each in some], [each.learnt for each in some]))
    title = "Effects of circumstances on categories: planted against learnt"
    axes = "Planted, log-odds", "Learnt, mean log-lift of the category's products"
    return Plot("planted", title, *axes, tuple(series), zero=True)
