"""Seconds of training, stage by stage, on a new demo shop: without and with cached phrases."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from recsys.demo import generate_demo
from recsys.progress import Progress
from recsys.training.fit import train

SMALL: Mapping[str, Any] = {"n_items": 60, "n_shoppers": 60}


def run(n_items: int = 1000, n_shoppers: int = 1500) -> dict[str, Any]:
    """Seconds by stage of making the shop, of the first training and of the second one."""
    found: dict[str, Any] = {"n_items": n_items, "n_shoppers": n_shoppers}
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, RECSYS_CACHE_DIR=f"{folder}/cache"):
        shop, model = Path(folder) / "data", Path(folder) / "model"
        stages: dict[str, Callable[[Progress], object]] = {
            "demo": lambda watch: generate_demo(shop, n_items=n_items, n_shoppers=n_shoppers, progress=watch),
            "first": lambda watch: train(shop, model, progress=watch),
            "cached": lambda watch: train(shop, model, progress=watch),
        }
        for name, work in stages.items():
            watch = _Stopwatch()
            work(watch)
            found |= {f"{name}_s": watch.total_s(), f"{name}_stages_s": watch.stages_s()}
    return {**found, "n_phrases": watch.totals["encoding phrases"]}


class _Stopwatch:
    """A `Progress` that remembers when each stage began."""

    def __init__(self) -> None:
        self._begun: list[tuple[str, float]] = [("starting", time.perf_counter())]
        self.totals: dict[str, int] = {}

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.totals[stage] = total
        if stage != self._begun[-1][0]:
            self._begun.append((stage, time.perf_counter()))

    def total_s(self) -> float:
        return round(time.perf_counter() - self._begun[0][1], 2)

    def stages_s(self) -> dict[str, float]:
        ends = [moment for _, moment in self._begun[1:]] + [time.perf_counter()]
        spent: dict[str, float] = {}
        for (stage, begun), end in zip(self._begun, ends, strict=True):
            spent[stage] = round(spent.get(stage, 0.0) + end - begun, 2)
        return spent
