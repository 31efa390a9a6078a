"""Which phrases an encoder reads: those with a word in them, in a language that it knows, or in doubt."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from recsys.progress import Progress
from recsys.text.language import SURE, SURE_OF_TITLES, UNKNOWN, Languages, has_words, languages_of_phrases


def legible(
    texts: Sequence[tuple[bool, str, Sequence[tuple[int, int]]]], reads: frozenset[str] | None, progress: Progress
) -> tuple[Languages, NDArray[np.bool_]]:
    """Find the language of every phrase of some texts, one after another, and whether the encoder reads it.

    Parameters
    ----------
    texts : whether names are to be expected, so that only what is plainly in a language is called so; the text; start
        and end of its phrases
    reads : codes of the languages that the encoder reads; None for every language, so that none is told apart
    """
    wordy = np.array([has_words(text[start:end]) for _, text, spans in texts for start, end in spans], bool)
    if reads is None:
        return np.full(len(wordy), UNKNOWN, "<U2"), wordy
    found: list[str] = []
    for names, several in groupby(texts, key=lambda each: each[0]):
        _, read, spans = zip(*several, strict=True)
        found += languages_of_phrases(read, spans, progress, SURE_OF_TITLES if names else SURE)
    languages = np.array(found, "<U2")
    return languages, wordy & np.isin(languages, [UNKNOWN, *reads])
