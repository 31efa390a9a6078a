"""What of the words that somebody types is understood: in a language that the model reads, and known here."""

import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import quoted
from recsys.text.language import LANGUAGES, UNKNOWN, has_words, languages_of_phrases
from recsys.text.negation import refusing, wishes
from recsys.text.phrasebook import PhraseVectors

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MOST_SHOWN = 40

LETTERS_A_PIECE = 2
"""A word whose vocabulary pieces are shorter than this on average is taken for letters hit at random, and so is one of
just this length that cannot be spoken."""

SPOKEN = 0.4
"""Least share of vowels in a word that can surely be spoken."""

_FEWEST_LETTERS_TO_CORRECT = 5


class TypedEncoder(Protocol):
    """What is needed of an encoder such as `recsys.text.encoder.PhraseEncoder`."""

    @property
    def reads(self) -> frozenset[str] | None: ...

    def encode_now(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def pieces(self, words: Sequence[str]) -> list[int]: ...


NOTHING_UNDERSTOOD = (
    "nothing that was typed is understood, so this list is nobody's in particular: it is the same for everybody"
)

_FEWEST_REVIEWS = 3


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of a shop, in lower case: those of its products, and those that at least three reviews use.

    `refusing`: titles that sound like a refusal, see `recsys.text.negation`
    """

    products: frozenset[str]
    reviews: frozenset[str]
    refusing: tuple[str, ...] = ()

    @classmethod
    def of(cls, items: pd.DataFrame, reviews: Iterable[str]) -> Self:
        """Collect the words of a catalogue (title, description, category, brand, tags) and of the texts of reviews."""
        texts = chain(*(items[name] for name in ("title", "description", "category", "brand")), *items["tags"])
        used = Counter(word for text in reviews for word in set(_words(text)))
        common = frozenset(word for word, n_reviews in used.items() if n_reviews >= _FEWEST_REVIEWS)
        words = frozenset(word for text in texts for word in _words(text))
        return cls(words, common, refusing(items["title"]))

    def __contains__(self, word: str) -> bool:
        return word in self.products or word in self.reviews


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of typed words, None for nothing, and notes on what was not, or was taken as a refusal."""

    words: PhraseVectors | None
    notes: tuple[str, ...]


def hear(text: str, encoder: TypedEncoder, lexicon: Lexicon) -> Heard:
    """Encode what is understood of typed words; everything else is left out, and a note says so.

    Words in a language that the encoder does not read count where all of them stand in the shop's products, as names.
    """
    parts = wishes(text, lexicon.refusing)
    phrases = [text[start:end] for start, end, _ in parts]
    languages = (
        [UNKNOWN] * len(parts)
        if encoder.reads is None
        else languages_of_phrases([text], [[(start, end) for start, end, _ in parts]])
    )
    understood, foreign, unknown = [], dict[str, list[str]](), []
    for part, phrase, language in zip(parts, phrases, languages, strict=True):
        words = _words(phrase)
        is_name = all(word in lexicon.products for word in words if len(word) > 1)
        if encoder.reads is not None and language not in (UNKNOWN, *encoder.reads) and not is_name:
            foreign.setdefault(language, []).append(phrase)
        elif any(word in lexicon for word in words) or (has_words(phrase) and _is_language(words, encoder)):
            understood.append(part)
        else:
            unknown.append(phrase)
    notes = [
        f"{_shown(several)} looks {LANGUAGES[language]}, which this model does not read, so it has no influence"
        for language, several in foreign.items()
    ]
    if not parts:
        notes.append(f"{quoted(text, _MOST_SHOWN)} holds no word, so it has no influence")
    elif unknown:
        notes.append(f"no word of {_shown(unknown)} is known here, so it has no influence")
    if refused := [text[start:end] for start, end, sign in understood if sign < 0]:
        notes.append(f"{_shown(refused)} is taken as something to avoid")
    if not understood:
        return Heard(None, tuple(notes))
    spans = np.array([(start, end) for start, end, _ in understood], np.int32)
    vectors = encoder.encode_now([text[start:end] for start, end, _ in understood])
    signs = np.array([sign for _, _, sign in understood], np.float32)
    return Heard(PhraseVectors(text, spans, vectors, signs), tuple(notes))


def _shown(phrases: Sequence[str]) -> str:
    return ", ".join(quoted(phrase, _MOST_SHOWN) for phrase in dict.fromkeys(phrases))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _is_language(words: Sequence[str], encoder: TypedEncoder) -> bool:
    """Whether any word is one of the encoder's, made of parts that it knows, or one slip away from one of its own."""
    words = [word for word in words if len(word) > 1 and not word.isdecimal()]
    for word, n_pieces in zip(words, encoder.pieces(words), strict=True):
        letters, vowels = len(word), sum(letter in "aeiouy" for letter in word)
        if n_pieces == 1 or letters > LETTERS_A_PIECE * n_pieces:
            return True
        if letters == LETTERS_A_PIECE * n_pieces and vowels >= SPOKEN * letters:
            return True
        if 1 in encoder.pieces(_one_slip_away(word)):
            return True
    return False


def _one_slip_away(word: str) -> list[str]:
    """Words that differ by one letter left out, added or changed, or by two that changed places; none of short ones."""
    if len(word) < _FEWEST_LETTERS_TO_CORRECT:
        return []
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    out = [before + after[1:] for before, after in cuts if after]
    turned = [before + after[1] + after[0] + after[2:] for before, after in cuts if len(after) > 1]
    letters = string.ascii_lowercase
    changed = [before + letter + after[1:] for before, after in cuts if after for letter in letters]
    added = [before + letter + after for before, after in cuts for letter in letters]
    return [*out, *turned, *changed, *added]
