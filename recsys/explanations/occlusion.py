"""Inside a phrase: what each word does to the phrase's share, by encoding the phrase again without it.

Approximate: the encoder reads words together, so the effects of single words need not sum to the phrase's share. What
is left over is said.

References
----------
Zeiler & Fergus (2014), ECCV; Li, Monroe & Jurafsky (2016), arXiv 1612.08220.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_WORDS = 60

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")


@dataclass(frozen=True, slots=True)
class WordEffect:
    """A word, text[start:end] of the document, and the phrase's share minus its share without the word."""

    start: int
    end: int
    value: float


@dataclass(frozen=True, slots=True)
class WordEffects:
    """Words of one phrase; their values and the residual sum to `whole`, the phrase's share of the score."""

    words: tuple[WordEffect, ...]
    whole: float
    residual: float


def word_effects(
    text: str, start: int, end: int, value_of: Callable[[NDArray[np.float32]], NDArray[np.floating]], encode: Encode
) -> WordEffects:
    """Leave out each word of text[start:end] in turn.

    Parameters
    ----------
    value_of : shares that the phrase would have with given vectors, float32 of shape (n, n_dims), not yet centred
    encode : vectors of phrases, as the model's encoder makes them
    """
    phrase = text[start:end]
    found = list(_WORD.finditer(phrase))[:MAX_WORDS]
    variants = [phrase[: word.start()] + phrase[word.end() :] for word in found]
    # A phrase of one word leaves nothing to encode: without it the share is 0.
    spoken = [place for place, variant in enumerate(variants) if _WORD.search(variant)]
    values = value_of(encode([phrase, *(variants[place] for place in spoken)])).astype(np.float64)
    whole = float(values[0])
    left = np.zeros(len(variants))
    left[spoken] = values[1:]
    effects = whole - left
    words = tuple(
        WordEffect(start + word.start(), start + word.end(), float(effect))
        for word, effect in zip(found, effects, strict=True)
    )
    return WordEffects(words, whole, whole - float(effects.sum()))
