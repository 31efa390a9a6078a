"""What the demo shop sells: departments, and the named aspects by which their products are judged; see `shop.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_ASPECTS = 9
"""The most aspects by which a product is judged; where there are fewer, places at the end stay empty."""

REGIONS = ("Highlands", "Lakes", "Coast", "Plains", "Capital")
DEVICES = ("mobile", "desktop", "tablet")


@dataclass(frozen=True, slots=True)
class Department:
    """One department of the shop.

    Parameters
    ----------
    key : short name, as used in the phrase banks and the hidden truth
    label : category as the shop shows it
    price : median price of a mid-tier product
    aspects : the aspects that apply to each of its products, at most `N_ASPECTS`
    kinds : kinds of product, each with its tags after a colon
    nouns : what shoppers call such a product, in the singular
    uses : what it is used for; must read well after "for"
    materials : what it is made of
    """

    key: str
    label: str
    price: float
    aspects: tuple[str, ...]
    kinds: tuple[str, ...]
    nouns: tuple[str, ...]
    uses: tuple[str, ...]
    materials: tuple[str, ...]


SHOP = tomllib.loads((Path(__file__).parent / "shop.toml").read_text(encoding="utf-8"))
_WORDS = ("aspects", "kinds", "nouns", "uses", "materials")
DEPARTMENTS = tuple(
    Department(each["key"], each["label"], each["price"], *(tuple(each[name]) for name in _WORDS))
    for each in SHOP["departments"]
)
COLUMN_OF = {department.key: column for column, department in enumerate(DEPARTMENTS)}

ASPECTS: tuple[str, ...] = tuple(dict.fromkeys(name for department in DEPARTMENTS for name in department.aspects))
"""Every aspect, in the order in which the departments name them."""

ROW_OF = {name: row for row, name in enumerate(ASPECTS)}

OF_DEPARTMENT: NDArray[np.int16] = np.array(
    [[*map(ROW_OF.__getitem__, each.aspects), *[-1] * (N_ASPECTS - len(each.aspects))] for each in DEPARTMENTS],
    np.int16,
)
"""int16 of shape (n_departments, N_ASPECTS): rows of ASPECTS that apply, in the department's order, -1 for none."""

APPLIES: NDArray[np.bool_] = OF_DEPARTMENT >= 0
"""bool of the same shape: whether there is an aspect in this place."""
