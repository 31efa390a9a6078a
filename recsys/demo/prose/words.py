"""Chance and wording: draws from one seeded stream, and patterns filled in for one product and shopper."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from recsys.demo.prose.bank import Pattern, load_banks

T = TypeVar("T")

_SLOT = re.compile(r"<([a-z]+)>")
_ARTICLE = re.compile(r"\b([Aa])(?= [aeioAEIO](?!ne\b|nce\b|u))")
_BLOCK = 8192


class Draws:
    """Single draws from a numpy generator, taken in blocks, since prose needs hundreds of thousands of them."""

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
    """Fills patterns in for one product; general slots (who, dur, place, adj) come from the talk bank.

    Parameters
    ----------
    slots : alternatives by slot name; one is picked at each use
    """

    def __init__(self, draws: Draws, slots: Mapping[str, Sequence[str]]) -> None:
        self.draws = draws
        self._slots = slots
        self._general = _general_slots()

    def fill(self, pattern: Pattern, **fixed: str) -> str:
        """One wording of a pattern; `fixed` gives the value of further slots."""
        draws = self.draws
        text = "".join(part[0] if len(part) == 1 else draws.pick(part) for part in pattern)
        if "<" in text:
            text = _SLOT.sub(lambda match: fixed.get(match[1]) or self._slot(match[1]), text)
        text = _ARTICLE.sub(r"\1n", text)
        return text.replace(" ,", ",").replace("  ", " ")

    def say(self, section: str, **fixed: str) -> str:
        """One wording from a named section of the banks."""
        return self.fill(self.draws.pick(load_banks().sections[section]), **fixed)

    def _slot(self, name: str) -> str:
        return self.draws.pick(self._slots.get(name) or self._general[name])


def word_list(section: str) -> tuple[str, ...]:
    """The words of a section that holds lists separated by semicolons."""
    return tuple(word for pattern in load_banks().sections[section] for word in pattern[0][0].split("; "))


def _general_slots() -> Mapping[str, Sequence[str]]:
    if not _CACHE:
        _CACHE.update({name: word_list(name) for name in ("who", "dur", "place", "adj")})
    return _CACHE


_CACHE: dict[str, Sequence[str]] = {}
