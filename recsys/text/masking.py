"""Mask personal data in quoted reviews: addresses, links, phone, card and account numbers.

Patterns are broad on purpose: a hidden order number does less harm than a shown phone number. Every pattern is bounded
or possessive, so that hostile text costs linear time.
"""

import hashlib
import re
import string
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

HIDDEN = {
    "email": "[email hidden]",
    "link": "[link hidden]",
    "phone": "[number hidden]",
    "card": "[card hidden]",
    "account": "[account hidden]",
}
"""What is shown instead, by kind; "phone" is any number of 8 digits or more that is nothing else."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a masked text, a label of `HIDDEN` where `hidden`; `phrase` is None between phrases."""

    text: str
    phrase: int | None
    hidden: bool


def mask_personal(text: str) -> str:
    """Replace e-mail addresses, links and phone, card and account numbers in a text.

    Numbers of fewer than 8 digits and dates stay, because sizes, prices and years are what reviews are about.

    >>> mask_personal("Mail me: ann.b@example.org or +44 20 7946 0958, see www.example.org/x")
    'Mail me: [email hidden] or [number hidden], see [link hidden]'
    >>> mask_personal("Bought 2026-05-31 for 129.00, holds 65 l")
    'Bought 2026-05-31 for 129.00, holds 65 l'
    """
    return "".join(piece.text for piece in masked_segments(text, ()))


def masked_segments(text: str, boundaries: Sequence[tuple[int, int]]) -> list[Piece]:
    """Mask a text and cut it where phrases begin and end; the pieces together are `mask_personal(text)`.

    A label is a piece of the first phrase that the hidden text touches, also where it crosses into another.

    `boundaries`: (start, end) of each phrase in the text as it was written; ordered, not overlapping, else ValueError.

    >>> [(piece.text, piece.phrase) for piece in masked_segments("Dry. Ask ann@example.org!", [(0, 4), (5, 25)])]
    [('Dry.', 0), (' ', None), ('Ask ', 1), ('[email hidden]', 1), ('!', 1)]
    """
    _check(boundaries, len(text))
    phrases = [(n, start, end) for n, (start, end) in enumerate(boundaries) if start < end]
    ends = [end for _, _, end in phrases]
    hidden = {start: (end, HIDDEN[kind]) for start, end, kind in personal_spans(text)}
    edges = {0, len(text), *hidden, *ends}
    edges.update(end for end, _ in hidden.values())
    edges.update(start for _, start, _ in phrases)
    pieces: list[Piece] = []
    done = 0
    for start, until in pairwise(sorted(edges)):
        if start < done:  # inside what is hidden
            continue
        done, label = hidden.get(start, (until, ""))
        nearest = bisect_right(ends, start)
        phrase = phrases[nearest][0] if nearest < len(phrases) and phrases[nearest][1] < done else None
        pieces.append(Piece(label or text[start:done], phrase, hidden=bool(label)))
    return pieces


def _check(boundaries: Sequence[tuple[int, int]], length: int) -> None:
    done = 0
    for n, (start, end) in enumerate(boundaries):
        if not done <= start <= end <= length:
            raise ValueError(
                f"phrase {n} is ({start}, {end}) in a text of {length} characters, after a phrase that ends at {done}; "
                "give phrases in reading order, without overlaps, within the text"
            )
        done = end


def personal_spans(text: str) -> list[tuple[int, int, str]]:
    """Find personal data, as (start, end, kind) in the text as it was written; ordered, not overlapping.

    Full-width signs, accents and invisible characters are seen through. A number of 8 digits or more is hidden whatever
    it is: a card where 13 to 19 digits pass the Luhn check, an account where an IBAN passes its own. Overlapping
    matches become one span, of the longer one's kind.

    >>> personal_spans("Ask ann (at) example (dot) org")
    [(4, 30, 'email')]
    >>> personal_spans("Paid with 4111 1111 1111 1111")
    [(10, 29, 'card')]
    """
    matches = [
        (origin[start], origin[end - 1] + 1, kind)
        for folded, origin in _readings(text)
        for start, end, kind in _matches(folded)
    ]
    spans: list[tuple[int, int, str]] = []
    longest = 0
    for start, end, kind in sorted(matches):
        length = end - start
        if spans and start < spans[-1][1]:
            start, end, kind = spans[-1][0], max(end, spans[-1][1]), kind if length > longest else spans[-1][2]
            longest = max(longest, length)
            spans[-1] = (start, end, kind)
        else:
            longest = length
            spans.append((start, end, kind))
    return [(start, _with_marks(text, end), kind) for start, end, kind in spans]


def _with_marks(text: str, end: int) -> int:
    """Extend a span over the accents that follow it."""
    while end < len(text) and unicodedata.category(text[end])[0] == "M":
        end += 1
    return end


def _readings(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Fold the text to plain signs with their positions, invisible characters left out, and then as spaces.

    Left out, they cannot split an address; as spaces, they cannot glue it to another word.
    """
    if text.isascii():
        yield text, range(len(text))
        return
    signs: list[str] = []
    origin: list[int] = []
    for position, sign in enumerate(text):
        plain = sign if sign.isascii() else _plain(sign)
        signs.extend(plain)
        origin.extend([position] * len(plain))
    visible = [position for position, sign in enumerate(signs) if sign != _INVISIBLE]
    yield "".join(signs[position] for position in visible), [origin[position] for position in visible]
    if len(visible) < len(signs):
        yield "".join(signs).replace(_INVISIBLE, " "), origin


_INVISIBLE = "\u200b"
_PLAIN = {"\u3002": ".", "\u2212": "-", "\u115f": _INVISIBLE, "\u1160": _INVISIBLE, "\u3164": _INVISIBLE}


@lru_cache(maxsize=4096)
def _plain(sign: str) -> str:
    """Fold a sign to what it means in an address or a number: nothing for an accent, 1 for a full-width 1."""
    # a few ligatures unfold to 18 letters: too long for an attacker to be given
    folded = unicodedata.normalize("NFKC", sign)
    return "".join(map(_plain_part, folded if len(folded) <= 3 else sign))


def _plain_part(sign: str) -> str:
    category = unicodedata.category(sign)
    if sign in _PLAIN:
        return _PLAIN[sign]
    if category[0] == "M":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    return {"Cf": _INVISIBLE, "Pd": "-"}.get(category, sign)


def _matches(text: str) -> Iterator[tuple[int, int, str]]:
    """Search a text of plain signs; what one search matched is blank to the next."""
    for search in (_accounts, _emails, _links, _numbers):
        rest: list[str] = []
        done = 0
        for start, end, kind in search(text):
            yield start, end, kind
            rest += text[done:start], "\0" * (end - start)
            done = end
        text = "".join(rest) + text[done:]


_IBAN = re.compile(r"(?<![A-Za-z0-9])(?=([A-Za-z]{2}[0-9]{2}(?:[\s.\-]{0,2}[A-Za-z0-9]){11,30}))")
_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 "
    "SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_IBAN_LENGTH = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}
_NO_GAPS = {ord(sign): None for sign in string.whitespace + ".-"}
_IBAN_DIGITS = {ord(sign): str(int(sign, 36)) for sign in string.ascii_letters}


def _accounts(text: str) -> Iterator[tuple[int, int, str]]:
    done = 0
    for candidate in _IBAN.finditer(text):
        length = _IBAN_LENGTH.get(candidate[1][:2].upper(), 99)
        signs = candidate[1].translate(_NO_GAPS)[:length]
        if candidate.start() < done or len(signs) < length:
            continue
        if int((signs[4:] + signs[:4]).translate(_IBAN_DIGITS)) % 97 == 1:
            last = [position for position, sign in enumerate(candidate[1]) if sign.isalnum()][length - 1]
            done = candidate.start() + last + 1
            yield candidate.start(), done, "account"


_AT = r"(?:@|[(\[{<]\s?(?:at|@)\s?[)\]}>])\s{0,2}"
_DOT = r"(?:\.|\s{0,2}[(\[{<]\s?(?:dot|punkt|\.)\s?[)\]}>]\s{0,2})"
_SPOKEN_AT = r"(?<=\s)at\s{1,2}(?!(?:the|an?)\b)"
_SPOKEN_DOT = r"\s{1,2}dot\s{1,2}"
_LOOSE_DOT = r"\s{1,2}(?:dot|\.)\s{1,2}"
_SPOKEN_END = r"(?:com|net|org|edu|gov|info|biz|io|eu|uk|de|fr|es|nl|ch|pl|se|dk|fi|pt|ie|ca|au|nz|jp|br|ru)(?![^\W\d])"
_MAILERS = r"(?:gmail|googlemail|gmx|outlook|hotmail|yahoo|icloud|aol|proton(?:mail)?|web(?=\.de\b))"
_NAME = r"[\w-]{1,63}+"
_HOST = re.compile(
    rf"{_AT}{_NAME}(?:(?:{_DOT}|{_LOOSE_DOT}){_NAME}){{0,3}}?{_LOOSE_DOT}{_SPOKEN_END}"
    rf"|{_SPOKEN_AT}{_NAME}(?:(?:{_DOT}|{_SPOKEN_DOT}){_NAME}){{0,3}}?{_SPOKEN_DOT}{_SPOKEN_END}"
    rf"|(?<=\S)@{_NAME}(?:\.{_NAME}){{1,8}}"
    rf"|{_AT}{_NAME}(?:{_DOT}{_NAME}){{0,7}}{_DOT}[^\W\d_][\w-]{{0,62}}"
    rf"|{_SPOKEN_AT}{_MAILERS}(?:\.{_NAME}){{1,3}}",
    re.IGNORECASE,
)
_LOCAL = r"[\w.+-]++(?:['’&%][\w.+-]++)*+"
_MAILBOX_BACKWARDS = re.compile(
    rf"\s{{0,2}}{_LOCAL}(?:(?:\s{{1,2}}tod\s{{1,2}}|\s{{0,2}}[)\]}}>]\s?(?:tod|\.)\s?[(\[{{<]\s{{0,2}}){_LOCAL}){{0,4}}",
    re.IGNORECASE,
)


def _emails(text: str) -> Iterator[tuple[int, int, str]]:
    """Search for hosts and read their mailbox backwards, because a search for mailboxes would try every word."""
    backwards = text[::-1]
    done = 0
    for host in _HOST.finditer(text):
        mailbox = _MAILBOX_BACKWARDS.match(backwards, len(text) - host.start(), len(text) - done)
        if mailbox or host.start() == done > 0:  # or right behind another address, which took the mailbox for its own
            start, done = len(text) - mailbox.end() if mailbox else done, host.end()
            yield start, done, "email"


_LINK = re.compile(
    r"(?:https?|ftp)\s?://\S+|www\.(?=\w)[^\s<>]{3,}"
    r"|\b(?:[\w-]{1,63}+\.){1,8}(?:com|net|org|edu|gov|info|biz|shop|store|io|eu|uk|de|fr|ly|xyz)(?![^\W\d])"
    r"(?:/\S*|[:?#]\w\S*)?",
    re.IGNORECASE,
)


def _links(text: str) -> Iterator[tuple[int, int, str]]:
    for link in _LINK.finditer(text):
        yield *link.span(), "link"


_NUMBER = re.compile(r"[+(]{0,2}\d(?:[\s().\-/_]{0,3}\d){7,}+")
_NO_DIGIT = re.compile(r"\D+")
_DAY, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:19|20)\d\d"
_DATE = re.compile(rf"(?<!\d)(?:{_YEAR}([-/.]){_DAY}\1{_DAY}|{_DAY}([-/.]){_DAY}\2{_YEAR})(?!\d)")


def _numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Search for numbers of 8 digits or more, not counting those of dates."""
    for number in _NUMBER.finditer(text):
        if len(_NO_DIGIT.sub("", _DATE.sub("", number[0]))) < 8:
            continue
        opened = number[0].startswith("(") and ")" not in number[0]  # the bracket closes behind the number
        yield number.start() + opened, number.end(), "card" if _has_card(number[0]) else "phone"


def _has_card(number: str) -> bool:
    """Whether whole groups of the number make a card number; it may stand beside an expiry date or another card."""
    if len(number) > 100 or number.startswith(("+", "(+")):
        return False
    groups = _NO_DIGIT.split(number.strip("("))
    for first, group in enumerate(groups):
        digits = ""
        for more in groups[first:]:
            digits += more
            if 13 <= len(digits) <= 19 and group[0] != "0" and _luhn(digits):
                return True
    return False


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


_TREES = (
    "Alder", "Ash", "Aspen", "Beech", "Birch", "Cedar", "Cherry", "Cypress", "Elder", "Elm", "Fir", "Hawthorn",
    "Hazel", "Holly", "Hornbeam", "Juniper", "Larch", "Laurel", "Linden", "Maple", "Medlar", "Myrtle", "Oak", "Olive",
    "Pear", "Pine", "Plane", "Poplar", "Quince", "Rowan", "Spruce", "Yew",
)  # fmt: skip


def pseudonym(user_id: str) -> str:
    """Name another shopper for display: the same for the same id; no anonymisation, since all ids can be tried.

    >>> pseudonym("u1") == pseudonym("u1") != pseudonym("u2")
    True
    """
    digest = hashlib.sha256(user_id.encode("utf-8", "surrogatepass")).digest()
    return f"{_TREES[digest[0] % len(_TREES)]} {int.from_bytes(digest[1:3]) % 1000:03d}"
