"""Choice of the quotes on cards: for each product a sentence that may be shown and that fits this shopper, verbatim.

Which sentences may be shown was judged when the model was made (`quote_candidates`). Among those of a product the
shopper's profile decides, less what pulls any shopper, so that different people see different reasons; and no two cards
of a list say the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.explanations.documents import Document, Documents
from recsys.scorers.base import Exclusions, FloatArray
from recsys.scorers.semantic import SemanticScorer
from recsys.serving.quote_candidates import QuoteCandidates
from recsys.text.phrasebook import REVIEW
from recsys.text.quotable_sentence import words_of

FIT = 0.5
"""What one standard deviation of fit among a product's sentences counts beside their grades."""

MOST_ALIKE = 0.5
"""Share of words that the quotes of two cards of a list may have in common."""

CLEARLY_LESS = 0.2
"""By how much a sentence's grade must be under the best of its product, before no fit can put it first."""

THIN = 0.67
"""Grade of a sentence that tells little; it stands first only where nothing of its product tells more."""

_MOST_TRIED = 8


@dataclass(frozen=True, slots=True)
class Quote:
    """Words about a product, verbatim: `document.text[start:end]`, a sentence around the phrases of `document`."""

    text: str
    document: Document
    start: int
    end: int


class Quotes:
    """Chooses quotes among the candidates of a model."""

    def __init__(self, candidates: QuoteCandidates, semantic: SemanticScorer, documents: Documents) -> None:
        self._candidates, self._semantic, self._documents = candidates, semantic, documents
        self._starts = np.searchsorted(candidates.places, semantic.item_starts)

    @cached_property
    def _usual(self) -> FloatArray:
        """Mean profile of all shoppers, float32 of shape (n_dims,)."""
        return (
            self._semantic.known_profiles().mean(axis=0)
            if len(self._semantic.own_profiles)
            else np.zeros(1, np.float32)
        )

    def choose(self, item_rows: Sequence[int], profile: FloatArray, exclusions: Exclusions) -> tuple[Quote | None, ...]:
        """A quote for each product of a list, None where nothing that was said of it may be shown.

        A review speaks before the description. A sentence is passed over where a card above says nearly the same, or
        where a phrase of it is left out by the request.
        """
        pulls = self._semantic.against(np.stack([profile, profile - self._usual]))
        shown: list[frozenset[str]] = []
        found: list[Quote | None] = []
        for row in item_rows:
            quote = next(self._unlike(self._ordered(row, pulls, exclusions), shown), None)
            found.append(quote)
            if quote is not None:
                shown.append(words_of(quote.text))
        return tuple(found)

    def _unlike(self, ordered: NDArray[np.int64], shown: Sequence[frozenset[str]]) -> Iterator[Quote]:
        """The quotes of some candidates, without those that say nearly the same as what is shown already."""
        for candidate in ordered[:_MOST_TRIED].tolist():
            quote = self._quote(candidate)
            words = words_of(quote.text)
            if all(len(words & other) <= MOST_ALIKE * min(len(words), len(other)) for other in shown):
                yield quote

    def _ordered(self, row: int, pulls: FloatArray, exclusions: Exclusions) -> NDArray[np.int64]:
        """The candidates of a product, first to last: reviews before descriptions, then what tells clearly more."""
        own = np.arange(self._starts[row], self._starts[row + 1])
        candidates, semantic = self._candidates, self._semantic
        if exclusions.phrases:
            gone = np.asarray(exclusions.phrases)
            first, last = candidates.places[own], candidates.places[own] + candidates.counts[own]
            own = own[~((first[:, None] <= gone) & (gone < last[:, None])).any(axis=1)]
        if not len(own):
            return own
        counts = candidates.counts[own].astype(np.int64)
        of = np.repeat(np.arange(len(own)), counts)
        places = candidates.places[own][of] + np.arange(len(of)) - (np.cumsum(counts) - counts)[of]
        both = semantic.vectors_at(places) @ pulls.T
        added = np.bincount(of, np.abs(semantic.weights[places]) * both[:, 0], len(own))
        fit = np.bincount(of, both[:, 1], len(own)) / counts
        spread = fit.std()
        fit = (fit - fit.mean()) / spread if spread > 0 else np.zeros(len(own))
        reviewed = semantic.kinds[candidates.places[own]] == REVIEW
        worth = candidates.grades[own] + FIT * np.clip(fit, -2, 2) + 0.1 * (added > 0)
        grades = candidates.grades[own]
        near = np.zeros(len(own), bool)
        for kind in (reviewed, ~reviewed):
            if kind.any():
                best = float(grades[kind].max())
                near |= kind & (grades >= max(best - CLEARLY_LESS, min(best, THIN)))
        return own[np.lexsort((-worth, ~near, ~reviewed))]

    def _quote(self, candidate: int) -> Quote:
        candidates = self._candidates
        place, count = int(candidates.places[candidate]), int(candidates.counts[candidate])
        start, end = int(candidates.starts[candidate]), int(candidates.ends[candidate])
        document = self._documents.holding(np.arange(place, place + count))[0]
        return Quote(document.text[start:end], document, start, end)
