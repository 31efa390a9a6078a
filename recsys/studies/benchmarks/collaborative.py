"""Seconds and memory that fitting each engine of the collaborative component takes, at 1,000 to 50,000 products.

As many shoppers as products like twenty each, popular ones more. EASE holds the most liked products up to its
`max_items`; ItemKNN and LightFM hold all.
"""

import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.scorers.base import Fitting
from recsys.scorers.collaborative import ENGINE_CLASSES, CollaborativeSettings

N_LIKES = 20
N_EPOCHS = 10
SMALL: Mapping[str, Any] = {"sizes": (200,)}


def run(sizes: tuple[int, ...] = (1_000, 5_000, 12_000, 50_000)) -> dict[str, Any]:
    """Seconds, and the most memory in MiB that is held at once, by number of products and engine.

    LightFM is fitted with N_EPOCHS epochs. Memory is what numpy asks for, measured in a fit of its own.
    """
    _fit(_shop(SMALL["sizes"][0]))  # compiles
    return {f"{n_items}": _fit(_shop(n_items)) for n_items in sizes}


def _fit(data: Dataset) -> dict[str, float]:
    usual, found = CollaborativeSettings(), dict[str, float]()
    usual = replace(usual, lightfm=replace(usual.lightfm, n_epochs=N_EPOCHS))
    for name, kind in ENGINE_CLASSES.items():
        start = time.perf_counter()
        kind(getattr(usual, name)).fit(Fitting(data))
        found[f"{name}_s"] = round(time.perf_counter() - start, 2)
        tracemalloc.start()
        try:
            kind(getattr(usual, name)).fit(Fitting(data))
            found[f"{name}_mb"] = round(tracemalloc.get_traced_memory()[1] / 2**20)
        finally:
            tracemalloc.stop()
    return found


def _shop(n_items: int) -> Dataset:
    """A shop whose products have one of forty categories and one of two hundred brands."""
    rng = np.random.default_rng(0)
    chances = 1 / np.arange(10, n_items + 10)
    bought = rng.choice(n_items, N_LIKES * n_items, p=chances / chances.sum())
    shoppers = np.repeat(np.arange(n_items), N_LIKES)
    ids = np.char.add("P", np.arange(n_items).astype(str))
    items = pd.DataFrame(
        {
            "item_id": ids,
            "title": np.char.add("Product ", np.arange(n_items).astype(str)),
            "category": np.char.add("Category ", rng.integers(0, 40, n_items).astype(str)),
            "brand": np.char.add("Brand ", rng.integers(0, 200, n_items).astype(str)),
        }
    )
    days = rng.integers(0, 700, len(bought))
    events = pd.DataFrame(
        {
            "user_id": np.char.add("U", shoppers.astype(str)),
            "item_id": ids[bought],
            "event": "purchase",
            "timestamp": pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(days, unit="D"),
        }
    )
    return Dataset.from_frames(items, events=events)
