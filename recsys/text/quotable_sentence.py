"""A sentence as the rules of `quotable` read it: its words, what it speaks of, and how much it tells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from recsys.text.quotable_patterns import (
    EMPTY_NEGATION,
    GOOD_NEGATION,
    HARMLESS,
    IDIOM,
    LOVING,
    PRAISE_IDIOM,
    SET_PRAISE,
    TAIL,
    THIN_IDIOM,
    UNPRAISING,
)
from recsys.text.quotable_words import WORDS

SURE_PRAISE = 0.6
"""Polarity from which what a thing does is taken for praise, without a word that praises."""

_TOKEN = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
_BLANKS = re.compile(r"\s+")
_SAYS_LITTLE: frozenset[str] = frozenset({"love"}).union(
    *(WORDS[name] for name in ("praise", "telling", "half", "appeal", "generic", "common", "story", "trade", "verbs"))
)

_FOR = re.compile(r"(?<!full marks)(?<!good)(?<!made) for ")
_STRESSED = re.compile(
    r"\b(?:so|very|really|extremely|incredibly|perfectly|beautifully|wonderfully|amazingly|properly|super|nicely) "
    rf"(?:{'|'.join(sorted(WORDS['half'] | WORDS['appeal']))})\b"
)


def _without(text: str, *patterns: re.Pattern[str]) -> str:
    for pattern in patterns:
        text = pattern.sub(" ; ", text)
    return text


@dataclass(frozen=True)
class Sentence:
    """A sentence as the rules read it.

    Parameters
    ----------
    text : verbatim
    about : words of the product's title and brand, lower case: they tell nothing new, and are spelt right
    polarity : how much it praises by the shop's own model, -1 to 1; 0 where that is not known
    spelt : words that many reviewers of this shop use, beside those that `is_spelt` knows
    kind : words for what the product is, such as its category and tags: to name it is not to say what is good
    title : of the product, verbatim; "" where only `about` is known
    """

    text: str
    about: frozenset[str] = frozenset()
    polarity: float = 0.0
    spelt: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    title: str = ""

    @cached_property
    def plain(self) -> str:
        """Lower case, single blanks, straight apostrophes."""
        return _BLANKS.sub(" ", self.text.replace("’", "'").replace("‘", "'")).strip(" \"'“”-–—•").lower()

    @cached_property
    def unfilled(self) -> str:
        """The same without fillers, such as "no joke"."""
        return HARMLESS.sub(" ", self.plain)

    @cached_property
    def cleared(self) -> str:
        """The same without negations that praise, such as "no plastic taste"."""
        return EMPTY_NEGATION.sub(" ; ", GOOD_NEGATION.sub(" ; ", self.unfilled))

    @cached_property
    def tied(self) -> str:
        """The plain text without praise and set ends that would fit anything on sale."""
        return _without(TAIL.sub("", self.plain), UNPRAISING, SET_PRAISE, THIN_IDIOM)

    @cached_property
    def tied_words(self) -> frozenset[str]:
        """The words of that."""
        return words_of(self.tied)

    @cached_property
    def tokens(self) -> list[str]:
        """Its words; "as well" is no praise."""
        return _TOKEN.findall(self.plain.replace(" as well as ", " and ").replace(" as well", ""))

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words, and the parts of those that have a hyphen."""
        return _with_parts(self.tokens)

    def has(self, name: str) -> bool:
        """Whether a word of a list stands in it; one that praises must be tied to something."""
        words = self.tied_words if name in ("praise", "half", "appeal") else self.words
        return not words.isdisjoint(WORDS[name])

    @cached_property
    def telling(self) -> frozenset[str]:
        return self.tied_words & WORDS["telling"]

    @cached_property
    def named(self) -> frozenset[str]:
        """Words for what it speaks of: neither praise nor common, nor the product's own name."""
        left = _without(self.tied, IDIOM, PRAISE_IDIOM, GOOD_NEGATION, EMPTY_NEGATION, HARMLESS)
        return frozenset(
            word
            for word in _TOKEN.findall(left)
            if len(word) > 2
            and word[0].isalpha()
            and not any(
                each in _SAYS_LITTLE or each in self.about or each in self.kind for each in (word, word.rstrip("s"))
            )
        )

    @cached_property
    def idioms(self) -> int:
        return bool(IDIOM.search(self.tied)) + bool(GOOD_NEGATION.search(self.unfilled))

    @cached_property
    def praises(self) -> bool:
        """Whether words praise anything at all."""
        turns = PRAISE_IDIOM.search(self.tied) or EMPTY_NEGATION.search(self.unfilled) or LOVING.search(self.plain)
        return self.has("praise") or turns is not None or bool(self.named and SET_PRAISE.search(self.plain))

    @cached_property
    def has_merit(self) -> bool:
        """Whether it says what the thing does, and the shop's own model takes that for praise."""
        return self.polarity >= SURE_PRAISE and self.has("merits")

    @cached_property
    def is_praise(self) -> bool:
        return bool(
            self.telling or self.idioms or self.praises or self.has("half") or self.has("appeal") or self.has_merit
        )

    @cached_property
    def evidence(self) -> float:
        """How much it tells: 1 for a word such as "sturdy", less for what it speaks of and for praise of anything.

        What it is good for ("for winter walks") counts less than what is good about it; praise alone never suffices.
        """
        if not (self.telling or self.idioms or self.named or self.has_merit or self.has("half")):
            return 0.0
        of_it = self.named.intersection(_TOKEN.findall(_FOR.split(self.plain, maxsplit=1)[0]))
        return (
            min(len(self.telling), 3)
            + 0.6 * min(len(self.tied_words & WORDS["half"]), 2)
            + 0.5 * min(len(self.tied_words & WORDS["appeal"]), 2)
            + 0.4 * bool(_STRESSED.search(self.tied))
            + 0.5 * min(len(of_it), 3)
            + 0.2 * min(len(self.named - of_it), 3)
            + 0.7 * self.idioms
            + 0.2 * bool(THIN_IDIOM.search(self.plain))
            + 0.4 * self.praises
            + 0.6 * self.has_merit
        )


def tokens_of(text: str) -> list[str]:
    """The words of a lower-case text, in their order.

    >>> tokens_of("light, and water-proof")
    ['light', 'and', 'water-proof']
    """
    return _TOKEN.findall(text)


def words_of(text: str) -> frozenset[str]:
    """The different words of a text, lower case, and the parts of those that have a hyphen.

    >>> sorted(words_of("Light, and water-proof"))
    ['and', 'light', 'proof', 'water', 'water-proof']
    """
    return _with_parts(_TOKEN.findall(text.lower()))


def _with_parts(tokens: Sequence[str]) -> frozenset[str]:
    return frozenset(tokens) | {part for each in tokens if "-" in each for part in each.split("-")}
