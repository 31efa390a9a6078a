"""Sentences of texts, with exact offsets: NLTK's Punkt, and what reviews have beside full stops."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import Any

_BREAK = re.compile(
    r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+"  # lines
    r"|[•‣◦▪●■►✓✔]+"  # bullets within a line
    r"|(?<=[。！？؟।])(?![。！？؟।])"  # full stops of scripts that put no space after them
    r"|(?<=\.\.\.)\s+(?=[A-Z])|(?<=…)\s+(?=[A-Z])"  # dots that trail off, before a new start
)
_INNER_STOP = re.compile(r"[.!?…][\"'”’)\]]{0,3}\s")

# Written with a full stop in the middle of a sentence, and rarely a word by themselves at the end of one.
# fmt: off
_ABBREVIATIONS = frozenset((
    "approx", "avg", "dept", "dr", "e.g", "eg", "ft", "i.e", "ie", "inc", "incl", "jr", "kg", "lb",
    "lbs", "ltd", "mr", "mrs", "nr", "oz", "pcs", "prof", "qty", "resp", "sq", "sr", "st", "vol", "vs",
))
# fmt: on


AT_ONCE = 10_000
"""Characters that the sentence splitter is given at once, where there are stops to cut at: NLTK gives a text up after
five seconds, which a page of hostile repetition takes on a busy machine."""


@cache
def _punkt() -> Any:
    # Imported on first use: NLTK pulls in SciPy and scikit-learn, about two seconds in a fresh process.
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = set(_ABBREVIATIONS)
    return PunktSentenceTokenizer(parameters)


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Find start and end of each sentence, in order, without overlap; untrimmed, and possibly blank."""
    position = 0
    for match in _BREAK.finditer(text):
        yield from _within(text, position, match.start())
        position = match.end()
    yield from _within(text, position, len(text))


def _within(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    ends = [stop.end() for stop in _INNER_STOP.finditer(text, start, end)] + [end]
    if len(ends) == 1:  # nothing to decide: most lines of most reviews
        yield start, end
        return
    while start < end:
        # Where a sentence may end, so that every sentence stays whole, however long it is.
        reached = max(bisect_right(ends, start + AT_ONCE) - 1, bisect_right(ends, start))
        for first, last in _punkt().span_tokenize(text[start : ends[reached]]):
            yield start + first, start + last
        start = ends[reached]
