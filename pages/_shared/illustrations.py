"""A line illustration for every product category, by its name alone, and a tinted initial where none is known.

The drawings are masks (`assets/icons/*.svg`), so that one file serves both themes.
"""

import hashlib
import re
import tomllib
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from pages._shared.charts import css_variables

ASSETS = Path(__file__).resolve().parents[2] / "assets"
MARK = ASSETS / "mark-light.svg"

WORDS: dict[str, list[str]] = tomllib.loads((ASSETS / "icons" / "words.toml").read_text(encoding="utf-8"))
"""Words of a category's name by drawing; the longest word found wins, so that "sleeping bag" is not a "bag"."""


@lru_cache(maxsize=4096)
def icon_of(category: str) -> str | None:
    """Name of the drawing for a category, or None where no word of its name is known.

    >>> icon_of("Sleeping bags & mats"), icon_of("Rain jackets"), icon_of("Zyx")
    ('sleeping-bag', 'jacket', None)
    """
    name = category.casefold()
    found = [
        (len(word), -order, icon)
        for order, (icon, words) in enumerate(WORDS.items())
        for word in words
        if re.search(rf"\b{re.escape(word)}(?:s|es|ing)?\b", name)
    ]
    return max(found)[2] if found else None


def tile_html(category: str | None, seed: str = "") -> str:
    """Decorative tile of a product, hidden from screen readers: drawing or initial on a tint, lit by `seed`, its id."""
    name = (category or "").strip()
    icon = icon_of(name) if name else "box"
    light = _digest(seed or name)
    style = f"--hue:{8 + 20 * (_digest(name) % 18)};--lx:{15 + light % 70}%;--ly:{10 + light // 70 % 60}%"
    if icon:
        inside = f'<span class="sw-art-icon sw-art-{icon}"></span>'
    else:
        inside = f'<span class="sw-art-initial">{escape(name[:1].upper())}</span>'
    return f'<div class="sw-art" aria-hidden="true" style="{style}">{inside}</div>'


@cache
def asset(name: str) -> str:
    """Text of a file of the assets folder."""
    return (ASSETS / name).read_text(encoding="utf-8")


@cache
def css() -> str:
    """Mask rules for the mark and all drawings, from the files of the assets folder."""
    rules = [f":root {{ --art-mark: {_as_url(MARK)}; }}"]
    rules += [f".sw-art-{path.stem} {{ --art: {_as_url(path)}; }}" for path in sorted((ASSETS / "icons").glob("*.svg"))]
    return "\n".join(rules) + "\n"


@cache
def style(scheme: str) -> str:
    """Stylesheets of all pages, palette and drawings as one style element; no data of any shop.

    `scheme` ("light", "dark", or "light dark" where it is not known) holds for the whole document, because Streamlit
    sets it for the app alone, and popovers are outside of the app.
    """
    names = ("shelfwise", "questions", "tuning", "map", "side", "presets", "experiments")
    sheet = "".join(asset(f"{name}.css") for name in names)
    return f"<style>\n:root {{ color-scheme: {scheme}; }}\n{css_variables()}{css()}{sheet}</style>"


def _as_url(path: Path) -> str:
    source = quote(path.read_text(encoding="utf-8").strip(), safe=" =:/'")
    return f'url("data:image/svg+xml,{source}")'


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:4], "big")
