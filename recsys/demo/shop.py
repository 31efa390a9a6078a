"""The demo shop as `shop.toml` declares it: departments, the aspects of their products, its two years and its effects.

Planted effects are in log-odds, by department and by aspect. An aspect effect counts in proportion to the hidden
quality of a product, so that in winter not only sleeping bags but above all *warm* sleeping bags are wanted.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.settings import CONTEXT_VALUES

N_ASPECTS = 9
"""Most aspects of a product; where there are fewer, the last ones stay empty."""


@dataclass(frozen=True, slots=True)
class Department:
    """One department of the shop.

    `key` is used in the phrase banks and the hidden truth, `label` is the category as shown. `price` is the median of a
    mid-tier product, at most `N_ASPECTS` `aspects` apply to each of its products. `kinds` have their tags after a
    colon, `nouns` are what shoppers call such a product, in the singular, and `uses` must read well after "for".
    """

    key: str
    label: str
    price: float
    aspects: list[str]
    kinds: list[str]
    nouns: list[str]
    uses: list[str]
    materials: list[str]


SHOP = tomllib.loads((Path(__file__).parent / "shop.toml").read_text(encoding="utf-8"))
REGIONS, DEVICES = tuple(SHOP["regions"]), tuple(SHOP["devices"])
DEPARTMENTS = tuple(Department(**each) for each in SHOP["departments"])
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
"""bool of the same shape: whether there is an aspect."""

DAY = 86_400
N_DAYS = 730
END = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
"""The first second after the last day, in seconds since 1970."""

START = END - N_DAYS * DAY

_HOURS, _WEEKDAYS, _MONTHS = (np.array(SHOP["rhythm"][name], float) for name in ("hours", "weekdays", "months"))


def month_of(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count months since 1970."""
    return np.asarray(seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64))


def codes_at(seconds: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Code the circumstances that follow from moments, as rows of their values; 1 January 1970 was a Thursday."""
    season = (month_of(seconds) + 1) % 12 // 3
    return {"daypart": seconds % DAY // (DAY // 4), "weekday": (seconds // DAY + 3) % 7, "season": season}


def _day_shares() -> NDArray[np.float64]:
    days = START + np.arange(N_DAYS) * DAY
    growth = 1 + 0.6 * np.arange(N_DAYS) / N_DAYS
    shares = growth * _WEEKDAYS[codes_at(days)["weekday"]] * _MONTHS[month_of(days) % 12]
    return np.asarray(np.cumsum(shares / shares.sum()))


_SHARES = _day_shares()
_HOUR_SHARES = np.cumsum(_HOURS / _HOURS.sum())


def moments(rng: np.random.Generator, since: NDArray[np.int64]) -> NDArray[np.int64]:
    """One moment after each of `since` and before END, by the rhythm of the shop."""
    first = np.clip((since - START) // DAY, 0, N_DAYS - 1)
    floor = np.where(first > 0, _SHARES[np.maximum(first - 1, 0)], 0.0)
    drawn = floor + rng.random(len(since)) * (1 - floor)
    day = np.minimum(np.searchsorted(_SHARES, drawn, side="right"), N_DAYS - 1)
    hour = np.minimum(np.searchsorted(_HOUR_SHARES, rng.random(len(since)), side="right"), 23)
    return np.asarray(START + day * DAY + hour * 3600 + rng.integers(0, 3600, len(since)))


VALUES: Mapping[str, tuple[str, ...]] = {**CONTEXT_VALUES, "device": DEVICES, "region": REGIONS}
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
