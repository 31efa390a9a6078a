"""How much of a shop its encoder does not read, and what to do about it."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recsys.text.language import LANGUAGES, UNKNOWN
from recsys.text.phrasebook import REVIEW, Phrasebook

WORTH_TELLING = 0.01
"""From this share of the phrases on, people are told."""

_MOST_NAMED, _MOST_LISTED = 3, 6


@dataclass(frozen=True, slots=True)
class Unread:
    """Shares of phrases, as they occur, that are in languages which the encoder does not read, by code, largest first.

    Parameters
    ----------
    reviews : of the phrases of reviews; they count for nothing
    own : of titles, descriptions, categories and tags
    """

    reviews: Mapping[str, float] = field(default_factory=dict)
    own: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Phrasebook) -> Self:
        """Count the phrases of a phrasebook."""
        is_review = book.kind == REVIEW
        return cls(_shares(book, is_review), _shares(book, ~is_review))

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote; nothing, for a model of an earlier version that does not hold it."""
        return cls(saved.get("reviews", {}), saved.get("own", {}))

    def as_json(self) -> dict[str, Any]:
        """Fields by name."""
        return asdict(self)

    def in_words(self) -> str:
        """What a person should know, in two or three sentences; "" where it is too little to be worth telling."""
        sentences = []
        if sum(self.reviews.values()) >= WORTH_TELLING:
            sentences.append(
                f"{_told(self.reviews, 'the phrases in reviews are in languages that the encoder does not read')}, and "
                "count for nothing."
            )
        if sum(self.own.values()) >= WORTH_TELLING:
            what = "titles, descriptions and tags are in languages that it does not read"
            if not sentences:
                what = what.replace(" it ", " the encoder ")
            sentences.append(f"{_told(self.own, what)}, and are compared by their spelling more than by their meaning.")
        if sentences:
            sentences.append(
                "A multilingual model reads them: train with RECSYS_ENCODER=FOLDER, the folder of a "
                "sentence-transformers model."
            )
        return " ".join(sentences)


def in_words(reads: Collection[str] | None) -> str:
    """Name the languages that an encoder reads; None for every language.

    >>> in_words({"en"}), in_words(None)
    ('English', 'every language')
    """
    if reads is None:
        return "every language"
    names = sorted(LANGUAGES.get(code, code) for code in reads)
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _shares(book: Phrasebook, chosen: NDArray[np.bool_]) -> dict[str, float]:
    unread = chosen & ~book.read & (book.language != UNKNOWN)
    codes, counts = np.unique(book.language[unread], return_counts=True)
    whole = max(int(np.count_nonzero(chosen)), 1)
    shares = {str(code): float(count) / whole for code, count in zip(codes, counts, strict=True)}
    return dict(sorted(shares.items(), key=lambda each: -each[1]))


def _told(shares: Mapping[str, float], what: str) -> str:
    named = [f"{LANGUAGES.get(code, code)} {_percent(share)}" for code, share in shares.items()]
    more = ", ..." if len(named) > _MOST_NAMED else ""
    return f"{_percent(sum(shares.values()))} of {what} ({', '.join(named[:_MOST_NAMED])}{more})"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"
