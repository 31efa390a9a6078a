"""How the tuning room groups metrics, marks verdicts and names baselines."""

from collections.abc import Mapping
from dataclasses import replace

from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.metrics.registry import METRICS, Metric
from recsys.evaluation.statistics.paired import Verdict
from recsys.offpolicy.click_models import format as click_words


def of(metric: str, clicks: Clicks) -> Metric:
    """How a metric is introduced where it is known by what clicks are told; elsewhere a click rate is only that.

    >>> of("ctr", Clicks("simulator")).label, of("ndcg", Clicks()).label
    ('Click rate (true, by the simulator)', 'nDCG@k')
    """
    if metric != "ctr":
        return METRICS[metric]
    return replace(METRICS["ctr"], label=click_words.NAMES[clicks.source], asks=click_words.question(clicks))


GROUPS: Mapping[str, tuple[str, ...]] = {
    "Right products": ("ndcg", "hit_rate", "recall", "precision", "f1", "map", "mrr"),
    "Good lists": ("ctr", "ild", "novelty", "serendipity", "long_tail"),
    "Fair to the catalogue": ("coverage", "gini", "popularity_lift"),
}
"""Metrics as they stand together on screen."""

VERDICTS: Mapping[Verdict, tuple[str, str]] = {
    "better": ("▲", "better"),
    "worse": ("▼", "worse"),
    "unclear": ("≈", "no difference we can tell"),
}
"""A mark that needs no colour, and the words, by verdict."""

BASELINES: Mapping[str, str] = {
    "popularity": "Popularity",
    "recent_popularity": "Recent popularity",
    "item_knn": "ItemKNN",
    "ease": "EASE",
    "collaborative": "LightFM, tuned",
}
"""The models that any setting has to beat."""
