"""The named aspects by which shoppers judge products, and which department is judged by which."""

import numpy as np
from numpy.typing import NDArray

from recsys.demo.departments import DEPARTMENTS, N_ASPECTS

ASPECTS: tuple[str, ...] = tuple(dict.fromkeys(name for department in DEPARTMENTS for name in department.aspects))
"""Every aspect, in the order in which the departments name them."""

ROW_OF: dict[str, int] = {name: row for row, name in enumerate(ASPECTS)}


def _table() -> NDArray[np.int16]:
    table = np.full((len(DEPARTMENTS), N_ASPECTS), -1, dtype=np.int16)
    for row, department in enumerate(DEPARTMENTS):
        table[row, : len(department.aspects)] = [ROW_OF[name] for name in department.aspects]
    return table


OF_DEPARTMENT: NDArray[np.int16] = _table()
"""int16 of shape (n_departments, N_ASPECTS): rows of ASPECTS that apply, in the department's order, -1 for none."""

APPLIES: NDArray[np.bool_] = OF_DEPARTMENT >= 0
"""bool of the same shape: whether there is an aspect in this place."""
