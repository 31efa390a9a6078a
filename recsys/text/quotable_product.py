"""Whether a sentence names a model, size, gauge or colour that contradicts the title of the product beside it."""

import re
from collections.abc import Set

_CODE = re.compile(
    r"[a-z]{1,6}-?\d[a-z0-9-]*|\d{1,5}[a-z]{1,3}\d[a-z0-9-]*|"
    r"\d{1,5}(?!mm|cm|th|st|nd|rd|kg|ml|ft|in|am|pm|hz|fps|gb|mb|way|pin|day|pc|bit|min|hr|yr|oz|lb|amp|man|pt)[a-z]{2,3}"
)
_NO_CODE = re.compile(
    r"mp[34]|ps[1-5]|ww[12i]+|usb-?[234](?:-0)?|h2o|b12|a[3-6]|co2|vitamin-\w+|"
    r"[a-z]?\d{1,2}-(?:string|inch|fret|channel|pack|foot|hour|day|week|year|month|man|person|season)\w*"
)
_MEASURE = re.compile(
    r"(?<![\d.,])(\d*[.,]?\d+)[ -]?(mm|cm|inch(?:es)?|ft|foot|feet|litres?|liters?|l|ml|oz|kg|watts?|w|g)\b"
)
_SHORT = {"inches": "inch", "foot": "ft", "feet": "ft", "watt": "w", "watts": "w"} | dict.fromkeys(
    ("litre", "litres", "liter", "liters"), "l"
)
_RANGE = re.compile(r"(?<![\d-])\d{1,2}-\d{2}(?![\d-])")
_GAUGE = re.compile(r"\b(light|medium|heavy|regular|thin|thick)s? (?:gauges?|tension|picks?|strings?|version)\b")
_SIZES = frozenset({"light", "medium", "heavy", "regular", "thin", "thick"})
_COLOUR = re.compile(
    r"\b(red|green|blue|black|white|yellow|orange|purple|pink|brown|gr[ea]y|silver|gold|turquoise|beige|teal|navy|violet)s?\b"
)
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")


def contradicts(said: str, title: str, known: Set[str] = frozenset()) -> bool:
    """Whether lower-case text speaks of another variant or model than a lower-case title names.

    `known`: further words that name the product. A model code must be known; measures and colours may only not differ
    from those that the title gives.

    >>> contradicts("i love the ej16 light gauge", "ej26 strings, custom light, 11-52")
    True
    >>> contradicts("the green ones look great", "guitar pick, red"), contradicts("a lovely green", "guitar pick")
    (True, False)
    """
    return (
        _names_another_model(said, title, known)
        or _differs(_colours(said), _colours(title))
        or _differs(frozenset(_RANGE.findall(said)), frozenset(_RANGE.findall(title)))
        or _differs(frozenset(_GAUGE.findall(said)), frozenset(_WORD.findall(title)) & _SIZES)
        or _measures_differ(said, title)
    )


def _differs(said: frozenset[str], named: frozenset[str]) -> bool:
    return bool(said and named and said.isdisjoint(named))


def _colours(text: str) -> frozenset[str]:
    return frozenset(colour.replace("gray", "grey") for colour in _COLOUR.findall(text))


def _names_another_model(said: str, title: str, known: Set[str]) -> bool:
    words = _WORD.findall(title)
    named = {*words, *known, "".join(word if word.isdigit() else word[0] for word in words)}
    squeezed = "".join(words).replace("-", "")
    return any(
        _CODE.fullmatch(word)
        and not _NO_CODE.fullmatch(word)
        and word not in named
        and word.replace("-", "") not in squeezed
        for word in _WORD.findall(said)
    )


def _measures_differ(said: str, title: str) -> bool:
    named, told = _measures(title), _measures(said)
    return any(_differs(told[unit], named.get(unit, frozenset())) for unit in told)


def _measures(text: str) -> dict[str, frozenset[str]]:
    """Amounts by their unit."""
    found: dict[str, frozenset[str]] = {}
    for amount, unit in _MEASURE.findall(text):
        short = _SHORT.get(unit, unit)
        found[short] = found.get(short, frozenset()) | {f"{float(amount.replace(',', '.')):g}"}
    return found
