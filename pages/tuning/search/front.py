"""The goal's metric against a second one, on validation shoppers: what no other setting found beats by both."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import plotly.graph_objects as go

from pages._shared.cards import esc
from pages._shared.charts import framed
from pages._shared.palette import GRID, INK, LOOKS, MUTED, SURFACE
from pages.tuning import chart_parts, resources
from pages.tuning.context import TuningCase, TuningContext
from recsys.errors import RecsysError
from recsys.evaluation.metrics.registry import METRICS
from recsys.panel.engine import WHOLE_CATALOGUE
from recsys.panel.segments import Segment
from recsys.settings import FusionSettings, RankingSettings
from recsys.tuning.config import EvaluationConfig
from recsys.tuning.goals import Goal

Point = tuple[float, float]
"""A value of the goal's metric, and one of the second metric."""


def figure(
    points: Sequence[Point],
    marked: Mapping[str, Point],
    metrics: tuple[str, str],
    k: int,
    tone: str,
    texts: Sequence[str] = (),
) -> go.Figure:
    """The chart.

    Parameters
    ----------
    points : the front, in order
    marked : where "reference" (equal weights), "now" and "best" (the chosen one) lie
    metrics : the goal's, and the second one
    texts : what hovering over the points says; where it is given, they can be clicked
    """
    chart, (up, right) = go.Figure(), metrics
    y, x = [point[0] for point in points], [point[1] for point in points]
    chart.add_scatter(
        x=x, y=y, mode="lines", line={"color": INK[tone], "width": 1.5}, hoverinfo="skip", showlegend=False
    )
    more = {"customdata": list(range(len(points))), "text": list(texts)} if texts else {"text": [""] * len(points)}
    chart_parts.add_marks(chart, "front", x, y, tone, **more, hovertemplate=_hover(up, right, k))
    for kind, name in (("reference", "Equal weights"), ("best", _best(bool(texts))), ("now", "This setting")):
        if kind in marked:
            first, second = marked[kind]
            text = {"text": [f"{name}<br>"], "hovertemplate": _hover(up, right, k)}
            chart_parts.add_marks(chart, kind, [second], [first], tone, **text)
    axis = {
        "gridcolor": GRID[tone],
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "title_font": {"size": 12.5, "color": MUTED[tone]},
    }
    return chart_parts.keep_unselected(chart).update_layout(
        **framed(f"{_label(up, k)} against {_label(right, k)}", tone),
        xaxis={**axis, "title_text": _axis(right, k), "tickformat": chart_parts.tick_format(right), "nticks": 6},
        yaxis={**axis, "title_text": _axis(up, k), "tickformat": chart_parts.tick_format(up), "nticks": 7},
        height=380,
        margin={"l": 8, "r": 14, "t": 48, "b": 8},
        hovermode="closest",
        hoverlabel={"bgcolor": SURFACE[tone], "bordercolor": GRID[tone], "font": {"color": INK[tone]}, "align": "left"},
        showlegend=False,
    )


def legend_html(marked: Mapping[str, Point], *, is_done: bool) -> str:
    """What the marks mean."""
    said = {"best": _best(is_done), "reference": "Equal weights", "now": "This setting"}
    parts = [(kind, text) for kind, text in said.items() if kind in marked]
    parts.append(("front", "No setting found is better by both"))
    keys = "".join(
        f'<li><span class="sw-key sw-key-{kind}" aria-hidden="true"></span><span>{esc(text)}</span></li>'
        for kind, text in parts
    )
    return f'<ul class="sw-keys" aria-label="Legend">{keys}</ul>'


def beside(case: TuningCase, goal: Goal, metrics: tuple[str, str]) -> dict[str, Point]:
    """Where equal weights and the present setting lie among the validation shoppers of a goal."""
    equal = equal_means(case.room, goal.k, goal.segment)
    now = _means(case.room, replace(case.now, settings=replace(case.now.settings, n=goal.k)), goal.segment)
    found = {"reference": equal, "now": now}
    first, second = metrics
    return {
        kind: (values.get(first, math.nan), values.get(second, math.nan)) for kind, values in found.items() if values
    }


def equal_means(room: TuningContext, k: int, segment: Segment) -> dict[str, float]:
    """Every metric with equal weights over the validation shoppers of a segment; empty where it cannot be measured."""
    ranking = RankingSettings(FusionSettings(1, 1, 1, 1), WHOLE_CATALOGUE, k)
    return _means(room, EvaluationConfig("equal weights", ranking), segment)


def _means(room: TuningContext, setting: EvaluationConfig, segment: Segment) -> dict[str, float]:
    engine = room.validation
    if not segment.mask(engine.panel.shoppers).any():
        return {}
    try:
        found = resources.means_of(engine, engine.panel.panel_id, setting.settings, setting.scenario, segment)
    except RecsysError:
        return {}  # a setting that cannot be measured has no place
    return {name: each.mean for name, each in found.items() if not math.isnan(each.mean)}


def mix_text(settings: RankingSettings) -> str:
    """The weights and the variety of a setting, in one line.

    >>> mix_text(RankingSettings(FusionSettings(0.3, 0.05, 0.35, 0.3), diversity=0.2))
    'Collaborative 30%, Content 5%, Semantic 35%, Context 30%, variety 0.20 by MMR'
    """
    said = ", ".join(
        f"{LOOKS[name].label} {share:.0%}" for name, share in settings.fusion.normalised().items() if share
    )
    return f"{said}, {variety_text(settings)}" if settings.diversity else said


def variety_text(settings: RankingSettings) -> str:
    """How much variety a setting asks for."""
    if not settings.diversity:
        return "no variety, by score alone"
    return f"variety {settings.diversity:.2f} by {settings.method.upper()}"


def _best(is_done: bool) -> str:
    return "Chosen" if is_done else "Best so far"


def _label(metric: str, k: int) -> str:
    return METRICS[metric].at(k)


def _axis(metric: str, k: int) -> str:
    unit = {"bits": " (bits)", "share": " (%)", "lift": " (%)"}.get(METRICS[metric].unit, "")
    better = "higher" if METRICS[metric].higher_is_better else "lower"
    return f"{_label(metric, k)}{unit}, {better} is better"


def _hover(up: str, right: str, k: int) -> str:
    shown = {name: {"share": ":.1%", "lift": ":+.0%", "bits": ":.2f"}.get(METRICS[name].unit, ":.4f")
             for name in (up, right)}  # fmt: skip
    return f"%{{text}}{_label(up, k)} %{{y{shown[up]}}}<br>{_label(right, k)} %{{x{shown[right]}}}<extra></extra>"
