"""What each component costs to train and to serve, as the catalogue grows, and what accuracy that buys.

Accuracy is that of the ablation: each component's worth is what all together lose without it, weights tuned again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numba
from threadpoolctl import threadpool_limits

from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.progress import Progress, silent
from recsys.settings import COMPONENTS
from recsys.studies.efficiency.costs import LISTING, MANY, TIMED, Cost, costs, machine
from recsys.studies.format import change_text, interval_in_words, listed, table_of
from recsys.studies.models import METRIC, Model, against, chosen_weights, label, models_on, name_of, without
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.training.weights import TRADITIONAL

BEYOND_TRADITIONAL = tuple(name for name in COMPONENTS if name not in TRADITIONAL)


@dataclass(frozen=True, slots=True)
class AccuracyGain:
    """What some components add to the nDCG of the others, and for how many milliseconds, which are taken as known."""

    gain: Difference
    ms: float
    per_ms: Interval

    @classmethod
    def of(cls, gain: Difference, ms: float) -> "AccuracyGain":
        """A gain for some milliseconds."""
        mean, low, high = (each / ms for each in (gain.change.mean, gain.change.low, gain.change.high))
        return cls(gain, ms, replace(gain.change, mean=mean, low=low, high=high))


@dataclass(frozen=True, eq=False, slots=True)
class EfficiencyFigures:
    """Every model's costs at every size, what added components gain, and the models of the ablation with their nDCG."""

    k: int
    costs: Sequence[Cost]
    bought: Mapping[tuple[str, ...], AccuracyGain]
    models: Mapping[str, Model]
    ndcg: Mapping[str, Interval]

    def of(self, times: float = 1) -> dict[str, Cost]:
        """Costs at one size of the catalogue, that of the shop itself by default, by model."""
        return {each.name: each for each in self.costs if each.times == times}


def run(workspace: Workspace, settings: ExperimentSettings, progress: Progress = silent) -> Result:
    """Measure accuracy on test shoppers, then time every model at every size."""
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    models = models_on(test, chosen_weights(validation, settings.k, progress), settings.k)
    facts, gains, lost = test.panel.facts, {}, against(models, "full", test.panel.facts, settings.seed)
    for added in (*((name,) for name in COMPONENTS), BEYOND_TRADITIONAL):
        rest = without(*added)
        gain = differences(models["full"].lists, models[rest].lists, facts, settings.seed)[METRIC]
        p = lost[rest].p  # as in the ablation: corrected for all models compared
        gains[added] = replace(gain, p=p, verdict=verdict_of(gain.change, p=p))
    data, before = workspace.data.core(settings.min_interactions), numba.get_num_threads()
    numba.set_num_threads(1)  # as a server that answers many at once gives each
    try:
        with threadpool_limits(1):
            timed = costs(data, settings.seed, progress, {"context": test.panel.context_scorers[0].settings})
    finally:
        numba.set_num_threads(before)
    ms = {each.name: each.median("one_ms") for each in timed if each.times == 1}
    found = EfficiencyFigures(
        k=settings.k,
        costs=timed,
        bought={added: AccuracyGain.of(gain, sum(ms[name] for name in added)) for added, gain in gains.items()},
        models=models,
        ndcg={name: means(each.lists, facts, settings.seed)[METRIC] for name, each in models.items()},
    )
    on = machine()
    return Result(
        protocol="Every component and simple model is fitted on the whole shop and on smaller and larger ones: smaller "
        "keep some products, drawn at random, with everything that was done with them; larger are copies of the shop "
        "side by side, products and shoppers. Fits are timed up to three times, answers thirty times one by one and "
        f"five times in batches of {MANY}, each in circumstances of real acts, a second later every time so that "
        "no earlier answer helps; medians are given. All on one core of a machine, other work on which slows it: "
        f"{on['processor']}, {on['cores']} cores, Python {on['python']}, numpy {on['numpy']}, {on['scores']}. "
        f"Reading and encoding texts comes before and is not in these times. Accuracy: {test.panel.protocol}",
        conclusion=conclusion(found),
        caveats=(
            "Times are those of one machine and one run; ratios between components carry over better than "
            "milliseconds do. Copies of a shop have as many acts a product as the shop, and phrases that repeat.",
            "What a component adds a millisecond takes its time as known: the interval is that of accuracy alone.",
            test.panel.leak_check,
        ),
        tables=tables(found),
        plots=plots(found),
        figures=as_json(
            {"machine": on, "costs": timed, "bought": {name_of(added): each for added, each in found.bought.items()}}
        ),
    )


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


def bought_in_words(added: tuple[str, ...], found: AccuracyGain) -> str:
    """What some components add to the others; a rate is given only of a gain that is one."""
    rate = f", {interval_in_words(found.per_ms)} a millisecond" if found.gain.verdict == "better" else ""
    gain = change_text(found.gain)
    return f"{listed(added).capitalize()} for {found.ms:.3f} ms: nDCG {gain}{rate}."


def tables(found: EfficiencyFigures) -> tuple[Table, ...]:
    """Every model at every size, beside the cheapest component of that size; and what each component adds."""
    columns = {"model": "Model", "times": "Size", "n_items": "Products", "n_acts": "Acts"}
    for what, title in TIMED.items():
        columns |= {what: f"{title}, median", f"{what}_fastest": "fastest", f"{what}_n": "times"}
        columns |= {f"{what}_ratio": "times the cheapest component's"}
    rows: list[dict[str, object]] = []
    for each in found.costs:
        row: dict[str, object] = {"model": label(each.name), "times": each.times, "n_items": each.n_items}
        row |= {"n_acts": each.n_acts, "n_bytes": each.n_bytes}
        for what, timed in each.timed.items():
            cheapest = min(found.of(each.times)[name].median(what) for name in COMPONENTS)
            row |= {what: timed.median, f"{what}_fastest": timed.fastest, f"{what}_n": timed.n}
            row |= {f"{what}_ratio": timed.median / cheapest}
        rows.append(row)
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


def plots(found: EfficiencyFigures) -> tuple[Plot, ...]:
    """Fit and answer over the size of the catalogue, and accuracy over the time of a list."""
    title, x, y = (
        "How good a list is, by what it takes to make it",
        "Milliseconds a list",
        f"nDCG@{found.k}, 95% interval",
    )
    return (
        _by_size(found, "fit_s", "Fitting", "Seconds to fit, median"),
        _by_size(found, "one_ms", "Answering one request", "Milliseconds a request, median"),
        Plot("accuracy_by_time", title, x, y, tuple(_accuracy_by_time(found)), x_log=True),
    )


def _by_size(found: EfficiencyFigures, what: str, title: str, unit: str) -> Plot:
    points: dict[str, list[tuple[float, float]]] = {}
    for each in found.costs:
        if what in each.timed:
            points.setdefault(label(each.name), []).append((float(each.n_items), each.median(what)))
    lines = tuple(Series(name, *zip(*some, strict=True)) for name, some in points.items())
    title, x = f"{title}, by size of the catalogue", "Products in the catalogue"
    return Plot(f"{what}_by_size", title, x, unit, lines, "line", x_log=True, y_log=True)


def _accuracy_by_time(found: EfficiencyFigures) -> Iterator[Series]:
    """Simple models, single components, traditional and all together: what a list costs and how good it is."""
    own = found.of()
    for name, model in found.models.items():
        if " + " not in name:
            shares = {name: 1.0} if model.weights is None else model.weights.as_dict()
            ms = sum(own[each].median("one_ms") for each, share in (*shares.items(), (LISTING, 1)) if share)
            yield Series.of(label(name), (ms,), (found.ndcg[name],))
