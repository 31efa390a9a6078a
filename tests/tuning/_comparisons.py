"""Comparisons made by hand, so that what is said of them can be held against what is known."""

from dataclasses import replace

from recsys.evaluation.metrics.registry import LIVE_METRICS, METRICS
from recsys.evaluation.statistics.paired import Difference, Verdict
from recsys.evaluation.statistics.significance import Interval
from recsys.panel.segments import EVERYONE, EvaluationConfig
from recsys.settings import FusionSettings, RankingSettings
from recsys.tuning.comparison import Comparison
from recsys.tuning.list_changes import Outcomes, Overlap, Product, ProductShown

A = EvaluationConfig("A", RankingSettings(FusionSettings(1, 0, 0, 0)))
B = EvaluationConfig("B", RankingSettings(FusionSettings(0, 1, 0, 0)))


def difference(metric: str, new: float, old: float, low: float, high: float, n: int = 1000) -> Difference:
    """A difference whose verdict follows from its interval."""
    verdict: Verdict = "unclear"
    if low > 0 or high < 0:
        verdict = "better" if (low > 0) == METRICS[metric].higher_is_better else "worse"
    return Difference(metric, new, old, Interval(new - old, low, high, n), verdict, 10)


def shown(n: int, lists_a: int, lists_b: int, category: str = "Candles & Scents") -> tuple[ProductShown, ...]:
    return tuple(ProductShown(Product(i, f"p{i}", "Thing", category), False, lists_a, lists_b) for i in range(n))


def comparison(*changed: Difference, n: int = 1000, **more: object) -> Comparison:
    """Two settings between which nothing can be told, but for what is given."""
    differences = {name: difference(name, 0.5, 0.5, -0.01, 0.01, n) for name in LIVE_METRICS}
    differences |= {each.metric: each for each in changed}
    found = Comparison(
        a=A,
        b=B,
        segment=EVERYONE,
        panel_id="p",
        n_shoppers=n,
        n_panel=n,
        n_items=500,
        n_imagined=0,
        n_unproven=0,
        means_a={name: Interval(each.old, each.old - 0.01, each.old + 0.01, n) for name, each in differences.items()},
        means_b={name: Interval(each.new, each.new - 0.01, each.new + 0.01, n) for name, each in differences.items()},
        differences=differences,
        overlap=Overlap(0.72, 150, 120, 0.8),
        outcomes=Outcomes(n, 30, 20, n - 50, 20, 8, 40, n - 68),
        changed=(),
        products=(),
        categories=(),
        shown_a=200,
        shown_b=230,
    )
    return replace(found, **more)
