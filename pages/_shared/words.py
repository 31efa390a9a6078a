"""Numbers, dates and circumstances as a person would say them."""

import math
from collections.abc import Mapping
from datetime import datetime

from pages._shared.charts import LOOKS
from recsys.evaluation.metrics.format import NO_VALUE as NO_VALUE
from recsys.evaluation.metrics.format import with_sign
from recsys.settings import Context, RankingSettings


def count(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count(1, "review"), count(1200, "review"), count(2, "category", "categories")
    ('1 review', '1,200 reviews', '2 categories')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def ordinal(n: int) -> str:
    """A rank in words.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 21, 1103)]
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '21st', '1,103rd']
    """
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{suffix}"


def price(value: float | None) -> str:
    """A price with two decimals and no currency, because the data names none.

    >>> price(1299.5), price(0.0), price(None)
    ('1,299.50', 'free', '–')
    """
    if value is None or math.isnan(value):
        return NO_VALUE
    return "free" if value == 0 else f"{value:,.2f}"


def share(value: float) -> str:
    """A share in whole percent; what is there but rounds to nothing is not called nothing.

    >>> share(0.254), share(0.0), share(0.002), share(0.998)
    ('25%', '0%', '<1%', '>99%')
    """
    if 0 < value < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= value < 1 else f"{value:.0%}"


def sentence(text: str) -> str:
    """A message as a sentence of its own.

    >>> sentence("shopper 'x' is not known"), sentence("Widen the price range.")
    ("Shopper 'x' is not known.", 'Widen the price range.')
    """
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?", ":")) else f"{whole}."


def signed(value: float, digits: int = 2) -> str:
    """A number that always shows its sign, with a real minus; never "−0.00".

    >>> signed(0.456), signed(-1.2), signed(-0.001)
    ('+0.46', '−1.20', '0.00')
    """
    return with_sign(f"{abs(value):.{digits}f}", round(value, digits))


def parts_in_words(components: Mapping[str, float], digits: int = 2) -> str:
    """Amounts by component, in their order, as one phrase.

    >>> parts_in_words({"content": 0.5, "context": -1})
    'Content +0.50, Context −1.00'
    """
    return ", ".join(f"{LOOKS[name].label} {signed(value, digits)}" for name, value in components.items())


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


def limits_in_words(settings: RankingSettings) -> list[str]:
    """What keeps products off a list or moves them within it, one clause each; nothing at the defaults.

    >>> from recsys.settings import Filters
    >>> limits_in_words(RankingSettings(filters=Filters(True, True, frozenset({"Lamps", "Tents"}), 10, 80)))
    ['only Lamps or Tents', 'price 10 to 80', 'with what they already have']
    >>> limits_in_words(RankingSettings(diversity=0.3))
    ['variety 0.30 by MMR']
    """
    filters, clauses = settings.filters, []
    if filters.categories:
        names = sorted(filters.categories, key=str.casefold)
        clauses.append(f"only {' or '.join(names)}" if len(names) <= 3 else f"only {len(names)} categories")
    if filters.price_low is not None or filters.price_high is not None:
        low = f"{filters.price_low or 0:g}"
        clauses.append(f"price from {low}" if filters.price_high is None else f"price {low} to {filters.price_high:g}")
    if filters.include_seen:
        clauses.append("with what they already have")
    if not filters.only_available:
        clauses.append("with what is not available")
    if settings.diversity:
        clauses.append(f"variety {settings.diversity:.2f} by {settings.method.upper()}")
    return clauses
