"""What each component costs to train and to serve, as the catalogue grows, and what accuracy that buys.

Costs are seconds to fit, milliseconds to score and bytes to hold. Accuracy is that of the ablation: each component's
worth is what all together lose without it, weights tuned again.
"""

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numba
import numpy as np
from threadpoolctl import threadpool_limits

from recsys.data.dataset import Dataset
from recsys.data.splitting import resized
from recsys.evaluation.protocols.hold_out import circumstances
from recsys.evaluation.statistics.paired import Difference, differences, means
from recsys.evaluation.statistics.significance import Interval, verdict_of
from recsys.parallel import usable_cores
from recsys.progress import Progress, prefixed, silent
from recsys.ranking.rank import Standardised, rank
from recsys.scorers import AS_THEY_ARE, BASELINE_CLASSES, COMPONENT_CLASSES, new_scorer
from recsys.scorers.base import Fitting, FloatArray, Requests, Scorer
from recsys.scorers.phrase_weights import reference_vectors
from recsys.settings import COMPONENTS, Context, FusionSettings, RankingSettings
from recsys.studies.format import change_text, interval_in_words, listed, table_of
from recsys.studies.models import METRIC, Model, against, chosen_weights, label, models_on, without
from recsys.studies.result import Plot, Result, Series, Table, as_json
from recsys.studies.workspace import ExperimentSettings, Workspace
from recsys.text.encoder import make_phrasebook
from recsys.training.weights import TRADITIONAL, name_of

TIMES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Sizes of the catalogue, beside that of the shop itself."""

MOST_ITEMS = 20_000
"""A shop is made no larger, which would take many minutes."""

CLASSES: Mapping[str, type[Scorer]] = {**BASELINE_CLASSES, **COMPONENT_CLASSES}

MOST_FITS, LONG_FIT_S = 3, 6.0
"""A model is fitted so many times, or until it has taken so long altogether; at least once."""

N_ONE, N_MANY, MANY = 30, 5, 256
"""Answers timed: to single requests, and to batches of so many."""

LISTING = "mixing and ranking"
"""What every list costs after its components are scored."""

TIMED = {"fit_s": "Fit, s", "one_ms": "One request, ms", "many_ms": f"One of {MANY} together, ms"}


@dataclass(frozen=True, slots=True)
class Timed:
    """How long something took, in one unit: the fastest, the median, and how often it was timed."""

    fastest: float
    median: float
    n: int

    @classmethod
    def of(cls, seconds: list[float], unit: float = 1.0) -> "Timed":
        """From seconds; `unit` is how many of the unit are in one second."""
        return cls(unit * min(seconds), unit * float(np.median(seconds)), len(seconds))


@dataclass(frozen=True, slots=True)
class Cost:
    """One model, or `LISTING`, at one size of the catalogue, which is `times` that of the shop.

    `timed` is by name of `TIMED`, without what is not fitted or not done for many at once; bytes are of fitted arrays.
    """

    name: str
    times: float
    n_items: int
    n_acts: int
    timed: Mapping[str, Timed]
    n_bytes: int

    def median(self, what: str) -> float:
        """Median of one of `TIMED`; 0 for what is not done."""
        return self.timed[what].median if what in self.timed else 0.0


def machine() -> dict[str, Any]:
    """What the times depend on."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": usable_cores(),
        "threads_of_compiled_loops": numba.get_num_threads(),
        "threads_of_matrix_products": os.environ.get("OMP_NUM_THREADS", "all"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scores": "float32",
    }


def costs(
    data: Dataset, seed: int = 0, progress: Progress = silent, settings: Mapping[str, Any] = AS_THEY_ARE
) -> list[Cost]:
    """Every model at every size of `TIMES` that is not too large; `settings` are those of components, by name."""
    found, sizes = [], [each for each in TIMES if each <= 1 or each * data.n_items <= MOST_ITEMS]
    for number, times in enumerate(sizes, 1):
        at_size = prefixed(progress, f"size {number} of {len(sizes)}")
        found += _costs_at(resized(data, times, seed), times, seed, at_size, settings)
    return found


def _costs_at(data: Dataset, times: float, seed: int, progress: Progress, settings: Mapping[str, Any]) -> list[Cost]:
    fitting = Fitting(data, make_phrasebook(data, progress), seed)
    data.positives(), data.seen()  # read by every model, and cached
    requests, found, fitted = _requests(data, seed), [], {}
    size = times, data.n_items, len(data.interactions())
    for name, kind in CLASSES.items():
        fit_s: list[float] = []
        while not fit_s or (len(fit_s) < MOST_FITS and sum(fit_s) < LONG_FIT_S):
            progress(f"fitting {name}", len(fit_s), MOST_FITS)
            fitted[name] = scorer = new_scorer(kind, name, settings)
            fit_s.append(_seconds(scorer.fit, fitting, progress))
        progress(f"timing {name}")
        scorer.score(requests[0])  # loads what is loaded on first use
        one = [_seconds(scorer.score, requests[1 + number].only(0)) for number in range(N_ONE)]
        many = [_seconds(scorer.score, each) for each in requests[:N_MANY]]
        timed = {"fit_s": Timed.of(fit_s), "one_ms": Timed.of(one, 1e3), "many_ms": Timed.of(many, 1e3 / MANY)}
        found.append(Cost(name, *size, timed, sum(array.nbytes for array in scorer.state().arrays.values())))
    listing, n_bytes = _listing(data, fitting, fitted, requests[0])
    return [*found, Cost(LISTING, *size, {"one_ms": listing}, n_bytes)]


def _listing(data: Dataset, fitting: Fitting, fitted: Mapping[str, Scorer], requests: Requests) -> tuple[Timed, int]:
    """Standardising, mixing, and the ten best of what a shopper does not have; and the bytes of the vectors."""
    assert fitting.phrasebook is not None
    vectors, seen = reference_vectors(fitting.phrasebook, data.n_items), data.seen()

    def ranked(raw: FloatArray, row: int) -> None:
        eligible = ~seen[[row]].toarray()[0].astype(bool)
        rank(Standardised.of(raw, eligible).values, RankingSettings(FusionSettings(), n=10), eligible, vectors)

    seconds = []
    for one in map(requests.only, range(N_ONE)):
        raw = np.concatenate([fitted[name].score(one) for name in COMPONENTS])
        seconds.append(_seconds(ranked, raw, int(one.user_rows[0])))
    return Timed.of(seconds, 1e3), vectors.nbytes


def _requests(data: Dataset, seed: int) -> list[Requests]:
    """Batches of shoppers in circumstances of theirs, each a second after the one before, so that no answer is kept."""
    acts = data.positives().drop_duplicates("user_row", keep="last")
    rng = np.random.default_rng(seed)
    batches = []
    for second in range(1 + N_ONE):
        drawn = acts.iloc[rng.integers(0, len(acts), MANY)].reset_index(drop=True)
        now = datetime.fromtimestamp(data.known_until_s + 1 + second, UTC)
        contexts: list[Context] = [replace(each, moment=now) for each in circumstances(data, drawn)]
        batches.append(Requests(drawn["user_row"].to_numpy(np.int32), tuple(contexts)))
    return batches


def _seconds(work: Callable[..., Any], *given: Any) -> float:
    begun = time.perf_counter()
    work(*given)
    return time.perf_counter() - begun


@dataclass(frozen=True, slots=True)
class AccuracyGain:
    """What some components add to the nDCG of the others, and for how many milliseconds, which are taken as known."""

    gain: Difference
    ms: float
    per_ms: Interval

    @classmethod
    def of(cls, gain: Difference, ms: float) -> "AccuracyGain":
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
    validation, test = workspace.engines(settings.split, settings.min_interactions, settings.seed, progress)
    models = models_on(test, chosen_weights(validation, settings.k, progress), settings.k)
    facts, gains, lost = test.panel.facts, {}, against(models, "full", test.panel.facts, settings.seed)
    beyond_traditional = tuple(name for name in COMPONENTS if name not in TRADITIONAL)
    for added in (*((name,) for name in COMPONENTS), beyond_traditional):
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
    title = "How good a list is, by what it takes to make it"
    axes = "Milliseconds a list", f"nDCG@{found.k}, 95% interval"
    return (
        _by_size(found, "fit_s", "Fitting", "Seconds to fit, median"),
        _by_size(found, "one_ms", "Answering one request", "Milliseconds a request, median"),
        Plot("accuracy_by_time", title, *axes, tuple(_accuracy_by_time(found)), x_log=True),
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
