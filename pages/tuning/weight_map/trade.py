"""Every mix by two metrics: which are efficient, and what the judged metric costs in the other one."""

import numpy as np
import plotly.graph_objects as go

from pages._shared.charts import framed
from pages._shared.palette import GRID, INK, MUTED, SURFACE
from pages.tuning.weight_map import marks
from pages.tuning.weight_map.mapped import Mapped, tick_format


def figure(mapped: Mapped, tone: str) -> go.Figure:
    """The chart."""
    chart, found = go.Figure(), mapped.found
    up, right = found.means[mapped.metric], found.means[mapped.second]
    tied, front = mapped.tied, mapped.front
    for points, size, colour, opacity in (
        (np.flatnonzero(~tied), 4, MUTED[tone], 0.3),
        (np.flatnonzero(tied), 5, INK[tone], 0.6),
    ):
        chart.add_scatter(
            x=right[points],
            y=up[points],
            mode="markers",
            marker={"size": size, "color": colour, "opacity": opacity},
            **mapped.told(points),
            showlegend=False,
        )
    chart.add_scatter(
        x=right[front],
        y=up[front],
        mode="lines",
        line={"color": INK[tone], "width": 1.5},
        hoverinfo="skip",
        showlegend=False,
    )
    marks.add(chart, "front", right[front], up[front], tone, **mapped.told(front))
    for kind, mix in (("reference", mapped.reference), ("now", mapped.now)):
        x, y = mix.values[mapped.second], mix.values[mapped.metric]
        marks.add(chart, kind, [x], [y], tone, text=[mix.name], hovertemplate="%{text}<extra></extra>")
    if (best := mapped.best) >= 0:
        marks.add(chart, "best", [right[best]], [up[best]], tone, **mapped.told(np.array([best])))
    axis = {
        "gridcolor": GRID[tone],
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "title_font": {"size": 12.5, "color": MUTED[tone]},
    }
    return marks.still(chart).update_layout(
        **framed(f"{mapped.label(mapped.metric)} against {mapped.label(mapped.second)}", tone),
        xaxis={**axis, "title_text": mapped.axis(mapped.second), "tickformat": tick_format(mapped.second), "nticks": 6},
        yaxis={**axis, "title_text": mapped.axis(mapped.metric), "tickformat": tick_format(mapped.metric)},
        margin={"l": 8, "r": 12, "t": 52, "b": 8},
        hovermode="closest",
        hoverlabel={"bgcolor": SURFACE[tone], "bordercolor": GRID[tone], "font": {"color": INK[tone]}, "align": "left"},
        showlegend=False,
    )
