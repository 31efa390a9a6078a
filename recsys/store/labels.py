"""Text that people type into names, tags and notes: cleaned, limited in length, and names compared."""

import re
import unicodedata
from collections.abc import Callable, Iterable

from recsys.errors import PresetError, quoted

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the reading direction: in a name they can make one preset look like another."""

_LINE_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_NEVER_STORED = re.compile(r"[\x00\ud800-\udfff]")
"""PostgreSQL has no place for NUL, and no database for half a character."""


def clean_label(text: str) -> str:
    """One line without control characters and without marks that turn its direction; all else stays as typed.

    >>> clean_label("  Fresh\\u202e and\\nnew\\x07 ")
    'Fresh and new'
    """
    line = _LINE_BREAKS.sub(" ", text)
    return "".join(
        sign for sign in line if sign not in _BIDI and unicodedata.category(sign) not in ("Cc", "Cs")
    ).strip()


def clean_prose(text: str) -> str:
    """Prose as typed, without the two things that a database cannot hold."""
    return _NEVER_STORED.sub("", text)


def label(
    text: str, field: str, longest: int, *, clean: Callable[[str], str] = clean_label, required: bool = False
) -> str:
    """A cleaned text of at most so many characters.

    Raises PresetError: it is longer, or required and nothing of it can be seen.
    """
    kept = clean(text)
    if required and not _is_visible(kept):
        raise PresetError(f"{field} is empty; give 1 to {longest} characters that can be seen")
    if len(kept) > longest:
        raise PresetError(f"{field} has {len(kept):,} characters ({quoted(kept)}); give at most {longest:,}")
    return kept


def tags(given: Iterable[str], most: int, longest: int) -> tuple[str, ...]:
    """Tags in small letters, each once, in the order given.

    >>> tags(["Summer  Sale", "summer sale", " "], most=10, longest=30)
    ('summer sale',)

    Raises PresetError: one is too long, or there are too many.
    """
    cleaned = (" ".join(label(tag, "a tag", longest).lower().split()) for tag in given)
    kept = tuple(dict.fromkeys(tag for tag in cleaned if _is_visible(tag)))
    if len(kept) > most:
        raise PresetError(f"tags: {len(kept)} are too many ({quoted(', '.join(kept))}); give at most {most}")
    return kept


def name_key(name: str) -> str:
    """What a name is compared by: capitals, kinds of blanks and marks that cannot be seen make no difference.

    >>> name_key("Fresh\\u200b  PICKS") == name_key("fresh picks")
    True
    """
    plain = unicodedata.normalize("NFKC", clean_label(name)).casefold()
    seen = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFKC", " ".join(seen.split()))


def free_name(wanted: str, is_taken: Callable[[str], bool], *, mark: str, longest: int) -> str:
    """The wanted name, or "X (mark)", "X (mark 2)" and so on where it is taken; shortened to make room for the mark.

    >>> free_name("Fresh", {"Fresh", "Fresh (copy)"}.__contains__, mark="copy", longest=80)
    'Fresh (copy 2)'
    """
    name, number = wanted, 0
    while is_taken(name):
        number += 1
        ending = f" ({mark})" if number == 1 else f" ({mark} {number})"
        name = wanted[: longest - len(ending)].rstrip() + ending
    return name


def _is_visible(text: str) -> bool:
    return any(unicodedata.category(sign)[0] in "LNPS" for sign in text)
