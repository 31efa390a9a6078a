"""What is chosen in the tuning room in a few words: on buttons, in the headline, and where nobody fits."""

import re

import numpy as np
import pandas as pd

from pages._shared import words
from pages._shared.cards import esc, isolated
from pages._shared.notices import empty_html
from pages._shared.view import DEFAULT_LENGTH
from recsys.panel.segments import Scenario, Segment
from recsys.settings import CONTEXT_DIMENSIONS, Filters

_LONGEST_NAME, _MOST_NAMES = 24, 2
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$])")
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f]")
_ORDER = ("activity", "top_category", "home", *CONTEXT_DIMENSIONS)


def label(name: str, chosen: list[str]) -> str:
    """The label of a button with what is chosen behind it, as Markdown.

    >>> label("Shoppers", ["new", "evening"]), label("Shelf", [])
    ('Shoppers: new, evening', 'Shelf')
    """
    return f"{name}: {', '.join(map(_plain, chosen))}" if chosen else name


def shoppers(segment: Segment) -> list[str]:
    """Properties that shoppers must have.

    >>> shoppers(Segment.of(device="mobile", activity="new", top_category="Tents"))
    ['new', 'mostly buy Tents', 'mobile']
    """
    values = segment.as_dict()
    return [_property(name, values[name]) for name in _ORDER if name in values]


def circumstances(scenario: Scenario) -> list[str]:
    """Circumstances that everyone is imagined in."""
    stated = scenario.as_dict()
    return [stated[name] or f"{name} unknown" for name in CONTEXT_DIMENSIONS if name in stated]


def shelf(filters: Filters) -> list[str]:
    """What may be listed, where not everything may.

    >>> shelf(Filters(only_available=True, categories=frozenset({"Tents", "Lamps", "Rugs"})))
    ['3 categories', 'available today']
    """
    names = sorted(filters.categories, key=str.casefold)
    said = names if len(names) <= _MOST_NAMES else [words.count(len(names), "category", "categories")]
    return [*said, "available today"] if filters.only_available else list(said)


def variety(strength: float, method: str, n: int) -> str:
    """The label of the button for variety and list length, as Markdown.

    >>> variety(0.4, "MMR", 10), variety(0, "MMR", 20), variety(0.4, "DPP", 5), variety(0, "DPP", 10)
    ('Variety 0.40 (MMR)', 'Variety and length: 20 products', 'Variety 0.40 (DPP), 5 products', 'Variety and length')
    """
    length = [] if n == DEFAULT_LENGTH else [f"{n} products"]
    if not strength:
        return label("Variety and length", length)
    return ", ".join([f"Variety {strength:.2f} ({method})", *length])


def nobody_html(segment: Segment, people: pd.DataFrame) -> str:
    """Which properties nobody has all of, how many have each, and how many are left without it.

    Parameters
    ----------
    people : columns as in `Panel.shoppers`
    """
    head = empty_html("Nobody fits", "no test shopper has all of these properties; let go of one")
    values = segment.as_dict()
    rows = ""
    for name in _ORDER:
        if name in values:
            alone = Segment(((name, values[name]),)).mask(people)
            others = Segment(tuple(pair for pair in segment.values if pair[0] != name)).mask(people)
            rows += (
                f'<tr><th scope="row">{isolated(_property(name, values[name]))}</th>'
                f"<td>{_share(alone)}</td><td>{_share(others)}</td></tr>"
            )
    return (
        f'{head}<table class="sw-guard sw-nobody"><thead><tr><th scope="col">Chosen under Shoppers</th>'
        f'<th scope="col">Have it</th><th scope="col">Fit without it</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _share(mask: np.ndarray) -> str:
    return esc(f"{int(mask.sum()):,} of {len(mask):,}")


def _property(name: str, value: str) -> str:
    if name == "top_category":
        return f"mostly buy {value}"
    return f"home in {value}" if name == "home" else value or f"{name} unknown"


def _plain(text: str) -> str:
    """A name as Markdown shows it, cut where it is long: it must stay text, and stay in its place."""
    text = _REORDERING.sub(" ", text)
    cut = text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
    return _MARKS.sub(r"\\\1", cut).replace(":", ":\u200b").replace("&", "&amp;")
