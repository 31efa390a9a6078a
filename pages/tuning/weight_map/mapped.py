"""What both charts of the map show: the map, the metrics on it, and the mixes that are marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages._shared.palette import LOOKS
from pages.tuning.metrics import FEW
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS
from recsys.settings import COMPONENTS, FusionSettings
from recsys.tuning.simplex_cells import N_STEPS
from recsys.tuning.weight_map import WeightMap

ALMOST_ALL = 0.9
"""From this share of mixes in the region on, little can be told from these shoppers."""


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """A setting as it is marked on the map.

    Parameters
    ----------
    name : what it is called
    shares : float64 of shape (n_components,), its weights, which sum to 1
    values : its metrics, measured as it is, with variety if it has any
    """

    name: str
    shares: NDArray[np.float64]
    values: Mapping[str, float]

    @classmethod
    def of(cls, name: str, fusion: FusionSettings, values: Mapping[str, float]) -> "Mix":
        """From settings."""
        return cls(name, np.array(list(fusion.normalised().values())), values)


@dataclass(frozen=True, eq=False)
class Mapped:
    """Parameters
    ----------
    found : the map
    metric, second : what is judged by, and what it is traded against
    now, reference : the setting on the sliders, and what it is compared with
    """

    found: WeightMap
    metric: str
    second: str
    now: Mix
    reference: Mix

    @property
    def values(self) -> NDArray[np.float64]:
        """The judged metric at every point."""
        return self.found.means[self.metric]

    @property
    def tied(self) -> NDArray[np.bool_]:
        """Points that are not ruled out as the best, after comparing all of them with it at once.

        With so many comparisons only clear losers are ruled out, so a point of it may well be worse than the best when
        the two are compared alone.
        """
        return self.found.tied[self.metric]

    @property
    def is_telling(self) -> bool:
        """Whether these shoppers tell mixes apart at all."""
        return self.found.n_users >= FEW and bool(self.tied.mean() < ALMOST_ALL)

    @cached_property
    def best(self) -> int:
        """The best point; -1 where no point has a value."""
        return self.found.best(self.metric)

    @cached_property
    def front(self) -> NDArray[np.intp]:
        """Points that no other beats by both metrics."""
        return self.found.efficient(self.metric, self.second)

    def label(self, metric: str) -> str:
        """A metric's name with the list length."""
        return METRICS[metric].at(self.found.k)

    def axis(self, metric: str) -> str:
        """Name, unit, and which way is better."""
        unit = {"bits": " (bits)", "share": " (%)", "lift": " (%)"}.get(METRICS[metric].unit, "")
        return f"{self.label(metric)}{unit}, {'higher' if METRICS[metric].higher_is_better else 'lower'} is better"

    def told(self, points: NDArray[np.intp]) -> dict[str, Any]:
        """What a click on points gives, and hovering over them says: arguments of a trace.

        Each has a row of its number, its weights in percent, both metrics, and a remark; the rest is said once.
        """
        front, found = set(self.front.tolist()), self.found
        percent = (found.cells.steps[points] * (100 // N_STEPS)).tolist()
        rows = [
            [
                point,
                *shares,
                *(fmt.value(name, float(found.means[name][point])) for name in (self.metric, self.second)),
                self._remark(point, point in front),
            ]
            for point, shares in zip(points.tolist(), percent, strict=True)
        ]
        n = len(COMPONENTS)
        weights = [
            f"{LOOKS[name].glyph} {LOOKS[name].label} %{{customdata[{place}]}}%"
            for place, name in enumerate(COMPONENTS, 1)
        ]
        values = [
            f"{self.label(name)} <b>%{{customdata[{place}]}}</b>"
            for place, name in enumerate((self.metric, self.second), n + 1)
        ]
        said = "<br>".join([*weights, *values]) + f"%{{customdata[{n + 3}]}}<br><i>Click to load</i><extra></extra>"
        return {"customdata": rows, "hovertemplate": said}

    def _remark(self, point: int, is_efficient: bool) -> str:
        lines = ["The best found"] if point == self.best else []
        if self.tied[point] and point != self.best:
            lines.append("Not ruled out as the best")
        if is_efficient:
            lines.append("No mix is better by both")
        return "".join(f"<br>{line}" for line in lines)


def tick_format(metric: str) -> str:
    """How Plotly writes a metric's numbers on an axis."""
    return {"share": ".0%", "lift": "+.0%"}.get(METRICS[metric].unit, "")
