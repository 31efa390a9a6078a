"""How much of a shop its encoder does not read, and what to do about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from recsys.text.language import LANGUAGES, UNKNOWN
from recsys.text.phrasebook import Phrasebook

WORTH_TELLING = 0.01
"""From this share of the phrases on, people are told."""

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """Shares of all phrases, as they occur, that are in languages which the encoder does not read.

    Parameters
    ----------
    by_language : share of each, by code, largest first
    wordless : share of phrases without a word, such as "10/10" or drawings made of letters; not in `share`
    """

    by_language: Mapping[str, float]
    wordless: float = 0.0

    @classmethod
    def of(cls, book: Phrasebook) -> Self:
        """Count the phrases of a phrasebook."""
        n = max(len(book), 1)
        codes, counts = np.unique(book.language[~book.read], return_counts=True)
        shares = {str(code): float(count) / n for code, count in zip(codes, counts, strict=True)}
        wordless = shares.pop(UNKNOWN, 0.0)
        return cls(dict(sorted(shares.items(), key=lambda each: -each[1])), wordless)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote; nothing, for a model of an earlier version that does not hold it."""
        return cls(saved.get("by_language", {}), saved.get("wordless", 0.0))

    def as_json(self) -> dict[str, Any]:
        """Fields by name, and the sum."""
        return {**asdict(self), "share": self.share}

    @property
    def share(self) -> float:
        """Of all phrases, those in a language that is not read."""
        return sum(self.by_language.values())

    def in_words(self) -> str:
        """What a person should know, in two sentences; "" where it is too little to be worth telling."""
        if self.share < WORTH_TELLING:
            return ""
        named = [f"{LANGUAGES.get(code, code)} {_percent(share)}" for code, share in self.by_language.items()]
        more = ", ..." if len(named) > _MOST_NAMED else ""
        return (
            f"{_percent(self.share)} of phrases are in languages that the encoder does not read "
            f"({', '.join(named[:_MOST_NAMED])}{more}), and count for nothing. A multilingual model reads them: train "
            "with RECSYS_ENCODER=FOLDER, the folder of a sentence-transformers model."
        )


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"
