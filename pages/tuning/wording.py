"""What each metric is called, what it answers, and how its numbers are written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pages._shared.words import NO_VALUE
from recsys.evaluation.metrics.click_rate import Clicks
from recsys.evaluation.statistics.paired import LIVE_METRICS, Verdict
from recsys.offpolicy.click_models import wording as click_words

Unit = Literal["number", "share", "bits", "lift"]


@dataclass(frozen=True, slots=True)
class MetricWords:
    """How one metric is introduced.

    Parameters
    ----------
    label : its name, with "@k" standing for the list length where it depends on it
    asks : the question it answers, as a merchandiser would ask it
    unit : "number" (three or four decimals), "share" (percent), "bits", or "lift" (signed percent)
    """

    label: str
    asks: str
    unit: Unit

    def at(self, k: int) -> str:
        """The name with the list length.

        >>> METRICS["ndcg"].at(10), METRICS["coverage"].at(10)
        ('nDCG@10', 'Catalogue coverage')
        """
        return self.label.replace("@k", f"@{k}")


METRICS: Mapping[str, MetricWords] = {
    "ndcg": MetricWords("nDCG@k", "Do lists hold what shoppers went on to choose, and near the top?", "number"),
    "hit_rate": MetricWords("Hit rate@k", "How many shoppers find on their list what they went on to choose?", "share"),
    "recall": MetricWords("Recall@k", "How much of what shoppers went on to choose is on their list?", "share"),
    "precision": MetricWords("Precision@k", "How much of a list did the shopper go on to choose?", "share"),
    "f1": MetricWords("F1@k", "Precision and recall in one number: their harmonic mean, shopper by shopper.", "share"),
    "map": MetricWords("MAP@k", "How high do the right products stand, over all of them?", "number"),
    "mrr": MetricWords("MRR@k", "How high does the first right product stand? 1 is first, 0.5 second.", "number"),
    "ild": MetricWords(
        "Variety (ILD)", "How unlike each other are the products of a list? By what texts say.", "number"
    ),
    "novelty": MetricWords(
        "Novelty", "How surprising are the products? One bit more is half as widely chosen.", "bits"
    ),
    "serendipity": MetricWords(
        "Serendipity@k", "How much of a list is right, and not what bestsellers alone would show?", "share"
    ),
    "long_tail": MetricWords(
        "Long tail", "How much of a list is outside the bestsellers that hold 80% of all choices?", "share"
    ),
    "ctr": MetricWords(
        "Click rate", "How much of a list's places would be clicked? Nobody was shown these lists.", "share"
    ),
    "coverage": MetricWords("Catalogue coverage", "How much of the catalogue is on anybody's list?", "share"),
    "gini": MetricWords("Exposure Gini", "How unequally are products shown? 0 is equally, 1 is one for all.", "number"),
    "popularity_lift": MetricWords(
        "Popularity lift", "How much more popular are lists than what the same shoppers chose before?", "lift"
    ),
}

assert set(METRICS) == set(LIVE_METRICS)


def of(metric: str, clicks: Clicks) -> MetricWords:
    """How a metric is introduced where it is known by what clicks are told; elsewhere a click rate is only that.

    >>> of("ctr", Clicks("simulator")).label, of("ndcg", Clicks()).label
    ('Click rate (true, by the simulator)', 'nDCG@k')
    """
    if metric != "ctr":
        return METRICS[metric]
    return replace(METRICS["ctr"], label=click_words.NAMES[clicks.source], asks=click_words.asks(clicks))


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

_MORE_DIGITS = 6
"""How many digits more a number may get so that it does not read as 0."""


def value(metric: str, number: float) -> str:
    """A metric's number with its unit.

    >>> value("ndcg", 0.05496), value("hit_rate", 0.1021), value("novelty", 5.2202), value("popularity_lift", 0.5373)
    ('0.0550', '10.2%', '5.22 bits', '+54%')
    >>> value("ild", 0.4972), value("ndcg", float("nan"))
    ('0.497', '–')
    """
    if math.isnan(number):
        return NO_VALUE
    unit = METRICS[metric].unit
    if unit == "lift":
        return _signed(f"{abs(number):.0%}", round(number, 2))
    return _plain(metric, number) + (" bits" if unit == "bits" else "")


def change(metric: str, number: float, *, is_clear: bool = False) -> str:
    """A difference of a metric, signed, in the metric's own unit; shares differ by percentage points.

    Parameters
    ----------
    is_clear : it is known not to be 0, so that it gets digits until it does not read as 0

    >>> change("ndcg", 0.0098), change("hit_rate", -0.0132), change("gini", -0.00001)
    ('+0.0098', '−1.3 pp', '0.000')
    >>> change("gini", -0.00001, is_clear=True)
    '−0.00001'
    """
    if math.isnan(number):
        return NO_VALUE
    unit = METRICS[metric].unit
    usual = 0 if unit == "lift" else _digits(metric)
    scaled = 100 * number if unit in ("share", "lift") else number
    tried = range(usual, usual + _MORE_DIGITS + 1) if is_clear else (usual,)
    digits = next((each for each in tried if round(scaled, each)), usual)
    said = _signed(f"{abs(scaled):.{digits}f}", round(scaled, digits))
    return f"{said} pp" if unit in ("share", "lift") else said


def interval(metric: str, low: float, high: float) -> str:
    """Both ends of a difference's interval; an end beside 0 never reads as 0.

    >>> interval("ndcg", 0.002, 0.018), interval("hit_rate", -0.007, -0.0002)
    ('+0.0020 to +0.0180', '−0.7 to −0.02 pp')
    """
    if math.isnan(low) or math.isnan(high):
        return "rests on too few shoppers to say"
    start, end = (change(metric, each, is_clear=True) for each in (low, high))
    return f"{start.removesuffix(' pp')} to {end}"


def apart(metric: str, number: float) -> str:
    """A clear difference in words.

    >>> apart("ndcg", -0.0236), apart("coverage", 0.013)
    ('0.0236 lower', '1.3 pp higher')
    """
    return f"{change(metric, number, is_clear=True).lstrip('+−')} {'lower' if number < 0 else 'higher'}"


def rough(metric: str, number: float) -> str:
    """A value of one shopper with two digits, for an axis.

    >>> rough("long_tail", 0.1), rough("novelty", 5.66), rough("mrr", 1.0)
    ('10%', '5.7', '1')
    """
    return f"{number:.0%}" if METRICS[metric].unit == "share" else f"{number:.2g}"


def _digits(metric: str) -> int:
    if METRICS[metric].unit == "number":
        return 4 if metric in ("ndcg", "map", "mrr") else 3
    return 2 if METRICS[metric].unit == "bits" else 1


def _plain(metric: str, number: float) -> str:
    if METRICS[metric].unit == "share":
        return f"{100 * number:.{_digits(metric)}f}%"
    return f"{number:.{_digits(metric)}f}"


def _signed(text: str, rounded: float) -> str:
    return text if rounded == 0 else f"{'+' if rounded > 0 else '−'}{text}"
