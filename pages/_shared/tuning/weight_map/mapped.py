"""What both charts of the map show: the map, the metrics on it, and the mixes that are marked."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pages._shared.palette import LOOKS
from pages._shared.tuning import wording
from recsys.evaluation.live.weight_map import WeightMap
from recsys.evaluation.paired import HIGHER_IS_BETTER
from recsys.settings import COMPONENTS, FusionSettings

POINT = "point"
"""Customdata of what can be clicked begin with the number of the point."""


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


@dataclass(frozen=True, slots=True, eq=False)
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
        """Points that cannot be told from the best."""
        return self.found.tied[self.metric]

    @property
    def best(self) -> int:
        """The best point; -1 where no point has a value."""
        return self.found.best(self.metric)

    @property
    def front(self) -> NDArray[np.intp]:
        """Points that no other beats by both metrics."""
        return self.found.efficient(self.metric, self.second)

    def label(self, metric: str) -> str:
        """A metric's name with the list length."""
        return wording.METRICS[metric].at(self.found.k)

    def axis(self, metric: str) -> str:
        """Name, unit, and which way is better."""
        unit = {"bits": " (bits)", "share": " (%)", "lift": " (%)"}.get(wording.METRICS[metric].unit, "")
        return f"{self.label(metric)}{unit}, {'higher' if HIGHER_IS_BETTER[metric] else 'lower'} is better"

    def said(self, points: NDArray[np.intp]) -> list[str]:
        """What hovering over points says."""
        front = set(self.front.tolist())
        return [self._said(point, point in front) for point in points.tolist()]

    def _said(self, point: int, is_efficient: bool) -> str:
        lines = [mix_in_words(self.found.cells.weights[point])]
        lines += [
            f"{self.label(name)} <b>{wording.value(name, float(self.found.means[name][point]))}</b>"
            for name in (self.metric, self.second)
        ]
        if point == self.best:
            lines.append("The best found")
        elif self.tied[point]:
            lines.append("Cannot be told from the best")
        if is_efficient:
            lines.append("No mix is better by both")
        return "<br>".join([*lines, "<i>Click to load</i>"])


def mix_in_words(shares: NDArray[np.floating]) -> str:
    """The weights of a mix, for hovering.

    >>> mix_in_words(np.array([0.5, 0.0, 0.25, 0.25]))
    '● Collaborative 50%<br>■ Content 0%<br>◆ Semantic 25%<br>▲ Context 25%'
    """
    return "<br>".join(
        f"{LOOKS[name].glyph} {LOOKS[name].label} {share:.0%}" for name, share in zip(COMPONENTS, shares, strict=True)
    )


def tick_format(metric: str) -> str:
    """How Plotly writes a metric's numbers on an axis."""
    return {"share": ".0%", "lift": "+.0%"}.get(wording.METRICS[metric].unit, "")
