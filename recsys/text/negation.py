"""Find what somebody who types a wish does not want: "light boots, no leather", "anything but a tent"."""

import re
from collections.abc import Iterable, Sequence

from recsys.text.phrasebook import segment, trimmed

# Cues that stand alone; "no-show socks", "not only warm", "nothing but tents" and "no matter" refuse nothing.
_CUE = re.compile(
    r"(?<![\w-])(?:"
    r"(?:anything|everything|all|any) but|(?:anything|something) other than|except(?: for)?|apart from"
    r"|with no|without(?: any)?|no more|not (?:too|so|very|that|as)|nothing(?: too| that is| that's)?(?! but\b)"
    r"|(?:do not|don['’]?t|dont|does not|doesn['’]?t|did not|didn['’]?t|never) (?:want|like|need|love|show me)(?: any)?"
    r"|(?:is|are|was|were|do|does|should|must|can)(?:n['’]t| not)|can['’]?t|cannot"
    r"|i hate|avoid(?:ing)?|no|not|never|non"
    r")(?![\w-])(?! (?:only|just|matter|problem|doubt|wonder|one|later|bad)\b)\s+(?=\S)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[,;:.!?()\n]|\s[-–—]+\s|\b(?:but|though|although|however|yet|please|instead)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:an?|the|any|some)\s+", re.IGNORECASE)
_HOLLOW = re.compile(
    r"(?:\W|\b(?:an?|and|are|be|but|i|is|it|just|must|nor|one|or|please|really|should|so|some(?:thing)?|that|the|they|"
    r"this|which|with|would)\b)*",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\b(?:and|but|nor|or|with)\s*$", re.IGNORECASE)


def wishes(text: str, names: Sequence[str] = ()) -> list[tuple[int, int, int]]:
    """Cut what somebody types into phrases, as (start, end, sign): 1 for what is looked for, -1 for what is refused.

    A refusal reaches from its cue to the end of the clause; its span leaves the cue out. `names`: in lower case, those
    of products that sound like a refusal ("no man's sky"), see `refusing`.

    >>> text = "light boots, no leather. Anything but a tent"
    >>> [(text[start:end], sign) for start, end, sign in wishes(text)]
    [('light boots', 1), ('leather', -1), ('tent', -1)]
    """
    return [part for span in segment(text) for part in _parts(text, *span, names)]


def refusing(titles: Iterable[str]) -> tuple[str, ...]:
    """Titles that sound like a refusal, in lower case.

    >>> refusing(["No Man's Sky", "Nordic tent", "Never", "A Valley Without Wind"])
    ("no man's sky", 'a valley without wind')
    """
    return tuple(dict.fromkeys(title.strip().lower() for title in titles if _CUE.search(title)))


def _named(words: str, names: Sequence[str]) -> int:
    """How many characters of some words are the beginning of a name, or a whole one; 0 for none."""
    words = words.lower()
    if any(name.startswith(words) for name in names):
        return len(words)
    return max((len(name) for name in names if re.match(rf"{re.escape(name)}(?!\w)", words)), default=0)


def _parts(text: str, start: int, end: int, names: Sequence[str]) -> Sequence[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    at = looked_at = start
    while (cue := _CUE.search(text, looked_at, end)) is not None:
        named = max(first + _named(text[first:end], names) for first in (start, cue.start()))
        if named > cue.start():
            looked_at = max(named, cue.end())
            continue
        found += _wanted(text, at, cue.start())
        stop, following = _ENDS.search(text, cue.end(), end), _CUE.search(text, cue.end(), end)
        last = min(stop.start() if stop else end, following.start() if following else end)
        article = _ARTICLE.match(text, cue.end(), last)
        first = article.end() if article else cue.end()
        if (refused := trimmed(text, first, first + len(_JOINED.sub("", text[first:last])))) is not None:
            found.append((*refused, -1))
        at = looked_at = last
    return found + _wanted(text, at, end) if found else [(start, end, 1)]


def _wanted(text: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """What is left between refusals; nothing where only "I" or "and which is" is left."""
    rest = trimmed(text, start, start + len(_JOINED.sub("", text[start:end])))
    return [] if rest is None or _HOLLOW.fullmatch(text, *rest) else [(*rest, 1)]
