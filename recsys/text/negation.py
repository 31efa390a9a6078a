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
_AND_CUE = re.compile(r"\b(?:and|or|nor)\s*$", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:an?|the|any|some)\s+", re.IGNORECASE)


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
        stop = _ENDS.search(text, cue.end(), end)
        last = stop.start() if stop else end
        refused = trimmed(text, _after_article(text, cue.end(), last), last) if last > cue.end() else None
        before = _AND_CUE.sub("", text[at : cue.start()])
        if (wanted := trimmed(text, at, at + len(before))) is not None:
            found.append((*wanted, 1))
        if refused is not None:
            found.append((*refused, -1))
        at = stop.end() if stop else end
    if not found and at == start:
        return [(start, end, 1)]
    if (rest := trimmed(text, at, end)) is not None:
        found.append((*rest, 1))
    return found


def _after_article(text: str, start: int, end: int) -> int:
    article = _ARTICLE.match(text, start, end)
    return article.end() if article else start
