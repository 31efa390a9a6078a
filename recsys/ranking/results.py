"""Frozen records of a scored request and of the list made from it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from recsys.errors import InputError
from recsys.ranking.fusion import Standardised
from recsys.scorers.base import FloatArray, IntArray, Requests
from recsys.settings import COMPONENTS, Context


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRequest:
    """The catalogue scored for one request, before weights and filters.

    Parameters
    ----------
    user_id : None for a new shopper
    words : what was typed, verbatim
    requests : the request as the scorers saw it, a batch of one
    standardised : component scores on one scale
    profile : float32 of shape (n_dims,), unit length, what the shopper's words and likes mean; zeros if unknown
    seen_rows : int32, rows of the products that the shopper already has
    is_cold : the shopper has no training interaction
    notes : what a person should know about this request, in words
    ablated : names of what is left out
    """

    user_id: str | None
    words: str
    context: Context
    requests: Requests
    standardised: Standardised
    profile: FloatArray
    seen_rows: IntArray
    is_cold: bool
    notes: tuple[str, ...]
    ablated: tuple[str, ...] = ()


def require_someone(user_id: str | None, words: str) -> None:
    """Raise InputError unless a request names a shopper or holds words."""
    if user_id is None and not words.strip():
        raise InputError("nobody was asked about; give a shopper's id, or words that a new shopper would say")


def uninformative_notes(standardised: Standardised) -> list[str]:
    """Notes on components that give every product the same score."""
    silent = [name for name, std in zip(COMPONENTS, standardised.std, strict=True) if std == 0]
    if len(silent) == len(COMPONENTS):
        return ["nothing tells products apart for this shopper, so they stand in an order that means nothing"]
    if silent:
        return [f"{', '.join(silent)} cannot tell products apart for this shopper, so what is left decides"]
    return []


@dataclass(frozen=True, slots=True)
class RankedItem:
    """One product on a list; `components` sum to `score`."""

    rank: int
    item_id: str
    title: str
    score: float
    components: Mapping[str, float]
    rank_before_diversity: int
    is_cold: bool


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A ranked list and its request."""

    user_id: str | None
    weights: Mapping[str, float]
    context: Mapping[str, str]
    is_cold: bool
    notes: tuple[str, ...]
    n_candidates: int
    items: tuple[RankedItem, ...]

    def as_json(self) -> dict[str, Any]:
        """The document that `recsys recommend --json` prints."""
        return asdict(self)
