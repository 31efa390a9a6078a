"""Whether a sentence may stand on a card as a reason to buy: praise beyond doubt, of something, in a whole thought.

Rules over words, for English. Each rule names one fault that a merchandiser would send a quote back for; a sentence
without a fault gets a grade by how much it tells. The words are in `quotable.toml`, turns of phrase in
`quotable_phrases.toml`. Rules that would need grammar are strict instead: a shop has many sentences, and only some of
them are needed.
"""

import re
from collections.abc import Callable, Mapping

from recsys.text.quotable_patterns import (
    ABOUT_ONESELF,
    BAD_START,
    COMPARED,
    COMPARING,
    CRY,
    FAMILY,
    FOREIGN,
    GLUED,
    GRAMMAR,
    HEDGE,
    INSTRUCTION,
    LEANS,
    LESS,
    LINKING_START,
    NEGATION,
    OF_ITS_KIND,
    ORDER,
    ORDER_ANYWHERE,
    OWN_VERDICT,
    PROMISED,
    SEVERAL,
    SIGNS,
    STORY,
    TAIL,
    TURN,
    USE_AFTER_ATTRIBUTE,
    USED_WHERE,
    WISH,
)
from recsys.text.quotable_product import contradicts
from recsys.text.quotable_sentence import Sentence, tokens_of, words_of
from recsys.text.quotable_words import WORDS, is_spelt

MIN_WORDS, MAX_WORDS, MAX_CHARS = 3, 26, 170

_FEWEST_OF_HEAP = 6
_JOINING = words_of("and or with for of the a an to in on at from by that which as than so it")

_SHORT_FORM = re.compile(r"([a-z]{3,}?)(?:n't|'(?:s|ll|re|ve|d|m))")
_SMALL_I = re.compile(r"(?<![\w.'’-])i(?![\w.-])")
_GLUED_AMOUNT = re.compile(r"\d+(?:mins?|hours?|days?|years?|people|players?|weeks?|months?|times|bucks|more|of)")

ENOUGH = 1.0
"""Least evidence that a sentence tells a reader something."""


def _shouts(it: Sentence) -> bool:
    loud = [word for word in re.findall(r"[A-Za-z]{3,}", it.text) if word.isupper()]
    return len(loud) > max(1, len(it.tokens) // 8) or any(len(word) > 5 for word in loud)


def _broken(it: Sentence) -> bool:
    """Signs of a text that was cut, glued or never closed."""
    if GRAMMAR.search(it.plain):
        return True
    if it.text.count(":") > 1 or _is_heap(it):
        return True
    pairs = any(it.text.count(left) != it.text.count(right) for left, right in ("()", "“”"))
    return bool(pairs or '"' in it.text or GLUED.search(it.text) or it.text.rstrip()[-1] in ",;:-–—(&/")


def _is_heap(it: Sentence) -> bool:
    """Words of praise one after another, with nothing that joins them."""
    return (
        len(it.tokens) >= _FEWEST_OF_HEAP
        and it.words.isdisjoint(_JOINING)
        and not it.has("verbs")
        and not re.search(r"[,;:&–-]", it.text)
    )


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
    if _SMALL_I.search(it.text) or any(_GLUED_AMOUNT.fullmatch(word) for word in it.tokens):
        return True
    whole = [found[1] if (found := _SHORT_FORM.fullmatch(word)) else word for word in it.tokens]
    return any(
        part.isalpha() and not ((part in it.spelt and len(part) > 1) or part in it.about or is_spelt(part))
        for word in whole
        if "'" not in word
        for part in word.split("-")
    )


def _lacks_than(it: Sentence) -> bool:
    """A comparison with nothing."""
    return bool(COMPARING.search(it.cleared)) and not COMPARED.search(it.cleared)


def _is_general(it: Sentence) -> bool:
    """A verdict on the whole by its kind, such as "these are really great guitar locks"."""
    return bool(OF_ITS_KIND.fullmatch(it.tied.strip(" ,;"))) and not (
        it.telling - it.about or it.idioms or it.has("half")
    )


RULES: Mapping[str, Callable[[Sentence], bool]] = {
    "length": lambda it: not MIN_WORDS <= len(it.tokens) <= MAX_WORDS or len(it.text) > MAX_CHARS,
    "foreign": lambda it: bool(FOREIGN.search(it.text)),
    "signs": lambda it: bool(SIGNS.search(it.text)),
    "shouting": _shouts,
    "broken": _broken,
    "start": lambda it: bool(BAD_START.match(it.plain)) or not it.text.lstrip(" \"'“‘")[:1].isalnum(),
    "leans": lambda it: bool(LEANS.search(it.plain)) or _lacks_than(it),
    "several": lambda it: bool(SEVERAL.match(it.plain)),
    "another product": lambda it: contradicts(it.plain, it.title.lower() or " ".join(it.about), it.about),
    "question": lambda it: "?" in it.text,
    "order": lambda it: bool(ORDER.match(it.plain) or ORDER_ANYWHERE.search(it.plain) or INSTRUCTION.match(it.plain)),
    "turn": lambda it: bool(TURN.search(it.cleared)),
    "wish": lambda it: bool(WISH.search(it.cleared)),
    "hedge": lambda it: bool(HEDGE.search(it.cleared)),
    "promised": lambda it: bool(PROMISED.search(it.cleared)),
    "comparison": lambda it: bool(LESS.search(it.cleared)),
    "negation": lambda it: bool(NEGATION.search(it.cleared)),
    "complaint": lambda it: not WORDS["faults"].isdisjoint(tokens_of(it.cleared)),
    "unfit": lambda it: it.has("unfit"),
    "spelling": _is_misspelt,
    "story": _is_story,
    "trade": lambda it: not WORDS["trade"].isdisjoint(it.words - it.about),
    "use": lambda it: bool(USED_WHERE.match(it.plain)),
    "no praise": lambda it: not it.is_praise,
    "no verb": _has_no_verb,
    "general": _is_general,
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
    plus = 0.2 * min(it.evidence, 2.5) + clean + 0.1 * max(it.polarity, 0)
    minus = 0.12 * bool(LINKING_START.match(it.plain)) + 0.1 * bool(FAMILY.search(it.plain))
    capitals = sum(word[0].isupper() for word in text.split())
    minus += (
        0.35 * bool(TAIL.search(it.plain))
        + 0.07 * bool(CRY.search(it.plain))
        + 0.1 * bool(USE_AFTER_ATTRIBUTE.fullmatch(it.plain))
    )
    minus += 0.12 * (capitals > max(2, 0.6 * len(it.tokens)))
    minus += 0.08 * ("than" in it.words) + 0.05 * (not it.words.isdisjoint({"my", "i", "we", "our"}))
    return float(min(max(0.1 + plus - minus, 0.01), 1.0))


_DESCRIPTION_RULES = (
    *(
        "foreign",
        "signs",
        "shouting",
        "broken",
        "start",
        "leans",
        "several",
        "another product",
        "turn",
        "question",
        "order",
    ),
    *("unfit", "trade"),
)
_USE = re.compile(r"\bwith [\w' -]+ in mind\b| (?:for|as) .*")
"""Whom or what a thing is meant for, which says nothing of it."""

_LEADING = WORDS["common"] | WORDS["praise"] | WORDS["telling"]
"""Words that lead to another one, where no mark ends the sentence."""

_FEWEST_WORDS_OF_DESCRIPTION, _FEWEST_NAMED = 5, 3


def grade_of_description(it: Sentence) -> float:
    """The same for a sentence of the shop's own description, which need not praise; 0 for one that is not fit."""
    if not _FEWEST_WORDS_OF_DESCRIPTION <= len(it.text.split()) <= MAX_WORDS + 4 or len(it.text) > 1.3 * MAX_CHARS:
        return 0.0
    if it.text.rstrip()[-1] not in ".!" and not _LEADING.isdisjoint(it.tokens[-1:]):
        return 0.0  # cut before what it leads to
    told = (
        len(it.named & words_of(_USE.sub(" ", it.plain)))
        + 3 * it.idioms
        + len(it.telling)
        + len(it.words & (WORDS["half"] | WORDS["appeal"]))
    )
    if told < _FEWEST_NAMED or any(RULES[name](it) for name in _DESCRIPTION_RULES):
        return 0.0
    return float(min(0.3 + 0.05 * min(told, 6) + 0.1 * it.is_praise + 0.1 * (it.text.rstrip()[-1] in ".!"), 1.0))


def template_of(text: str, about: frozenset[str]) -> str:
    """A sentence without the names of its product and what it is for, by which boilerplate is told.

    >>> template_of("Meet the Vale, a gas stove made for fishing trips.", frozenset({"vale", "gas", "stove"}))
    'meet the _ a _ made'
    """
    if about.isdisjoint(words := tokens_of(text.lower())):
        return " ".join(words)
    kept = words[: words.index("for")] if "for" in words else words
    masked = ["_" if about.intersection(words_of(word)) else word for word in kept]
    return " ".join(word for at, word in enumerate(masked) if word != "_" or at == 0 or masked[at - 1] != "_")
