"""How circumstances really shift what shoppers want: planted effects, in log-odds, by department and by aspect.

An aspect effect counts in proportion to the hidden quality of a product, so that in winter not only sleeping bags but
above all *warm* sleeping bags are wanted.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recsys.demo.departments import ASPECTS, COLUMN_OF, DEPARTMENTS, DEVICES, REGIONS, ROW_OF, SHOP
from recsys.settings import DAYPARTS, SEASONS, WEEKDAYS

VALUES: Mapping[str, tuple[str, ...]] = {
    "daypart": DAYPARTS,
    "weekday": WEEKDAYS,
    "season": SEASONS,
    "device": DEVICES,
    "region": REGIONS,
}
"""Values of each dimension, in the order of the effect arrays' rows."""


def effects(dimension: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Planted effects of one dimension.

    Returns float32 of shape (n_values, n_departments) and float32 of shape (n_values, n_aspects), in log-odds.
    """
    values = VALUES[dimension]
    by_department = np.zeros((len(values), len(DEPARTMENTS)), dtype=np.float32)
    by_aspect = np.zeros((len(values), len(ASPECTS)), dtype=np.float32)
    for row, value in enumerate(values):
        for part in SHOP["effects"][dimension][value].split(", "):
            name, size = part.split()
            if name in COLUMN_OF:
                by_department[row, COLUMN_OF[name]] = float(size)
            else:
                by_aspect[row, ROW_OF[name]] = float(size)
    return by_department, by_aspect
