"""Costs, and the accuracy that they buy, as tables, plots and sentences."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval
from recsys.settings import COMPONENTS
from recsys.studies.ablation import Model, label, name_of
from recsys.studies.efficiency.costs import LISTING, MANY, Cost, Timed
from recsys.studies.format import VERDICTS, told
from recsys.studies.result import Cell, Plot, Series, Table, interval_cells, interval_columns

Added = tuple[str, ...]
"""Components that are added to the others."""

SAID = {"fit_s": "Seconds to fit, median", "one_ms": "Milliseconds a request, median"}


def served_ms(own: Sequence[Cost]) -> dict[str, float]:
    """Median milliseconds a request by model, at the size of the shop; without mixing and ranking but for LISTING."""
    return {each.name: each.one_ms.median for each in own}


def ms_of(added: Sequence[str], served: Mapping[str, float]) -> float:
    """Milliseconds that some components take together."""
    return sum(served[name] for name in added)


def per_ms(gain: Interval, ms: float) -> Interval:
    """A gain over the milliseconds that it costs, which are taken as known."""
    return Interval(gain.mean / ms, gain.low / ms, gain.high / ms, gain.n, gain.n_skipped)


def in_words(machine: Mapping[str, Any]) -> str:
    """The machine in a line."""
    return (
        f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, numpy {machine['numpy']}, "
        f"scores of {machine['scores']}"
    )


def conclusion(
    own: Sequence[Cost], found: Sequence[Cost], gains: Mapping[Added, Difference], served: Mapping[str, float]
) -> tuple[str, ...]:
    """What to take away, most important first."""
    parts = {each.name: each for each in own if each.name in COMPONENTS}
    total = sum(served[name] for name in COMPONENTS) + served[LISTING]
    dearest = max(COMPONENTS, key=lambda name: served[name])
    slowest = max(COMPONENTS, key=lambda name: _fit(parts[name]))
    all_fits = sum(_fit(each) for each in parts.values())
    said = [
        f"A list of all components takes {total:.2f} ms at {own[0].n_items:,} products, {served[LISTING]:.2f} ms of "
        f"them for mixing and ranking; the dearest component is {dearest} with {served[dearest]:.2f} ms.",
        f"Fitting all components takes {all_fits:.1f} s, {_fit(parts[slowest]):.1f} s of them for {slowest}.",
        growth(found),
    ]
    return (*said, *(bought(added, each, ms_of(added, served)) for added, each in gains.items()))


def bought(added: Added, gain: Difference, ms: float) -> str:
    """What some components add to the others, and for how long; a rate is told only of a gain that is one."""
    names = " and ".join(added).capitalize()
    said = f"{names}, beside the other components, for {ms:.3f} ms: nDCG {told(gain.change)}, "
    if gain.verdict == "better":
        return f"{said}{told(per_ms(gain.change, ms))} a millisecond."
    return said + {"worse": "which costs accuracy.", "unclear": "nothing is shown to be bought."}[gain.verdict]


def growth(found: Sequence[Cost]) -> str:
    """How costs grow from the smallest to the largest catalogue."""
    sizes = sorted({each.times for each in found})
    ends = {(each.name, each.times): each for each in found}
    n_times = sizes[-1] / sizes[0]
    parts = []
    for name in COMPONENTS:
        small, large = ends[name, sizes[0]], ends[name, sizes[-1]]
        parts.append(
            f"{name} {_fit(large) / max(_fit(small), 1e-9):.1f} times the fit and "
            f"{large.one_ms.median / max(small.one_ms.median, 1e-9):.1f} times the answer"
        )
    return f"A catalogue {n_times:g} times as large costs {'; '.join(parts)}."


def cost_table(found: Sequence[Cost]) -> Table:
    """Every model at every size, beside the cheapest component of that size."""
    columns = {"model": "Model", "times": "Size", "items": "Products", "acts": "Acts"}
    for name, said in (("fit", "Fit, s"), ("one", "One request, ms"), ("many", f"One of {MANY} together, ms")):
        columns |= {name: f"{said}, median", f"{name}_fastest": "fastest", f"{name}_n": "times"}
    columns |= {"fit_ratio": "Fit, times the cheapest component's", "one_ratio": "Request, times the cheapest's"}
    columns |= {"bytes": "Fitted arrays, bytes"}
    rows = []
    for each in found:
        alike = [other for other in found if other.times == each.times and other.name in COMPONENTS]
        row: dict[str, Cell] = {"model": label(each.name), "times": each.times, "items": each.n_items}
        row |= {"acts": each.n_acts, **_cells("fit", each.fit_s), **_cells("one", each.one_ms)}
        row |= {**_cells("many", each.many_ms), "bytes": each.n_bytes}
        row["one_ratio"] = each.one_ms.median / min(other.one_ms.median for other in alike)
        if each.fit_s is not None:
            row["fit_ratio"] = each.fit_s.median / min(map(_fit, alike))
        rows.append(row)
    return Table("costs", "What every model costs, by size of the catalogue", columns, tuple(rows))


def bought_table(gains: Mapping[Added, Difference], served: Mapping[str, float], k: int) -> Table:
    """What each component adds to the others, and what it costs."""
    columns = {"component": "Component", "ms": "Milliseconds a request"}
    columns |= interval_columns("gain", f"nDCG@{k} it adds")
    columns |= {"p": "p, corrected", "verdict": "Verdict"} | interval_columns("rate", "A millisecond")
    rows = tuple(
        {
            "component": label(name_of(added)),
            "ms": ms_of(added, served),
            **interval_cells("gain", each.change),
            "p": each.p,
            "verdict": VERDICTS[each.verdict],
            **interval_cells("rate", per_ms(each.change, ms_of(added, served))),
        }
        for added, each in gains.items()
    )
    note = "Added to the mix of the others, weights tuned on validation either time."
    return Table("bought", "Accuracy bought per millisecond", columns, rows, note)


def by_size(found: Sequence[Cost], what: Literal["fit_s", "one_ms"]) -> Plot:
    """A line a model over the size of the catalogue."""
    series = []
    for name in dict.fromkeys(each.name for each in found):
        own = [each for each in found if each.name == name and getattr(each, what) is not None]
        if own:
            x, y = (tuple(float(each.n_items) for each in own), tuple(getattr(each, what).median for each in own))
            series.append(Series(label(name), x, y))
    title = "Fitting" if what == "fit_s" else "Answering one request"
    return Plot(
        f"{what}_by_size",
        f"{title}, by size of the catalogue",
        "Products in the catalogue",
        SAID[what],
        tuple(series),
        "line",
        x_log=True,
        y_log=True,
    )


def accuracy_by_time(
    models: Mapping[str, Model], ndcg: Mapping[str, Interval], served: Mapping[str, float], k: int
) -> Plot:
    """Simple models, single components, traditional and all together: what a list costs and how good it is."""
    series = []
    for name, model in models.items():
        parts = [name] if model.weights is None else [each for each, share in model.weights.as_dict().items() if share]
        if " + " in name:
            continue
        ms = sum(served[each] for each in parts) + served[LISTING]
        one = ndcg[name].as_json()
        series.append(Series(label(name), (ms,), (one["mean"],), (one["low"],), (one["high"],)))
    return Plot(
        "accuracy_by_time",
        "How good a list is, by what it takes to make it",
        "Milliseconds a list",
        f"nDCG@{k}, 95% interval",
        tuple(series),
        x_log=True,
    )


def cost_figures(each: Cost) -> dict[str, Any]:
    """One row of the costs."""
    times = {"fit_s": each.fit_s, "one_ms": each.one_ms, "many_ms": each.many_ms}
    said = {name: None if one is None else one.median for name, one in times.items()}
    return {"model": each.name, "size": each.times, "n_items": each.n_items, **said, "bytes": each.n_bytes}


def bought_figures(gain: Difference, ms: float) -> dict[str, Any]:
    """What one component adds, and for how long."""
    return {
        "gain": gain.change.as_json(),
        "p_corrected": gain.p,
        "verdict": gain.verdict,
        "ms": ms,
        "per_ms": per_ms(gain.change, ms).as_json(),
    }


def _fit(each: Cost) -> float:
    return each.fit_s.median if each.fit_s is not None else 0.0


def _cells(name: str, timed: Timed | None) -> dict[str, Cell]:
    if timed is None:
        return {}
    return {name: timed.median, f"{name}_fastest": timed.fastest, f"{name}_n": timed.n}
