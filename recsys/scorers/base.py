"""The contract of every component and baseline: fit, score, split scores into parts, write and read back.

A scorer never looks at anything later than the moment that a request asks about.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
    phrases : positions of phrase occurrences in the semantic scorer, ascending
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


NO_EXCLUSIONS = Exclusions()


@dataclass(frozen=True, slots=True)
class Requests:
    """A batch of requests; row r of every answer belongs to row r here.

    Parameters
    ----------
    user_rows : int32 of shape (n_requests,), rows of `Dataset.user_ids`, or NO_ROW for a new shopper
    words : what the shopper says in words now, encoded, or None; these and `exclusions` may be left empty
    """

    user_rows: IntArray
    contexts: tuple[Context, ...]
    words: tuple[PhraseVectors | None, ...] = ()
    exclusions: tuple[Exclusions, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.user_rows)
        object.__setattr__(self, "words", self.words or (None,) * n)
        object.__setattr__(self, "exclusions", self.exclusions or (NO_EXCLUSIONS,) * n)
        if {len(self.contexts), len(self.words), len(self.exclusions)} != {n}:
            raise ValueError(
                "requests need one context for every user row, and of words and of what is left out one or none at all"
            )

    def __len__(self) -> int:
        return len(self.user_rows)

    def only(self, request: int) -> Self:
        """One request as a batch of its own."""
        return self.some([request])

    def some(self, which: Sequence[int] | NDArray[np.integer[Any]]) -> Self:
        """Some requests as a batch of their own."""
        places = list(which)
        words, exclusions = ([each[at] for at in places] for each in (self.words, self.exclusions))
        contexts = tuple(self.contexts[at] for at in places)
        return type(self)(self.user_rows[places], contexts, tuple(words), tuple(exclusions))

    @classmethod
    def one(
        cls, user_row: int, context: Context, words: PhraseVectors | None = None, exclusions: Exclusions = NO_EXCLUSIONS
    ) -> Self:
        """A batch of one."""
        return cls(np.array([user_row], np.int32), (context,), (words,), (exclusions,))


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One named share of a score, signed, in the unit of the score that was split.

    `source`: where it comes from, JSON-like; for a phrase the "kind" of its text and its "place" in the scorer
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
    """A fitted scorer as plain arrays and JSON-like values, ready to be written."""

    arrays: Mapping[str, NDArray[Any]]
    meta: Mapping[str, Any]


class Scorer(ABC):
    """Base of the components and baselines; subclasses set `name` and `label` and fill in the abstract methods."""

    name: ClassVar[str]
    label: ClassVar[str]
    """The name that people read."""

    ARRAYS: ClassVar[tuple[str, ...]] = ()
    """Attributes that `state` holds as arrays."""

    META: ClassVar[tuple[str, ...]] = ()
    """Attributes that `state` holds as JSON."""

    SETTINGS: ClassVar[type[Any] | None] = None
    """The dataclass of the settings, which all have defaults; None for a scorer whose settings are in META."""

    def __init__(self, settings: Any = None) -> None:
        self._fitted = False
        self.settings: Any = settings or (self.SETTINGS() if self.SETTINGS else None)

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

    def _state(self) -> ScorerState:
        """Settings and the attributes of ARRAYS and META; extend it, and `_restore`, for anything else."""
        arrays, meta = ({name: getattr(self, name) for name in names} for names in (self.ARRAYS, self.META))
        return ScorerState(arrays, {**meta, "settings": asdict(self.settings)} if self.SETTINGS else meta)

    def _restore(self, state: ScorerState) -> None:
        for names, values in ((self.ARRAYS, state.arrays), (self.META, state.meta)):
            for name in names:
                setattr(self, name, values[name])
        if self.SETTINGS:
            self.settings = self.SETTINGS(**state.meta["settings"])
