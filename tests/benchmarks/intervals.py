"""How often a 95% interval of the tuning room holds the truth, by simulation.

Run as `python -m tests.benchmarks.intervals [--json]`; it takes about five minutes on two cores. Samples are drawn from
populations of 40,000 shoppers whose two settings are close, apart, or far from each other. The truth of a shopper
metric, a popularity lift or a personalisation is its value over the whole population; that of coverage and Gini is what
as many shoppers get on average, measured by the samples themselves.

`given` is the share of samples that get an interval at all (`FEWEST_TELLING`); `held` the share of those intervals that
hold the truth; `missed` the share of all samples whose interval does not. Where `given` is low, intervals exist only
for unusual samples, and `held` says what is true of those. Ties: how often the truly best of 286 points is in the set
that `tied_with_best` answers with, and how many points that set has; beside it, comparing each point on its own.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from recsys.evaluation.metrics.registry import LIVE_METRICS
from recsys.evaluation.statistics.exposure import exposure_of, personalisation
from recsys.evaluation.statistics.paired import differences, means, tied_with_best
from recsys.evaluation.statistics.significance import Interval
from tests.evaluation.statistics._population import Population, population

SIZES = (50, 200, 1000, 3000)
SETTINGS = {
    "close": ((0.5, 1.5), (0.52, 1.5)),
    "apart": ((0.5, 1.5), (0.6, 1.3)),
    "far": ((1.0, 1.0), (0.6, 1.6)),
}
TARGET = (0.93, 0.97)


def run(
    n_repetitions: int = 2000,
    say: Callable[[str], None] = lambda line: None,
    sizes: Sequence[int] = SIZES,
    n_population: int = 40_000,
) -> dict[str, Any]:
    """Every population, size and metric: {"changes": [...], "levels": [...], "ties": [...]}."""
    found: dict[str, Any] = {"changes": [], "levels": [], "ties": []}
    for name, (new, old) in SETTINGS.items():
        shop = population(n_population, 2000, new, old)
        for n in sizes:
            begun = time.perf_counter()
            for kind, rows in _coverage(shop, n, n_repetitions).items():
                found[kind] += [{"settings": name, "n": n, **row} for row in rows]
            say(f"{name}, {n} shoppers: {time.perf_counter() - begun:.0f} s")
    found["ties"] = [_ties(n, n_repetitions // 4, alike) for alike in (False, True) for n in sizes[1:]]
    return found


def _coverage(shop: Population, n: int, n_repetitions: int) -> dict[str, list[dict[str, Any]]]:
    rng = np.random.default_rng(n)
    draws: dict[str, list[list[Interval]]] = {"changes": [], "levels": []}
    for _ in range(n_repetitions):
        sample = shop.sample(rng, n)
        changes = differences(sample.new, sample.old, sample.facts)
        draws["changes"].append([changes[name].change for name in LIVE_METRICS])
        draws["levels"].append(list(means(sample.new, sample.facts).values()))
    now, before = _true_means(shop, new=True), _true_means(shop, new=False)
    truths = {"changes": {name: now[name] - before[name] for name in now}, "levels": now}
    return {
        kind: [
            {"metric": name, **_held([draw[place] for draw in drawn], truths[kind].get(name))}
            for place, name in enumerate(LIVE_METRICS)
        ]
        for kind, drawn in draws.items()
    }


def _true_means(shop: Population, new: bool) -> dict[str, float]:
    lists, n_items = shop.new if new else shop.old, shop.facts.n_items
    truths = {name: float(np.nanmean(values)) for name, values in lists.values.items()}
    known = ~np.isnan(shop.facts.profile_popularity)
    listed = shop.facts.popularity[lists.ranked].mean(1)[known].mean()
    lift = float(listed / shop.facts.profile_popularity[known].mean() - 1)
    return truths | {"popularity_lift": lift, "personalisation": personalisation(exposure_of(lists.ranked, n_items))}


def _held(intervals: list[Interval], truth: float | None) -> dict[str, float | None]:
    ends = np.array([(interval.low, interval.high) for interval in intervals])
    truth = float(np.mean([interval.mean for interval in intervals])) if truth is None else truth
    given = ~np.isnan(ends[:, 0])
    below, above = ends[given, 0] > truth + 1e-12, ends[given, 1] < truth - 1e-12
    return {
        "truth": truth,
        "given": float(given.mean()),
        "held": float(1 - (below | above).mean()) if given.any() else None,
        "too_high": float(below.mean()) if given.any() else None,
        "too_low": float(above.mean()) if given.any() else None,
        "missed": float((below | above).sum() / len(intervals)),
    }


def _ties(n: int, n_repetitions: int, alike: bool) -> dict[str, Any]:
    """Either points on a simplex of four weights, where a product is found when the mix suits the shopper; or, the
    hardest case, as many unrelated points that are all equally good, of which the luckiest leads."""
    rng = np.random.default_rng(n)
    points = np.array([(a, b, c, 10 - a - b - c) for a in range(11) for b in range(11 - a) for c in range(11 - a - b)])
    likes = rng.normal([0.5, 0.3, 0.4, 0.1], 0.6, (20_000, 4))
    ease = rng.normal(-1.2, 1.0, 20_000)
    hits = (points / 10 @ likes.T + ease > 0).astype(np.float32)
    truly = 0 if alike else int(hits.mean(1).argmax())
    held, sizes, alone_held = [], [], []
    for _ in range(n_repetitions):
        if alike:
            seen = (rng.random((len(points), n), np.float32) < 0.3).astype(np.float32)
        else:
            seen = hits[:, rng.integers(0, 20_000, n)]
        best = int(seen.mean(1).argmax())
        tied = tied_with_best(seen, best)
        gaps = seen[best] - seen[truly]
        held.append(tied[truly])
        sizes.append(tied.sum())
        alone_held.append(gaps.mean() <= 1.645 * gaps.std() / np.sqrt(n))
    return {
        "points": "all equally good, unrelated" if alike else "weights of a simplex",
        "n": n,
        "n_points": len(points),
        "best_held": float(np.mean(held)),
        "points_in_set": float(np.mean(sizes)),
        "best_held_if_compared_alone": float(np.mean(alone_held)),
    }


def _print(found: dict[str, Any]) -> None:
    columns = dict.fromkeys((row["settings"], row["n"]) for row in found["changes"])
    for kind in ("changes", "levels"):
        print(f"\n{kind}: held % (given %)".ljust(26), *(f"{s} {n}".rjust(16) for s, n in columns))
        for name in LIVE_METRICS:
            rows = [row for row in found[kind] if row["metric"] == name]
            cells = [f"{100 * row['held']:.1f} ({100 * row['given']:.0f})" if row["held"] else "-" for row in rows]
            print(name.ljust(25), *(cell.rjust(16) for cell in cells))
        usual = [row for row in found[kind] if row["given"] >= 0.95]
        off = [row for row in usual if not TARGET[0] <= row["held"] <= TARGET[1]]
        print(f"{len(usual)} cells give an interval to 95% of samples or more; {len(off)} hold outside 93% to 97%:")
        for row in off:
            print(f"  {row['settings']} {row['n']} {row['metric']}: {row['held']:.3f}", end="")
            print(f" (too high {row['too_high']:.3f}, too low {row['too_low']:.3f})")
        print(f"largest share of samples misled, over all cells: {max(row['missed'] for row in found[kind]):.3f}")
    print()
    for row in found["ties"]:
        print(
            "ties:",
            ", ".join(f"{name} {value if isinstance(value, str) else round(value, 3)}" for name, value in row.items()),
        )


if __name__ == "__main__":
    answer = run(say=lambda line: print(line, file=sys.stderr))
    if "--json" in sys.argv[1:]:
        json.dump(answer, sys.stdout, indent=1)
        print()
    else:
        _print(answer)
