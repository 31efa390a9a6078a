"""The study of efficiency: its figures, and their tables, plots and conclusion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recsys.evaluation.statistics.paired import Difference
from recsys.evaluation.statistics.significance import Interval
from recsys.settings import COMPONENTS
from recsys.studies.ablation import Model, label, name_of
from recsys.studies.efficiency.costs import LISTING, TIMED, Cost
from recsys.studies.format import change_text, interval_in_words, listed, table_of
from recsys.studies.result import Plot, Series, Table


@dataclass(frozen=True, slots=True)
class Bought:
    """What some components add to the others, and for how long.

    Parameters
    ----------
    gain : of nDCG, weights tuned on validation either time
    ms : milliseconds a request
    per_ms : the gain over the milliseconds that it costs, which are taken as known
    """

    gain: Difference
    ms: float
    per_ms: Interval

    @classmethod
    def of(cls, gain: Difference, ms: float) -> "Bought":
        """A gain for some milliseconds."""
        mean, low, high = (each / ms for each in (gain.change.mean, gain.change.low, gain.change.high))
        return cls(gain, ms, replace(gain.change, mean=mean, low=low, high=high))


@dataclass(frozen=True, eq=False, slots=True)
class EfficiencyFigures:
    """Everything that was measured.

    Parameters
    ----------
    costs : every model at every size of the catalogue
    bought : by the components that are added to all others
    models, ndcg : of the ablation, by name
    """

    k: int
    costs: Sequence[Cost]
    bought: Mapping[tuple[str, ...], Bought]
    models: Mapping[str, Model]
    ndcg: Mapping[str, Interval]

    def of(self, times: float = 1) -> dict[str, Cost]:
        """Costs at one size of the catalogue, that of the shop itself by default, by model."""
        return {each.name: each for each in self.costs if each.times == times}


def conclusion(found: EfficiencyFigures) -> tuple[str, ...]:
    """What a list and a fit cost, how that grows with the catalogue, and what each component buys."""
    own, sizes = found.of(), sorted({each.times for each in found.costs})
    listing = own[LISTING].median("one_ms")
    ms, fits = ({name: own[name].median(what) for name in COMPONENTS} for what in ("one_ms", "fit_s"))
    dearest, slowest = max(ms, key=ms.__getitem__), max(fits, key=fits.__getitem__)
    small, large = found.of(sizes[0]), found.of(sizes[-1])
    growth = {name: large[name].median("one_ms") / max(small[name].median("one_ms"), 1e-9) for name in COMPONENTS}
    return (
        f"A list of all components takes {sum(ms.values()) + listing:.2f} ms at {own[LISTING].n_items:,} products, "
        f"{listing:.2f} ms of them for mixing and ranking; the dearest component is {dearest} with {ms[dearest]:.2f} "
        f"ms. Fitting all takes {sum(fits.values()):.1f} s, {fits[slowest]:.1f} s of them for {slowest}.",
        f"In a catalogue {sizes[-1] / sizes[0]:g} times as large an answer takes "
        f"{', '.join(f'{name} {times:.1f}' for name, times in growth.items())} times as long.",
        *(bought_in_words(added, each) for added, each in found.bought.items()),
    )


def bought_in_words(added: tuple[str, ...], found: Bought) -> str:
    """What some components add to the others; a rate is given only of a gain that is one."""
    rate = f", {interval_in_words(found.per_ms)} a millisecond" if found.gain.verdict == "better" else ""
    gain = change_text(found.gain.change, found.gain.verdict)
    return f"{listed(added).capitalize()} for {found.ms:.3f} ms: nDCG {gain}{rate}."


def tables(found: EfficiencyFigures) -> tuple[Table, ...]:
    """Every model at every size, beside the cheapest component of that size; and what each component adds."""
    columns = {"model": "Model", "times": "Size", "n_items": "Products", "n_acts": "Acts"}
    for what, title in TIMED.items():
        columns |= {what: f"{title}, median", f"{what}_fastest": "fastest", f"{what}_n": "times"}
        columns |= {f"{what}_ratio": "times the cheapest component's"}
    rows: list[dict[str, object]] = []
    for each in found.costs:
        rows.append({"model": label(each.name)} | {name: getattr(each, name) for name in ("times", *_COUNTS)})
        for what, timed in each.timed.items():
            cheapest = min(found.of(each.times)[name].median(what) for name in COMPONENTS)
            rows[-1] |= {what: timed.median, f"{what}_fastest": timed.fastest, f"{what}_n": timed.n}
            rows[-1] |= {f"{what}_ratio": timed.median / cheapest}
    title = "What every model costs, by size of the catalogue"
    return (
        table_of("costs", title, rows, {**columns, "n_bytes": "Fitted arrays, bytes"}),
        table_of(
            "bought",
            "Accuracy bought per millisecond",
            found.bought.items(),
            {
                "component": ("Component", lambda row: label(name_of(row[0]))),
                "ms": ("Milliseconds a request", lambda row: row[1].ms),
                "gain": (f"nDCG@{found.k} it adds", lambda row: row[1].gain),
                "per_ms": ("A millisecond", lambda row: row[1].per_ms),
            },
            "Added to the mix of the others, weights tuned on validation either time.",
        ),
    )


_COUNTS = ("n_items", "n_acts", "n_bytes")


def plots(found: EfficiencyFigures) -> tuple[Plot, ...]:
    """Fit and answer over the size of the catalogue, and accuracy over the time of a list."""
    return (
        _by_size(found, "fit_s", "Fitting", "Seconds to fit, median"),
        _by_size(found, "one_ms", "Answering one request", "Milliseconds a request, median"),
        _accuracy_by_time(found),
    )


def _by_size(found: EfficiencyFigures, what: str, title: str, unit: str) -> Plot:
    lines: dict[str, list[tuple[float, float]]] = {}
    for each in found.costs:
        if what in each.timed:
            lines.setdefault(label(each.name), []).append((float(each.n_items), each.median(what)))
    return Plot(
        f"{what}_by_size",
        f"{title}, by size of the catalogue",
        "Products in the catalogue",
        unit,
        tuple(Series(name, *zip(*points, strict=True)) for name, points in lines.items()),
        "line",
        x_log=True,
        y_log=True,
    )


def _accuracy_by_time(found: EfficiencyFigures) -> Plot:
    """Simple models, single components, traditional and all together: what a list costs and how good it is."""
    own, series = found.of(), []
    for name, model in found.models.items():
        if " + " not in name:
            shares = {name: 1.0} if model.weights is None else model.weights.as_dict()
            ms = sum(own[each].median("one_ms") for each, share in (*shares.items(), (LISTING, 1)) if share)
            series.append(Series.of(label(name), (ms,), (found.ndcg[name],)))
    return Plot(
        "accuracy_by_time",
        "How good a list is, by what it takes to make it",
        "Milliseconds a list",
        f"nDCG@{found.k}, 95% interval",
        tuple(series),
        x_log=True,
    )
