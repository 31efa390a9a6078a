"""Accuracy against a second metric: where the setting stands among baselines and presets, and where you have been."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages._shared.cards import esc
from pages._shared.charts import framed
from pages._shared.palette import ACCENT, INK, MUTED, SURFACE
from pages.tuning import chart_parts
from pages.tuning.context import TuningCase
from pages.tuning.metric_cells import BASELINES
from recsys.evaluation.metrics import format as fmt
from recsys.evaluation.metrics.registry import METRICS, WHOLE_METRICS
from recsys.evaluation.statistics.paired import Difference
from recsys.tuning.config import EvaluationConfig

_TRAIL = "tuning_trail"
_LOOKED = "settings_looked_at"
LONGEST_TRAIL = 40

_NEAR = 0.05, 0.04
"""Diamonds closer than this, as shares of the vertical axis and of the horizontal one, hide each other's numbers."""

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "number": (0.0, 1.0),
    "share": (0.0, 1.0),
    "bits": (0.0, math.inf),
    "lift": (-1.0, math.inf),
}
"""The least and the most that a metric can be, by unit."""

Point = tuple[int, float, float]
"""Number, x and y of a simple model."""

Range = Sequence[float] | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A setting on the trail, with its metrics by name."""

    setting: EvaluationConfig
    values: Mapping[str, float]


def trail(case: TuningCase, found: Mapping[str, Difference]) -> Sequence[Stop]:
    """The trail of this session with the present setting at its end; another question begins another trail."""
    question = (case.room.split, case.k, case.segment, case.now.settings.filters)
    before, trail = st.session_state.get(_TRAIL, (None, ()))
    stops: Sequence[Stop] = trail if before == question else ()
    stop = Stop(case.now, {name: each.new for name, each in found.items()})
    if not stops or stops[-1].setting != stop.setting:
        stops = (*stops, stop)[-LONGEST_TRAIL:]
    st.session_state[_TRAIL] = (question, stops)
    return stops


def n_looked_at(case: TuningCase) -> int:
    """How many settings this session has looked at on the test shoppers of one way of holding out."""
    split, seen = st.session_state.get(_LOOKED, (None, frozenset()))
    seen = (seen if split == case.room.split else frozenset()) | {case.now.ranks_like}
    st.session_state[_LOOKED] = (case.room.split, seen)
    return len(seen)


def figure(
    stops: Sequence[Stop],
    reference: tuple[str, Mapping[str, float]],
    baselines: Mapping[str, Mapping[str, float]],
    metrics: tuple[str, str],
    k: int,
    tone: str,
) -> go.Figure:
    """The chart.

    Parameters
    ----------
    stops : the trail, the present setting last
    reference : its name and values
    baselines : values by name
    metrics : what stands on the vertical axis, and on the horizontal one
    """
    up, right = metrics
    name, values = reference
    drawn = [values, *baselines.values(), *(stop.values for stop in stops)]
    ranges = [axis_range(metric, drawn) for metric in metrics]
    chart = go.Figure()

    def add(label: str, points: Sequence[tuple[str, Mapping[str, float]]], mode: str = "markers", **look: Any) -> None:
        chart.add_scatter(
            x=[each[right] for _, each in points],
            y=[each[up] for _, each in points],
            text=[_hover(text, each, metrics, k) for text, each in points],
            mode=mode,
            name=label,
            hovertemplate="%{text}<extra></extra>",
            cliponaxis=False,
            **look,
        )

    models = [(BASELINES[each], values) for each, values in baselines.items()]
    diamond = {"symbol": "diamond", "size": 17, "color": MUTED[tone], "line": {"width": 1, "color": SURFACE[tone]}}
    add("Simple models, numbered as in the table", models, marker=diamond)
    chart.add_traces(_numbers(baselines, metrics, ranges, tone))
    been = [(_mix(stop.setting), stop.values) for stop in stops]
    if len(been) > 1:
        faded = [0.2 + 0.6 * place / (len(been) - 1) for place in range(len(been))]
        line = {"color": ACCENT[tone], "width": 1, "dash": "dot"}
        dots = {"size": 6, "color": ACCENT[tone], "opacity": faded}
        add("Where you have been", been, "lines+markers", line=line, marker=dots)
    ring = {"symbol": "circle-open", "size": 15, "color": INK[tone], "line": {"width": 2}}
    add(f"Reference: {esc(name)}", [(name, values)], marker=ring)
    dot = {"size": 13, "color": ACCENT[tone], "line": {"width": 1.5, "color": SURFACE[tone]}}
    add("This setting", been[-1:], marker=dot)
    # Ticks outside make room for marks that stand on an axis.
    axis = chart_parts.axis(tone, nticks=6, ticks="outside", ticklen=10, tickcolor="rgba(0,0,0,0)")
    return chart.update_layout(
        **framed(f"{METRICS[up].at(k)} against {METRICS[right].at(k)}", tone),
        xaxis={**axis, "title_text": _axis(right, k), "range": ranges[1], "tickformat": _tick_format(right)},
        yaxis={**axis, "title_text": _axis(up, k), "range": ranges[0], "tickformat": _tick_format(up)},
        height=400,
        margin={"l": 8, "r": 14, "t": 58, "b": 8},
        legend={"orientation": "h", "y": -0.24, "x": 0, "font": {"size": 12}},
    )


def axis_range(metric: str, drawn: Sequence[Mapping[str, float]]) -> list[float] | None:
    """The range of an axis: around all points, and never where the metric cannot be; None where nobody has a value."""
    values = [each[metric] for each in drawn if not math.isnan(each[metric])]
    if not values:
        return None
    lowest, highest = _BOUNDS[METRICS[metric].unit]
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or max(0.1 * abs(high), 0.01)
    return [max(low - room, min(lowest, low)), min(high + room, max(highest, high))]


def _numbers(
    baselines: Mapping[str, Mapping[str, float]], metrics: tuple[str, str], ranges: Sequence[Range], tone: str
) -> list[go.Scatter]:
    """The numbers: inside of a diamond that stands alone, and beside those that lie over each other, together."""
    groups = _grouped(baselines, metrics, ranges)
    labels: dict[str, list[tuple[float, float, str]]] = {"middle center": [], "top center": [], "bottom center": []}
    for group in groups:
        names = ", ".join(str(number) for number, _, _ in group)
        x, ys = sum(x for _, x, _ in group) / len(group), [y for _, _, y in group]
        others = [each for other in groups if other is not group for each in other]
        if len(group) == 1:
            labels["middle center"].append((x, ys[0], names))
        elif _is_free(x, max(ys), others, ranges):
            labels["top center"].append((x, max(ys), f"{names}<br> "))
        else:
            labels["bottom center"].append((x, min(ys), f" <br>{names}"))
    inside, outside = {"size": 10.5, "color": SURFACE[tone], "weight": 600}, {"size": 11.5, "color": INK[tone]}
    return [
        go.Scatter(
            x=[x for x, _, _ in each],
            y=[y for _, y, _ in each],
            text=[names for _, _, names in each],
            mode="text",
            textposition=where,
            textfont=inside if where == "middle center" else outside,
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )
        for where, each in labels.items()
        if each
    ]


def _is_free(x: float, y: float, others: Sequence[Point], ranges: Sequence[Range]) -> bool:
    """Whether no other diamond stands where a label above (x, y) would."""
    high, wide = (ends[1] - ends[0] if ends else 0.0 for ends in ranges)
    return not any(abs(x - a) < 3 * _NEAR[1] * wide and 0.01 * high < b - y < 3 * _NEAR[0] * high for _, a, b in others)


def _grouped(
    baselines: Mapping[str, Mapping[str, float]], metrics: tuple[str, str], ranges: Sequence[Range]
) -> list[list[Point]]:
    """The simple models, those that lie over each other together, from the left."""
    up, right = metrics
    high, wide = (near * (ends[1] - ends[0]) if ends else 0.0 for near, ends in zip(_NEAR, ranges, strict=True))
    groups: list[list[Point]] = []
    points = [(number, values[right], values[up]) for number, values in enumerate(baselines.values(), 1)]
    for number, x, y in sorted(points, key=lambda each: each[1]):
        near = (group for group in groups if any(abs(x - a) <= wide and abs(y - b) <= high for _, a, b in group))
        if (group := next(near, None)) is None:
            groups.append([(number, x, y)])
        else:
            group.append((number, x, y))
    return groups


def _axis(metric: str, k: int) -> str:
    unit = {"bits": ", bits", "share": ", %", "lift": ", %"}.get(METRICS[metric].unit, "")
    of = "all lists together" if metric in WHOLE_METRICS else "mean of shoppers"
    return f"{METRICS[metric].at(k)} ({of}{unit})"


def _tick_format(metric: str) -> str:
    digits = {"share": ".1%", "lift": "+.0%", "bits": ".2f"}.get(METRICS[metric].unit)
    return digits or (".3f" if metric in ("ndcg", "map", "mrr") else ".2f")


def _hover(name: str, values: Mapping[str, float], metrics: tuple[str, str], k: int) -> str:
    return "<br>".join((esc(name), *(f"{METRICS[each].at(k)} {fmt.value(each, values[each])}" for each in metrics)))


def _mix(setting: EvaluationConfig) -> str:
    weights = setting.settings.fusion.normalised()
    text = ", ".join(f"{name} {share:.0%}" for name, share in weights.items() if share)
    return f"{text}, variety {setting.settings.diversity:.2f}" if setting.settings.diversity else text
