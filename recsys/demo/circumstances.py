"""How circumstances really shift what shoppers want: planted effects, in log-odds, by department and by aspect.

An aspect effect counts in proportion to the hidden quality of a product, so that in winter not only sleeping bags but
above all *warm* sleeping bags are wanted.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recsys.demo.aspects import ASPECTS, ROW_OF
from recsys.demo.departments import DEPARTMENTS, DEVICES, REGIONS
from recsys.settings import DAYPARTS, SEASONS, WEEKDAYS

VALUES: Mapping[str, tuple[str, ...]] = {
    "daypart": DAYPARTS,
    "weekday": WEEKDAYS,
    "season": SEASONS,
    "device": DEVICES,
    "region": REGIONS,
}
"""Values of each dimension, in the order of the effect arrays' rows."""

_EFFECTS: Mapping[str, Mapping[str, str]] = {
    "daypart": {
        "night": "candles .5, speakers .3, lamps .4, coffee -.5, garden -.6, boots -.2",
        "morning": "coffee .9, bottles .4, fitness .5, candles -.7, lamps -.3, speakers -.3",
        "afternoon": "garden .6, cookware .3, backpacks .2, vacuums .3, candles -.3",
        "evening": "candles .8, lamps .6, bedding .5, speakers .3, coffee -.6, garden -.5, glow .3, softness .2",
    },
    "weekday": {
        "Monday": "fitness .6, coffee .4, tents -.3, vacuums .2",
        "Tuesday": "coffee .2, fitness .2, garden -.3",
        "Wednesday": "bedding .2, garden -.2",
        "Thursday": "backpacks .3, headlamps .2",
        "Friday": "tents .6, stoves .5, sleeping_bags .4, speakers .3, coffee -.2",
        "Saturday": "garden .8, cookware .4, boots .3, fitness -.4",
        "Sunday": "bedding .5, candles .4, cookware .3, vacuums .4, fitness -.2, backpacks -.3",
    },
    "season": {
        "winter": "candles .7, jackets .5, base_layers .8, headlamps .6, bedding .3, tents -1.1, garden -.9, warmth .4",
        "spring": "garden .9, vacuums .4, boots .4, tents .2, candles -.4, waterproofing .3",
        "summer": "tents 1.0, stoves .7, bottles .6, speakers .6, sleeping_bags .4, base_layers -.8, candles -.8, "
        "jackets -.5, cooling .4, ventilation .3",
        "autumn": "jackets .6, boots .5, lamps .5, coffee .2, headlamps .4, garden -.2, waterproofing .3",
    },
    "device": {
        "mobile": "candles .3, bottles .4, coffee .3, speakers .3, vacuums -.4, tents -.3, packability .2, looks .2",
        "desktop": "vacuums .5, tents .4, backpacks .3, cookware .2, candles -.3, bottles -.3, value .2",
        "tablet": "bedding .5, lamps .5, cookware .4, garden .3, fitness -.3",
    },
    "region": {
        "Highlands": "boots .7, jackets .5, stoves .3, speakers -.4, wind_stability .4, warmth .3",
        "Lakes": "tents .5, jackets .3, base_layers .2, vacuums -.2, waterproofing .4",
        "Coast": "speakers .4, bottles .3, candles .2, base_layers -.3, rust .4",
        "Plains": "garden .7, cookware .3, boots -.4, stoves -.2",
        "Capital": "coffee .6, lamps .4, fitness .4, tents -.5, garden -.7, noise .4",
    },
}


def effects(dimension: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Planted effects of one dimension.

    Returns
    -------
    float32 of shape (n_values, n_departments) and float32 of shape (n_values, n_aspects), in log-odds
    """
    columns = {department.key: column for column, department in enumerate(DEPARTMENTS)}
    values = VALUES[dimension]
    by_department = np.zeros((len(values), len(DEPARTMENTS)), dtype=np.float32)
    by_aspect = np.zeros((len(values), len(ASPECTS)), dtype=np.float32)
    for row, value in enumerate(values):
        for part in _EFFECTS[dimension][value].split(", "):
            name, size = part.split()
            if name in columns:
                by_department[row, columns[name]] = float(size)
            else:
                by_aspect[row, ROW_OF[name]] = float(size)
    return by_department, by_aspect
