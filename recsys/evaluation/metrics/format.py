"""Values and changes of metrics as text."""

import math
from decimal import Decimal

from recsys.evaluation.metrics.registry import METRICS

NO_VALUE = "–"

_MORE_DIGITS = 6
"""How many digits more a number may get so that it does not read as 0."""


def value(metric: str, number: float) -> str:
    """Format a value with its unit.

    >>> value("ndcg", 0.05496), value("hit_rate", 0.1021), value("novelty", 5.2202), value("popularity_lift", 0.5373)
    ('0.0550', '10.2%', '5.22 bits', '+54%')
    >>> value("ild", 0.4972), value("ndcg", float("nan"))
    ('0.497', '–')
    """
    if math.isnan(number):
        return NO_VALUE
    shown = METRICS[metric]
    if shown.unit == "lift":
        return with_sign(f"{abs(number):.0%}", round(number, 2))
    if shown.unit == "share":
        return f"{100 * number:.{shown.digits}f}%"
    return f"{number:.{shown.digits}f}" + (" bits" if shown.unit == "bits" else "")


def change(metric: str, number: float, *, is_clear: bool = False) -> str:
    """Format a difference, signed, in the metric's own unit; shares differ by percentage points.

    `is_clear`: it is known not to be 0, and gets digits until it does not read as 0.

    >>> change("ndcg", 0.0098), change("hit_rate", -0.0132), change("gini", -0.00001)
    ('+0.0098', '−1.3 pp', '0.000')
    >>> change("gini", -0.00001, is_clear=True)
    '−0.00001'
    """
    if math.isnan(number):
        return NO_VALUE
    usual, in_percent = METRICS[metric].digits, METRICS[metric].in_percent
    scaled = 100 * number if in_percent else number
    tried = range(usual, usual + _MORE_DIGITS + 1) if is_clear else (usual,)
    digits = next((each for each in tried if round(scaled, each)), usual)
    said = with_sign(f"{abs(scaled):.{digits}f}", round(scaled, digits))
    return f"{said} pp" if in_percent else said


def interval(metric: str, low: float, high: float) -> str:
    """Format both ends of a difference's interval; an end beside 0 never reads as 0.

    >>> interval("ndcg", 0.002, 0.018), interval("hit_rate", -0.007, -0.0002)
    ('+0.0020 to +0.0180', '−0.7 to −0.02 pp')
    """
    if math.isnan(low) or math.isnan(high):
        return "rests on too few shoppers to say"
    start, end = (change(metric, each, is_clear=True) for each in (low, high))
    return f"{start.removesuffix(' pp')} to {end}"


def apart(metric: str, number: float) -> str:
    """Format a clear difference as "0.0236 lower".

    >>> apart("ndcg", -0.0236), apart("coverage", 0.013)
    ('0.0236 lower', '1.3 pp higher')
    """
    return f"{change(metric, number, is_clear=True).lstrip('+−')} {'lower' if number < 0 else 'higher'}"


def rough(metric: str, number: float) -> str:
    """Format a value of one shopper with two digits, for an axis.

    >>> rough("long_tail", 0.1), rough("novelty", 5.66), rough("mrr", 1.0)
    ('10%', '5.7', '1')
    """
    return f"{number:.0%}" if METRICS[metric].unit == "share" else f"{number:.2g}"


def written(value: float, in_percent: bool) -> str:
    """Format a number so that it is read back exactly.

    >>> written(0.3, True), written(0.6, False)
    ('30%', '0.6')
    """
    exact = Decimal(repr(value)) * (100 if in_percent else 1)
    digits = format(exact.normalize(), "f")
    return f"{digits}%" if in_percent else digits


def exact(metric: str, number: float) -> str:
    """Format a value in its unit so that it is read back exactly.

    >>> exact("coverage", 0.3), exact("novelty", 4.5), exact("ild", 0.6)
    ('30%', '4.5 bits', '0.6')
    """
    return written(number, METRICS[metric].in_percent) + (" bits" if METRICS[metric].unit == "bits" else "")


def unusable(metric: str, value: float) -> str:
    """Write the message that a metric cannot have a value, with those that it can.

    >>> unusable("coverage", 30)
    'Catalogue coverage cannot be 30, which is 3,000%; give 0% to 100%, such as 30%'
    >>> unusable("ild", 70), unusable("popularity_lift", -2)
    ('Variety (ILD) cannot be 70; give a number from 0 to 2', 'Popularity lift cannot be -2, which is -200%; give \
-100% or more, such as 30%')
    >>> unusable("novelty", -3)
    'Novelty cannot be -3; give bits from 0 to 64, such as 4.5'
    """
    shown, low, high = METRICS[metric], METRICS[metric].lowest, METRICS[metric].highest
    if shown.in_percent:
        ends = f"{low:.0%} to {high:.0%}" if high <= 1 else f"{low:.0%} or more"
        return f"{shown.short} cannot be {value:g}, which is {value:,.0%}; give {ends}, such as 30%"
    unit, example = ("bits", ", such as 4.5") if shown.unit == "bits" else ("a number", "")
    return f"{shown.short} cannot be {value:g}; give {unit} from {low:g} to {high:g}{example}"


def with_sign(text: str, rounded: float) -> str:
    """A number's digits without a sign, after the sign of its rounded value; none where that is 0."""
    return text if rounded == 0 else f"{'+' if rounded > 0 else '−'}{text}"
