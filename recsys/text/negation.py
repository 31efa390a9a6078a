"""Find what somebody who types a wish does not want: "light boots, no leather", "anything but a tent"."""

import re
from collections.abc import Sequence

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


def wishes(text: str) -> list[tuple[int, int, int]]:
    """Cut what somebody types into phrases, as (start, end, sign): 1 for what is looked for, -1 for what is refused.

    A refusal reaches from its cue to the end of the clause; its span leaves the cue out.

    >>> text = "light boots, no leather. Anything but a tent"
    >>> [(text[start:end], sign) for start, end, sign in wishes(text)]
    [('light boots', 1), ('leather', -1), ('tent', -1)]
    """
    return [part for span in segment(text) for part in _parts(text, *span)]


def _parts(text: str, start: int, end: int) -> Sequence[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    at = start
    while (cue := _CUE.search(text, at, end)) is not None:
        found += _wanted(text, at, cue.start())
        stop, following = _ENDS.search(text, cue.end(), end), _CUE.search(text, cue.end(), end)
        last = min(stop.start() if stop else end, following.start() if following else end)
        article = _ARTICLE.match(text, cue.end(), last)
        first = article.end() if article else cue.end()
        if (refused := trimmed(text, first, first + len(_JOINED.sub("", text[first:last])))) is not None:
            found.append((*refused, -1))
        at = last
    return found + _wanted(text, at, end) if found else [(start, end, 1)]


def _wanted(text: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """What is left between refusals; nothing where only "I" or "and which is" is left."""
    rest = trimmed(text, start, start + len(_JOINED.sub("", text[start:end])))
    return [] if rest is None or _HOLLOW.fullmatch(text, *rest) else [(*rest, 1)]
