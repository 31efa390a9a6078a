"""A judge of learnt context effects that knows the hidden truth of a demo folder.

Whoever learnt log-lifts hands them over by category and hears what was planted beside each; nothing ranks by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.demo.circumstances import VALUES
from recsys.demo.truth import load_truth

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class PlantedEffect:
    """What one circumstance does to one category, in log-odds.

    Parameters
    ----------
    planted : of the category itself; effects of what products are like come on top
    learnt : as it was handed over
    planted_beside, learnt_beside : the same, less what the category does in all circumstances and what the circumstance
        does to all categories. A log-lift is a share against a share, which moves by just these two, so that only what
        is left of either can be the same number
    """

    dimension: str
    value: str
    category: str
    planted: float
    learnt: float
    planted_beside: float
    learnt_beside: float


def planted_context(
    folder: Path, categories: Sequence[str], learnt: Mapping[str, tuple[Sequence[str], Floats]]
) -> list[PlantedEffect]:
    """Every learnt effect beside the planted one.

    Parameters
    ----------
    categories : names, in the order of the learnt effects' columns
    learnt : by dimension, its values and their log-lifts of shape (n_values, n_categories)

    Raises
    ------
    DataError : the folder hides no truth
    """
    truth = load_truth(folder)
    found = []
    for dimension, (values, lifts) in learnt.items():
        known = [place for place, value in enumerate(values) if value in VALUES[dimension]]
        by_value = [truth.effect(dimension, values[place]) for place in known]
        planted = np.array([[effects[category] for category in categories] for effects in by_value], np.float64)
        handed = np.asarray(lifts, np.float64)[known]
        for row, place in enumerate(known):
            for column, category in enumerate(categories):
                cell = (row, column)
                told = (planted[cell], handed[cell], _beside(planted)[cell], _beside(handed)[cell])
                found.append(PlantedEffect(dimension, values[place], category, *map(float, told)))
    return found


def _beside(effects: Floats) -> Floats:
    """Without the means of rows and of columns."""
    left: Floats = effects - effects.mean(axis=0) - effects.mean(axis=1, keepdims=True) + effects.mean()
    return left
