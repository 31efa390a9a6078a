"""Whether a sentence may stand on a card as a reason to buy: praise beyond doubt, of something, in a whole thought.

Rules over words, for English. Each rule names one fault that a merchandiser would send a quote back for; a sentence
without a fault gets a grade by how much it tells. The words are in `quotable.toml`. Rules that would need grammar are
strict instead: a shop has many sentences, and only some of them are needed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from recsys.text.quotable_patterns import (
    ABOUT_ONESELF,
    BAD_START,
    EMPTY_NEGATION,
    FAMILY,
    FOREIGN,
    GLUED,
    GOOD_NEGATION,
    GRAMMAR,
    HARMLESS,
    IDIOM,
    LESS,
    LINKING_START,
    LOVING,
    NEGATION,
    ORDER,
    ORDER_ANYWHERE,
    OWN_VERDICT,
    PRAISE_IDIOM,
    SIGNS,
    STORY,
    TURN,
    WISH,
)
from recsys.text.quotable_words import WORDS, is_spelt

MIN_WORDS, MAX_WORDS, MAX_CHARS = 3, 26, 170

SURE_PRAISE = 0.6
"""Polarity from which what a thing does is taken for praise, without a word that praises."""

ENOUGH = 1.0
"""Least evidence that a sentence tells a reader something."""

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
        text = pattern.sub(" ", text)
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
    """

    text: str
    about: frozenset[str] = frozenset()
    polarity: float = 0.0
    spelt: frozenset[str] = frozenset()

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
    def tokens(self) -> list[str]:
        """Its words; "as well" is no praise."""
        return _TOKEN.findall(self.plain.replace(" as well as ", " and ").replace(" as well", ""))

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words, and the parts of those that have a hyphen."""
        return _with_parts(self.tokens)

    def has(self, name: str) -> bool:
        """Whether a word of a list stands in it."""
        return not self.words.isdisjoint(WORDS[name])

    @cached_property
    def telling(self) -> frozenset[str]:
        return self.words & WORDS["telling"]

    @cached_property
    def named(self) -> frozenset[str]:
        """Words for what it speaks of: neither praise nor common, nor the product's own name."""
        left = _without(self.plain, IDIOM, PRAISE_IDIOM, GOOD_NEGATION, EMPTY_NEGATION, HARMLESS)
        return frozenset(
            word
            for word in _TOKEN.findall(left)
            if len(word) > 2
            and word[0].isalpha()
            and not any(each in _SAYS_LITTLE or each in self.about for each in (word, word.rstrip("s")))
        )

    @cached_property
    def idioms(self) -> int:
        return bool(IDIOM.search(self.plain)) + bool(GOOD_NEGATION.search(self.unfilled))

    @cached_property
    def praises(self) -> bool:
        """Whether words praise anything at all."""
        turns = PRAISE_IDIOM.search(self.plain) or EMPTY_NEGATION.search(self.unfilled) or LOVING.search(self.plain)
        return self.has("praise") or turns is not None

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
            + 0.6 * min(len(self.words & WORDS["half"]), 2)
            + 0.5 * min(len(self.words & WORDS["appeal"]), 2)
            + 0.4 * bool(_STRESSED.search(self.plain))
            + 0.5 * min(len(of_it), 3)
            + 0.2 * min(len(self.named - of_it), 3)
            + 0.7 * self.idioms
            + 0.4 * self.praises
            + 0.6 * self.has_merit
        )


def _shouts(it: Sentence) -> bool:
    loud = [word for word in re.findall(r"[A-Za-z]{3,}", it.text) if word.isupper()]
    return len(loud) > max(1, len(it.tokens) // 8) or any(len(word) > 5 for word in loud)


def _broken(it: Sentence) -> bool:
    """Signs of a text that was cut, glued or never closed."""
    if GRAMMAR.search(it.plain):
        return True
    pairs = any(it.text.count(left) != it.text.count(right) for left, right in ("()", "“”"))
    return bool(pairs or '"' in it.text or GLUED.search(it.text) or it.text.rstrip()[-1] in ",;:-–—(&/")


def _is_story(it: Sentence) -> bool:
    if OWN_VERDICT.match(it.unfilled.strip(" ,")):
        return False
    return bool(STORY.search(it.cleared) or ABOUT_ONESELF.match(it.unfilled.strip(" ,")))


def _has_no_verb(it: Sentence) -> bool:
    """No finite verb that is known, and no bare judgement such as "Great sound and solid build" either."""
    if it.has("verbs") or it.has("merits") or it.idioms or (it.praises and not it.has("praise")):
        return False
    judged = it.telling or it.praises or it.has("half") or it.has("appeal")
    return not (judged and len(it.tokens) <= 20)


def _is_misspelt(it: Sentence) -> bool:
    if it.has("slips"):
        return True
    return any(
        part.isalpha() and not ((part in it.spelt and len(part) > 1) or part in it.about or is_spelt(part))
        for word in it.tokens
        if "'" not in word
        for part in word.split("-")
    )


RULES: Mapping[str, Callable[[Sentence], bool]] = {
    "length": lambda it: not MIN_WORDS <= len(it.tokens) <= MAX_WORDS or len(it.text) > MAX_CHARS,
    "foreign": lambda it: bool(FOREIGN.search(it.text)),
    "signs": lambda it: bool(SIGNS.search(it.text)),
    "shouting": _shouts,
    "broken": _broken,
    "start": lambda it: bool(BAD_START.match(it.plain)) or not it.text.lstrip(" \"'“‘")[:1].isalnum(),
    "question": lambda it: "?" in it.text,
    "order": lambda it: bool(ORDER.match(it.plain) or ORDER_ANYWHERE.search(it.plain)),
    "turn": lambda it: bool(TURN.search(it.cleared)),
    "wish": lambda it: bool(WISH.search(it.cleared)),
    "comparison": lambda it: bool(LESS.search(it.cleared)),
    "negation": lambda it: bool(NEGATION.search(it.cleared)),
    "complaint": lambda it: not WORDS["faults"].isdisjoint(_TOKEN.findall(it.cleared)),
    "unfit": lambda it: it.has("unfit"),
    "spelling": _is_misspelt,
    "story": _is_story,
    "trade": lambda it: not WORDS["trade"].isdisjoint(it.words - it.about),
    "no praise": lambda it: not it.is_praise,
    "no verb": _has_no_verb,
    "tells nothing": lambda it: it.evidence < ENOUGH,
}
"""What a sentence is sent back for, by the name of the fault."""


def faults(sentence: Sentence) -> tuple[str, ...]:
    """Name what speaks against a sentence as a quote; empty for one that may be shown.

    >>> faults(Sentence("The zip runs smoothly even when caked in mud."))
    ()
    >>> faults(Sentence("As for the fuel consumption"))
    ('no praise', 'no verb', 'tells nothing')
    """
    return tuple(name for name, fails in RULES.items() if fails(sentence))


def grade(it: Sentence) -> float:
    """How gladly a sentence is shown, 0 to 1: 0 for one with a fault, else by what it tells and how it is written."""
    if any(fails(it) for fails in RULES.values()):
        return 0.0
    text = it.text.strip()
    clean = 0.15 * text[0].isupper() + 0.05 * (text[-1] in ".!") + 0.05 * (5 <= len(it.tokens) <= 18)
    plus = 0.12 * min(it.evidence, 4) + clean + 0.1 * max(it.polarity, 0)
    minus = 0.12 * bool(LINKING_START.match(it.plain)) + 0.1 * bool(FAMILY.search(it.plain))
    capitals = sum(word[0].isupper() for word in text.split())
    minus += 0.12 * (capitals > max(2, 0.6 * len(it.tokens)))
    minus += 0.08 * ("than" in it.words) + 0.05 * (not it.words.isdisjoint({"my", "i", "we", "our"}))
    return float(min(max(0.2 + plus - minus, 0.01), 1.0))


_DESCRIPTION_RULES = ("foreign", "signs", "shouting", "broken", "start", "question", "order", "unfit", "trade")
_FEWEST_WORDS_OF_DESCRIPTION, _FEWEST_NAMED = 5, 2


def grade_of_description(it: Sentence) -> float:
    """The same for a sentence of the shop's own description, which need not praise; 0 for one that is not fit."""
    if not _FEWEST_WORDS_OF_DESCRIPTION <= len(it.text.split()) <= MAX_WORDS + 4 or len(it.text) > 1.3 * MAX_CHARS:
        return 0.0
    told = len(it.named) + 2 * it.idioms + len(it.telling) + len(it.words & (WORDS["half"] | WORDS["appeal"]))
    if told < _FEWEST_NAMED or any(RULES[name](it) for name in _DESCRIPTION_RULES):
        return 0.0
    return float(min(0.3 + 0.05 * min(told, 6) + 0.1 * it.is_praise + 0.1 * (it.text.rstrip()[-1] in ".!"), 1.0))


def template_of(text: str, about: frozenset[str]) -> str:
    """A sentence without the names of its product and what it is for, by which boilerplate is told.

    >>> template_of("Meet the Vale, a gas stove made for fishing trips.", frozenset({"vale", "gas", "stove"}))
    'meet the _ a _ made'
    """
    if about.isdisjoint(words := _TOKEN.findall(text.lower())):
        return " ".join(words)
    kept = words[: words.index("for")] if "for" in words else words
    masked = ["_" if about.intersection(_with_parts([word])) else word for word in kept]
    return " ".join(word for at, word in enumerate(masked) if word != "_" or at == 0 or masked[at - 1] != "_")


def words_of(text: str) -> frozenset[str]:
    """The different words of a text, lower case, and the parts of those that have a hyphen.

    >>> sorted(words_of("Light, and water-proof"))
    ['and', 'light', 'proof', 'water', 'water-proof']
    """
    return _with_parts(_TOKEN.findall(text.lower()))


def _with_parts(tokens: Sequence[str]) -> frozenset[str]:
    return frozenset(tokens) | {part for each in tokens if "-" in each for part in each.split("-")}
