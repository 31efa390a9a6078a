"""Phrase banks and voices: how the demo shop and its shoppers write, whatever it is about.

A bank is a plain text file, one phrase pattern a line: `{a|b|}` chooses one alternative and `<name>` is filled in.

    # a remark
    @ noise | noise; noise level       from here on lines are about this aspect, which goes by these names
    +  the motor purrs                 praise, as a clause that can stand after "the thing is: "
    -[vacuums lamps] it howls          complaint, only for these departments
    ~+ whisper quiet                   praise as a fragment (~- for complaints)
    *  quiet by design                 how the shop itself puts it
    = opener.good                      from here on lines belong to a named section (no aspect)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from recsys.demo.shop import SHOP

BANKS = Path(__file__).parent / "banks"

Pattern = tuple[tuple[str, ...], ...]
"""A parsed pattern: one tuple of alternatives for each stretch of text; plain text has one."""

_MARK = re.compile(r"(~?[+-]|\*)(?:\[([a-z_ ]+)\])? (.+)")
_CHOICE = re.compile(r"\{([^{}]*)\}")


@dataclass(slots=True)
class AspectBank:
    """Patterns about one aspect by mark, each with the departments that it fits (or all)."""

    key: str
    names: tuple[str, ...]
    lines: dict[str, list[tuple[frozenset[str], Pattern]]] = field(default_factory=dict)

    def of(self, mark: str, department: str) -> list[Pattern]:
        """List patterns with this mark that fit a department."""
        return [pattern for fits, pattern in self.lines.get(mark, []) if not fits or department in fits]


@dataclass(frozen=True, slots=True)
class Banks:
    """All banks: aspects by key and general sections by name."""

    aspects: Mapping[str, AspectBank]
    sections: Mapping[str, Sequence[Pattern]]


def parse(line: str) -> Pattern:
    """Split a pattern into stretches of alternatives.

    >>> parse("so {warm|cosy}!")
    (('so ',), ('warm', 'cosy'), ('!',))
    """
    parts = _CHOICE.split(line)
    return tuple(tuple(part.split("|")) if at % 2 else (part,) for at, part in enumerate(parts) if part)


@cache
def load_banks() -> Banks:
    """Read every bank beside this module, once."""
    aspects: dict[str, AspectBank] = {}
    sections: dict[str, list[Pattern]] = {}
    for path in sorted(BANKS.glob("*.txt")):
        aspect: AspectBank | None = None
        section: list[Pattern] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("@ "):
                key, names = (part.strip() for part in line[2:].split("|"))
                aspect = aspects.setdefault(key, AspectBank(key, tuple(names.split("; "))))
            elif line.startswith("= "):
                aspect, section = None, sections.setdefault(line[2:].strip(), [])
            elif aspect is None:
                section.append(parse(line))
            elif (match := _MARK.fullmatch(line)) is not None:
                mark, fits, pattern = match.groups()
                aspect.lines.setdefault(mark, []).append((frozenset((fits or "").split()), parse(pattern)))
            else:
                raise ValueError(f"{path.name}, line {number}: {line!r} has no mark (+, -, ~+, ~-, *)")
    return Banks(aspects, sections)


T = TypeVar("T")

_SLOT = re.compile(r"<([a-z]+)>")
_ARTICLE = re.compile(r"\b([Aa])(?= [aeioAEIO](?!ne\b|nce\b|u))")
_BLOCK = 8192


class Draws:
    """Single draws from a numpy generator, taken in blocks for speed."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._block: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._rng.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self.uniform() * len(options))]


class Wording:
    """Fill patterns in for one product; other slots than its own (who, dur, place, adj) come from the talk bank.

    `slots`: alternatives by slot name; one is picked at each use.
    """

    def __init__(self, draws: Draws, slots: Mapping[str, Sequence[str]]) -> None:
        self.draws, self._slots = draws, slots

    def fill(self, pattern: Pattern, **fixed: str) -> str:
        """Word a pattern; `fixed` gives the value of further slots."""
        draws = self.draws
        text = "".join(part[0] if len(part) == 1 else draws.pick(part) for part in pattern)
        if "<" in text:
            text = _SLOT.sub(lambda match: fixed.get(match[1]) or self._slot(match[1]), text)
        text = _ARTICLE.sub(r"\1n", text)
        return text.replace(" ,", ",").replace("  ", " ")

    def say(self, section: str, **fixed: str) -> str:
        """Word a pattern from a named section of the banks."""
        return self.fill(self.draws.pick(load_banks().sections[section]), **fixed)

    def _slot(self, name: str) -> str:
        return self.draws.pick(self._slots.get(name) or word_list(name))


@cache
def word_list(section: str) -> tuple[str, ...]:
    """List the words of a section, which are separated by semicolons."""
    return tuple(word for pattern in load_banks().sections[section] for word in pattern[0][0].split("; "))


@dataclass(frozen=True, slots=True)
class Voice:
    """One register of writing.

    `share` of the shoppers write so. Chances: `lengths` of a tiny, short, medium, long review and of a list of pros and
    cons; `fragment`, `lead` that an opinion is a fragment, or has a lead-in; `emoji` of one at the end; `typos` that a
    word is misspelt; `exclaims`, `trails` that a sentence ends in an exclamation mark, in an ellipsis.
    """

    name: str
    share: float
    lengths: list[float]
    fragment: float
    lead: float
    emoji: float = 0.0
    typos: float = 0.004
    exclaims: float = 0.03
    trails: float = 0.01


VOICES = tuple(Voice(**each) for each in SHOP["voices"])
_SHORTHAND = dict(pair.split() for pair in word_list("shorthand"))
_WORD = re.compile(r"[a-zA-Z]+(?:'[a-z]+)?")


def speak(text: str, voice: Voice, draws: Draws) -> str:
    """Type a piece of a sentence as this voice would."""
    if voice.name == "texting":
        text = _WORD.sub(lambda match: _texted(match[0], draws), text)
    elif voice.name == "enthusiastic" and draws.chance(0.08):
        text = re.sub(r"\b(so|really|love|never|best|brilliant)\b", lambda match: match[0].upper(), text, count=1)
    if draws.chance(min(0.9, voice.typos * (1 + text.count(" ")))):
        text = _misspell(text, draws)
    return text


def ending(voice: Voice, draws: Draws, *, good: bool) -> str:
    """Draw the mark that ends a sentence."""
    if draws.chance(voice.exclaims if good else voice.exclaims / 2):
        return "!"
    return "..." if draws.chance(voice.trails) else "."


def emoji(voice: Voice, draws: Draws, *, good: bool) -> str:
    """Draw an emoji after a space, or nothing."""
    if not draws.chance(voice.emoji):
        return ""
    return " " + draws.pick(word_list("emoji.good" if good else "emoji.bad")) * (2 if draws.chance(0.15) else 1)


def _texted(word: str, draws: Draws) -> str:
    lowered = word.lower().replace("'", "")
    return _SHORTHAND[lowered] if lowered in _SHORTHAND and draws.chance(0.4) else lowered


def _misspell(text: str, draws: Draws) -> str:
    """One slip in a word of at least five letters: two letters swapped, one dropped or one doubled."""
    words = [match for match in _WORD.finditer(text) if match.end() - match.start() >= 5]
    if not words:
        return text
    match = draws.pick(words)
    at = match.start() + 1 + int(draws.uniform() * (match.end() - match.start() - 3))
    kind = int(draws.uniform() * 3)
    middle = (text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1])[kind]
    return text[:at] + middle + text[at + 2 :]
