"""The contract that every component and every baseline keeps.

A scorer is fitted on a `Dataset`, answers batches of `Requests` with one raw score for every product of the
catalogue, splits any of its scores into named parts exactly, and can be written to arrays and read back. It never looks
at anything later than the moment a request asks about.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.errors import NotFittedError
from recsys.progress import Progress, silent
from recsys.settings import Context
from recsys.text.phrasebook import Phrasebook, PhraseVectors

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int32]

NO_ROW = -1
"""Row of a shopper whom the model does not know."""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What one request leaves out, as if it had never been there; every score and every split of it follows.

    Parameters
    ----------
    phrases : places of phrase occurrences in the semantic scorer, ascending
    items : rows of products taken out of the shopper's history, ascending
    features : names of attributes ("brand:Northpeak"), words ("term:zip"), a region ("region:north") or products as
        such ("product:17", by row), none of which counts for any product
    circumstances : dimensions of the context that count as not stated, or "trend"
    """

    phrases: tuple[int, ...] = ()
    items: tuple[int, ...] = ()
    features: frozenset[str] = frozenset()
    circumstances: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.phrases or self.items or self.features or self.circumstances)


NOTHING_LEFT_OUT = Exclusions()


@dataclass(frozen=True, slots=True)
class Requests:
    """A batch of questions; row r of every answer belongs to row r here.

    Parameters
    ----------
    user_rows : int32 of shape (n_requests,), rows of `Dataset.user_ids`, or NO_ROW for a new shopper
    contexts : one context a request
    words : what the shopper says in words now, encoded, or None; one a request, or empty for none at all
    without : what is left out; one a request, or empty for nothing at all
    """

    user_rows: IntArray
    contexts: tuple[Context, ...]
    words: tuple[PhraseVectors | None, ...] = ()
    without: tuple[Exclusions, ...] = ()

    def __post_init__(self) -> None:
        sizes = {len(self.words), len(self.without)}
        if len(self.contexts) != len(self.user_rows) or not sizes <= {0, len(self.user_rows)}:
            raise ValueError(
                "requests need one context for every user row, and of words and of what is left out one or none at all"
            )

    def __len__(self) -> int:
        return len(self.user_rows)

    def words_of(self, request: int) -> PhraseVectors | None:
        """What the shopper of one request says in words, or None."""
        return self.words[request] if self.words else None

    def without_of(self, request: int) -> Exclusions:
        """What one request leaves out."""
        return self.without[request] if self.without else NOTHING_LEFT_OUT

    def only(self, request: int) -> Self:
        """One request as a batch of its own."""
        return type(self)(
            self.user_rows[request : request + 1],
            self.contexts[request : request + 1],
            self.words[request : request + 1],
            self.without[request : request + 1],
        )

    @classmethod
    def one(
        cls,
        user_row: int,
        context: Context,
        words: PhraseVectors | None = None,
        without: Exclusions = NOTHING_LEFT_OUT,
    ) -> Self:
        """A batch of a single question."""
        return cls(
            np.array([user_row], np.int32),
            (context,),
            (words,) if words is not None else (),
            (without,) if without else (),
        )


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One named share of a score.

    Parameters
    ----------
    label : what a person reads
    value : signed share, in the unit of the score that was split
    source : where it comes from, JSON-like; for a phrase its "kind", "user_id", "item_id", "rating", "timestamp",
        "start", "end" and "text"
    """

    label: str
    value: float
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fitting:
    """Everything a scorer may learn from.

    Parameters
    ----------
    data : the training data, already cut to what may be known
    phrasebook : the phrases of its texts with their vectors; None where no scorer of the run reads text
    seed : of every random choice
    """

    data: Dataset
    phrasebook: Phrasebook | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ScorerState:
    """A fitted scorer as plain arrays and JSON-like settings, ready to be written."""

    arrays: Mapping[str, NDArray[Any]]
    meta: Mapping[str, Any]


class Scorer(ABC):
    """Base of the components and baselines; subclasses set `name` and fill in the abstract methods."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self._fitted = False

    def fit(self, fitting: Fitting, progress: Progress = silent) -> Self:
        """Learn from the training data; returns itself."""
        self._fit(fitting, progress)
        self._fitted = True
        return self

    def score(self, requests: Requests) -> FloatArray:
        """Raw scores, float32 of shape (n_requests, n_items), columns in catalogue order (`Dataset.items`), finite."""
        self._require_fitted()
        return self._score(requests)

    def contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]:
        """Parts that sum to the raw score of one product for one request, to float32 rounding."""
        self._require_fitted()
        return self._contributions(requests, request, item_row)

    def state(self) -> ScorerState:
        """What `from_state` needs to bring this scorer back with the same scores."""
        self._require_fitted()
        return self._state()

    @classmethod
    def from_state(cls, state: ScorerState) -> Self:
        """A fitted scorer from what `state` gave; arrays may be read-only memory maps."""
        scorer = cls()
        scorer._restore(state)
        scorer._fitted = True
        return scorer

    def _require_fitted(self) -> None:
        if not self._fitted:
            raise NotFittedError(self.name)

    @abstractmethod
    def _fit(self, fitting: Fitting, progress: Progress) -> None: ...

    @abstractmethod
    def _score(self, requests: Requests) -> FloatArray: ...

    @abstractmethod
    def _contributions(self, requests: Requests, request: int, item_row: int) -> Sequence[ScorePart]: ...

    @abstractmethod
    def _state(self) -> ScorerState: ...

    @abstractmethod
    def _restore(self, state: ScorerState) -> None: ...
