"""The sentences of a shop that may be quoted on cards: found once, when a model is made, and kept beside it.

A quote is a whole sentence of a review or a description, around one or more of the phrases that the semantic component
knows, so that an explanation can still light them up. Reviews count from GOOD_STARS on.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.progress import Progress, silent
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.quote_shop import ShopWords, shop_words
from recsys.text.language import languages_of
from recsys.text.masking import mask_personal
from recsys.text.phrasebook import DESCRIPTION, REVIEW, Span, trimmed
from recsys.text.polarity import GOOD_STARS, NEUTRAL
from recsys.text.quotable import grade, grade_of_description, template_of
from recsys.text.quotable_sentence import Sentence, words_of
from recsys.text.sentences import sentence_spans

READ = "en"
"""The language that praise is told apart in."""

LEAST_GRADE = 0.56
"""Of a review's sentence that is shown; below it many say little, or are hardly sentences."""

_FEWEST_REVIEWS = 8
"""Reviews that must use a word before it is taken for right spelling."""

_LEAST_PRAISE = 0.1
"""Polarity of every phrase in a sentence; on average they must praise beyond doubt."""

_NAMING_SHARE, _FEWEST_NAMING = 0.3, 5
"""Share of a product's reviews, of at least so many, that must use a word before it is taken for a name of it."""

_MOST_ALIKE = 2
"""Products whose descriptions share a sentence before it is boilerplate."""

_MOST_WORDS_OF_KIND = 2

_FEWEST_CUT, _ROOM_OF_CUT = 10, 12
"""Descriptions that must be about as long as the longest before that is a limit, and characters of "about"."""

_MOST_MARKS, _LONGEST_MARK = 30, 12

_GLUED = re.compile(r"(?<=[a-z]{2}[.!?])(?=[A-Z][a-z])")
_TAIL = re.compile(
    r"(?:\d{1,2}(?:[.,]\d)?\s?/\s?\d{1,2}|[:;=][-']?[)DdpP3]|\b[xX]D|<3|[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f]|(?<=[!.])[!.]|"
    r"[\s,;:-]|(?<=\s)[.!])\Z"
)
"""Scores, emoticons and repeated marks at the end of a sentence, which a quote can do without."""

_TURNS = re.compile(
    r"\W*(?:but|however|unfortunately|sadly|except|though|although|only|my only|the only|that said|still|now,|cons)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class QuoteCandidates:
    """Sentences that may be quoted, in the order of the semantic scorer's phrases, so product by product.

    Parameters
    ----------
    places : int32 of shape (n,), place of the first phrase of each sentence in the semantic scorer
    counts : int16 of shape (n,), number of its phrases, which stand one after another
    starts, ends : int32 of shape (n,), where the sentence stands in its text, as Python counts characters
    grades : float32 of shape (n,), how gladly it is shown, above 0 and at most 1
    """

    places: NDArray[np.int32]
    counts: NDArray[np.int16]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    grades: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def none(cls) -> Self:
        """For a shop without words."""
        return cls(
            np.empty(0, np.int32),
            np.empty(0, np.int16),
            np.empty(0, np.int32),
            np.empty(0, np.int32),
            np.empty(0, np.float32),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, name) for name in self.__slots__}


def quote_candidates(
    semantic: SemanticScorer,
    tables: Mapping[str, pa.Table],
    polarity: NDArray[np.float32],
    progress: Progress = silent,
) -> QuoteCandidates:
    """Judge every sentence of the reviews and descriptions that a model knows.

    `polarity`: float32 of shape (n_phrases,), of the words of every different phrase, rows as in `semantic.phrases`
    """
    items = tables["items"].select(["title", "brand", "description", "category", "tags"]).to_pydict()
    rows, texts = (tables["reviews"][name].to_pylist() for name in ("item_row", "text"))
    shop = shop_words(items, zip(rows, texts, strict=True))
    names = [words_of(f"{title} {brand or ''}") for title, brand in zip(items["title"], items["brand"], strict=True)]
    found = [
        *_of_reviews(semantic, tables["reviews"], items, names, polarity, shop, progress),
        *_of_descriptions(semantic, items, names, shop),
    ]
    found.sort()
    if not found:
        return QuoteCandidates.none()
    places, counts, starts, ends, grades = zip(*found, strict=True)
    return QuoteCandidates(
        np.array(places, np.int32),
        np.array(counts, np.int16),
        np.array(starts, np.int32),
        np.array(ends, np.int32),
        np.array(grades, np.float32),
    )


_Found = tuple[int, int, int, int, float]


def _of_reviews(
    semantic: SemanticScorer,
    reviews: pa.Table,
    items: Mapping[str, Sequence[Any]],
    names: Sequence[frozenset[str]],
    polarity: NDArray[np.float32],
    shop: ShopWords,
    progress: Progress,
) -> list[_Found]:
    table = reviews.select(["review_id", "item_row", "rating", "text"]).to_pydict()
    said_words = [words_of(text) for text in table["text"]]
    spelt = _often_written(said_words)
    names = _with_own_names(names, table["item_row"], said_words)
    kinds = _kinds(items)
    texts = {
        number: (item, text)
        for number, item, rating, text in zip(*(table[name] for name in table), strict=True)
        if rating >= GOOD_STARS and text
    }
    found, said = [], []
    documents = list(_documents(semantic, REVIEW))
    for done, (number, first, last) in enumerate(documents):
        if done % 1000 == 0:
            progress("choosing quotes", done, len(documents))
        if number not in texts:
            continue
        item, text = texts[number]
        spans = list(_sentences(text))
        for at, (start, end) in enumerate(spans):
            if at + 1 < len(spans) and _TURNS.match(text, *spans[at + 1]):
                continue  # praise that is taken back in the next breath
            place, count = _inside(semantic, first, last, start, end)
            praise = polarity[semantic.phrases[place : place + count]]
            if not count or praise.min() < _LEAST_PRAISE or praise.mean() <= NEUTRAL:
                continue
            it = Sentence(text[start:end], names[item], float(praise.min()), spelt, kinds[item], items["title"][item])
            worth = grade(it)
            if worth >= LEAST_GRADE and shop.allows(item, it) and mask_personal(it.text) == it.text:
                found.append((place, count, start, end, worth))
                said.append(it.text)
    progress("choosing quotes", len(documents), len(documents))
    read = languages_of(said)
    return [each for each, language in zip(found, read.tolist(), strict=True) if language in (READ, "")]


def _of_descriptions(
    semantic: SemanticScorer, items: Mapping[str, Sequence[Any]], names: Sequence[frozenset[str]], shop: ShopWords
) -> list[_Found]:
    found, said, templates = [], [], list[str]()
    alike = Counter[str]()
    limit = _length_limit(items["description"])
    for item, first, last in _documents(semantic, DESCRIPTION):
        text = items["description"][item]
        spans = list(_sentences(text))
        alike.update({template_of(text[start:end], names[item]) for start, end in spans})
        for at, (start, end) in enumerate(spans):
            place, count = _inside(semantic, first, last, start, end)
            it = Sentence(text[start:end], names[item], title=items["title"][item])
            is_last = at + 1 == len(spans)
            if (is_last and len(text) >= limit) or not shop.ends_whole(it, is_last):
                continue  # cut by length
            worth = grade_of_description(it) if count else 0.0
            if worth > 0 and shop.allows(item, it, is_description=True):
                found.append((place, count, start, end, worth))
                said.append(text[start:end])
                templates.append(template_of(text[start:end], names[item]))
    languages = languages_of(said).tolist()
    usual = Counter(language for language in languages if language).most_common(1)
    wanted = usual[0][0] if usual else READ
    return [
        each
        for each, template, language in zip(found, templates, languages, strict=True)
        if language in (wanted, "") and alike[template] <= _MOST_ALIKE
    ]


def _kinds(items: Mapping[str, Sequence[Any]]) -> list[frozenset[str]]:
    """Words for what each product is: of its category and of its short tags."""
    return [
        words_of(" ".join([category or "", *(tag for tag in tags or () if len(tag.split()) <= _MOST_WORDS_OF_KIND)]))
        for category, tags in zip(items["category"], items["tags"], strict=True)
    ]


def _length_limit(texts: Sequence[str]) -> float:
    """Length from which a text counts as cut: near the longest of all, if several are about as long."""
    lengths = sorted(len(text) for text in texts if text)
    if len(lengths) < _FEWEST_CUT or lengths[-_FEWEST_CUT] < lengths[-1] - _ROOM_OF_CUT:
        return float("inf")
    return lengths[-1] - _ROOM_OF_CUT


def _documents(semantic: SemanticScorer, kind: int) -> Iterator[tuple[int, int, int]]:
    """Number, first place and end of every text of one kind, in the order of the scorer's places."""
    places = np.flatnonzero(semantic.kinds == kind)
    numbers = semantic.documents[places]
    if not len(places):
        return
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(places)], strict=True):
        yield int(numbers[start]), int(places[start]), int(places[end - 1]) + 1


def _sentences(text: str) -> Iterator[Span]:
    """Sentences of a text, trimmed, also those with no blank between them."""
    for start, end in sentence_spans(text):
        cuts = [start, *(cut.start() for cut in _GLUED.finditer(text, start, end)), end]
        for first, last in pairwise(cuts):
            if (span := trimmed(text, first, last)) is not None:
                yield span[0], _without_tail(text, *span)


def _without_tail(text: str, start: int, end: int) -> int:
    """Where a sentence ends without marks and moods at its end; it looks at a few characters at a time."""
    for _ in range(_MOST_MARKS):
        found = _TAIL.search(text, max(start, end - _LONGEST_MARK), end)
        if found is None or found.start() <= start:
            break
        end = found.start()
    return end


def _inside(semantic: SemanticScorer, first: int, last: int, start: int, end: int) -> tuple[int, int]:
    """Place of the first phrase of a text that overlaps with a sentence, and the number of those that do."""
    begin = first + int(np.searchsorted(semantic.ends[first:last], start, side="right"))
    stop = first + int(np.searchsorted(semantic.starts[first:last], end, side="left"))
    return begin, max(stop - begin, 0)


def _often_written(said: Sequence[frozenset[str]]) -> frozenset[str]:
    """Words that many reviews use."""
    counts = Counter(word for words in said for word in words)
    return frozenset(word for word, n in counts.items() if n >= _FEWEST_REVIEWS)


def _with_own_names(
    names: Sequence[frozenset[str]], items: Sequence[int], said: Sequence[frozenset[str]]
) -> list[frozenset[str]]:
    """Words of each product's title and brand, and those that so many reviews of it use that they name it, too."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    n_reviews = Counter[int]()
    for item, words in zip(items, said, strict=True):
        if words:
            counts[item].update(words)
            n_reviews[item] += 1
    return [
        known | {word for word, n in counts[item].items() if n >= _NAMING_SHARE * n_reviews[item]}
        if n_reviews[item] >= _FEWEST_NAMING
        else known
        for item, known in enumerate(names)
    ]
