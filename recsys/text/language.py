"""Tell which language a short text is in, and say nothing where that is in doubt.

Most texts of a shop are a few words, with slang, typing errors and names of brands, and a general language detector
calls many of those foreign. So a language other than English is only named when the detector is sure, and its votes
for languages that share most of their short words count together.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.progress import Progress, silent

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

Languages = NDArray[np.str_]

UNKNOWN = ""
"""Too short or too doubtful to tell."""

# fmt: off
LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sv": "Swedish", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}
# fmt: on
"""ISO 639-1 codes that are told apart, with their names; no more, since brands pass for words of small languages."""

SURE = 0.8
"""Least probability of a language, with its relatives, from three words on."""

SURE_OF_TITLES = 0.95
"""The same where names are to be expected, as in titles of products."""

_MOST_ENGLISH = 0.03
_FEWEST_WORDS = 2
_SURE_OF_FEWEST = 0.85
_MOST_ENGLISH_OF_FEWEST = 0.01

_RELATIVES = tuple(
    frozenset(group.split())
    for group in ("bg ru uk", "ca es pt", "es it", "ca fr", "cs pl sk", "hr sl", "da no sv", "de nl", "lt lv", "et fi")
)

_MOST_CHARS = 400
_NOT_WORDS = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|[\d\u2020-\u2bff\U0001f000-\U0001faff]|[\u0021-\u00bf](?<![a-zA-Z'.,!?-])"
)
_SPACES = re.compile(r"\s+")
_NOT_LATIN = re.compile(r"[^\W\d_\u0000-\u02af\u1e00-\u1eff\ufb00-\ufb06]")
_FILLERS = re.compile("[\u115f\u1160\u3164\uffa0]")  # blanks that count as letters
_WORD = re.compile(r"[^\W\d_]{2,}")


def has_words(text: str) -> bool:
    """Whether a text has at least one word of two letters, or a letter of a script that needs no more.

    >>> has_words("so good"), has_words("10/10 :)"), has_words("好")
    (True, False, True)
    """
    letters = _FILLERS.sub(" ", text)
    return bool(_WORD.search(letters)) or any(each.isalpha() and each >= "\u3400" for each in letters)


def languages_of(texts: Sequence[str], progress: Progress = silent, sure: float = SURE) -> Languages:
    """Find the language of every text, each different one once, about 15,000 short texts a second.

    A text alone decides, never the other ones. Words of one language in another script, such as Cyrillic or Thai, are
    told from one word on; in Latin letters two words need more certainty than three, and one word never suffices.

    Parameters
    ----------
    texts : verbatim
    sure : least probability that a text of at least three words is of this language or a close relative

    Returns
    -------
    str of shape (n_texts,): codes of LANGUAGES, or UNKNOWN

    Examples
    --------
    >>> languages_of(["Ich suche ein leichtes Zelt", "really good game", "Отличная игра", "Dota 2"]).tolist()
    ['de', 'en', 'ru', '']
    """
    stage, found = "telling languages apart", dict.fromkeys(texts, UNKNOWN)
    for done, text in enumerate(found):
        if done % 1000 == 0:
            progress(stage, done, len(found))
        found[text] = _language(text, sure)
    progress(stage, len(found), len(found))
    return np.array([found[text] for text in texts], "<U2")


_WORDS_THAT_TELL = 6
"""A phrase of so many words tells its language by itself; a shorter one, unless in another script, is its text's."""


def languages_of_phrases(
    texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]], progress: Progress = silent, sure: float = SURE
) -> list[str]:
    """Find the language of every phrase of some texts, one after another: that of its text, unless it tells its own.

    `spans`: start and end of the phrases of each text. A phrase without a word is of no language.
    """
    of_text = languages_of(texts, progress, sure).tolist()
    phrases = [[text[start:end] for start, end in every] for text, every in zip(texts, spans, strict=True)]
    telling = [phrase for several in phrases if len(several) > 1 for phrase in several if _tells(phrase)]
    own = dict(zip(telling, languages_of(telling, progress, sure).tolist(), strict=True))
    return [
        (own.get(phrase) or language) if has_words(phrase) else UNKNOWN
        for several, language in zip(phrases, of_text, strict=True)
        for phrase in several
    ]


def _tells(phrase: str) -> bool:
    return bool(_NOT_LATIN.search(phrase)) or len(phrase.split()) >= _WORDS_THAT_TELL


def _language(text: str, sure: float) -> str:
    cut = _FILLERS.sub(" ", text[: 2 * _MOST_CHARS])
    words = _NOT_WORDS.sub(" ", cut)
    foreign_letters = _NOT_LATIN.findall(words)
    is_latin = 2 * len(foreign_letters) <= sum(letter.isalpha() for letter in words)
    if is_latin:  # a few words in another script are a quotation, or a name
        words = _NOT_LATIN.sub(" ", words)
    words = _SPACES.sub(" ", words).strip()[:_MOST_CHARS].lower()
    if not has_words(words):
        return UNKNOWN
    votes: dict[str, float] = dict(_detector().rank(words))
    english = votes.pop("en")
    best: str = max(votes, key=votes.__getitem__)
    if not is_latin:
        return best
    n_words = len(_WORD.findall(words))
    if n_words < _FEWEST_WORDS:
        return UNKNOWN
    together = max((sum(votes[each] for each in group) for group in _RELATIVES if best in group), default=votes[best])
    if n_words == _FEWEST_WORDS:
        sure = max(sure, _SURE_OF_FEWEST)
    if together >= sure and english <= (_MOST_ENGLISH_OF_FEWEST if n_words == _FEWEST_WORDS else _MOST_ENGLISH):
        return best
    return "en" if english >= max(votes[best], 0.5) else UNKNOWN


@lru_cache(maxsize=1)
def _detector() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    detector = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    detector.set_languages(list(LANGUAGES))
    return detector
