"""Numbers, dates and circumstances as a person would say them."""

import math
from datetime import datetime

from recsys.settings import Context

NO_VALUE = "–"

_HOURS = {"night": "00–06", "morning": "06–12", "afternoon": "12–18", "evening": "18–24"}


def count(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count(1, "review"), count(1200, "review"), count(2, "category", "categories")
    ('1 review', '1,200 reviews', '2 categories')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def price(value: float | None) -> str:
    """A price with two decimals and no currency, because the data names none."""
    return NO_VALUE if value is None or math.isnan(value) else f"{value:,.2f}"


def signed(value: float, digits: int = 2) -> str:
    """A number that always shows its sign, with a real minus; never "−0.00".

    >>> signed(0.456), signed(-1.2), signed(-0.001)
    ('+0.46', '−1.20', '0.00')
    """
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.{digits}f}"


def day(moment: datetime | None) -> str:
    """A date as "31 May 2026"."""
    return NO_VALUE if moment is None else f"{moment.day} {moment:%B %Y}"


def day_short(moment: datetime | None) -> str:
    """A date as "31 May 26", for dense places."""
    return NO_VALUE if moment is None else f"{moment.day} {moment:%b %Y}"


def duration(seconds: float) -> str:
    """A span of time, rounded to what a waiting person wants to know.

    >>> duration(7.6), duration(95), duration(3700)
    ('8 s', '1 min 35 s', '1 h 1 min')
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def daypart(name: str) -> str:
    """A part of the day with its hours, as a choice on screen."""
    hours = _HOURS.get(name)
    return f"{name.capitalize()} {hours}" if hours else name.capitalize()


def moment_in_words(context: Context) -> str:
    """The circumstances of a request as one phrase; "any moment" where none is stated.

    >>> moment_in_words(Context(daypart="evening", weekday="Friday", season="winter", device="mobile", region="North"))
    'Friday evening in winter, on mobile, in North'
    >>> moment_in_words(Context())
    'any moment'
    """
    when = " ".join(filter(None, (context.weekday, context.daypart)))
    if context.season:
        when = f"{when} in {context.season}" if when else context.season
    parts = [when] if when else []
    if context.device:
        parts.append(f"on {context.device}")
    if context.region:
        parts.append(f"in {context.region}")
    words = ", ".join(parts)
    return words[:1].upper() + words[1:] if words else "any moment"
