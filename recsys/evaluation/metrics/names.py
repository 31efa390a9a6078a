"""What metrics are called where people read of them, and the unit that their values are written in."""

from collections.abc import Mapping
from decimal import Decimal

LABELS: Mapping[str, str] = {
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "ndcg": "nDCG",
    "map": "MAP",
    "mrr": "MRR",
    "hit_rate": "Hit rate",
    "ild": "Variety (ILD)",
    "novelty": "Novelty",
    "serendipity": "Serendipity",
    "long_tail": "Long tail",
    "ctr": "Click rate",
    "coverage": "Catalogue coverage",
    "gini": "Exposure Gini",
    "popularity_lift": "Popularity lift",
}
"""Names as they stand on screen, without the list length. How a click rate is known is a panel's own, and said by
`click_rates.words.NAMES` alone."""

IN_PERCENT = frozenset(
    {"precision", "recall", "f1", "hit_rate", "serendipity", "long_tail", "ctr", "coverage", "popularity_lift"}
)
"""Metrics whose values are said in percent."""


def written(value: float, in_percent: bool) -> str:
    """Digits that are read back as exactly this number.

    >>> written(0.3, True), written(0.6, False)
    ('30%', '0.6')
    """
    exact = Decimal(repr(value)) * (100 if in_percent else 1)
    digits = format(exact.normalize(), "f")
    return f"{digits}%" if in_percent else digits


def value_of(metric: str, value: float) -> str:
    """A value of a metric in its unit.

    >>> value_of("coverage", 0.3), value_of("novelty", 4.5), value_of("ild", 0.6)
    ('30%', '4.5 bits', '0.6')
    """
    return written(value, metric in IN_PERCENT) + (" bits" if metric == "novelty" else "")


def unusable(metric: str, value: float, low: float, high: float) -> str:
    """That a metric cannot have a value, and which ones it can.

    >>> unusable("coverage", 30, 0, 1)
    'Catalogue coverage cannot be 30, which is 3,000%; give 0% to 100%, such as 30%'
    >>> unusable("ild", 70, 0, 2), unusable("popularity_lift", -2, -1, 1e6)
    ('Variety (ILD) cannot be 70; give a number from 0 to 2', 'Popularity lift cannot be -2, which is -200%; give \
-100% or more, such as 30%')
    >>> unusable("novelty", -3, 0, 64)
    'Novelty cannot be -3; give bits from 0 to 64, such as 4.5'
    """
    if metric in IN_PERCENT:
        ends = f"{low:.0%} to {high:.0%}" if high <= 1 else f"{low:.0%} or more"
        return f"{LABELS[metric]} cannot be {value:g}, which is {value:,.0%}; give {ends}, such as 30%"
    unit, example = ("bits", ", such as 4.5") if metric == "novelty" else ("a number", "")
    return f"{LABELS[metric]} cannot be {value:g}; give {unit} from {low:g} to {high:g}{example}"
