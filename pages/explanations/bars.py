"""Signed bars around a common zero: lists of amounts in HTML, and the score as a waterfall in Plotly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Self

import plotly.graph_objects as go
import streamlit as st

from pages._shared import address, charts, words
from pages._shared.cards import esc, isolated
from pages._shared.charts import INK, LOOKS, MUTED, SURFACE
from recsys.explanations.decompose import Explanation
from recsys.settings import COMPONENTS


@dataclass(frozen=True, slots=True)
class Scale:
    """How far bars reach to the left and to the right of 0, both positive, of which their lengths are shares."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The extent of some amounts."""
        low, high = max((0.0, *(-value for value in values))), max((0.0, *values))
        return cls(low, high) if low + high else cls(0.0, 1.0)

    @property
    def zero(self) -> float:
        """Where 0 stands, in percent from the left."""
        return 100 * self.low / (self.low + self.high)

    def style(self, start: float, end: float) -> str:
        """Position of a bar between two amounts, as CSS."""
        left = self.zero + 100 * min(start, end) / (self.low + self.high)
        return f"left:{left:.2f}%;width:{100 * abs(end - start) / (self.low + self.high):.2f}%"


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: what it is, how much, a quieter `note` under it; `quote` where the label is somebody's words."""

    label: str
    value: float
    note: str = ""
    quote: bool = False


def bars_html(bars: Sequence[Bar], label: str, n_first: int | None = None) -> str:
    """All bars as one list on one scale; those after the first `n_first` open on a click."""
    scale = Scale.of([bar.value for bar in bars])
    rows = [_row(bar, scale) for bar in bars]
    first, more = rows[:n_first], rows[n_first:] if n_first is not None else []
    listed = f'<ol class="sw-bars" aria-label="{esc(label)}">{"".join(first)}</ol>'
    if more:
        listed += f'<details class="sw-more"><summary>{len(more):,} more</summary>'
        listed += f'<ol class="sw-bars">{"".join(more)}</ol></details>'
    return listed


def label_html(label: str, *, quote: bool) -> str:
    """What a bar is, between quotation marks if somebody said it."""
    return f"<q>{isolated(label)}</q>" if quote else isolated(label)


def note_html(note: str) -> str:
    """A quieter line under a label, or nothing."""
    return f'<span class="sw-by">{esc(note)}</span>' if note else ""


def _row(bar: Bar, scale: Scale) -> str:
    return (
        f'<li><span class="sw-bars-label">{label_html(bar.label, quote=bar.quote)}{note_html(bar.note)}</span>'
        '<span class="sw-bars-track" aria-hidden="true">'
        f'<span class="sw-bars-zero" style="left:{scale.zero:.2f}%"></span>'
        f'<span class="sw-bars-fill {"sw-up" if bar.value >= 0 else "sw-down"}" style="{scale.style(0, bar.value)}">'
        f'</span></span><span class="sw-bars-value">{words.signed(bar.value, 3)}</span></li>'
    )


OPENED = "open"
"""The parameter of the component whose parts are open."""

DIGITS = 3
"""Of amounts in charts: enough that no bar that can be seen is called 0."""
_PATTERNS = {"collaborative": "", "content": "/", "semantic": ".", "context": "|"}
"""Plotly's patterns that come nearest to those of the palette."""


Step = tuple[str, float, float]
"""Name of a bar, where it starts and where it ends."""


def steps(explanation: Explanation) -> list[Step]:
    """Baseline, components and score in order."""
    baseline = explanation.baseline
    bars = stacked(explanation.components, baseline)
    return [("baseline", 0.0, baseline), *bars, ("score", 0.0, explanation.score)]


def stacked(components: Mapping[str, float], start: float = 0.0) -> list[Step]:
    """The components in order, each beginning where the one before ends."""
    ends = list(accumulate((components[name] for name in COMPONENTS), initial=start))
    return list(zip(COMPONENTS, ends[:-1], ends[1:], strict=True))


def figure(explanation: Explanation, opened: str, tone: str) -> go.Figure:
    """Six floating bars with their amounts; the opened component is outlined."""
    names = ["Baseline", *(LOOKS[name].name for name in COMPONENTS), "Score"]
    return floating(steps(explanation), names, "From the average product to this score", tone, opened)


def summing(amounts: Sequence[float], digits: int = DIGITS) -> list[float]:
    """Amounts rounded so that what is shown of the steps still sums to what is shown of the last one, their sum.

    Where plain rounding misses, the steps that it moves most give way by one in the last place.

    >>> summing([0.0004, 0.0004, 0.0008]), summing([1.2346, -0.2342, 1.0004])
    ([0.001, 0.0, 0.001], [1.234, -0.234, 1.0])
    """
    unit = 10.0**-digits
    steps = [round(amount / unit) for amount in amounts]
    missing = steps[-1] - sum(steps[:-1])
    errors = [amount / unit - step for amount, step in zip(amounts[:-1], steps[:-1], strict=True)]
    for at in sorted(range(len(errors)), key=lambda n: -errors[n] * missing)[: abs(missing)]:
        steps[at] += 1 if missing > 0 else -1
    return [round(step * unit, digits) for step in steps]


def floating(bars: Sequence[Step], names: Sequence[str], title: str, tone: str, opened: str = "") -> go.Figure:
    """Bars from where each step starts to where it ends.

    The key of a bar gives its colour and pattern where it is a component's; `names` are on the axis; the bar of the key
    `opened` is outlined.
    """
    plain, strong = MUTED[tone], INK[tone]
    fills = [LOOKS[key].colour(tone) if key in LOOKS else plain for key, _, _ in bars[:-1]] + [strong]
    amounts = [end - start for _, start, end in bars]
    rounded = summing(amounts)
    stripe = "rgba(0,0,0,.35)" if tone == "dark" else "rgba(255,255,255,.6)"
    chart = go.Figure(
        go.Bar(
            x=list(names),
            y=amounts,
            base=[start for _, start, _ in bars],
            marker={
                "color": fills,
                "line": {"color": strong, "width": [3 if key == opened else 0 for key, _, _ in bars]},
                "pattern": {
                    "shape": [_PATTERNS.get(key, "") for key, _, _ in bars],
                    "fgcolor": stripe,
                    "size": 6,
                    "fillmode": "overlay",
                },
            },
            customdata=[key for key, _, _ in bars],
            hovertext=[words.signed(amount, 4) for amount in amounts],
            hovertemplate="%{x}: %{hovertext}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    )
    for at, (_, _, end) in enumerate(bars[:-1]):
        chart.add_shape(
            type="line", x0=at + 0.36, x1=at + 0.64, y0=end, y1=end, line={"color": plain, "width": 1.2, "dash": "dot"}
        )
    for at, (_, start, end) in enumerate(bars):
        chart.add_annotation(
            x=at,
            y=max(start, end),
            text=f"<b>{words.signed(rounded[at], DIGITS)}</b>",
            showarrow=False,
            yshift=12,
            bgcolor=SURFACE[tone],
            borderpad=1,
            font={"size": 13, "color": strong},
        )
    points = [point for _, start, end in bars for point in (start, end)]
    low, high = min(points), max(points)
    margin = 0.12 * ((high - low) or 1.0)
    zero = {"zerolinecolor": strong, "zerolinewidth": 1.5, "range": [low - margin, high + 1.6 * margin]}
    return charts.laid_out(
        chart,
        tone,
        title,
        "Step",
        "Share of the score",
        xaxis={"fixedrange": True},
        yaxis={"fixedrange": True, **zero},
        height=330,
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
        hoverlabel={"bgcolor": SURFACE[tone], "font": {"color": strong}},
        bargap=0.28,
        showlegend=False,
    )


def show_waterfall(explanation: Explanation, opened: str, tone: str) -> None:
    """Draw it; a click on a component's bar opens its parts."""
    key = f"waterfall_{opened}"  # a fresh one after each choice, which also forgets what was clicked
    charts.show_chart(
        figure(explanation, opened, tone),
        alt(explanation),
        key=key,
        on_select=lambda: _open_clicked(st.session_state.get(key)),
        selection_mode="points",
    )


def _open_clicked(event: Any) -> None:
    points = event["selection"]["points"] if event else []
    name = points[0].get("customdata") if points else None
    name = name[0] if isinstance(name, list) and name else name
    if name in COMPONENTS:
        address.put(OPENED, LOOKS[name].label)


def alt(explanation: Explanation) -> str:
    """The chart in words."""
    return (
        f"Waterfall of the score: baseline {words.signed(explanation.baseline)}, "
        f"{words.parts_in_words(explanation.components)}, score {words.signed(explanation.score)}"
    )


def sum_html(explanation: Explanation) -> str:
    """What the baseline is, and that all of it adds up."""
    whole = explanation.baseline + sum(explanation.components.values())
    return (
        '<p class="sw-note">The baseline takes off what the average product gathers, so that a score of 0 is average. '
        "Click a bar to open it.</p>"
        f'<p class="sw-sum"><span>Sum of all parts</span><strong>{words.signed(whole, 4)}</strong>'
        f'<span class="sw-quiet">rounding leaves {rounding(explanation)}</span></p>'
    )


def rounding(explanation: Explanation) -> str:
    """What rounding leaves of the sum in single precision, with as many digits as it takes to see it."""
    left = abs(explanation.residual)
    return "0" if left < 5e-13 else f"{left:.{next(n for n in range(1, 14) if left >= 10.0**-n)}f}"
