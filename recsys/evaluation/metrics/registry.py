"""Every metric of ranked lists, declared once: name, label, unit, direction, range and what it asks.

`evaluation.metrics.lists` computes those of one list, `statistics.exposure` those of all lists together;
`tests/_metric_definitions.py` defines each, one list at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal["number", "share", "bits", "lift"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name : as in settings, JSON and tables
    label : its name on screen, with "@k" standing for the list length where it depends on it
    asks : the question it answers, as a merchandiser would ask it
    unit : "number" (plain), "share" (percent), "bits", or "lift" (signed percent)
    lowest, highest : values that it can have
    digits : decimals that are shown, of percent for shares and lifts
    """

    name: str
    label: str
    asks: str
    unit: Unit = "share"
    higher_is_better: bool = True
    lowest: float = 0.0
    highest: float = 1.0
    digits: int = 1

    @property
    def short(self) -> str:
        """The label without the list length."""
        return self.label.replace("@k", "")

    @property
    def in_percent(self) -> bool:
        """Whether values are written in percent."""
        return self.unit in ("share", "lift")

    def at(self, k: int) -> str:
        """The label with the list length.

        >>> METRICS["ndcg"].at(10), METRICS["coverage"].at(10)
        ('nDCG@10', 'Catalogue coverage')
        """
        return self.label.replace("@k", f"@{k}")


_ALL = (
    Metric("ndcg", "nDCG@k", "Do lists hold what shoppers went on to choose, and near the top?", "number", digits=4),
    Metric("hit_rate", "Hit rate@k", "How many shoppers find on their list what they went on to choose?"),
    Metric("recall", "Recall@k", "How much of what shoppers went on to choose is on their list?"),
    Metric("precision", "Precision@k", "How much of a list did the shopper go on to choose?"),
    Metric("f1", "F1@k", "Precision and recall in one number: their harmonic mean, shopper by shopper."),
    Metric("map", "MAP@k", "How high do the right products stand, over all of them?", "number", digits=4),
    Metric("mrr", "MRR@k", "How high does the first right product stand? 1 is first, 0.5 second.", "number", digits=4),
    Metric(
        "ild",
        "Variety (ILD)",
        "How unlike each other are the products of a list? By what texts say.",
        "number",
        highest=2.0,
        digits=3,
    ),
    Metric(
        "novelty",
        "Novelty",
        "How surprising are the products? One bit more is half as widely chosen.",
        "bits",
        highest=64.0,
        digits=2,
    ),
    Metric("serendipity", "Serendipity@k", "How much of a list is right, and not what bestsellers alone would show?"),
    Metric("long_tail", "Long tail", "How much of a list is outside the bestsellers that hold 80% of all choices?"),
    Metric("ctr", "Click rate", "How much of a list's places would be clicked? Nobody was shown these lists."),
    Metric("coverage", "Catalogue coverage", "How much of the catalogue is on anybody's list?"),
    Metric(
        "gini",
        "Exposure Gini",
        "How unequally are products shown? 0 is equally, 1 is one for all.",
        "number",
        higher_is_better=False,
        digits=3,
    ),
    Metric(
        "personalisation",
        "Personalisation",
        "How much do two shoppers' lists differ? 0% is the same list for all, 100% nothing shared.",
    ),
    Metric(
        "popularity_lift",
        "Popularity lift",
        "How much more popular are lists than what the same shoppers chose before?",
        "lift",
        higher_is_better=False,  # popularity that the model adds on its own account
        lowest=-1.0,
        highest=1e6,
        digits=0,
    ),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
"""By name, in the order in which they are shown; what a click rate rests on is a panel's own
(`offpolicy.click_models.format`)."""

ACCURACY_METRICS = ("precision", "recall", "f1", "ndcg", "map", "mrr", "hit_rate")
"""Metrics that compare a list with held-out items; NaN for a shopper who has none."""

EVALUATED_METRICS = (*ACCURACY_METRICS, "ild", "novelty", "coverage", "personalisation")
"""What `recsys evaluate` reports, in its order."""

SHOPPER_METRICS = (*ACCURACY_METRICS, "ild", "novelty", "serendipity", "long_tail", "ctr")
"""Metrics of one shopper's list, shown as means over shoppers; in the order of the columns that kernels fill."""

WHOLE_METRICS = ("coverage", "gini", "personalisation", "popularity_lift")
"""Metrics of all lists together."""

LIVE_METRICS = (*SHOPPER_METRICS, *WHOLE_METRICS)
"""All names, in the order of columns."""

OUTCOME_METRICS = (*ACCURACY_METRICS, "serendipity", "ctr")
"""Metrics that ask what shoppers went on to choose or would click, in circumstances of their own."""
