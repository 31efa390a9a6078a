"""Hide what could reach a person behind a quoted review: e-mail addresses, phone numbers and links.

Quotes of other shoppers are shown verbatim but for this. The patterns are broad on purpose: a hidden order number does
less harm than a shown phone number.
"""

import hashlib
import re

HIDDEN = {"email": "[email hidden]", "link": "[link hidden]", "phone": "[number hidden]"}
"""What is shown instead, by kind."""

_EMAIL = re.compile(r"[\w.+-]{1,64}\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LINK = re.compile(
    r"\b(?:https?|ftp)\s?://\S{1,2000}|\bwww\.[^\s<>]{3,2000}"
    r"|\b(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|info|shop|store|io|co\.uk|de|fr|ly)\b(?:/\S{0,2000})?",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.,])\+?\(?\d(?:[\s().\-/]{0,2}\d){7,14}(?!\w|[.,]\d)")
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})")


def mask_personal(text: str) -> str:
    """The text with e-mail addresses, links and phone numbers replaced; all else is untouched.

    Numbers of fewer than 8 digits and dates stay, because sizes, prices and years are what reviews are about.

    >>> mask_personal("Mail me: ann.b@example.org or +44 20 7946 0958, see www.example.org/x")
    'Mail me: [email hidden] or [number hidden], see [link hidden]'
    >>> mask_personal("Bought 2026-05-31 for 129.00, holds 65 l")
    'Bought 2026-05-31 for 129.00, holds 65 l'
    """
    text = _EMAIL.sub(HIDDEN["email"], text)
    text = _LINK.sub(HIDDEN["link"], text)
    return _PHONE.sub(_hide_number, text)


def _hide_number(found: re.Match[str]) -> str:
    return found.group() if _DATE.fullmatch(found.group()) else HIDDEN["phone"]


_TREES = (
    "Alder", "Ash", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Cypress", "Elder", "Elm", "Fir", "Hawthorn",
    "Hazel", "Holly", "Hornbeam", "Juniper", "Larch", "Laurel", "Linden", "Maple", "Medlar", "Myrtle", "Oak", "Olive",
    "Pear", "Pine", "Plane", "Poplar", "Quince", "Rowan", "Spruce", "Yew",
)  # fmt: skip


def pseudonym(user_id: str) -> str:
    """A name under which another shopper's words are shown: the same for the same id, and not the id.

    It spares readers from meeting ids; it is no anonymisation, because whoever knows all ids can work it back.

    >>> pseudonym("u1") == pseudonym("u1") != pseudonym("u2")
    True
    """
    digest = hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).digest()
    return f"{_TREES[digest[0] % len(_TREES)]} {int.from_bytes(digest[1:3]) % 1000:03d}"
