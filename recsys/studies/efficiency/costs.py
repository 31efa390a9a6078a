"""What a component costs: seconds to fit, milliseconds to score, bytes to hold; each timed several times."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numba
import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.splitting import resized
from recsys.evaluation.protocols.hold_out import circumstances
from recsys.progress import Progress, prefixed, silent
from recsys.ranking.rank import Standardised, rank
from recsys.scorers import AS_THEY_ARE, BASELINE_CLASSES, COMPONENT_CLASSES, new_scorer
from recsys.scorers.base import Fitting, FloatArray, Requests, Scorer
from recsys.scorers.phrase_weights import reference_vectors
from recsys.settings import COMPONENTS, Context, FusionSettings, RankingSettings
from recsys.text.encoder import make_phrasebook

TIMES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Sizes of the catalogue, beside that of the shop itself."""

MOST_ITEMS = 20_000
"""A shop is not made larger than this, which would take many minutes."""

CLASSES: Mapping[str, type[Scorer]] = {**BASELINE_CLASSES, **COMPONENT_CLASSES}

MOST_FITS, LONG_FIT_S = 3, 6.0
"""A model is fitted so many times, or until it has taken so long altogether; at least once."""

N_ONE, N_MANY, MANY = 30, 5, 256
"""Answers timed: to single requests, and to batches of so many."""

LISTING = "mixing and ranking"
"""What every list costs after its components are scored."""

TIMED = {"fit_s": "Fit, s", "one_ms": "One request, ms", "many_ms": f"One of {MANY} together, ms"}
"""What is timed, in the unit of its name."""


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
    """One model, or `LISTING`, at one size of the catalogue.

    Parameters
    ----------
    times : size of the catalogue relative to that of the shop
    timed : by name of `TIMED`, without what is not fitted, or not done for many at once
    n_bytes : of the fitted arrays
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
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": allowed,
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
        rank(Standardised.of(raw).values, RankingSettings(FusionSettings(), n=10), eligible, vectors)

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
