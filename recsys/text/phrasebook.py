"""Phrases of texts: cut into sentences, then clauses, with exact offsets, and collected with their vectors.

A document is a product's title, description or attributes, or one review.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.progress import Progress, silent
from recsys.text.legible import legible
from recsys.text.sentences import sentence_spans

CANONICAL_VERSION = 1
"""Goes into every encoder id: raise it when `canonical` changes, so that no stale vector is read from a cache."""

_OUTER = " .,;:!\"'`“”‘’«»()[]{}<>*_~|…–—·•"
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")
_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


def canonical(phrase: str) -> str:
    """Normalise a phrase: lower case, NFC, single spaces, no punctuation around it.

    The encoder is given this form, so equal keys have equal vectors. Question marks stay, and so do signs that carry
    meaning (-5, $5, C++, 10%). The result is always valid UTF-8, and empty only for text without a visible character.

    >>> canonical("  “Great   SOUND!!” "), canonical("Worth it?")
    ('great sound', 'worth it?')
    """
    text = _LONE_SURROGATES.sub("\ufffd", phrase)
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
    text = _SPACES.sub(" ", text).strip()
    return text.strip(_OUTER) or text


MAX_CHARS = 250
"""Longest phrase: the encoder reads 256 tokens, and in some scripts a character is a token."""

MAX_WORDS = 40
LONG_SENTENCE_WORDS = 12

Span = tuple[int, int]

_WORD = re.compile(r"\S+")
_SAYS_SOMETHING = re.compile(r"[^\W_]")
_LEADING = re.compile(r"(?:[\s\u200b\u2060\ufeff,;:)\]}]|[-*+>–—]++\s)*+")
_TRAILING = " \t,;:-–—\u200b\u2060\ufeff"

# Every pattern below starts at one position of a run only and never gives back, so hostile text costs linear time.
_THREE_WORDS = re.compile(r"\s*+\S++\s++\S++\s++\S")

# Where the verdict may turn: cut however short the sentence, since the two sides judge differently.
_TURN = re.compile(
    r"(?:[,;:(]\s*+|(?<=\s)[-–—]{1,3}\s++|(?<!\s)\s++)"
    r"(?=(?:but|although|though|however|whereas|except|unfortunately|sadly|yet)\b)",
    re.IGNORECASE,
)
# Where a long sentence merely goes on.
_JOINT = re.compile(
    r"[;:]\s++|(?<=\s)[-–]{1,3}\s++|—\s*+"
    r"|,\s*+(?=(?:and|so|or|because|which|while|since|plus|then|also|if|when|i|it|it's|its|the|they|this|you|we)\b)"
    r"|(?<!\s)\s++(?=(?:because|while|and (?:the|it|it's|i|they|you|we|this|that|my))\b)",
    re.IGNORECASE,
)


def segment(text: str) -> list[Span]:
    """Cut a text into phrases, as (start, end), so that `text[start:end]` is the phrase, verbatim.

    Sentences are cut where the verdict turns ("..., but ..."), long ones also at other clause joints, and what is
    still longer than MAX_WORDS or MAX_CHARS at white space, or failing that between characters. Spans are in order,
    do not overlap, hold no white space at their ends and at least one letter or digit; no letter or digit is lost.

    >>> text = "Warm and light, but the zip broke. 10/10"
    >>> [text[start:end] for start, end in segment(text)]
    ['Warm and light', 'but the zip broke.', '10/10']
    """
    return [
        bounded
        for sentence in sentence_spans(text)
        for turn in _cut_at(text, sentence, _TURN)
        for clause in _long_only(text, turn)
        for part in _bounded(text, clause)
        if (bounded := trimmed(text, *part)) is not None
    ]


def trimmed(text: str, start: int, end: int) -> Span | None:
    """Trim white space, bullets and joining punctuation from a span; None if no letter or digit is left."""
    if not _SAYS_SOMETHING.search(text, start, end):
        return None
    leading = _LEADING.match(text, start, end)
    start = leading.end() if leading else start
    while text[end - 1].isspace() or text[end - 1] in _TRAILING:
        end -= 1
    return start, end


def _long_only(text: str, span: Span) -> Iterator[Span]:
    if len(text[slice(*span)].split()) > LONG_SENTENCE_WORDS:
        yield from _cut_at(text, span, _JOINT)
    else:
        yield span


def _cut_at(text: str, span: Span, joint: re.Pattern[str]) -> Iterator[Span]:
    """Cut at every joint that leaves at least three words on both sides."""
    start, end = span
    for match in joint.finditer(text, start, end):
        if _THREE_WORDS.match(text, start, match.start()) and _THREE_WORDS.match(text, match.end(), end):
            yield start, match.start()
            start = match.end()
    yield start, end


def _bounded(text: str, span: Span) -> Iterator[Span]:
    """Cut what is too long into runs of words; a lone endless word is cut between characters."""
    start, end = span
    if end - start <= MAX_CHARS and len(text[start:end].split()) <= MAX_WORDS:
        yield span
        return
    first, last, n_words = start, start, 0
    for word in _WORD.finditer(text, start, end):
        if last > first and (n_words == MAX_WORDS or word.end() - first > MAX_CHARS):
            yield first, last
            first, n_words = word.start(), 0
        if n_words == 0:
            first = word.start()
        while word.end() - first > MAX_CHARS:
            cut = _between_characters(text, first)
            yield first, cut
            first = cut
        last, n_words = word.end(), n_words + 1
    if last > first:
        yield first, last


def _between_characters(text: str, start: int) -> int:
    """Find a cut at most MAX_CHARS after start that keeps accents and joined emoji with what they belong to."""
    cut = start + MAX_CHARS
    while cut > start + MAX_CHARS // 2 and (_belongs_to_previous(text[cut]) or text[cut - 1] == "\u200d"):
        cut -= 1
    return cut


def _belongs_to_previous(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf") or "\U0001f3fb" <= character <= "\U0001f3ff"


KINDS = ("title", "description", "attributes", "review")
"""What a document can be; `Phrasebook.kind` holds positions in this tuple."""

TITLE, DESCRIPTION, ATTRIBUTES, REVIEW = range(len(KINDS))


class TextEncoder(Protocol):
    """What a phrasebook needs of an encoder such as `recsys.text.encoder.PhraseEncoder`."""

    @property
    def encoder_id(self) -> str: ...

    @property
    def reads(self) -> frozenset[str] | None:
        """Codes of the languages that it reads; None for every language."""

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class PhraseVectors:
    """Phrases that one person types now, `text` verbatim.

    `spans`: int32 of shape (n_phrases, 2), start and end of each phrase in `text`; `vectors`: float32 of shape
    (n_phrases, n_dims), unit length, rows as in `spans`; `signs`: float32 of shape (n_phrases,), 1 for what is looked
    for and -1 for what is to be avoided, all 1 where none are given. What stands outside of the spans counts nothing.
    """

    text: str
    spans: NDArray[np.int32]
    vectors: NDArray[np.float32]
    signs: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

    def __post_init__(self) -> None:
        if not len(self.signs):
            object.__setattr__(self, "signs", np.ones(len(self.spans), np.float32))

    def said(self, sign: int) -> str:
        """The phrases of one sign, verbatim, with spaces between them."""
        chosen = self.spans[self.signs == sign].tolist()
        return " ".join(self.text[start:end] for start, end in chosen)


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Phrases of a data set with their vectors; occurrences are sorted by (kind, document, start).

    Parameters
    ----------
    kind : int8 of shape (n_occurrences,), position in KINDS
    document : int32 of shape (n_occurrences,), item row for the first three kinds, `review_id` for reviews
    start, end : int32 of shape (n_occurrences,), character offsets in the document's text, as Python counts them
    phrase : int32 of shape (n_occurrences,), row of `vectors`; equal phrases share one row
    vectors : float16 of shape (n_phrases, n_dims), unit length up to rounding; may be a read-only memory map
    encoder_id : the encoder that made the vectors
    read : bool of shape (n_occurrences,), whether the encoder reads it: it holds a word, and is in a language that the
        encoder reads, or in doubt
    language : str of shape (n_occurrences,), code of the language, "" where it is in doubt or was not asked
    reads : codes of the languages that the encoder reads, None for every language
    """

    kind: NDArray[np.int8]
    document: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    phrase: NDArray[np.int32]
    vectors: NDArray[np.float16]
    encoder_id: str
    read: NDArray[np.bool_]
    language: NDArray[np.str_]
    reads: frozenset[str] | None = None

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def n_phrases(self) -> int:
        """Number of different phrases."""
        return len(self.vectors)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which occurrences carry meaning: reviews where the encoder reads them, and all that a product says of itself.

        Names and titles are much the same in any language, and an encoder finds those alike that share words and stems.
        """
        return np.asarray(self.read | (self.kind != REVIEW))

    def of_kind(self, kind: int) -> slice:
        """Find the rows of one kind, as a slice."""
        first, last = np.searchsorted(self.kind, [kind, kind + 1])
        return slice(int(first), int(last))


def attributes_text(category: str, tags: Iterable[str]) -> str:
    """Join a product's category and tags, each once.

    >>> attributes_text("Tents", ("light", "2 people", "light"))
    'Tents, light, 2 people'
    """
    return ", ".join(dict.fromkeys(word for word in (category, *tags) if word))


def build_phrasebook(data: Dataset, encoder: TextEncoder, progress: Progress = silent) -> Phrasebook:
    """Cut every text of a data set into phrases and encode each different one once.

    Titles and attributes are one phrase each; only a title beyond the longest phrase is cut. A phrasebook may be built
    on more data than a model may know: scorers take the occurrences whose reviews are in their own data.
    """
    occurrences: list[tuple[int, int, int, int, int]] = []
    texts: list[tuple[bool, str, list[Span]]] = []
    keys: dict[str, int] = {}
    total = 3 * data.n_items + data.n_reviews
    for n_read, (kind, document, text) in enumerate(_documents(data)):
        if n_read % 1000 == 0:
            progress("reading texts", n_read, total)
        spans = _spans(kind, text)
        texts.append((kind in (TITLE, ATTRIBUTES), text, spans))
        for start, end in spans:
            phrase = keys.setdefault(canonical(text[start:end]), len(keys))
            occurrences.append((kind, document, start, end, phrase))
    progress("reading texts", total, total)
    kind_, document_, start_, end_, phrase_ = np.array(occurrences, np.int32).reshape(-1, 5).T.copy()
    vectors = encoder.encode(list(keys), progress).astype(np.float16)
    language, read = legible(texts, encoder.reads, progress)
    places = (kind_.astype(np.int8), document_, start_, end_, phrase_)
    return Phrasebook(*places, vectors, encoder.encoder_id, read, language, encoder.reads)


def _documents(data: Dataset) -> Iterator[tuple[int, int, str]]:
    """List kind, document and text of everything, in the order of a phrasebook."""
    for kind in (TITLE, DESCRIPTION):
        yield from ((kind, row, text) for row, text in enumerate(data.items[KINDS[kind]]))
    for row, (category, tags) in enumerate(zip(data.items["category"], data.items["tags"], strict=True)):
        yield ATTRIBUTES, row, attributes_text(category, tags)
    reviews = data.reviews[["review_id", "text"]].sort_values("review_id")
    for review_id, text in zip(reviews["review_id"], reviews["text"], strict=True):
        yield REVIEW, review_id, text


def _spans(kind: int, text: str) -> list[tuple[int, int]]:
    if kind == ATTRIBUTES or (kind == TITLE and len(text) <= MAX_CHARS):
        whole = trimmed(text, 0, len(text))
        return [] if whole is None else [whole]
    return segment(text)
